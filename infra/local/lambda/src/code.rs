//! A function's program as GetFunction describes a deployment package: its size and its hash.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

/// A program's size in bytes and its SHA-256.
#[derive(Clone, Copy, Debug)]
pub(super) struct Code {
    pub(super) size: u64,
    pub(super) sha256: [u8; 32],
}

/// A cache of the size and hash of the functions' programs. Each program is read once, on first
/// use: it may have hundreds of megabytes, and all functions may share one.
#[derive(Debug, Default)]
pub(super) struct Codes(Mutex<HashMap<PathBuf, Code>>);

impl Codes {
    /// Returns the size and hash of a program.
    ///
    /// # Errors
    /// The program can't be read.
    pub(super) async fn of(&self, program: &Path) -> io::Result<Code> {
        let mut known = self.0.lock().await;
        if let Some(code) = known.get(program) {
            return Ok(*code);
        }
        let path = program.to_owned();
        let code = tokio::task::spawn_blocking(move || read(&path)).await??;
        known.insert(program.to_owned(), code);
        Ok(code)
    }
}

fn read(path: &Path) -> io::Result<Code> {
    let mut file = File::open(path)?;
    let (mut hash, mut size) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            length => {
                hash.update(&buffer[..length]);
                size += length as u64;
            }
        }
    }
    let sha256 = hash.finalize().into();
    Ok(Code { size, sha256 })
}

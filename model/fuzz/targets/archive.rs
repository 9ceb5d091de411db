//! Any tar for a model: files below the folder and no more than was allowed, or an error; never a
//! panic.
#![no_main]

use flate2::{Compression, write::GzEncoder};
use libfuzzer_sys::fuzz_target;
use std::io::Write;

const MAX_BYTES: u64 = 1 << 20;

fuzz_target!(|tar: &[u8]| {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::none());
    gzip.write_all(tar).expect("memory");
    let gzip = gzip.finish().expect("memory");
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("model");
    let Ok(files) = model_archive::unpack(&gzip[..], &target, MAX_BYTES) else {
        return;
    };
    for file in &files {
        assert!(file.starts_with(&target), "{file:?}");
        let metadata = file.symlink_metadata().expect("a file");
        assert!(metadata.is_file() && metadata.len() <= MAX_BYTES);
    }
});

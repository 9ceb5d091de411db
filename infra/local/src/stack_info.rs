//! Identifies the stack that holds a data directory or a port.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use service::private;

const FILE: &str = "stack.json";
/// The bit of a folder in which users may not remove the files of others.
const STICKY: u32 = 0o1000;

/// The process and URL of a running stack, stored in its data directory for other commands to find.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackInfo {
    /// The process id of the stack.
    pub pid: u32,
    /// The URL that it answers on, for `AWS_ENDPOINT_URL`.
    pub url: String,
}

impl StackInfo {
    /// Describes this process, which listens on `listener`.
    pub(crate) fn this_process(listener: &TcpListener) -> std::io::Result<Self> {
        let url = format!("http://{}", reachable_address(listener.local_addr()?));
        Ok(Self {
            pid: std::process::id(),
            url,
        })
    }
}

/// Returns the address at which programs of this machine reach a listener on `address`.
fn reachable_address(address: SocketAddr) -> SocketAddr {
    let loopback: IpAddr = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(loopback, address.port())
}

/// The data directory could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another stack runs on it.
    #[error(
        "the data directory {dir} is held by the stack that runs as process {} at {}; use that \
         one, stop it, or give --data-dir another directory",
        info.pid, info.url
    )]
    Held {
        /// The data directory.
        dir: PathBuf,
        /// The stack that holds it.
        info: StackInfo,
    },
    /// Another process has just taken it and has not yet identified itself.
    #[error(
        "the data directory {0} is being taken by another stack at this moment; try again, or \
         give --data-dir another directory"
    )]
    Starting(PathBuf),
    /// The directory can't be used.
    #[error(
        "the data directory {dir} can't be used: {source}; give --data-dir a directory that can \
         be written to"
    )]
    Io {
        /// The data directory.
        dir: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
}

/// A data directory that this process holds, until this value is dropped or the process ends in
/// whatever way.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    file: File,
}

impl DataDir {
    /// Creates the directory where there is none, and takes it. What this process makes from now on
    /// is the user's alone.
    pub(crate) fn take(path: &Path) -> Result<Self, LockError> {
        let io = |source| LockError::Io {
            dir: path.to_owned(),
            source,
        };
        private::restrict_new_files();
        std::fs::create_dir_all(path).map_err(io)?;
        let path = path.canonicalize().map_err(io)?;
        restrict_owned(&path).map_err(io)?;
        refuse_links(&path).map_err(io)?;
        let mut options = private::options();
        let options = options.read(true).write(true).create(true);
        let file = private::open(&path.join(FILE), options).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).map_err(io)?;
                Ok(Self { path, file })
            }
            Err(TryLockError::WouldBlock) => Err(match read(&file) {
                Some(info) => LockError::Held { dir: path, info },
                None => LockError::Starting(path),
            }),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }

    /// The directory, as an absolute path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Says where the stack answers.
    pub(crate) fn write_info(&mut self, info: &StackInfo) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(&serde_json::to_vec(info)?)
    }
}

/// Removes the permissions of group and others on a data directory, if it is new or a stack's, and
/// the user's own.
fn restrict_owned(path: &Path) -> std::io::Result<()> {
    let is_used = path.join(FILE).try_exists()?;
    let is_empty = std::fs::read_dir(path)?.next().is_none();
    let metadata = path.metadata()?;
    let is_own = metadata.uid() == rustix::process::geteuid().as_raw();
    let is_shared = metadata.mode() & STICKY != 0; // as /tmp is
    if (is_used || is_empty) && is_own && !is_shared {
        private::restrict(path)?;
    }
    Ok(())
}

/// Refuses a data directory whose parts are elsewhere. What is deeper is refused where it is
/// opened.
fn refuse_links(path: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_symlink() {
            return Err(private::link(&entry.path()));
        }
    }
    Ok(())
}

/// The stack that runs on `data_dir`, if one does.
pub fn running(data_dir: &Path) -> Option<StackInfo> {
    let file = private::open_to_read(&data_dir.join(FILE)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => read(&file),
        _ => None, // nobody holds it: what the file says is left over
    }
}

fn read(mut file: &File) -> Option<StackInfo> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(url: &str) -> StackInfo {
        StackInfo {
            pid: std::process::id(),
            url: url.to_owned(),
        }
    }

    #[test]
    fn a_second_stack_is_told_who_holds_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = DataDir::take(dir.path()).unwrap();
        assert!(matches!(
            DataDir::take(dir.path()),
            Err(LockError::Starting(_))
        ));
        first.write_info(&info("http://127.0.0.1:4566")).unwrap();
        let message = DataDir::take(dir.path()).unwrap_err().to_string();
        let pid = std::process::id();
        assert!(
            message.contains(&format!(
                "held by the stack that runs as process {pid} at \
                                           http://127.0.0.1:4566; use that one"
            )),
            "{message}"
        );
        assert_eq!(running(dir.path()).unwrap().url, "http://127.0.0.1:4566");
    }

    #[test]
    fn a_stack_on_all_addresses_is_reached_over_loopback() {
        for (listens, reached) in [
            ("0.0.0.0:4566", "127.0.0.1:4566"),
            ("[::]:1", "[::1]:1"),
            ("192.0.2.1:1", "192.0.2.1:1"),
        ] {
            assert_eq!(
                reachable_address(listens.parse().unwrap()).to_string(),
                reached
            );
        }
    }

    #[test]
    fn what_a_dead_stack_left_behind_is_no_holder() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = DataDir::take(dir.path()).unwrap();
        first.write_info(&info("http://127.0.0.1:1")).unwrap();
        drop(first);
        assert_eq!(running(dir.path()), None);
        DataDir::take(dir.path()).unwrap();
    }

    /// `stack.json` that was a link overwrote what it led to.
    #[test]
    fn a_data_directory_with_links_is_refused() {
        for name in [FILE, "s3", "states.db", "logs"] {
            let dir = tempfile::tempdir().unwrap();
            let other = dir.path().join("other");
            let data = dir.path().join("data");
            std::fs::write(&other, "kept").unwrap();
            std::fs::create_dir(&data).unwrap();
            std::os::unix::fs::symlink(&other, data.join(name)).unwrap();
            let message = DataDir::take(&data).unwrap_err().to_string();
            let link = data.join(name);
            assert!(
                message.contains(&format!("{} is a symbolic link", link.display())),
                "{message}"
            );
            assert_eq!(running(&data), None);
            assert_eq!(std::fs::read_to_string(other).unwrap(), "kept");
        }
    }

    #[test]
    fn only_a_data_directory_becomes_private() {
        let mode = |path: &Path| path.metadata().unwrap().mode() & 0o7777;
        let set = |path: &Path, mode| {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
            std::fs::set_permissions(path, mode).unwrap();
        };
        let dir = tempfile::tempdir().unwrap();
        let made = dir.path().join("made");
        drop(DataDir::take(&made).unwrap());
        assert_eq!((mode(&made), mode(&made.join(FILE))), (0o700, 0o600));
        set(&made, 0o755);
        drop(DataDir::take(&made).unwrap());
        assert_eq!(mode(&made), 0o700, "one of an earlier version");

        let shared = dir.path().join("shared");
        std::fs::create_dir(&shared).unwrap();
        set(&shared, 0o1777);
        drop(DataDir::take(&shared).unwrap());
        assert_eq!(mode(&shared), 0o1777);
        let other = dir.path().join("other");
        std::fs::create_dir(&other).unwrap();
        std::fs::write(other.join("file"), "").unwrap();
        set(&other, 0o755);
        drop(DataDir::take(&other).unwrap());
        assert_eq!((mode(&other), mode(&other.join(FILE))), (0o755, 0o600));
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let message = DataDir::take(&file).unwrap_err().to_string();
        assert!(
            message.starts_with(&format!(
                "the data directory {} can't be used: ",
                file.display()
            )),
            "{message}"
        );
    }
}

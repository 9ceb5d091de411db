//! Files and folders of the data directory: for the stack's user alone, and never through a
//! symbolic link.
//!
//! A data directory may have been unpacked from somewhere, or stand where others may write. A link
//! in it would make the stack overwrite, or give away, a file that is not its own. So folders are
//! made and files opened here.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// Makes files and folders of this process, and of its children, the user's alone from now on.
///
/// SQLite, archives and child processes make files too, which get no mode of ours.
pub fn restrict_new_files() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

/// Removes the permissions of group and others on `path`; leaves symbolic links alone.
pub fn restrict(path: &Path) -> io::Result<()> {
    let metadata = path.symlink_metadata()?;
    let mode = metadata.permissions().mode();
    if metadata.is_symlink() || mode & 0o077 == 0 {
        return Ok(());
    }
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode & !0o077))
}

/// Creates a folder and its missing parents.
///
/// # Errors
/// Something else has that name, or the path leads through a symbolic link.
pub fn create_dir_all(path: &Path) -> io::Result<()> {
    let path = std::path::absolute(path)?;
    let there = path
        .ancestors()
        .find(|path| path.symlink_metadata().is_ok());
    if let Some(there) = there
        && there.canonicalize().ok().as_deref() != Some(there)
    {
        return Err(link(there));
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Returns the options that files are opened with: new files are readable by the user only, and
/// symbolic links are refused.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    // Without waiting, where the other end of a named pipe is missing.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    options.mode(0o600).custom_flags(flags.bits().cast_signed());
    options
}

/// Opens a file with `options` (from [`options`]).
///
/// # Errors
/// Returns the system's errors, and an error if it is not a regular file.
pub fn open(path: &Path, options: &OpenOptions) -> io::Result<File> {
    let file = options.open(path).map_err(|error| {
        let is_link = error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
        if is_link { link(path) } else { error }
    })?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other(format!(
            "{} is no regular file",
            path.display()
        )))
    }
}

/// Opens a file to read it.
pub fn open_to_read(path: &Path) -> io::Result<File> {
    open(path, options().read(true))
}

/// Creates a file, or truncates an existing one.
pub fn create(path: &Path) -> io::Result<File> {
    open(path, options().write(true).create(true).truncate(true))
}

/// Opens a file to write at its end, and makes it where it is missing.
pub fn append(path: &Path) -> io::Result<File> {
    open(path, options().append(true).create(true))
}

/// Writes a file.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    create(path)?.write_all(bytes)
}

/// Reads a file.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_to_read(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Returns the error for a path that is a symbolic link.
pub fn link(path: &Path) -> io::Error {
    io::Error::other(format!(
        "{} is a symbolic link, or behind one, and the stack follows none in its data directory: \
         put there what it leads to",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_the_users_alone() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        create_dir_all(&inner).unwrap();
        write(&inner.join("file"), b"x").unwrap();
        append(&inner.join("log")).unwrap();
        for (name, expected) in [("", 0o700), ("file", 0o600), ("log", 0o600)] {
            assert_eq!(mode(&inner.join(name)), expected, "{name}");
        }
        assert_eq!(mode(&folder.path().join("a")), 0o700);
        std::fs::set_permissions(&inner, PermissionsExt::from_mode(0o755)).unwrap();
        restrict(&inner).unwrap();
        assert_eq!(mode(&inner), 0o700);
    }

    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (other, link) = (folder.path().join("other"), folder.path().join("link"));
        std::fs::create_dir(&other).unwrap();
        std::fs::write(other.join("kept"), "kept").unwrap();
        symlink(&other, &link).unwrap();
        symlink(other.join("kept"), folder.path().join("file")).unwrap();
        let file = folder.path().join("file");
        for refused in [
            create_dir_all(&link).unwrap_err(),
            create_dir_all(&link.join("below")).unwrap_err(),
            write(&file, b"overwritten").unwrap_err(),
            append(&file).map(drop).unwrap_err(),
            read(&file).map(drop).unwrap_err(),
        ] {
            let message = refused.to_string();
            assert!(
                message.contains(" is a symbolic link, or behind one, and the stack follows none"),
                "{message}"
            );
        }
        assert_eq!(std::fs::read_to_string(other.join("kept")).unwrap(), "kept");
        assert!(!other.join("below").exists());
    }

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let message = read(&pipe).unwrap_err().to_string();
        assert_eq!(message, format!("{} is no regular file", pipe.display()));
    }
}

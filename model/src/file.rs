//! Files of a model, read without trusting that they are what they should be.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Reads a regular file of at most `max_bytes`; a link is followed, but not to a device or a pipe,
/// which have no end.
pub(crate) fn read(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let refused = |reason: String| Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    // Before it is opened: opening a pipe waits for who writes to it.
    if !std::fs::metadata(path)?.is_file() {
        return refused("it is no regular file".into());
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(max_bytes + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        return refused(format!("it has more than {max_bytes} bytes"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_regular_files_up_to_a_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        std::fs::write(place("file"), "four").unwrap();
        symlink(place("file"), place("link")).unwrap();
        symlink("/dev/zero", place("device")).unwrap();
        let text = |name: &str, most| read(&place(name), most).map_err(|error| error.to_string());
        assert_eq!(text("file", 4), Ok(b"four".to_vec()));
        assert_eq!(text("link", 4), Ok(b"four".to_vec()));
        assert_eq!(text("file", 3), Err("it has more than 3 bytes".into()));
        assert_eq!(text("device", 4), Err("it is no regular file".into()));
        assert_eq!(text("", 4), Err("it is no regular file".into()));
    }
}

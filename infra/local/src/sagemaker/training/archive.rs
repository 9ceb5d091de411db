//! `model.tar.gz`, from a folder: file by file, so that it need not fit into memory.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::checkpoints::files;

/// Packs what is in `folder` to `target`; `false` where there is nothing, and then no archive.
pub(super) fn pack(folder: &Path, target: &Path) -> io::Result<bool> {
    let files = match files(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        found => found?,
    };
    if files.is_empty() {
        return Ok(false);
    }
    let writer = BufWriter::new(File::create(target)?);
    let mut archive = tar::Builder::new(GzEncoder::new(writer, Compression::default()));
    for path in files {
        let name = path.strip_prefix(folder).unwrap_or(&path);
        archive.append_path_with_name(&path, name)?;
    }
    archive.into_inner()?.finish()?.flush()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn files_come_back_by_their_names_and_nothing_makes_no_archive() {
        let folder = tempfile::tempdir().unwrap();
        let (model, target) = (folder.path().join("model"), folder.path().join("m.tar.gz"));
        assert!(!pack(&model, &target).unwrap());
        std::fs::create_dir_all(model.join("a")).unwrap();
        assert!(!pack(&model, &target).unwrap());
        assert!(!target.exists());
        std::fs::write(model.join("a/b"), "inside").unwrap();
        std::fs::write(model.join("c"), "").unwrap();
        assert!(pack(&model, &target).unwrap());
        let mut archive = tar::Archive::new(GzDecoder::new(File::open(&target).unwrap()));
        let names: Vec<String> = archive
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().display().to_string())
            .collect();
        assert_eq!(names, ["a/b", "c"]);
    }
}

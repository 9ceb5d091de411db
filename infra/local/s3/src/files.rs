//! Object bytes on disk.
//!
//! The store chooses a file's name, independent of the key, so no key can escape the directory.
//! Bytes go to `incoming/` first, are synced, and are renamed into `objects/xx/`; from then on they
//! never change. Rows of the database name the files; `recovery` handles files without a row.
//! Symbolic links are not followed.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::OFlags;
use uuid::Uuid;

use super::error::Error;
use super::recovery::{make_directory, store_files};

/// The directory of files.
#[derive(Clone, Debug)]
pub(super) struct Files {
    root: Arc<Path>,
}

/// The name of a stored file.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FileId(pub(super) Uuid);

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl FileId {
    fn name(self) -> String {
        self.0.simple().to_string()
    }

    /// The id that a file name stands for; `None` for a name that is not one of these.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        let id = Self(name.parse().ok()?);
        (id.name() == name).then_some(id)
    }
}

impl Files {
    /// Opens or creates the directory, and removes partial writes.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let files = Self { root: root.into() };
        make_directory(root)?;
        make_directory(&files.incoming())?;
        for id in store_files(&files.incoming())? {
            fs::remove_file(files.incoming().join(id.name()))?;
        }
        make_directory(&files.objects())?;
        for fan in files.fans() {
            make_directory(&fan)?;
        }
        sync_directory(&files.objects())?;
        Ok(files)
    }

    fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    fn objects(&self) -> PathBuf {
        self.root.join("objects")
    }

    /// The directories that share the stored files among them.
    fn fans(&self) -> impl Iterator<Item = PathBuf> {
        let objects = self.objects();
        (0..=u8::MAX).map(move |fan| objects.join(format!("{fan:02x}")))
    }

    /// Every stored file.
    pub(super) fn stored(&self) -> io::Result<Vec<FileId>> {
        let mut stored = Vec::new();
        for fan in self.fans() {
            let own_ids = store_files(&fan)?.into_iter();
            stored.extend(own_ids.filter(|id| self.path(*id).starts_with(&fan)));
        }
        Ok(stored)
    }

    /// Moves a stored file to `lost+found/`.
    pub(super) fn set_aside(&self, id: FileId) -> io::Result<()> {
        let lost = self.root.join("lost+found");
        make_directory(&lost)?;
        fs::rename(self.path(id), lost.join(id.name()))
    }

    fn path(&self, id: FileId) -> PathBuf {
        let name = id.name();
        self.objects().join(&name[..2]).join(name)
    }

    /// A new file that nobody can see until it is kept.
    pub(super) fn create(&self) -> io::Result<Draft> {
        let id = FileId(Uuid::new_v4());
        let path = self.incoming().join(id.name());
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)?;
        Ok(Draft {
            files: self.clone(),
            id,
            written: BufWriter::with_capacity(256 << 10, file),
            path: Some(path),
        })
    }

    /// Opens a stored file for reading. It stays readable when it is removed meanwhile.
    fn read(&self, id: FileId) -> io::Result<File> {
        File::options()
            .read(true)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(self.path(id))
    }

    /// Looks up a row and opens the file that it names.
    ///
    /// If a concurrent write removes the file in between, another lookup finds its successor.
    pub(super) fn find<T>(
        &self,
        mut look_up: impl FnMut() -> Result<(T, Option<FileId>), Error>,
    ) -> Result<(T, Option<File>), Error> {
        let mut missing = None;
        loop {
            let (found, file) = look_up()?;
            let Some(id) = file else {
                return Ok((found, None));
            };
            match self.read(id) {
                Err(error) if is_missing(&error) && missing != Some(id) => missing = Some(id),
                opened => return Ok((found, Some(opened?))),
            }
        }
    }

    /// A second name for the same bytes: a copy without copying. `None` where the file system has
    /// no such thing.
    pub(super) fn link(&self, id: FileId) -> io::Result<Option<Stored>> {
        let copy = FileId(Uuid::new_v4());
        let path = self.path(copy);
        if fs::hard_link(self.path(id), &path).is_err() {
            return Ok(None);
        }
        let stored = Stored::new(self.clone(), copy);
        sync_directory(parent(&path))?;
        Ok(Some(stored))
    }

    /// Concatenates files in order into one. `None` if one of them is gone.
    pub(super) fn join(&self, ids: &[FileId]) -> io::Result<Option<Stored>> {
        if let [only] = ids
            && let Some(stored) = self.link(*only)?
        {
            return Ok(Some(stored));
        }
        let draft = self.create()?;
        for id in ids {
            let mut part = match self.read(*id) {
                Err(error) if is_missing(&error) => return Ok(None),
                opened => opened?,
            };
            // File to file, so that the kernel can share or move the bytes by itself.
            io::copy(&mut part, &mut draft.written.get_ref())?;
        }
        draft.keep().map(Some)
    }

    /// Removes a stored file. A missing file is no error.
    pub(super) fn remove(&self, id: FileId) {
        if let Err(error) = fs::remove_file(self.path(id))
            && !is_missing(&error)
        {
            tracing::warn!(file = ?id, %error, "an object's file could not be removed");
        }
    }
}

/// A file being written, which is removed when dropped.
pub(super) struct Draft {
    files: Files,
    id: FileId,
    written: BufWriter<File>,
    /// `None` once it has been renamed.
    path: Option<PathBuf>,
}

impl Draft {
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written.write_all(bytes)
    }

    /// Makes the bytes durable under their final name.
    pub(super) fn keep(mut self) -> io::Result<Stored> {
        self.written.flush()?;
        self.written.get_ref().sync_all()?;
        let to = self.files.path(self.id);
        if let Some(from) = self.path.take() {
            fs::rename(from, &to)?;
        }
        sync_directory(parent(&to))?;
        Ok(Stored::new(self.files.clone(), self.id))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // What stays behind goes at the next start.
            let _ = fs::remove_file(path);
        }
    }
}

/// A stored file that no row names yet. Dropped, it is removed; `Write::keep` hands it to the
/// transaction that writes the row.
#[derive(Debug)]
pub(super) struct Stored {
    files: Files,
    id: FileId,
    adopted: bool,
}

impl Stored {
    fn new(files: Files, id: FileId) -> Self {
        Self {
            files,
            id,
            adopted: false,
        }
    }

    pub(super) fn id(&self) -> FileId {
        self.id
    }

    /// Leaves the file in its place, for the row that names it.
    pub(super) fn adopt(mut self) {
        self.adopted = true;
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        if !self.adopted {
            self.files.remove(self.id);
        }
    }
}

/// The bytes of an open file from `start` on.
pub(super) fn seek(mut file: File, start: u64) -> io::Result<File> {
    file.seek(SeekFrom::Start(start))?;
    Ok(file)
}

fn is_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// Makes a rename in the directory durable.
fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(path)?.sync_all()?;
    }
    Ok(())
}

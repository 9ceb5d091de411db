//! Channels of a training job: folders below `<root>/input/data`.

use std::path::{Path, PathBuf};

/// The folder of a channel, and its files.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// The folder.
    pub folder: PathBuf,
    /// The paths of the entries, in order of their names.
    pub entries: Vec<PathBuf>,
}

/// A channel without data.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum ChannelError {
    /// There is no such folder.
    #[error("the channel `{name}` is missing: there is no folder {path}")]
    Missing {
        /// The name of the channel.
        name: String,
        /// The folder that was expected.
        path: PathBuf,
    },
    /// The folder is empty.
    #[error("the channel `{name}` is empty: there is no file in {path}")]
    Empty {
        /// The name of the channel.
        name: String,
        /// The folder.
        path: PathBuf,
    },
}

/// Returns the folder of all channels.
pub fn data_folder(root: &Path) -> PathBuf {
    root.join("input/data")
}

impl Channel {
    /// Returns the channel of that name in the folder of all channels.
    ///
    /// # Errors
    /// The folder is missing or empty.
    pub fn open(data: &Path, name: &str) -> Result<Self, ChannelError> {
        let path = data.join(name);
        let name = name.to_owned();
        let Ok(entries) = path.read_dir() else {
            return Err(ChannelError::Missing { name, path });
        };
        let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        if entries.is_empty() {
            return Err(ChannelError::Empty { name, path });
        }
        entries.sort();
        let folder = path;
        Ok(Self { folder, entries })
    }
}

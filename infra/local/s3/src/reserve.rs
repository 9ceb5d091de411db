//! Reserves disk space for deletes.
//!
//! A delete is a transaction and needs space before it frees any. On a nearly full disk the reserve
//! is released first, and taken again when there is space.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use rustix::fs::{FallocateFlags, fallocate, statvfs};

/// 4 MiB: what SQLite writes to its log between two checkpoints.
const SIZE: u64 = 4 << 20;

/// A file that only takes up disk space.
pub(super) struct DiskReserve {
    path: PathBuf,
    allocated: bool,
}

impl DiskReserve {
    /// Takes the room, if the disk has it.
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        if path.exists() {
            fs::remove_file(&path)?;
        }
        let mut reserve = Self {
            path,
            allocated: false,
        };
        reserve.keep();
        Ok(reserve)
    }

    /// Gives the room up where there is hardly any other.
    pub(super) fn release_if_full(&mut self) {
        if self.allocated && self.free().is_some_and(|free| free < SIZE) {
            self.allocated = fs::remove_file(&self.path).is_err();
        }
    }

    /// Takes the room if it is not taken, and if as much is left then.
    pub(super) fn keep(&mut self) {
        if !self.allocated && self.free().is_some_and(|free| free >= 2 * SIZE) {
            self.allocated = self.allocate().is_ok();
        }
    }

    fn allocate(&self) -> io::Result<()> {
        let file = File::create_new(&self.path)?;
        let allocated = fallocate(&file, FallocateFlags::empty(), 0, SIZE);
        if allocated.is_err() {
            fs::remove_file(&self.path)?;
        }
        Ok(allocated?)
    }

    /// Bytes that the disk has left.
    fn free(&self) -> Option<u64> {
        let disk = statvfs(self.path.parent()?).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }
}

//! Limits on an archive. Models of any size have a few dozen files with short names.

/// Files and folders.
pub const ENTRIES: usize = 10_000;

/// Folders above each other. Each entry may make as many of them.
pub const DEPTH: usize = 32;

/// Bytes before the next entry: headers, the long names and PAX records that describe it, and
/// padding. The `tar` crate holds long names and records in memory, whatever their size.
pub const HEADERS: u64 = 1 << 20;

/// The maximum ratio of the content's size to the gzip file's. Deflate alone could reach a
/// thousand; weights, which are nearly random, do not reach two.
pub const RATIO: u64 = 100;

/// Up to here the ratio does not count: small archives may be of anything.
pub const RATIO_FROM: u64 = 256 << 20;

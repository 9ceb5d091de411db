//! Archives as people make them, and as an attacker would.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use proptest::prelude::*;
use tar::{Builder, EntryType, Header};

use crate::{limits, pack, unpack};

const MAX_BYTES: u64 = 1 << 30;

fn gzip(tar: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(tar).unwrap();
    encoder.finish().unwrap()
}

/// A header whose name is written as it is, so that it may lie.
fn header(name: &[u8], kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    if kind.is_symlink() || kind.is_hard_link() {
        header.set_link_name("/etc/passwd").unwrap();
    }
    header.set_cksum();
    header
}

fn tar(entries: &[(Header, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (header, content) in entries {
        builder.append(header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn one(name: &str, kind: EntryType, content: &[u8]) -> Vec<u8> {
    let header = header(name.as_bytes(), kind, content.len() as u64);
    gzip(&tar(&[(header, content)]))
}

/// Unpacks an archive into an empty folder. Returns the folder and the result.
fn unpacked(archive: impl Read, max_bytes: u64) -> (tempfile::TempDir, Result<usize, String>) {
    let folder = tempfile::tempdir().unwrap();
    let found = unpack(archive, &folder.path().join("model"), max_bytes);
    let found = found
        .map(|files| files.len())
        .map_err(|error| error.to_string());
    (folder, found)
}

#[track_caller]
fn check_file(archive: &[u8], path: &str, content: &[u8]) {
    let (folder, found) = unpacked(archive, MAX_BYTES);
    assert_eq!(found, Ok(1));
    assert_eq!(
        fs::read(folder.path().join("model").join(path)).unwrap(),
        content
    );
}

#[track_caller]
fn check_refused(archive: impl Read, expected: &str) {
    let (folder, found) = unpacked(archive, MAX_BYTES);
    let error = found.unwrap_err();
    assert!(error.contains(expected), "{error}");
    let outside = fs::read_dir(folder.path()).unwrap().flatten();
    assert!(
        outside
            .map(|entry| entry.file_name())
            .all(|name| name == "model")
    );
}

#[test]
fn files_unpack() {
    let file = EntryType::Regular;
    check_file(&one("a/model.onnx", file, b"onnx"), "a/model.onnx", b"onnx");
    check_file(&one("./model.onnx", file, b"onnx"), "model.onnx", b"onnx");
    let long = "n".repeat(200);
    let mut builder = Builder::new(Vec::new());
    let mut header = header(b"", file, 4);
    builder
        .append_data(&mut header, &long, &b"onnx"[..])
        .unwrap();
    check_file(&gzip(&builder.into_inner().unwrap()), &long, b"onnx");
}

#[test]
fn the_later_of_two_entries_with_one_name_counts() {
    let entry = |content: &'static [u8]| (header(b"a", EntryType::Regular, 3), content);
    let (folder, found) = unpacked(&gzip(&tar(&[entry(b"old"), entry(b"new")]))[..], MAX_BYTES);
    assert_eq!(found, Ok(2));
    assert_eq!(fs::read(folder.path().join("model/a")).unwrap(), b"new");
}

#[test]
fn a_comment_of_git_archive_is_no_file() {
    let comment = b"52 comment=0123456789012345678901234567890123456789\n";
    let comment = (
        header(b"pax_global_header", EntryType::XGlobalHeader, 52),
        &comment[..],
    );
    let file = (header(b"a", EntryType::Regular, 1), &b"x"[..]);
    check_file(&gzip(&tar(&[comment, file])), "a", b"x");
}

#[test]
fn what_is_no_file_below_the_folder_is_refused() {
    let file = EntryType::Regular;
    for (name, kind, expected) in [
        (
            "../x",
            file,
            "it holds ../x, which leads out of it: pack regular files by relative paths",
        ),
        (
            "a/../../x",
            file,
            "it holds a/../../x, which leads out of it",
        ),
        ("/tmp/x", file, "it holds /tmp/x, which leads out of it"),
        (
            "x",
            EntryType::Symlink,
            "it holds x, which is a link or a device",
        ),
        (
            "x",
            EntryType::Link,
            "it holds x, which is a link or a device",
        ),
        (
            "x",
            EntryType::Fifo,
            "it holds x, which is a link or a device",
        ),
        (
            "x",
            EntryType::Char,
            "it holds x, which is a link or a device",
        ),
        (
            "x",
            EntryType::Block,
            "it holds x, which is a link or a device",
        ),
        ("a", EntryType::Directory, "it has no files in it"),
    ] {
        check_refused(&one(name, kind, b"")[..], expected);
    }
    let deep = "a/".repeat(limits::DEPTH) + "b";
    check_refused(&one(&deep, file, b"")[..], "which lies too deep");
}

#[test]
fn what_is_damaged_is_refused() {
    let refused = "it can't be unpacked: ";
    let whole = one("a/model.onnx", EntryType::Regular, &[1; 5000]);
    check_refused(&b"not gzip at all"[..], refused);
    check_refused(&gzip(&[7; 2048])[..], refused);
    check_refused(&whole[..whole.len() / 2], refused);
    // The checksum, which stands after all that tar reads.
    let mut flipped = whole.clone();
    let checksum = flipped.len() - 8;
    flipped[checksum] ^= 1;
    check_refused(&flipped[..], "it can't be unpacked: corrupt gzip stream");
    // What follows the gzip file is nobody's.
    check_file(
        &[&whole[..], &[0; 512]].concat(),
        "a/model.onnx",
        &[1; 5000],
    );
}

#[test]
fn more_than_the_limits_is_refused() {
    let content = [0; 2000];
    let entry = one("big", EntryType::Regular, &content);
    let (folder, found) = unpacked(&entry[..], 1999);
    assert_eq!(found, Err("it unpacks to more than 1999 bytes".into()));
    assert!(!folder.path().join("model/big").exists());
    assert_eq!(unpacked(&entry[..], 2000).1, Ok(1));

    let folders: Vec<(Header, &[u8])> = (0..=limits::ENTRIES)
        .map(|number| (header(b"f", EntryType::Directory, 0), number))
        .map(|(header, _)| (header, &[][..]))
        .collect();
    check_refused(&gzip(&tar(&folders))[..], "it has more than 10000 entries");
}

/// A gzip file of `start` and then endless zeros, without the time that it takes to pack them.
fn endless(start: &[u8]) -> impl Read {
    let flushed = |bytes: &[u8]| {
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::best());
        deflate.write_all(bytes).unwrap();
        // It ends on a byte, so that the next piece may be put behind it.
        deflate.flush().unwrap();
        deflate.get_ref().clone()
    };
    let head = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3];
    let zeros = flushed(&vec![0; 1 << 20]);
    // 8 GiB of them.
    let zeros = io::Cursor::new(zeros.repeat(8 << 10));
    io::Cursor::new([head, flushed(start)].concat()).chain(zeros)
}

/// The most memory that this process has held, in KiB; none but on Linux.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string(Path::new("/proc/self/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[test]
fn a_long_name_or_pax_record_of_gigabytes_takes_no_memory() {
    let before = peak_memory();
    let refused = "the headers of an entry, or what follows the last, have more than 1048576 bytes";
    let claimed = 5 << 30;
    for kind in [
        EntryType::GNULongName,
        EntryType::GNULongLink,
        EntryType::XHeader,
    ] {
        let bomb = header(b"././@LongLink", kind, claimed);
        check_refused(endless(bomb.as_bytes()), refused);
        // One that comes after a whole file.
        let mut second = tar(&[(header(b"a", EntryType::Regular, 600), &[1; 600])]);
        second.truncate(512 + 1024);
        second.extend(bomb.as_bytes());
        check_refused(endless(&second), refused);
    }
    // What is skipped rather than held is bounded as well: it takes time.
    for kind in [EntryType::Directory, EntryType::XGlobalHeader] {
        check_refused(
            endless(header(b"d", kind, claimed).as_bytes()),
            "it unpacks to more than",
        );
    }
    check_refused(
        endless(header(b"d", EntryType::Directory, MAX_BYTES - 1).as_bytes()),
        refused,
    );
    // A sparse file's map has no end.
    let mut sparse = header(b"s", EntryType::GNUSparse, 0);
    sparse.as_gnu_mut().unwrap().isextended = [1];
    sparse.set_cksum();
    let mut map = sparse.as_bytes().to_vec();
    for _ in 0..4096 {
        let mut extension = [0; 512];
        extension[504] = 1;
        map.extend(extension);
    }
    check_refused(endless(&map), refused);
    // So has the archive's end.
    let whole = tar(&[(header(b"a", EntryType::Regular, 1), b"x")]);
    check_refused(endless(&whole), refused);
    if let (Some(before), Some(after)) = (before, peak_memory()) {
        assert!(after - before < 64 << 10, "from {before} to {after} KiB");
    }
}

#[test]
fn a_small_archive_of_much_is_refused() {
    let size = limits::RATIO_FROM + (64 << 20);
    check_refused(
        endless(header(b"zeros", EntryType::Regular, size).as_bytes()),
        "its content is more than 100 times larger than it is",
    );
}

#[test]
fn a_folder_survives_and_equal_folders_give_equal_archives() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    fs::create_dir_all(place("in/code")).unwrap();
    fs::write(place("in/b.onnx"), "weights").unwrap();
    fs::write(place("in/code/a.py"), "script").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", place("in/link")).unwrap();
    let [first, second] = ["1.tar.gz", "2.tar.gz"].map(place);
    assert_eq!(pack(&place("in"), &first).unwrap(), 2);
    pack(&place("in"), &second).unwrap();
    assert_eq!(fs::read(&first).unwrap(), fs::read(&second).unwrap());
    let files = unpack(fs::File::open(&first).unwrap(), &place("out"), MAX_BYTES).unwrap();
    assert_eq!(files, [place("out/b.onnx"), place("out/code/a.py")]);
    assert_eq!(fs::read_to_string(&files[1]).unwrap(), "script");
}

#[test]
fn nothing_makes_no_archive() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("m.tar.gz");
    fs::create_dir(folder.path().join("in")).unwrap();
    assert_eq!(pack(&folder.path().join("in"), &target).unwrap(), 0);
    assert!(!target.exists());
}

proptest! {
    #[test]
    fn arbitrary_archives_never_panic(tar in proptest::collection::vec(any::<u8>(), 0..2048)) {
        let (_folder, _found) = unpacked(&gzip(&tar)[..], MAX_BYTES);
    }
}

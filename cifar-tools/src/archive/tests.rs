//! Whole archives: from Python 3, broken ones, and lying ones.

use super::*;
use crate::classes::Classes;
use crate::pickle::write::Writer;
use crate::progress::{Tick, quiet};
use flate2::{Compression, write::GzEncoder};
use std::io::{Cursor, Write};
use std::ops::ControlFlow;
use std::sync::atomic::AtomicU64;

type Rows = Vec<(Split, usize, u8, String, u8)>;

fn scan_all(
    bytes: &[u8],
    progress: &mut impl crate::progress::Progress,
) -> Result<(Scanned, Rows), Error> {
    let mut rows = Rows::new();
    let mut visit = |row: Row<'_>| {
        rows.push((
            row.split,
            row.number,
            row.label,
            row.name.to_owned(),
            row.pixels[1],
        ));
        Ok::<_, Error>(())
    };
    let images = AtomicU64::new(0);
    let scanned = scan(
        &mut Cursor::new(bytes),
        &Classes::default(),
        &images,
        progress,
        &mut visit,
    )?;
    Ok((scanned, rows))
}

fn read(bytes: &[u8]) -> Result<(Scanned, Rows), String> {
    scan_all(bytes, &mut quiet).map_err(|e| e.to_string())
}

fn check_error(bytes: &[u8], text: &str) {
    let error = read(bytes).unwrap_err();
    assert!(error.contains(text), "{error}");
    assert!(
        error.ends_with("`cifar-tools fetch`, or draw one with `cifar-tools sample`"),
        "{error}"
    );
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn tar(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut tar = ::tar::Builder::new(Vec::new());
    for (name, body) in members {
        let mut header = ::tar::Header::new_ustar();
        header.set_size(body.len() as u64);
        tar.append_data(&mut header, format!("cifar-100-python/{name}"), &body[..])
            .unwrap();
    }
    tar.into_inner().unwrap()
}

fn split(names: &[&str], labels: &[u8], rows: usize, bytes: usize) -> Vec<u8> {
    let mut pickle = Writer::dict();
    pickle.strings("filenames", names.iter().copied());
    pickle.numbers("fine_labels", labels.iter().copied());
    pickle.matrix("data", rows, ROW, &vec![7; bytes]);
    pickle.finish()
}

fn meta() -> Vec<u8> {
    let mut meta = Writer::dict();
    meta.strings("fine_label_names", crate::classes::NAMES.iter().copied());
    meta.finish()
}

fn with_train(train: Vec<u8>) -> Vec<u8> {
    let test = split(&["a.png"], &[8], 1, ROW);
    gzip(&tar(&[("train", train), ("test", test), ("meta", meta())]))
}

fn sample() -> Vec<u8> {
    let mut bytes = Vec::new();
    crate::sample::archive(
        &mut bytes,
        crate::sample::Sizes {
            seed: 3,
            train: 4,
            test: 2,
        },
    )
    .unwrap();
    bytes
}

/// Checks an archive that `tests/data/make.py` writes with Python 3.
fn check_python3(bytes: &[u8]) {
    let (scanned, rows) = read(bytes).unwrap();
    assert_eq!(
        (scanned.names[8].as_str(), scanned.drawn),
        ("class_8", false)
    );
    let row = |split, number: usize, label| {
        (
            split,
            number,
            label,
            format!("image_s_{number:06}.png"),
            (number * 31 + 7) as u8,
        )
    };
    let expected = [
        (Split::Train, 0, 8),
        (Split::Train, 1, 48),
        (Split::Train, 3, 8),
        (Split::Test, 1, 48),
    ];
    assert_eq!(
        rows,
        expected.map(|(split, number, label)| row(split, number, label))
    );
}

#[test]
fn python_3_writes_protocol_2_with_bytes_as_text_and_data_first() {
    check_python3(include_bytes!("../../tests/data/python3-protocol2.tar.gz"));
}

#[test]
fn python_3_writes_protocol_3() {
    check_python3(include_bytes!("../../tests/data/python3-protocol3.tar.gz"));
}

#[test]
fn python_3_writes_protocol_4_with_data_first() {
    check_python3(include_bytes!("../../tests/data/python3-protocol4.tar.gz"));
}

#[test]
fn python_3_writes_protocol_5() {
    check_python3(include_bytes!("../../tests/data/python3-protocol5.tar.gz"));
}

#[test]
fn the_sample_says_that_it_is_drawn() {
    let (scanned, rows) = read(&sample()).unwrap();
    assert!(scanned.drawn);
    assert_eq!(rows.iter().filter(|row| row.0 == Split::Train).count(), 8);
    assert_eq!(rows.iter().filter(|row| row.0 == Split::Test).count(), 4);
}

#[test]
fn an_archive_that_is_cut_off_anywhere_is_an_error() {
    let bytes = sample();
    for at in (2..bytes.len())
        .step_by(bytes.len() / 20)
        .chain(bytes.len() - 9..bytes.len())
    {
        check_error(&bytes[..at], "the archive is cut off");
    }
}

#[test]
fn a_changed_byte_anywhere_is_an_error() {
    let bytes = sample();
    for at in (10..bytes.len()).step_by(bytes.len() / 20) {
        let mut broken = bytes.clone();
        broken[at] ^= 0x10;
        assert!(read(&broken).is_err(), "byte {at}");
    }
    let mut checksum = bytes.clone();
    let at = bytes.len() - 8;
    checksum[at] ^= 1;
    check_error(&checksum, "the archive is corrupt (");
}

#[test]
fn what_is_no_archive_says_so() {
    check_error(b"", "the archive is not a gzip file");
    check_error(b"<html>404</html>", "the archive is not a gzip file");
    check_error(
        &gzip(b""),
        "the archive has no member `train`: it is not cifar-100-python.tar.gz",
    );
    check_error(
        &gzip(&[7; 100]),
        "the archive's tar is broken: it ends within a header",
    );
    check_error(
        &gzip(&[7; 600]),
        "the archive's tar is broken: a member's header has a wrong checksum",
    );
    check_error(
        &gzip(&tar(&[("train", split(&[], &[], 0, 0))])),
        "the archive has no member `test`",
    );
    let no_meta = tar(&[
        ("train", split(&[], &[], 0, 0)),
        ("test", split(&[], &[], 0, 0)),
    ]);
    check_error(&gzip(&no_meta), "the archive has no member `meta`");
    let whole = tar(&[("train", split(&["a.png"], &[8], 1, ROW))]);
    check_error(
        &gzip(&whole[..2000]),
        "the archive's member `train`: the pickle is cut off at byte",
    );
}

#[test]
fn members_that_lie_say_how() {
    let check = |train: Vec<u8>, text: &str| {
        check_error(
            &with_train(train),
            &format!("the archive's member `train` is no CIFAR-100 data: {text}"),
        );
    };
    check(
        split(&["a.png"], &[8, 8], 2, 2 * ROW),
        "it has 2 labels, but 1 file names",
    );
    check(
        split(&["a.png"], &[8], 1, 2 * ROW),
        "1 labels need 3072 bytes of pixels, but there are 6144",
    );
    check(
        split(&["a.png", "b.png"], &[8, 8], 2, ROW),
        "2 labels need 6144 bytes of pixels, but there are 3072",
    );
    check(
        split(&["a.png"], &[8], 2, ROW),
        "data is not an array of uint8 with a row of 3072 for each label",
    );
    check(
        split(&["a.png", "a.png"], &[8, 48], 2, 2 * ROW),
        "rows 0 and 1 are both called a.png",
    );
    check(
        Writer::dict().finish(),
        "it has no filenames or no fine_labels",
    );
    let mut text = Writer::dict();
    text.text("batch_label", &"x".repeat(ROW));
    check(
        text.finish(),
        "a string of over 3071 bytes at byte 26 is not its pixels",
    );
}

#[test]
fn a_file_name_is_one_name() {
    for name in [
        "../a.png",
        "a/b.png",
        "a\\b.png",
        "",
        ".",
        "..",
        "a\tb.png",
        "a\n.png",
        &"a".repeat(256),
    ] {
        let train = split(&[name], &[8], 1, ROW);
        check_error(
            &with_train(train),
            "is no CIFAR-100 data: the file name of row 0 is not one",
        );
    }
    assert!(
        read(&with_train(split(
            &["../a.png", "ü b.png"],
            &[9, 8],
            2,
            2 * ROW
        )))
        .is_ok(),
        "others do not matter"
    );
}

#[test]
fn code_in_a_pickle_is_refused() {
    let evil = b"\x80\x02cposix\nsystem\nU\x04true\x85R.".to_vec();
    check_error(
        &with_train(evil),
        "the archive's member `train`: the object posix.system at byte 2 of the pickle is refused",
    );
}

#[test]
fn progress_can_stop_it() {
    let mut last = Tick::default();
    let bytes = sample();
    scan_all(&bytes, &mut |tick| {
        last = tick;
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(
        (last.bytes, last.total),
        (bytes.len() as u64, Some(bytes.len() as u64))
    );
    let error = scan_all(&bytes, &mut |_| ControlFlow::Break(())).unwrap_err();
    assert!(error.is_stopped(), "{error}");
}

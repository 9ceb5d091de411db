//! Pickles byte by byte; whole ones from Python are in `archive/tests.rs`.

use super::write::Writer;
use super::*;
use proptest::prelude::*;

/// Takes pixels, and notes what it sees.
#[derive(Default)]
struct RecordingSink(Vec<(Option<String>, Option<u64>, Vec<u8>)>);

impl BlobSink for RecordingSink {
    type Error = Error;

    fn blob(&mut self, context: &Context<'_>, blob: Blob<'_>) -> Result<(), Error> {
        let mut bytes = Vec::new();
        blob.body
            .read_to_end(&mut bytes)
            .map_err(|e| Error::from_read(blob.offset, e))?;
        self.0
            .push((context.key().map(str::to_owned), blob.len, bytes));
        Ok(())
    }
}

fn small(bytes: &[u8]) -> Result<Pickle, String> {
    load_small(bytes, Limits::default()).map_err(|e| e.to_string())
}

/// Checks a pickle whose root is one value.
fn check(bytes: &[u8], expected: Value) {
    assert_eq!(
        small(bytes).unwrap().root,
        expected,
        "{}",
        bytes.escape_ascii()
    );
}

fn check_str(bytes: &[u8], expected: &str) {
    let Pickle { root, heap } = small(bytes).unwrap();
    assert_eq!(heap.str(root), Some(expected), "{}", bytes.escape_ascii());
}

fn check_error(bytes: &[u8], text: &str) {
    assert_eq!(small(bytes).unwrap_err(), text, "{}", bytes.escape_ascii());
}

#[test]
fn scalars() {
    check(b"\x80\x02N.", Value::None);
    check(b"\x80\x02\x88.", Value::Bool(true));
    check(b"\x80\x02\x89.", Value::Bool(false));
    check(b"\x80\x02K\xff.", Value::Int(255));
    check(b"\x80\x02M\xff\xff.", Value::Int(65535));
    check(b"\x80\x02J\xff\xff\xff\xff.", Value::Int(-1));
    check(b"\x80\x02\x8a\x00.", Value::Int(0));
    check(b"\x80\x02\x8a\x02\xff\x00.", Value::Int(255));
    check(b"\x80\x02\x8a\x01\xff.", Value::Int(-1));
    check(b"\x80\x02G?\xf8\0\0\0\0\0\0.", Value::Float(1.5));
}

#[test]
fn strings() {
    check_str(b"\x80\x02U\x02hi.", "hi");
    check_str(b"\x80\x02T\x02\0\0\0hi.", "hi");
    check_str(b"\x80\x03C\x02hi.", "hi");
    check_str(b"\x80\x03B\x02\0\0\0hi.", "hi");
    check_str(b"\x80\x04\x8e\x02\0\0\0\0\0\0\0hi.", "hi");
    check_str(b"\x80\x05\x96\x02\0\0\0\0\0\0\0hi.", "hi");
    check_str(b"\x80\x02X\x03\0\0\0h\xc3\xa9.", "hé");
    check_str(b"\x80\x04\x8c\x02hi.", "hi");
    check_str(b"\x80\x04\x8d\x02\0\0\0\0\0\0\0hi.", "hi");
    check_str(
        b"\x80\x02c_codecs\nencode\nX\x02\0\0\0hiX\x06\0\0\0latin1\x86R.",
        "hi",
    );
}

#[test]
fn the_memo_and_the_stack() {
    check(b"\x80\x02K\x01q\x00K\x0200h\x00.", Value::Int(1));
    check(
        b"\x80\x02K\x01r\x00\x01\0\x000j\x00\x01\0\0.",
        Value::Int(1),
    );
    check(b"\x80\x02K\x01p7\n0g7\n.", Value::Int(1));
    check(b"\x80\x04K\x01\x940h\x00.", Value::Int(1));
    check(b"\x80\x04\x95\x03\0\0\0\0\0\0\0K\x01.", Value::Int(1));
    check(b"\x80\x02K\x01(K\x02K\x031.", Value::Int(1));
    check(b"\x80\x02K\x01(0.", Value::Int(1));
    check(
        b"\x80\x02K\x01K\x0220"
            .iter()
            .chain(b"0.")
            .copied()
            .collect::<Vec<_>>()
            .as_slice(),
        Value::Int(1),
    );
}

#[test]
fn containers() {
    let Pickle { root, heap } = small(b"\x80\x02](K\x01K\x02eK\x03a.").unwrap();
    assert_eq!(heap.items(root), Some(&[1, 2, 3].map(Value::Int)[..]));
    let Pickle { root, heap } = small(b"\x80\x02(K\x01)K\x02\x85t.").unwrap();
    assert_eq!(heap.items(root).map(<[_]>::len), Some(3));
    let Pickle { root, heap } =
        small(b"\x80\x02}(U\x01aK\x01X\x01\0\0\0bK\x02uU\x01aK\x03s.").unwrap();
    assert_eq!(
        heap.entry(root, "a"),
        Some(Value::Int(3)),
        "the last entry of a key counts"
    );
    assert_eq!(
        (heap.entry(root, "b"), heap.entry(root, "c")),
        (Some(Value::Int(2)), None)
    );
}

#[test]
fn a_list_in_itself_is_no_problem() {
    let Pickle { root, heap } = small(b"\x80\x02]q\0h\0a.").unwrap();
    assert_eq!(heap.items(root), Some(&[root][..]));
}

#[test]
fn a_million_nested_lists_are_no_problem() {
    let depth = 300_000;
    let mut bytes = b"\x80\x02".to_vec();
    bytes.extend(std::iter::repeat_n(b']', depth));
    bytes.extend(std::iter::repeat_n(b'a', depth - 1));
    bytes.push(b'.');
    assert!(small(&bytes).is_ok());
}

#[test]
fn what_is_not_in_the_subset_is_refused_by_name_and_offset() {
    let rest = "of the pickle is refused: only plain data and numpy arrays are read";
    let refused = |bytes: &[u8], what: &str| check_error(bytes, &format!("{what} {rest}"));
    refused(
        b"\x80\x02cos\nsystem\nU\x04true\x85R.",
        "the object os.system at byte 2",
    );
    refused(
        b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.",
        "the object builtins.eval at byte 18",
    );
    refused(
        b"\x80\x02cnumpy\nload\n.",
        "the object numpy.load at byte 2",
    );
    refused(b"\x80\x02K\x01iA\nB\n.", "opcode INST at byte 4");
    refused(b"\x80\x02)\x81.", "opcode NEWOBJ at byte 3");
    refused(b"\x80\x04\x8f.", "opcode EMPTY_SET at byte 2");
    refused(b"\x80\x02P1\n.", "opcode PERSID at byte 2");
    refused(b"\x80\x05\x97.", "opcode NEXT_BUFFER at byte 2");
    refused(b"\x80\x02\x82\x01.", "opcode EXT1 at byte 2");
    refused(b"\x80\x02\xff.", "unknown opcode 0xff at byte 2");
    refused(b"\x80\x01N.", "protocol 1 (2 to 5 are read) at byte 0");
    refused(b"\x80\x06N.", "protocol 6 (2 to 5 are read) at byte 0");
}

#[test]
fn what_is_malformed_says_why() {
    let malformed = |bytes: &[u8], at: u64, why: &str| {
        check_error(
            bytes,
            &format!("the pickle is malformed at byte {at}: {why}"),
        );
    };
    malformed(
        b"(lp0\n.",
        0,
        "it does not begin with PROTO, as pickles of protocol 2 and later do",
    );
    malformed(b"\x80\x02.", 2, "the stack is empty");
    malformed(b"\x80\x02NN.", 4, "values are left over at STOP");
    malformed(b"\x80\x02N(N.", 5, "values are left over at STOP");
    malformed(
        b"\x80\x02h\x07.",
        2,
        "it refers to a memo entry that was never stored",
    );
    malformed(b"\x80\x02gx\n.", 2, "a memo index is not a number");
    malformed(b"\x80\x02e.", 2, "no MARK is open");
    malformed(b"\x80\x02K\x01K\x02a.", 6, "an append to what is no list");
    malformed(b"\x80\x02](N(e.", 6, "an append to what is no list");
    malformed(
        b"\x80\x02}(Nu.",
        5,
        "a dictionary gets a key without a value",
    );
    malformed(b"\x80\x02]NNs.", 5, "an item for what is no dictionary");
    malformed(b"\x80\x02NN(\x86.", 5, "the stack is empty");
    malformed(b"\x80\x02NNR.", 4, "REDUCE needs a callable and a tuple");
    malformed(
        b"\x80\x02cnumpy\ndtype\n)R.",
        16,
        "a call has arguments that numpy never writes",
    );
    malformed(
        b"\x80\x02])b.",
        4,
        "BUILD is only known for numpy arrays and dtypes",
    );
    malformed(
        b"\x80\x04K\x01K\x02\x93.",
        6,
        "STACK_GLOBAL needs two names",
    );
}

#[test]
fn lengths_that_lie_cost_nothing() {
    check_error(b"\x80\x02U\x05hi", "the pickle is cut off at byte 6");
    check_error(b"\x80\x02", "the pickle is cut off at byte 2");
    check_error(b"", "the pickle is cut off at byte 0");
    check_error(
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xff",
        "a length of 18446744073709551615 at byte 11 of the pickle is over the limit of 3071",
    );
    check_error(
        b"\x80\x02Nr\xff\xff\xff\xff.",
        "a length of 4294967295 at byte 3 of the pickle is over the limit of 999999",
    );
    check_error(
        b"\x80\x02\x8a\x09123456789.",
        "a length of 9 at byte 2 of the pickle is over the limit of 8",
    );
    let mut line = b"\x80\x02c".to_vec();
    line.extend([b'a'; 1000]);
    check_error(
        &line,
        "a length of 256 at byte 3 of the pickle is over the limit of 255",
    );
}

#[test]
fn budgets_end_what_grows() {
    let limits = Limits {
        values: 10,
        text: 10,
    };
    let check = |bytes: &[u8], text: &str| {
        assert_eq!(load_small(bytes, limits).unwrap_err().to_string(), text);
    };
    check(
        b"\x80\x02NNNNNNNNNNN.",
        "the pickle holds more than 10 values by byte 12: it is no CIFAR-100 data",
    );
    check(
        b"\x80\x02U\x06abcdefU\x06abcdef.",
        "the pickle holds more than 10 bytes of text by byte 10: it is no CIFAR-100 data",
    );
}

#[test]
fn a_blob_is_lent_with_its_key_and_what_came_before() {
    let bytes: Vec<u8> = (0..2 * BLOB).map(|at| at as u8).collect();
    let mut writer = Writer::dict();
    writer.text("batch_label", "x");
    writer.numbers("fine_labels", [8, 48].into_iter());
    writer.matrix("data", 2, BLOB as usize, &bytes);
    let mut sink = RecordingSink::default();
    let Pickle { root, heap } = load(&writer.finish()[..], Limits::default(), &mut sink).unwrap();
    assert_eq!(sink.0, [(Some("data".to_owned()), Some(2 * BLOB), bytes)]);
    let array = heap.array(heap.entry(root, "data").unwrap()).unwrap();
    assert_eq!(
        (&array.shape[..], array.is_u8, array.fortran),
        (&[2, BLOB][..], true, false)
    );
    assert_eq!(
        heap.str(heap.entry(root, "batch_label").unwrap()),
        Some("x")
    );
}

#[test]
fn a_blob_that_is_cut_off_is_an_error() {
    let mut writer = Writer::dict();
    writer.matrix("data", 1, BLOB as usize, &[7; BLOB as usize]);
    let bytes = writer.finish();
    let error = load(
        &bytes[..bytes.len() - 100],
        Limits::default(),
        &mut RecordingSink::default(),
    )
    .unwrap_err();
    assert!(matches!(error, Error::Truncated { .. }), "{error}");
}

proptest! {
    #[test]
    fn any_bytes_end_in_a_value_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = load(&[b"\x80\x02", &bytes[..]].concat()[..], Limits::default(), &mut RecordingSink::default());
    }

    #[test]
    fn any_opcodes_end_in_a_value_or_an_error(ops in prop::collection::vec(prop::sample::select(&b"(.012NK\x01]ae)t\x85\x86\x87}suq\x00h\x00\x94Rb\x88U\x01"[..]), 0..200)) {
        let _ = load(&[b"\x80\x04", &ops[..]].concat()[..], Limits::default(), &mut RecordingSink::default());
    }

    #[test]
    fn a_changed_byte_never_panics(at in 0usize..7000, byte in any::<u8>()) {
        let mut writer = Writer::dict();
        writer.strings("filenames", ["a.png", "b.png"].into_iter());
        writer.matrix("data", 2, BLOB as usize, &[9; 2 * BLOB as usize]);
        let mut bytes = writer.finish();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = load(&bytes[..], Limits::default(), &mut RecordingSink::default());
    }

    #[test]
    fn what_is_written_is_read(names in prop::collection::vec("[a-z]{1,30}", 0..50), numbers in prop::collection::vec(any::<u8>(), 0..3000)) {
        let mut writer = Writer::dict();
        writer.strings("names", names.iter().map(String::as_str));
        writer.numbers("numbers", numbers.iter().copied());
        let Pickle { root, heap } = load_small(&writer.finish()[..], Limits::default()).unwrap();
        let items = |key| heap.items(heap.entry(root, key).unwrap()).unwrap();
        prop_assert!(items("names").iter().map(|name| heap.str(*name).unwrap()).eq(names.iter().map(String::as_str)));
        prop_assert!(items("numbers").iter().copied().eq(numbers.iter().map(|n| Value::Int(i64::from(*n)))));
    }
}

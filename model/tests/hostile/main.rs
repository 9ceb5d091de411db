//! Models that would take the machine down: each is refused with its reason, in bounded time and
//! memory.

#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

#[path = "../../src/drawn.rs"]
#[allow(dead_code, reason = "not all of it is drawn here")]
mod drawn;
mod graphs;
#[allow(dead_code, reason = "not all of it is written here")]
#[path = "../../src/proto.rs"]
mod proto;

use prost::Message;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

/// KiB of memory that the program may have, all in all. What it starts has the limits that it sets.
const WHOLE: u64 = 3 << 20;
const MEGABYTES: &str = "256";

/// Runs the program where it can take no more memory than that.
fn program(seconds: &str, arguments: &[&str]) -> Output {
    let script = format!("ulimit -v {WHOLE}; exec \"$0\" \"$@\"");
    Command::new("/bin/sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_scones-model")])
        .args(arguments)
        .env_remove("RUST_LOG")
        .env("SCONES_MODEL_MEMORY_MB", MEGABYTES)
        .env("SCONES_MODEL_SECONDS", seconds)
        .output()
        .unwrap()
}

/// Returns the text with which the program refuses, long before the time is over.
#[track_caller]
fn refusal(arguments: &[&str]) -> String {
    refusal_within("120", arguments)
}

#[track_caller]
fn refusal_within(seconds: &str, arguments: &[&str]) -> String {
    let output = program(seconds, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    assert!(said.starts_with("error: "), "{arguments:?}: {said}");
    said
}

/// The arguments that serve a model.
fn serve(folder: &Path) -> [&str; 7] {
    let folder = folder.to_str().unwrap();
    [
        "serve",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--model-dir",
        folder,
    ]
}

/// For those that never end it is over soon.
fn seconds(reason: &str) -> &'static str {
    if reason == TOO_SLOW { "2" } else { "120" }
}

fn write(folder: &Path, shape: &str, model: &[u8]) {
    let config = format!(
        r#"{{"format": "scones-model/1", "labels": ["a", "b"],
            "input": {{"shape": {shape}, "mean": [0, 0, 0], "std": [1, 1, 1]}}}}"#
    );
    fs::write(folder.join("config.json"), config).unwrap();
    fs::write(folder.join("model.onnx"), model).unwrap();
}

/// The texts for graphs that stand for a kind.
const REASONS: [(&str, &str); 12] = [
    ("tile", TOO_LARGE),
    ("constant of shape", TOO_LARGE),
    ("one hot", TOO_LARGE),
    ("range", TOO_LARGE),
    ("expand", TOO_LARGE),
    ("loop", TOO_SLOW),
    ("loop: long", TOO_SLOW),
    ("loop: many steps", TOO_SLOW),
    ("nested", "its graphs are nested more than 33 deep"),
    ("chain", "its graph is nested too deeply"),
    (
        "slice: no step",
        "the runtime panics: Slice step cannot be 0",
    ),
    ("top k", TOO_LARGE),
];
const TOO_LARGE: &str =
    "it needs more than 256 MB of memory (set SCONES_MODEL_MEMORY_MB to allow more)";
const TOO_SLOW: &str =
    "it takes more than 2 s to load and answer once (set SCONES_MODEL_SECONDS to allow more)";

#[test]
fn graphs_that_abort_panic_or_never_end_are_refused() {
    let graphs = graphs::all();
    for (name, _) in REASONS {
        assert!(graphs.iter().any(|(graph, _)| *graph == name), "{name}");
    }
    for (name, model) in graphs {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "[3, 8, 8]", &model.encode_to_vec());
        let expected = REASONS.iter().find(|(graph, _)| *graph == name);
        let expected = expected.map_or("", |(_, reason)| reason);
        let said = refusal_within(seconds(expected), &serve(folder.path()));
        assert!(
            said.contains("model.onnx can't be served: "),
            "{name}: {said}"
        );
        assert!(said.contains(expected), "{name}: {said}");
    }
}

#[test]
fn an_import_or_an_evaluation_of_such_a_graph_ends_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let [labels, out, model, onnx] =
        ["labels.txt", "model.tar.gz", "model", "model/model.onnx"].map(place);
    let [images, list] = ["input/data/test", "input/data/test_lst/test.lst"].map(place);
    fs::write(&labels, "a\nb\n").unwrap();
    fs::create_dir_all(&model).unwrap();
    drawn::channel(folder.path(), "test", 0, 2);
    let import = [
        "import",
        &onnx,
        "--normalise", // the flag's former spelling, which is still taken
        "unit",
        "--labels",
        &labels,
        "--out",
        &out,
    ];
    let evaluate = [
        "evaluate", "--model", &model, "--images", &images, "--lst", &list,
    ];
    for (name, graph) in graphs::all() {
        let reason = REASONS.iter().find(|(graph, _)| *graph == name);
        let Some((_, reason)) = reason.filter(|_| IMPORTED.contains(&name)) else {
            continue;
        };
        write(Path::new(&model), "[3, 8, 8]", &graph.encode_to_vec());
        let said = refusal_within(seconds(reason), &import);
        assert!(
            said.contains("model.onnx is not imported: "),
            "{name}: {said}"
        );
        assert!(said.contains(reason), "{name}: {said}");
        assert!(!Path::new(&out).exists());
        let said = refusal_within(seconds(reason), &evaluate);
        assert!(said.contains(reason), "{name}: {said}");
    }
    fs::remove_file(&onnx).unwrap();
    symlink("/dev/zero", &onnx).unwrap();
    let said = refusal(&import);
    assert!(said.contains("it is no regular file"), "{said}");
}

/// Graphs that fail in different ways.
const IMPORTED: [&str; 5] = ["tile", "loop", "nested", "chain", "slice: no step"];

#[test]
fn configs_that_claim_too_much_are_refused() {
    let (_, model) = graphs::all().remove(0);
    for shape in [
        "[3, 1000000, 1000000]",
        "[3, 4294967296, 4294967296]",
        "[3, 9223372036854775807, 9223372036854775807]",
        "[3, 0, 8]",
        "[0, 0, 0]",
        "[3, -1, 8]",
        "[3]",
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), shape, &model.encode_to_vec());
        let said = refusal(&serve(folder.path()));
        assert!(said.contains("config.json: "), "{shape}: {said}");
    }
}

#[test]
fn files_without_an_end_are_refused() {
    for name in ["config.json", "model.onnx"] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "[3, 8, 8]", b"");
        fs::remove_file(folder.path().join(name)).unwrap();
        symlink("/dev/zero", folder.path().join(name)).unwrap();
        let said = refusal(&serve(folder.path()));
        assert!(
            said.contains(name) && said.contains("it is no regular file"),
            "{said}"
        );
    }
}

/// The `tar` crate reads a long name whole: it took `evaluate` to 4.8 GB.
#[test]
fn an_archive_with_a_long_name_of_gigabytes_is_refused() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(5 << 30);
    header.set_cksum();
    let flushed = |bytes: &[u8]| {
        let mut deflate =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        deflate.write_all(bytes).unwrap();
        deflate.flush().unwrap();
        deflate.get_ref().clone()
    };
    let start = [
        &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3],
        &flushed(header.as_bytes())[..],
    ]
    .concat();
    let zeros = flushed(&vec![0; 1 << 20]).repeat(6 << 10);
    fs::write(place("model.tar.gz"), [start, zeros].concat()).unwrap();
    let (archive, images) = (place("model.tar.gz"), place("images"));
    let said = refusal(&[
        "evaluate", "--model", &archive, "--images", &images, "--lst", &images,
    ]);
    let expected = "model.tar.gz: it can't be unpacked: the headers of an entry, or what follows \
                    the last, have more than";
    assert!(said.contains(expected), "{said}");
}

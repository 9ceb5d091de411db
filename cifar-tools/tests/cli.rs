//! The program as one types it.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn cifar_tools(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cifar-tools"));
    command.args(arguments).current_dir(folder);
    command.output().unwrap()
}

/// Runs a command that must succeed; returns its standard output.
fn stdout_of(folder: &Path, arguments: &[&str]) -> String {
    let output = cifar_tools(folder, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn from_an_archive_to_a_data_set_that_loses_a_bad_image() {
    let folder = tempfile::tempdir().unwrap();
    let sample = ["sample", "--train=3", "--test=2", "--out=sample.tar.gz"];
    stdout_of(folder.path(), &sample);
    let staged = stdout_of(
        folder.path(),
        &["stage", "--archive=sample.tar.gz", "--out=data"],
    );
    for line in [
        "staged 6 training and 4 test images to data",
        "0 = bicycle (label 8): 3 and 2",
        "1 = motorcycle (label 48): 3 and 2",
    ] {
        assert!(staged.contains(line), "{staged}");
    }
    let data = folder.path().join("data");
    let manifest = fs::read_to_string(data.join("train.lst")).unwrap();
    let lines: Vec<Vec<&str>> = manifest
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(lines.len(), 6);
    for line in &lines {
        let class = ["bicycle", "motorcycle"][line[1].parse::<usize>().unwrap()];
        assert!(line[2].starts_with(class), "{line:?}");
        assert!(data.join("train").join(line[2]).exists(), "{line:?}");
    }

    fs::remove_file(data.join("train").join(lines[0][2])).unwrap();
    let check = cifar_tools(folder.path(), &["lst", "--check", "data"]);
    assert_eq!(check.status.code(), Some(1));
    let dropped = stdout_of(folder.path(), &["lst", "data"]);
    assert!(
        dropped.contains("data/train.lst: 5 images, 1 lines without one, which were dropped"),
        "{dropped}"
    );
    let manifest = fs::read_to_string(data.join("train.lst")).unwrap();
    assert_eq!(manifest.lines().count(), 5);
}

#[test]
fn what_is_wrong_is_named_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, code, expected) in [
        (
            &["stage", "--archive=nowhere.tar.gz", "--out=data"][..],
            1,
            "cannot open the archive nowhere.tar.gz: give --archive FILE; `cifar-tools fetch` \
             downloads one",
        ),
        (
            &[
                "stage",
                "--archive=x",
                "--out=data",
                "--classes=unicorn,bus",
            ],
            2,
            "CIFAR-100 has no fine class `unicorn`; give names such as bicycle, or numbers from 0 \
             to 99",
        ),
        (
            &["stage", "--archive=x"],
            2,
            "<--out <DIR>|--bucket <BUCKET>>",
        ),
        (&["unpack"], 2, "unrecognized subcommand 'unpack'"),
    ] {
        let output = cifar_tools(folder.path(), arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

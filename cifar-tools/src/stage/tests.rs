//! Staging into folders; buckets are in `bucket/tests.rs`.

use super::*;
use crate::progress::quiet;
use crate::sample::{self, Sizes};
use std::fs::{self, File};
use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

fn drawn() -> Cursor<Vec<u8>> {
    let mut bytes = Vec::new();
    sample::archive(
        &mut bytes,
        Sizes {
            seed: 2,
            train: 5,
            test: 3,
        },
    )
    .unwrap();
    Cursor::new(bytes)
}

fn stage(archive: &mut impl Archive, out: &Path, classes: &str) -> Result<Summary, String> {
    let mut source = Source::archive(archive, classes.parse().unwrap());
    stage_to_dir(&mut source, out, &mut quiet).map_err(|e| e.to_string())
}

/// The paths in a folder, sorted.
fn tree(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let inside: Vec<_> = paths
        .iter()
        .filter(|path| path.is_dir())
        .flat_map(|path| tree(path))
        .collect();
    paths.extend(inside);
    paths.sort();
    paths
}

#[test]
fn images_and_manifests_agree() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("a/b");
    let summary = stage(&mut drawn(), &out, "bicycle,motorcycle").unwrap();
    assert_eq!(
        (
            summary.train,
            summary.test,
            summary.written,
            summary.skipped,
            summary.drawn
        ),
        (10, 6, 19, 0, true)
    );
    let names: Vec<_> = summary
        .classes
        .iter()
        .map(|c| (c.label, c.name.as_str(), c.train, c.test))
        .collect();
    assert_eq!(
        names,
        [(Some(8), "bicycle", 5, 3), (Some(48), "motorcycle", 5, 3)]
    );
    for (split, count) in [("train", 10), ("test", 6)] {
        let manifest: Manifest = fs::read_to_string(out.join(split).with_extension("lst"))
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(manifest.lines().len(), count);
        assert!(manifest.lines().is_sorted_by_key(|line| line.row));
        for line in manifest.lines() {
            assert!(out.join(split).join(&line.path).exists());
            assert_eq!(line.class, usize::from(line.path.starts_with("motorcycle")));
        }
        assert_eq!(fs::read_dir(out.join(split)).unwrap().count(), count);
    }
}

#[test]
fn the_order_of_classes_gives_the_indices() {
    let dir = tempfile::tempdir().unwrap();
    let summary = stage(&mut drawn(), &dir.path().join("out"), "apple,48").unwrap();
    assert_eq!(
        summary.classes.iter().map(|c| c.label).collect::<Vec<_>>(),
        [Some(0), Some(48)]
    );
    let lst = fs::read_to_string(dir.path().join("out/train.lst")).unwrap();
    assert!(
        lst.lines().any(|line| line.contains("\t0\tapple_s_")),
        "{lst}"
    );
    assert!(
        lst.lines().any(|line| line.contains("\t1\tmotorcycle_s_")),
        "{lst}"
    );
}

#[test]
fn training_is_told_of_the_set() {
    let dir = tempfile::tempdir().unwrap();
    stage(&mut drawn(), &dir.path().join("out"), "apple,48").unwrap();
    let text = fs::read_to_string(dir.path().join("out/hyperparameters.json")).unwrap();
    let expected = serde_json::json!({
        "image_shape": "3,32,32", "labels": "apple,motorcycle", "num_classes": "2",
        "num_training_samples": text.split('"').nth_back(1).unwrap(),
    });
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&text).unwrap(),
        expected
    );
    let lines = fs::read_to_string(dir.path().join("out/train.lst")).unwrap();
    let images = lines.lines().count().to_string();
    assert_eq!(expected["num_training_samples"], images);
}

#[test]
fn an_earlier_set_is_replaced_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    stage(&mut drawn(), &out, "apple,bottle").unwrap();
    stage(&mut drawn(), &out, "8,48").unwrap();
    let text = |path: &PathBuf| path.to_string_lossy().into_owned();
    assert!(!tree(&out).iter().any(|path| text(path).contains("apple")));
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        1,
        "nothing is left beside it"
    );
}

#[test]
fn a_folder_with_other_things_is_refused() {
    let refused = |file: &str, other: &str| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "mine").unwrap();
        let before = tree(dir.path());
        let error = stage(&mut drawn(), dir.path(), "8,48").unwrap_err();
        let text = format!(
            "holds `{other}`, which is no part of a staged set: it would be lost; give --out a \
             new folder"
        );
        assert!(error.ends_with(&text), "{error}");
        assert_eq!(tree(dir.path()), before);
    };
    refused("thesis.tex", "thesis.tex");
    refused("train/notes.txt", "train/notes.txt");
}

#[test]
fn a_failure_leaves_everything_as_it_was() {
    let unchanged = |bytes: Vec<u8>, classes: &str, text: &str| {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        stage(&mut drawn(), &out, "apple,bottle").unwrap();
        let before = tree(dir.path());
        let error = stage(&mut Cursor::new(bytes), &out, classes).unwrap_err();
        assert!(error.contains(text), "{error}");
        assert_eq!(tree(dir.path()), before);
    };
    let whole = drawn().into_inner();
    unchanged(
        whole[..whole.len() / 2].to_vec(),
        "8,48",
        "the archive is cut off",
    );
    unchanged(
        whole[..whole.len() - 1].to_vec(),
        "8,48",
        "the archive is cut off",
    );
    unchanged(
        whole.clone(),
        "wolf",
        "the archive has no images of class 97 (wolf)",
    );
    let python = include_bytes!("../../tests/data/python3-protocol3.tar.gz").to_vec();
    unchanged(
        python,
        "bicycle",
        "the archive calls class 8 `class_8`, not `bicycle`: give classes by number",
    );
}

#[test]
fn being_stopped_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let stop = |_: crate::progress::Tick| ControlFlow::Break(());
    let mut source = Source::archive(drawn(), Classes::default());
    let error = stage_to_dir(&mut source, &dir.path().join("out"), &mut { stop }).unwrap_err();
    assert!(error.is_stopped(), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// On the archive with the real photographs, where there is one.
#[test]
fn the_published_rows_are_staged_as_the_notebook_does() {
    let beside = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/data/cifar-100-python.tar.gz"
    );
    let path =
        std::env::var_os("SCONES_CIFAR_ARCHIVE").map_or(PathBuf::from(beside), PathBuf::from);
    let Ok(mut archive) = File::open(&path) else {
        eprintln!(
            "SKIPPED: no archive at {}; set SCONES_CIFAR_ARCHIVE to test on the real images",
            path.display()
        );
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let summary = stage(&mut archive, &out, "bicycle,motorcycle").unwrap();
    let counts: Vec<_> = summary.classes.iter().map(|c| (c.train, c.test)).collect();
    assert_eq!(
        (counts, summary.drawn),
        (vec![(500, 100), (500, 100)], false)
    );
    let starts_with = |file: &str, line: &str| {
        assert!(
            fs::read_to_string(out.join(file))
                .unwrap()
                .starts_with(line)
        );
    };
    starts_with("train.lst", "16\t0\tbike_s_000682.png\n");
    starts_with("test.lst", "27\t0\tsafety_bike_s_000390.png\n");
}

//! Folders of photographs, drawn here.

use super::super::{Source, stage_to_dir};
use super::*;
use crate::progress::quiet;
use image::{ImageFormat, Rgb, RgbImage};
use std::collections::BTreeSet;

/// A folder whose files are of these names: an image where the ending says so.
fn folder(files: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (index, file) in files.iter().enumerate() {
        let path = dir.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match ImageFormat::from_path(&path) {
            Ok(format) => {
                let image = RgbImage::from_pixel(40, 20, Rgb([200, index as u8, 7]));
                image.save_with_format(&path, format).unwrap();
            }
            Err(_) => fs::write(&path, "no image").unwrap(),
        }
    }
    dir
}

fn find(dir: &Path, share: Share) -> Result<Photographs, String> {
    let shape = "3,16,24".parse().unwrap();
    Photographs::find(dir, shape, share)
        .map_err(|error| error.to_string().replace(&dir.display().to_string(), "DIR"))
}

/// The staged set of a folder: its lines by split, and the summary.
fn staged(dir: &Path, share: Share) -> Result<(BTreeSet<String>, Summary), String> {
    let out = tempfile::tempdir().unwrap();
    let mut source = Source::Photographs(find(dir, share)?);
    let summary = stage_to_dir(&mut source, &out.path().join("out"), &mut quiet)
        .map_err(|error| error.to_string())?;
    let mut lines = BTreeSet::new();
    for split in ["train", "test"] {
        let folder = out.path().join("out").join(split);
        let text = fs::read_to_string(folder.with_extension("lst")).unwrap();
        for line in text.parse::<Manifest>().unwrap().lines() {
            let image = image::open(folder.join(&line.path)).unwrap();
            assert_eq!((image.width(), image.height()), (24, 16));
            lines.insert(format!("{split} {} {}", line.class, line.path));
        }
    }
    Ok((lines, summary))
}

const MANY: [&str; 12] = [
    "bus/1.png",
    "bus/2.png",
    "bus/3.png",
    "bus/4.png",
    "bus/5.png",
    "bus/6.png",
    "bus/7.png",
    "bus/8.png",
    "bus/9.png",
    "bus/10.png",
    "bicycle/1.jpg",
    "bicycle/2.jpg",
];

#[test]
fn a_share_of_each_class_is_for_the_test() {
    let dir = folder(&MANY);
    let (lines, summary) = staged(dir.path(), Share::default()).unwrap();
    assert_eq!((summary.train, summary.test), (9, 3));
    let class = |name: &str, train, test| ClassCount {
        label: None,
        name: name.into(),
        train,
        test,
    };
    assert_eq!(
        summary.classes,
        [class("bicycle", 1, 1), class("bus", 8, 2)]
    );
    assert_eq!(lines.len(), 12);
    assert!(lines.iter().filter(|line| line.contains(" 1 bus_")).count() == 10);
}

#[test]
fn the_same_seed_chooses_the_same() {
    let (first, again) = (folder(&MANY), folder(&MANY));
    let lines = |dir: &tempfile::TempDir, seed| {
        let share = Share { test: 0.3, seed };
        staged(dir.path(), share).unwrap().0
    };
    assert_eq!(lines(&first, 1), lines(&again, 1));
    assert_ne!(lines(&first, 1), lines(&first, 2));
}

#[test]
fn what_is_chosen_already_is_kept() {
    let dir = folder(&[
        "train/a/1.png",
        "train/b/1.png",
        "train/b/2.png",
        "test/b/1.png",
    ]);
    let (lines, _) = staged(dir.path(), Share::default()).unwrap();
    let expected = [
        "train 0 a_1.png",
        "train 1 b_1.png",
        "train 1 b_2.png",
        "test 1 b_1.png",
    ];
    assert_eq!(lines, expected.map(str::to_owned).into());
}

#[test]
fn a_class_called_train_is_a_class() {
    let dir = folder(&["train/1.png", "test/1.png", "bus/1.png"]);
    let (_, summary) = staged(dir.path(), Share::default()).unwrap();
    let names: Vec<&str> = summary
        .classes
        .iter()
        .map(|class| class.name.as_str())
        .collect();
    assert_eq!(names, ["bus", "test", "train"]);
}

#[test]
fn equal_stems_keep_their_endings() {
    let dir = folder(&[
        "a/1.png",
        "a/1.jpg",
        "b/1.png",
        "b/notes.txt",
        "b/.hidden.png",
    ]);
    let found = find(dir.path(), Share { test: 0.5, seed: 1 }).unwrap();
    let mut names: Vec<&str> = found.files.iter().map(|file| file.name.as_str()).collect();
    names.sort_unstable();
    // The two of `a` are in different sets, so neither needs its ending.
    assert_eq!(names, ["a_1.png", "a_1.png", "b_1.png"]);
    let dir = folder(&[
        "train/a/1.png",
        "train/a/1.jpg",
        "train/b/1.png",
        "test/a/1.png",
    ]);
    let found = find(dir.path(), Share::default()).unwrap();
    let names: Vec<&str> = found.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["a_1.png", "a_1.png.png", "b_1.png", "a_1.png"]);
}

#[test]
fn a_file_that_is_no_image_is_left_out_and_named() {
    let dir = folder(&["a/1.png", "a/2.png", "a/3.png", "b/1.png", "b/2.png"]);
    fs::write(dir.path().join("a/1.png"), "Dear Sir or Madam,").unwrap();
    fs::write(dir.path().join("b/3.heic"), "\0\0\0\x18ftypheic\0\0\0\0").unwrap();
    let (lines, summary) = staged(
        dir.path(),
        Share {
            test: 0.01,
            seed: 1,
        },
    )
    .unwrap();
    assert_eq!(lines.len(), 4);
    let why: Vec<&str> = summary
        .unusable
        .iter()
        .map(|(_, why)| why.as_str())
        .collect();
    assert_eq!(why.len(), 2);
    assert!(
        why.contains(&"HEIC images are not read: convert it to JPEG or PNG"),
        "{why:?}"
    );
}

#[test]
fn a_folder_that_is_none_of_images_is_told() {
    let check = |files: &[&str], text: &str| {
        let dir = folder(files);
        let error = staged(dir.path(), Share::default()).unwrap_err();
        assert!(error.contains(text), "{error}");
    };
    check(
        &["a.png", "b.png"],
        "DIR: a folder for each of at least two classes is expected in it",
    );
    check(&["a/1.png"], "a folder for each of at least two classes");
    check(
        &["a, b/1.png", "c/1.png"],
        "DIR/a, b: a label has no comma and is UTF-8: rename the folder",
    );
    check(
        &["a/1.png", "b/notes.txt"],
        "the class b has no image to train on",
    );
    check(
        &["train/a/1.png", "train/b/1.png", "test/c/1.png"],
        "DIR/test/c: there is no folder c in DIR/train",
    );
}

//! Mutated files of every decoder: each gives an image or an error, in bounded time and memory.

use image::ImageFormat;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use super::files::{self, Jpeg, Tiff};
use super::{file, fit, picture, shape};

/// Mutated files per decoder. The images are small, so that all take a few seconds.
const CASES: u32 = 400;

#[derive(Clone, Copy, Debug)]
enum Mutation {
    Byte(u8),
    /// A length or an offset that is as large as can be, or wraps.
    Number(u32),
    Cut,
    Repeat(u8),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        4 => any::<u8>().prop_map(Mutation::Byte),
        2 => prop_oneof![Just(u32::MAX), Just(0), Just(0x7FFF_FFFF), Just(0x0100_0000), any::<u32>()].prop_map(Mutation::Number),
        1 => Just(Mutation::Cut),
        1 => any::<u8>().prop_map(Mutation::Repeat),
    ]
}

fn apply(file: &mut Vec<u8>, at: usize, mutation: Mutation) {
    match mutation {
        Mutation::Byte(byte) => file[at] = byte,
        Mutation::Number(number) => {
            let end = file.len().min(at + 4);
            file[at..end].copy_from_slice(&number.to_le_bytes()[..end - at]);
        }
        Mutation::Cut => file.truncate(at.max(1)),
        Mutation::Repeat(bytes) => {
            let end = file.len().min(at + usize::from(bytes));
            let again = file[at..end].to_vec();
            file.splice(at..at, again);
        }
    }
}

fn check(files: &[Vec<u8>]) {
    let mutations = prop::collection::vec((any::<Index>(), mutation()), 1..8);
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&(any::<Index>(), mutations), |(index, mutations)| {
        let mut file = index.get(files).clone();
        for (at, mutation) in mutations {
            let at = at.index(file.len());
            apply(&mut file, at, mutation);
        }
        if let Ok(fitted) = fit(&file, shape(32, 32)) {
            prop_assert!(image::load_from_memory(&fitted.png).is_ok());
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn mutated_png_files_do_not_panic() {
    let image = picture(40, 30);
    check(&[
        file(&image, ImageFormat::Png),
        file(&image.to_rgba16().into(), ImageFormat::Png),
        file(&image.to_luma8().into(), ImageFormat::Png),
    ]);
}

#[test]
fn mutated_jpeg_files_do_not_panic() {
    let mut files = vec![file(&picture(40, 30), ImageFormat::Jpeg)];
    for (progressive, components, apart) in [
        (false, 1, false),
        (true, 3, false),
        (true, 4, false),
        (false, 3, true),
    ] {
        let jpeg = Jpeg {
            progressive,
            components,
            apart,
            sampling: (2, 1),
        };
        files.push(jpeg.file((40, 30)));
    }
    check(&files);
}

#[test]
fn mutated_webp_files_do_not_panic() {
    let size = (40, 30);
    check(&[
        file(&picture(40, 30), ImageFormat::WebP),
        files::webp_lossy(size),
        files::webp_lossless(size),
        files::webp_with_alpha(size),
        files::webp_animated(size),
    ]);
}

#[test]
fn mutated_gif_files_do_not_panic() {
    check(&[
        file(&picture(40, 30), ImageFormat::Gif),
        files::gif((40, 30)),
    ]);
}

#[test]
fn mutated_bmp_files_do_not_panic() {
    let image = picture(40, 30);
    check(&[
        file(&image, ImageFormat::Bmp),
        file(&image.to_rgba8().into(), ImageFormat::Bmp),
        files::bmp((40, 30)),
    ]);
}

#[test]
fn mutated_tiff_files_do_not_panic() {
    let image = picture(40, 30);
    let of = |tiff: Tiff, bytes: usize| tiff.file(&vec![0x5A; bytes]);
    check(&[
        file(&image, ImageFormat::Tiff),
        file(&image.to_rgba32f().into(), ImageFormat::Tiff),
        of(
            Tiff {
                size: (40, 30),
                bits: 4,
                ..Tiff::default()
            },
            600,
        ),
        of(
            Tiff {
                size: (40, 30),
                samples: 4,
                photometric: 2,
                more: vec![(338, 1)],
                big: true,
                ..Tiff::default()
            },
            4800,
        ),
        of(
            Tiff {
                size: (40, 30),
                bits: 16,
                samples: 3,
                photometric: 2,
                more: vec![(284, 2)],
                ..Tiff::default()
            },
            7200,
        ),
        of(
            Tiff {
                size: (40, 30),
                bits: 1,
                compression: 4,
                ..Tiff::default()
            },
            100,
        ),
    ]);
}

//! Writes a small file of every format and mode, for the fuzz target `fit` to begin with.
//!
//!     cargo run -p fit-image --example seeds -- target/fuzz/corpus/lambdas/fit

#[allow(dead_code, clippy::unwrap_used, reason = "it is the tests'")]
#[path = "../src/tests/files.rs"]
mod files;

use std::error::Error;
use std::io::Cursor;
use std::path::PathBuf;
use std::{env, fs};

use files::{Jpeg, Tiff};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

const SIZE: (u32, u32) = (20, 14);

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::args_os().nth(1).ok_or("usage: seeds FOLDER")?);
    fs::create_dir_all(&folder)?;
    for (number, file) in seeds()?.into_iter().enumerate() {
        fs::write(folder.join(format!("seed-{number}")), file)?;
    }
    Ok(())
}

fn seeds() -> image::ImageResult<Vec<Vec<u8>>> {
    let mut seeds = vec![
        files::webp_lossy(SIZE),
        files::webp_lossless(SIZE),
        files::webp_with_alpha(SIZE),
        files::webp_animated(SIZE),
        files::gif(SIZE),
        files::bmp(SIZE),
    ];
    for progressive in [false, true] {
        for (components, sampling) in [(1, (1, 1)), (3, (2, 2)), (4, (2, 1))] {
            let jpeg = Jpeg {
                progressive,
                components,
                apart: progressive,
                sampling,
            };
            seeds.push(jpeg.file(SIZE));
        }
    }
    for (bits, samples, photometric) in [(1, 1, 0), (4, 1, 1), (8, 3, 2), (16, 4, 5)] {
        let tiff = Tiff {
            size: (16, 16),
            bits,
            samples,
            photometric,
            tiled: samples == 3,
            big: bits == 16,
            ..Tiff::default()
        };
        seeds.push(tiff.file(&vec![0x5A; 16 * 16 * 8]));
    }
    let image = RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        Rgb([x * 12, y * 18, x * y].map(|value| value as u8))
    });
    let image = DynamicImage::from(image);
    for image in [image.to_rgba8().into(), image.to_luma16().into(), image] {
        for format in [ImageFormat::Png, ImageFormat::Tiff] {
            seeds.push(encode(&image, format)?);
        }
    }
    Ok(seeds)
}

fn encode(image: &DynamicImage, format: ImageFormat) -> image::ImageResult<Vec<u8>> {
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, format)?;
    Ok(file.into_inner())
}

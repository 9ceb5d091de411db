//! Measures the memory that decoding takes: the largest accepted image of each format and mode,
//! each in a process of its own, whose peak Linux reports.

use std::io::Cursor;
use std::process::Command;
use std::{env, fs};

use tiff::encoder::{Compression, DeflateLevel, TiffEncoder, colortype};

use super::files::{self, Jpeg, Tiff};
use super::shape;
use crate::{MAX_BYTES, MAX_PIXELS, UnusableImage, fit};

/// The variable that makes this test the process which decodes.
const FILE: &str = "FIT_IMAGE_DECODES";

/// The test whose process it is: others would take memory in it too.
const TEST: &str =
    "tests::memory::the_most_expensive_image_of_each_kind_takes_less_than_a_function_has";

/// A function has 512 MB. The rest is for its program, the SDK, and what is asked of it.
const MOST: u64 = 415_000_000;

/// An expensive kind of image.
struct Kind {
    name: &'static str,
    /// Decoding memory per pixel, in quarters of a byte.
    quarters: u64,
    make: fn((u32, u32)) -> Vec<u8>,
}

const KINDS: [Kind; 17] = [
    kind("JPEG, baseline", 12, |size| jpeg(false, 3, false, size)),
    kind("JPEG, baseline, scans apart", 36, |size| {
        jpeg(false, 3, true, size)
    }),
    kind("JPEG, progressive", 36, |size| jpeg(true, 3, false, size)),
    kind("JPEG, progressive CMYK", 44, |size| {
        jpeg(true, 4, false, size)
    }),
    kind("PNG, RGBA, 8 bits", 16, |size| {
        files::png(size, png::ColorType::Rgba, png::BitDepth::Eight)
    }),
    kind("PNG, RGBA, 16 bits", 32, |size| {
        files::png(size, png::ColorType::Rgba, png::BitDepth::Sixteen)
    }),
    kind("WebP, lossy", 18, files::webp_lossy),
    kind("WebP, lossless", 31, files::webp_lossless),
    // 4 x 4 pixels: what counts are their codes, of some 60 kB each.
    kind("WebP, lossless, of 5,500 codes", 1, |_| {
        files::webp_of_groups(5500)
    }),
    kind("WebP, lossy with alpha", 45, files::webp_with_alpha),
    kind("WebP, animated with alpha", 61, files::webp_animated),
    kind("GIF, a frame inside its canvas", 36, files::gif),
    kind("BMP, run-length encoded", 12, files::bmp),
    kind("TIFF, RGBA, 16 bits", 32, |size| {
        tiff::<colortype::RGBA16>(size, 4)
    }),
    kind("TIFF, RGBA, floats", 64, |size| {
        tiff::<colortype::RGBA32Float>(size, 4)
    }),
    kind("TIFF, CMYK, 16 bits", 64, |size| {
        tiff::<colortype::CMYK16>(size, 4)
    }),
    // The JPEG, its pixels twice, and the TIFF's own.
    kind("TIFF, CMYK in progressive JPEG", 76, jpeg_in_tiff),
];

const fn kind(name: &'static str, quarters: u64, make: fn((u32, u32)) -> Vec<u8>) -> Kind {
    Kind {
        name,
        quarters,
        make,
    }
}

fn jpeg(progressive: bool, components: u8, apart: bool, size: (u32, u32)) -> Vec<u8> {
    let jpeg = Jpeg {
        progressive,
        components,
        apart,
        sampling: (1, 1),
    };
    jpeg.file(size)
}

fn tiff<C: colortype::ColorType>((width, height): (u32, u32), samples: usize) -> Vec<u8>
where
    C::Inner: Clone + Default,
    [C::Inner]: tiff::encoder::TiffValue,
{
    let mut file = Cursor::new(Vec::new());
    let encoder = TiffEncoder::new(&mut file).unwrap();
    let mut encoder = encoder.with_compression(Compression::Deflate(DeflateLevel::Fast));
    let pixels = vec![C::Inner::default(); (width * height) as usize * samples];
    encoder.write_image::<C>(width, height, &pixels).unwrap();
    file.into_inner()
}

fn jpeg_in_tiff(size: (u32, u32)) -> Vec<u8> {
    let tiff = Tiff {
        size,
        samples: 4,
        compression: 7,
        photometric: 5,
        ..Tiff::default()
    };
    tiff.file(&jpeg(true, 4, false, size))
}

#[test]
fn the_most_expensive_image_of_each_kind_takes_less_than_a_function_has() {
    if let Some(file) = env::var_os(FILE) {
        return decode_here(&fs::read(file).unwrap());
    }
    for Kind {
        name,
        quarters,
        make,
    } in KINDS
    {
        let pixels = MAX_PIXELS.min(4 * MAX_BYTES / quarters);
        // Some of the limit is for the file and the rows at work.
        let side = (pixels as f64 * 0.97).sqrt() as u32;
        let peak = peak_of_decoding(&make((side, side)));
        println!("{name:32} {side} x {side}: {} MB", peak / 1_000_000);
        assert!(peak < MOST, "{name}: {peak} bytes");
    }
}

/// A progressive CMYK JPEG of 7,071 x 7,071 pixels, 390 kB, took a function over its memory.
#[test]
fn an_image_within_the_pixels_but_over_the_memory_is_refused() {
    for file in [
        jpeg(true, 4, false, (7071, 7071)),
        jpeg(false, 4, true, (7071, 7071)),
        files::webp_with_alpha((7071, 7071)),
        files::webp_animated((7071, 7071)),
        jpeg_in_tiff((7071, 7071)),
    ] {
        let error = fit(&file, shape(32, 32)).unwrap_err();
        assert!(matches!(error, UnusableImage::TooLarge { .. }), "{error}");
    }
}

/// 65,536 groups of codes are 0.9 MB in a file, and 3.5 GB in its decoder.
#[test]
fn a_webp_of_many_codes_is_refused() {
    let [alpha, animated] = files::webp_alpha_of_groups(65_536);
    for file in [files::webp_of_groups(65_536), alpha, animated] {
        let error = fit(&file, shape(32, 32)).unwrap_err();
        assert!(matches!(error, UnusableImage::TooLarge { .. }), "{error}");
    }
    // The same with fewer is read as its decoder reads it.
    let [alpha, animated] = files::webp_alpha_of_groups(300);
    for file in [files::webp_of_groups(300), alpha, animated] {
        assert_eq!(
            fit(&file, shape(4, 4)).map(|image| image.format),
            Ok("WebP")
        );
    }
}

/// Decodes, and tells what this process has had at most.
fn decode_here(file: &[u8]) {
    fit(file, shape(32, 32)).unwrap();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM:"));
    println!("{}", peak.unwrap());
}

/// The bytes of memory that a process has at most which reads and decodes `file`.
fn peak_of_decoding(file: &[u8]) -> u64 {
    let path = env::temp_dir().join(format!("fit-image-{}", std::process::id()));
    fs::write(&path, file).unwrap();
    let output = Command::new(env::current_exe().unwrap())
        .args(["--nocapture", "--exact", TEST])
        .env(FILE, &path)
        .output()
        .unwrap();
    fs::remove_file(path).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let peak = text
        .lines()
        .find_map(|line| line.split_once("VmHWM:")?.1.strip_suffix("kB"));
    let kibibytes: u64 = peak.expect(&text).trim().parse().unwrap();
    1024 * kibibytes
}

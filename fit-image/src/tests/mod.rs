//! Pictures drawn here, in every format and state that people upload, against what the model then
//! sees.

mod files;
mod formats;
#[cfg(target_os = "linux")]
mod memory;
mod mutations;

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{
    ColorType, DynamicImage, GrayImage, ImageEncoder, ImageFormat, Luma, Rgb, RgbImage, Rgba,
    RgbaImage,
};
use proptest::prelude::*;

use super::{FittedImage, Shape, UnusableImage, fit, pixels};

const RED: [u8; 3] = [220, 20, 20];
const GREEN: [u8; 3] = [20, 200, 20];
const BLUE: [u8; 3] = [20, 20, 210];
const YELLOW: [u8; 3] = [230, 220, 30];
const WHITE: [u8; 3] = [255; 3];

/// Top left, top right, bottom left, bottom right.
type Quadrants = [[u8; 3]; 4];

const QUADRANTS: Quadrants = [RED, GREEN, BLUE, YELLOW];

fn picture(width: u32, height: u32) -> DynamicImage {
    let quadrant = |x, y| usize::from(2 * y >= height) * 2 + usize::from(2 * x >= width);
    RgbImage::from_fn(width, height, |x, y| Rgb(QUADRANTS[quadrant(x, y)])).into()
}

fn file(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, format).expect("an image file");
    file.into_inner()
}

fn shape(height: u32, width: u32) -> Shape {
    format!("3,{height},{width}").parse().expect("a shape")
}

fn decode_fitted(file: &[u8], shape: Shape) -> RgbImage {
    let FittedImage { png, .. } = fit(file, shape).expect("an image");
    let image = image::load_from_memory_with_format(&png, ImageFormat::Png).expect("a PNG");
    assert_eq!(image.color(), ColorType::Rgb8);
    assert_eq!((image.width(), image.height()), shape.dimensions());
    assert_eq!(image.to_rgb8(), pixels(file, shape).expect("an image"));
    image.into_rgb8()
}

#[track_caller]
fn check(file: &[u8], quadrants: Quadrants) {
    let image = decode_fitted(file, shape(32, 32));
    for (index, (x, y)) in [(8, 8), (24, 8), (8, 24), (24, 24)].into_iter().enumerate() {
        let found = image.get_pixel(x, y).0;
        let near = |(found, expected): (u8, u8)| found.abs_diff(expected) <= 12;
        assert!(
            found.into_iter().zip(quadrants[index]).all(near),
            "quadrant {index}: {found:?}"
        );
    }
}

#[track_caller]
fn check_error(file: &[u8], text: &str) {
    assert_eq!(fit(file, shape(32, 32)).unwrap_err().to_string(), text);
}

const FORMATS: [(ImageFormat, &str); 6] = [
    (ImageFormat::Png, "PNG"),
    (ImageFormat::Jpeg, "JPEG"),
    (ImageFormat::WebP, "WebP"),
    (ImageFormat::Gif, "GIF"),
    (ImageFormat::Bmp, "BMP"),
    (ImageFormat::Tiff, "TIFF"),
];

#[test]
fn every_format_is_read() {
    for (format, name) in FORMATS {
        let file = file(&picture(200, 120), format);
        check(&file, QUADRANTS);
        let fitted = fit(&file, shape(32, 32)).unwrap();
        assert_eq!(
            (fitted.format, fitted.width, fitted.height),
            (name, 200, 120)
        );
    }
}

#[test]
fn every_depth_becomes_8_bit_rgb() {
    let image = picture(64, 64);
    check(&file(&image.to_rgb16().into(), ImageFormat::Png), QUADRANTS);
    check(&file(&image.to_rgba8().into(), ImageFormat::Png), QUADRANTS);
    check(
        &file(&image.to_rgba16().into(), ImageFormat::Png),
        QUADRANTS,
    );
    check(
        &file(&image.to_rgb32f().into(), ImageFormat::Tiff),
        QUADRANTS,
    );
    let gray = |luma: u8| GrayImage::from_pixel(64, 64, Luma([luma]));
    check(&file(&gray(90).into(), ImageFormat::Png), [[90; 3]; 4]);
    check(&file(&gray(90).into(), ImageFormat::Jpeg), [[90; 3]; 4]);
    let deep = DynamicImage::from(gray(90)).to_luma16().into();
    check(&file(&deep, ImageFormat::Png), [[90; 3]; 4]);
    let with_alpha = DynamicImage::from(gray(90)).to_luma_alpha8().into();
    check(&file(&with_alpha, ImageFormat::Png), [[90; 3]; 4]);
}

#[test]
fn what_is_transparent_is_white() {
    let clear = RgbaImage::from_fn(64, 64, |x, _| {
        Rgba([20, 20, 210, if x < 32 { 255 } else { 0 }])
    });
    check(
        &file(&clear.into(), ImageFormat::Png),
        [BLUE, WHITE, BLUE, WHITE],
    );
    let half = RgbaImage::from_pixel(64, 64, Rgba([0, 0, 0, 127]));
    check(&file(&half.into(), ImageFormat::Png), [[128; 3]; 4]);
}

/// A JPEG whose EXIF says how it is to be turned.
fn turned(image: &DynamicImage, orientation: u8) -> Vec<u8> {
    // TIFF header, one entry: tag 0x0112 (orientation), type SHORT, count 1.
    let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, 95);
    encoder.set_exif_metadata(exif).expect("JPEG has EXIF");
    let (width, height) = (image.width(), image.height());
    encoder
        .write_image(image.as_bytes(), width, height, image.color().into())
        .expect("a JPEG");
    file
}

#[test]
fn a_photograph_stands_upright() {
    let image = picture(120, 80);
    for (orientation, quadrants) in [
        (1, [RED, GREEN, BLUE, YELLOW]),
        (2, [GREEN, RED, YELLOW, BLUE]),
        (3, [YELLOW, BLUE, GREEN, RED]),
        (4, [BLUE, YELLOW, RED, GREEN]),
        (5, [RED, BLUE, GREEN, YELLOW]),
        (6, [BLUE, RED, YELLOW, GREEN]),
        (7, [YELLOW, GREEN, BLUE, RED]),
        (8, [GREEN, YELLOW, RED, BLUE]),
        (0, QUADRANTS),
        (99, QUADRANTS),
    ] {
        check(&turned(&image, orientation), quadrants);
    }
}

#[test]
fn a_turned_photograph_still_has_the_models_shape() {
    let image = decode_fitted(&turned(&picture(120, 80), 6), shape(20, 40));
    assert_eq!(
        image.get_pixel(39, 0).0.map(|channel| channel > 100),
        [true, false, false]
    );
}

#[test]
fn an_image_of_the_models_size_is_not_touched() {
    let noise = RgbImage::from_fn(32, 32, |x, y| {
        Rgb([x * 7 + y, y * 5, x * y].map(|value| (value % 256) as u8))
    });
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp] {
        let file = file(&noise.clone().into(), format);
        assert_eq!(decode_fitted(&file, shape(32, 32)), noise);
    }
}

#[test]
fn nothing_is_cut_off_whatever_the_proportions() {
    for (width, height) in [
        (64, 16),
        (16, 64),
        (3000, 40),
        (40, 3000),
        (33, 31),
        (16, 16),
    ] {
        check(&file(&picture(width, height), ImageFormat::Png), QUADRANTS);
    }
}

#[test]
fn a_fine_pattern_becomes_its_mean_and_not_a_moire() {
    for size in [97, 256, 1000, 1331] {
        let checks = GrayImage::from_fn(size, size, |x, y| {
            Luma([if (x + y) % 2 == 0 { 0 } else { 255 }])
        });
        let image = decode_fitted(&file(&checks.into(), ImageFormat::Png), shape(32, 32));
        for pixel in image.pixels() {
            assert!(pixel.0[0].abs_diff(127) < 24, "{size}: {pixel:?}");
        }
    }
}

#[test]
fn what_is_no_image_says_so() {
    let text = "not an image: PNG, JPEG, WebP, GIF, BMP and TIFF are read";
    check_error(b"", text);
    check_error(b"Dear Sir or Madam,", text);
    check_error(b"%PDF-1.7", text);
    check_error(b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", text);
    check_error(
        b"\0\0\0\x18ftypheic\0\0\0\0",
        "HEIC images are not read: convert it to JPEG or PNG",
    );
    check_error(
        b"\0\0\0\x1cftypavif\0\0\0\0",
        "AVIF images are not read: convert it to JPEG or PNG",
    );
    check_error(
        b"8BPS\0\x01\0\0",
        "not an image: PNG, JPEG, WebP, GIF, BMP and TIFF are read",
    );
}

#[test]
fn a_truncated_image_says_so_in_every_format() {
    // Noise, so that no decoder has all it needs from half of the file.
    let noise = RgbImage::from_fn(90, 70, |x, y| {
        let mixed = x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503_913) ^ ((x * y) << 7);
        Rgb([mixed >> 3, mixed >> 11, mixed >> 17].map(|value| (value % 256) as u8))
    });
    for (format, name) in FORMATS {
        let whole = file(&noise.clone().into(), format);
        for kept in [whole.len() / 2, whole.len() * 9 / 10] {
            let error = fit(&whole[..kept], shape(32, 32)).expect_err(name);
            assert_eq!(error, UnusableImage::Truncated(name), "{kept} bytes");
        }
    }
}

#[test]
fn a_broken_image_says_so() {
    let mut png = file(&picture(64, 64), ImageFormat::Png);
    let middle = png.len() / 2;
    png[middle] ^= 0xFF;
    let text = fit(&png, shape(32, 32)).unwrap_err().to_string();
    assert!(text.starts_with("the PNG image is corrupt: "), "{text}");
}

fn png_that_claims(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    drop(encoder.write_header().expect("a header"));
    file
}

#[test]
fn a_decompression_bomb_is_not_decoded() {
    let check = |file: &[u8], pixels: &str| {
        let text = fit(file, shape(32, 32)).unwrap_err().to_string();
        let (start, end) = (
            format!("the image is too large: {pixels} pixels, "),
            " bytes to decode it; the limits are 50000000 pixels and 400000000 bytes",
        );
        assert!(text.starts_with(&start) && text.ends_with(end), "{text}");
    };
    check(&png_that_claims(60_000, 60_000), "60000 x 60000");
    let mut jpeg = file(&picture(64, 64), ImageFormat::Jpeg);
    let frame = jpeg
        .windows(2)
        .position(|marker| marker == [0xFF, 0xC0])
        .unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xEA, 0x60, 0xEA, 0x60]);
    check(&jpeg, "60000 x 60000");
    let mut gif = file(&picture(64, 64), ImageFormat::Gif);
    gif[6..10].copy_from_slice(&[0xFF; 4]);
    check(&gif, "65535 x 65535");
}

#[test]
fn the_limit_is_the_largest_size_that_is_tried() {
    // The header promises what is allowed, and then nothing comes.
    let error = fit(&png_that_claims(10_000, 5_000), shape(32, 32)).unwrap_err();
    assert!(!matches!(error, UnusableImage::TooLarge { .. }), "{error}");
    let error = fit(&png_that_claims(10_000, 5_001), shape(32, 32)).unwrap_err();
    assert!(matches!(error, UnusableImage::TooLarge { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn bytes_of_any_kind_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = fit(&bytes, shape(32, 32));
    }
}

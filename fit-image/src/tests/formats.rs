//! Kinds of files that were read wrongly, or refused with the wrong words.

use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;

use super::files::{Jpeg, Tiff};
use super::*;

/// A TIFF header with one entry: tag 0x0112 (orientation), type SHORT, count 1.
fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    exif
}

fn with_exif(mut encoder: impl ImageEncoder, image: &DynamicImage, exif: Vec<u8>) {
    encoder.set_exif_metadata(exif).expect("a format with EXIF");
    encoder
        .write_image(
            image.as_bytes(),
            image.width(),
            image.height(),
            image.color().into(),
        )
        .expect("a file");
}

/// Pillow, libvips and exiftool read both, as do browsers; the specifications have no prefix.
#[test]
fn webp_and_png_are_upright_also_where_exif_begins_as_in_jpeg() {
    let image = picture(120, 80);
    for prefix in [&b""[..], b"Exif\0\0"] {
        let exif = [prefix, &exif(6)].concat();
        let (mut webp, mut png) = (Vec::new(), Vec::new());
        with_exif(WebPEncoder::new_lossless(&mut webp), &image, exif.clone());
        with_exif(PngEncoder::new(&mut png), &image, exif);
        check(&webp, [BLUE, RED, YELLOW, GREEN]);
        check(&png, [BLUE, RED, YELLOW, GREEN]);
    }
}

/// ITU-T T.81 orders the segments: tables, frame, scan.
#[test]
fn a_jpeg_that_is_cut_inside_its_tables_is_truncated() {
    let whole = file(&picture(64, 64), ImageFormat::Jpeg);
    let scan = whole
        .windows(2)
        .position(|marker| marker == [0xFF, 0xDA])
        .unwrap();
    for kept in [3, 20, scan / 2, scan - 1, scan + 2] {
        let error = fit(&whole[..kept], shape(32, 32)).unwrap_err();
        assert_eq!(error, UnusableImage::Truncated("JPEG"), "{kept} bytes");
    }
}

#[test]
fn jpeg_of_another_process_is_refused_in_one_sentence() {
    let jpeg = Jpeg {
        progressive: false,
        components: 3,
        apart: false,
        sampling: (1, 1),
    };
    let whole = jpeg.file((16, 16));
    let frame = whole
        .windows(2)
        .position(|marker| marker == [0xFF, 0xC0])
        .unwrap();
    let with = |at: usize, byte: u8| {
        let mut file = whole.clone();
        file[frame + at] = byte;
        file
    };
    let text = |what| format!("JPEG images with {what} are not read: convert it to JPEG or PNG");
    check_error(&with(1, 0xC3), &text("lossless compression"));
    check_error(&with(1, 0xC9), &text("arithmetic coding"));
    check_error(&with(4, 12), &text("samples of more than 8 bits"));
}

/// zune-jpeg 0.5.15 puts blocks of the wrong rows into such an image; Pillow reads it.
#[test]
fn a_jpeg_of_half_the_rows_of_color_in_scans_of_their_own_is_refused() {
    let jpeg = |sampling| Jpeg {
        progressive: false,
        components: 3,
        apart: true,
        sampling,
    };
    check_error(
        &jpeg((2, 2)).file((64, 64)),
        "JPEG images with colors of half the height in scans of their own are not read: convert \
         it to JPEG or PNG",
    );
    fit(&jpeg((1, 1)).file((64, 64)), shape(32, 32)).unwrap();
}

fn pixels_of(file: &[u8]) -> RgbImage {
    decode_fitted(file, shape(4, 4))
}

/// Checks the pixels against Pillow 13.0.0's for the same file, unless the test names another
/// source.
#[track_caller]
fn check_pixels(tiff: &Tiff, strip: &[u8], expected: &[[u8; 3]]) {
    let image = pixels_of(&tiff.file(strip));
    let found: Vec<[u8; 3]> = image.pixels().map(|pixel| pixel.0).collect();
    assert_eq!(found[..expected.len()], *expected);
}

#[test]
fn tiff_of_few_bits_is_gray() {
    let gray = |values: [u8; 4]| values.map(|value| [value; 3]);
    let tiff = |bits| Tiff {
        bits,
        ..Tiff::default()
    };
    check_pixels(&tiff(1), &[0b0101_0000; 4], &gray([0, 255, 0, 255]));
    check_pixels(&tiff(2), &[0b0001_1011; 4], &gray([0, 85, 170, 255]));
    check_pixels(&tiff(4), &[0x01, 0xEF].repeat(4), &gray([0, 17, 238, 255]));
}

#[test]
fn associated_alpha_is_divided_out() {
    let tiff = |alpha| Tiff {
        samples: 4,
        photometric: 2,
        more: vec![(338, alpha)],
        ..Tiff::default()
    };
    let strip = [100, 50, 0, 100].repeat(16);
    // On white: 100 + 155, 50 + 155, 155.
    check_pixels(&tiff(1), &strip, &[[255, 205, 155]]);
    check_pixels(&tiff(2), &strip, &[[194, 175, 155]]);
    let decoded = crate::decode::decode(&tiff(1).file(&strip)).unwrap();
    assert_eq!(
        decoded.image.to_rgba8().get_pixel(0, 0).0,
        [255, 127, 0, 100]
    );
}

#[test]
fn gray_with_alpha_and_planes_are_read() {
    let gray = Tiff {
        samples: 2,
        more: vec![(338, 2)],
        ..Tiff::default()
    };
    check_pixels(&gray, &[90, 255].repeat(16), &[[90; 3]]);
    let cmyk = Tiff {
        samples: 4,
        photometric: 5,
        ..Tiff::default()
    };
    check_pixels(&cmyk, &[255, 0, 128, 51].repeat(16), &[[0, 204, 102]]);
}

#[test]
fn bigtiff_is_a_tiff() {
    let tiff = Tiff {
        big: true,
        samples: 3,
        photometric: 2,
        ..Tiff::default()
    };
    check_pixels(&tiff, &[10, 20, 30].repeat(16), &[[10, 20, 30]]);
}

#[test]
fn ycbcr_in_jpeg_is_read() {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 100)
        .encode_image(&picture(32, 32))
        .unwrap();
    let tiff = Tiff {
        size: (32, 32),
        samples: 3,
        compression: 7,
        photometric: 6,
        ..Tiff::default()
    };
    check(&tiff.file(&jpeg), QUADRANTS);
}

#[test]
fn a_strip_that_claims_more_than_its_image_is_not_decoded() {
    let jpeg = Jpeg {
        progressive: true,
        components: 4,
        apart: false,
        sampling: (1, 1),
    };
    let tiff = Tiff {
        samples: 4,
        compression: 7,
        photometric: 5,
        ..Tiff::default()
    };
    check_error(
        &tiff.file(&jpeg.file((7000, 7000))),
        "the TIFF image is corrupt: a JPEG strip of 7000 x 7000 pixels in the place of 4 x 4",
    );
}

#[test]
fn what_is_not_read_of_tiff_is_said_in_one_sentence() {
    let check = |tiff: Tiff, what: &str| {
        let text = format!("TIFF images {what} are not read: convert it to JPEG or PNG");
        check_error(&tiff.file(&[0; 64]), &text);
    };
    let gray = Tiff::default;
    check(
        Tiff {
            photometric: 3,
            ..gray()
        },
        "with a palette",
    );
    check(
        Tiff {
            compression: 3,
            bits: 1,
            ..gray()
        },
        "with Fax3 compression",
    );
    check(
        Tiff {
            compression: 50_000,
            ..gray()
        },
        "with ZSTD compression",
    );
    check(
        Tiff {
            more: vec![(266, 2)],
            ..gray()
        },
        "with reversed bits",
    );
    check(
        Tiff {
            photometric: 8,
            samples: 3,
            ..gray()
        },
        "in CIELab of 3 channels",
    );
    check(
        Tiff {
            photometric: 6,
            samples: 3,
            ..gray()
        },
        "with subsampled YCbCr colors",
    );
    check(
        Tiff {
            more: vec![(339, 2)],
            ..gray()
        },
        "of 1 channels with 8 bits (Int)",
    );
}

/// tiff 0.11.3 asserts the length of its buffer where tiles of a second plane reach over the
/// image's edge.
#[test]
fn a_panic_of_a_decoder_is_an_image_that_is_not_read() {
    let tiff = Tiff {
        size: (9, 9),
        samples: 2,
        tiled: true,
        more: vec![(284, 2), (338, 2)],
        ..Tiff::default()
    };
    let mut file = tiff.file(&[0; 256]);
    for tag in [324_u16, 325] {
        // Two tiles, at the same place: two SHORTs are as long as one LONG.
        let entry = [&tag.to_le_bytes()[..], &[3, 0, 1, 0, 0, 0]].concat();
        let at = file.windows(8).position(|bytes| bytes == entry).unwrap();
        file[at + 4] = 2;
        file.copy_within(at + 8..at + 10, at + 10);
    }
    check_error(
        &file,
        "TIFF images of this kind are not read: convert it to JPEG or PNG",
    );
}

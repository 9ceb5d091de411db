//! Tests uploads of real-world files: photographs in every format get a prediction, and other files
//! an error of their own name.

use aws_sdk_sfn::types::ExecutionStatus;
use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage};
use std::io::Cursor;

use crate::support::Stack;
use crate::support::clients::Clients;

/// A picture with some structure, so that encoders have work and no two corners are alike.
fn photograph(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let wave = ((x / 7) ^ (y / 5)) as u8;
        Rgb([wave, (x * 255 / width) as u8, (y * 255 / height) as u8])
    })
}

fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    image
        .write_to(&mut Cursor::new(&mut bytes), format)
        .unwrap();
    bytes
}

/// A JPEG whose EXIF says that the camera was held on its side.
fn turned_jpeg(width: u32, height: u32) -> Vec<u8> {
    let jpeg = encode(&photograph(width, height).into(), ImageFormat::Jpeg);
    let orientation_6: &[u8] =
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let length = (orientation_6.len() as u16 + 2).to_be_bytes();
    [
        &jpeg[..2],
        &[0xFF, 0xE1],
        &length,
        orientation_6,
        &jpeg[2..],
    ]
    .concat()
}

/// A PNG of a few bytes that claims 60,000 x 60,000 pixels.
fn bomb() -> Vec<u8> {
    let mut png = encode(&photograph(8, 8).into(), ImageFormat::Png);
    let side = 60_000_u32.to_be_bytes();
    png[16..20].copy_from_slice(&side);
    png[20..24].copy_from_slice(&side);
    let crc = crc32fast::hash(&png[12..29]).to_be_bytes();
    png[29..33].copy_from_slice(&crc);
    png
}

#[tokio::test]
async fn every_image_that_people_upload_gets_an_answer() {
    let gray: DynamicImage = GrayImage::from_fn(40, 60, |x, y| Luma([(x * y) as u8])).into();
    let stack = Stack::with_model();
    let clients = Clients::of(&stack).await;
    for (key, bytes) in [
        ("test/photograph.jpg", turned_jpeg(4000, 3000)),
        (
            "test/bike.webp",
            encode(&photograph(300, 200).into(), ImageFormat::WebP),
        ),
        (
            "test/bike.gif",
            encode(&photograph(64, 48).into(), ImageFormat::Gif),
        ),
        (
            "test/bike.bmp",
            encode(&photograph(64, 48).into(), ImageFormat::Bmp),
        ),
        (
            "test/bike.tiff",
            encode(&photograph(64, 48).into(), ImageFormat::Tiff),
        ),
        ("test/gray.png", encode(&gray, ImageFormat::Png)),
    ] {
        clients.put(key, bytes).await;
        let execution = clients.run(key).await;
        let refused = execution.error.as_deref() == Some("ThresholdConfidenceNotMet");
        assert!(
            execution.status == ExecutionStatus::Succeeded || refused,
            "{key}: {execution:?}"
        );
    }
}

#[tokio::test]
async fn what_is_no_image_fails_with_an_error_of_its_own_name() {
    let png = encode(&photograph(64, 64).into(), ImageFormat::Png);
    let stack = Stack::with_model();
    let clients = Clients::of(&stack).await;
    for (key, bytes, error) in [
        (
            "test/notes.txt",
            b"not an image at all, just words".to_vec(),
            "NotAnImage",
        ),
        ("test/empty.png", Vec::new(), "EmptyObject"),
        (
            "test/truncated.png",
            png[..png.len() / 2].to_vec(),
            "TruncatedImage",
        ),
        ("test/bomb.png", bomb(), "ImageTooLarge"),
    ] {
        clients.put(key, bytes).await;
        let execution = clients.run(key).await;
        assert_eq!(execution.status, ExecutionStatus::Failed, "{key}");
        assert_eq!(
            execution.error.as_deref(),
            Some(error),
            "{key}: {:?}",
            execution.cause
        );
        assert!(
            execution.cause.as_deref().unwrap().contains(key),
            "{:?}",
            execution.cause
        );
    }
    let missing = clients.run("test/nowhere.png").await;
    assert_eq!(
        missing.error.as_deref(),
        Some("NoSuchKey"),
        "{:?}",
        missing.cause
    );
    assert!(missing.cause.unwrap().contains("test/nowhere.png"));
}

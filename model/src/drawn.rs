//! For tests: tiny images of up to three kinds (stripes, discs, bars), laid out as a training job
//! finds them.

use image::{ImageFormat, Rgb, RgbImage};
use std::fs;
use std::io::Cursor;
use std::ops::Range;
use std::path::Path;

/// A 16x16 PNG: stripes (class 0) or a disc (class 1), different for each `number`.
pub(crate) fn png(class: usize, number: usize) -> Vec<u8> {
    png_of(class, number, [16, 16])
}

/// A PNG of a width and a height: stripes (class 0), a disc (class 1) or bars (class 2).
pub(crate) fn png_of(class: usize, number: usize, [width, height]: [u32; 2]) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed((number * 2 + class) as u64);
    let light = 160 + random.u8(0..96);
    let shift = random.u32(0..4);
    let center = [random.i32(5..11), random.i32(5..11)];
    let image = RgbImage::from_fn(width, height, |x, y| {
        // As if all were 16 pixels wide and high.
        let (x, y) = (x * 16 / width, y * 16 / height);
        let is_light = match class {
            0 => (x + y + shift) % 4 < 2,
            1 => (x as i32 - center[0]).pow(2) + (y as i32 - center[1]).pow(2) < 16,
            _ => (x + shift) % 8 < 4,
        };
        let noise = random.u8(0..40);
        if is_light {
            Rgb([light - noise, light, light - noise])
        } else {
            Rgb([noise, 30, 60])
        }
    });
    let mut bytes = Vec::new();
    image
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .expect("a PNG in memory");
    bytes
}

/// Writes `images` images of both classes to the channel `name`, and their list to `<name>_lst`.
pub(crate) fn channel(root: &Path, name: &str, first: usize, images: usize) {
    channel_of(root, name, first..first + images, 2, [16, 16]);
}

/// Writes images of `classes` classes and of a size to the channel `name`, and their list to
/// `<name>_lst`.
pub(crate) fn channel_of(
    root: &Path,
    name: &str,
    numbers: Range<usize>,
    classes: usize,
    size: [u32; 2],
) {
    let folder = root.join("input/data").join(name);
    let lists = root.join("input/data").join(format!("{name}_lst"));
    fs::create_dir_all(&folder).expect("a folder");
    fs::create_dir_all(&lists).expect("a folder");
    let mut list = String::new();
    for number in numbers {
        let class = number % classes;
        let bytes = png_of(class, number, size);
        fs::write(folder.join(format!("{number}.png")), bytes).expect("an image");
        list += &format!("{number}\t{class}\t{number}.png\n");
    }
    fs::write(lists.join(format!("{name}.lst")), list).expect("a list");
}

/// Hyperparameters for a network that learns the drawn images in a moment.
pub(crate) const QUICK: [(&str, &str); 9] = [
    ("num_classes", "2"),
    ("num_training_samples", "64"),
    ("image_shape", "3,16,16"),
    ("labels", "stripes,disc"),
    ("widths", "6,8"),
    ("epochs", "8"),
    ("mini_batch_size", "16"),
    ("learning_rate", "0.1"),
    ("augmentation_type", "crop_color"),
];

/// Writes the hyperparameters: [`QUICK`], but for those in `changes`.
pub(crate) fn hyperparameters(root: &Path, changes: &[(&str, &str)]) {
    let values: std::collections::BTreeMap<_, _> = QUICK.iter().chain(changes).copied().collect();
    fs::create_dir_all(root.join("input/config")).expect("a folder");
    let json = serde_json::to_vec(&values).expect("strings");
    fs::write(root.join("input/config/hyperparameters.json"), json).expect("a file");
}

/// A whole job: 64 training and 16 validation images.
pub(crate) fn job(root: &Path, changes: &[(&str, &str)]) {
    hyperparameters(root, changes);
    channel(root, "train", 0, 64);
    channel(root, "validation", 1000, 16);
}

//! Estimates the memory of a training, so that one too large is refused instead of killed.

use super::TrainError;
use super::channels::Channels;
use super::hyperparameters::Hyperparameters;
use std::fs;
use std::path::Path;

/// Bytes of a 32-bit float.
const FLOAT: u64 = 4;

/// Checks that there is memory for the training.
///
/// # Errors
/// There is not, as far as the system says how much there is.
pub(super) fn check(settings: &Hyperparameters, channels: &Channels) -> Result<(), TrainError> {
    let listed = |(_, list): &(_, std::path::PathBuf)| {
        // What can't be read is told when it is.
        fs::read_to_string(list).map_or(0, |list| list.lines().count() as u64)
    };
    let train = listed(&channels.train);
    let others = [&channels.validation, &channels.calibration];
    let others = others.into_iter().flatten().map(listed).sum();
    match available() {
        Some(available) if needed(settings, train, others) > available => Err(too_large(
            settings,
            needed(settings, train, others),
            available,
        )),
        _ => Ok(()),
    }
}

fn too_large(settings: &Hyperparameters, needed: u64, available: u64) -> TrainError {
    let widths: Vec<String> = settings.widths.iter().map(usize::to_string).collect();
    TrainError::Memory {
        megabytes: needed >> 20,
        available: available >> 20,
        settings: format!(
            "mini_batch_size {}, image_shape {} and widths {}",
            settings.mini_batch_size,
            settings.shape,
            widths.join(",")
        ),
    }
}

/// Bytes that a training on so many images holds at most, about.
fn needed(settings: &Hyperparameters, train: u64, others: u64) -> u64 {
    let pixels = (settings.shape.height() * settings.shape.width()) as u64;
    // As they were read, a byte a value, and those that are learned from as the network takes them.
    let images = 3 * pixels * (train + others) + 3 * pixels * FLOAT * train;
    let batch = train.min(settings.mini_batch_size as u64);
    let (mut pixels, mut inputs) = (pixels, 3);
    let (mut values, mut weights) = (0, 0);
    for width in &settings.widths {
        let outputs = *width as u64;
        // What the convolution has seen, and three of what comes out of it: its own, the norm's and
        // the pool's, or gradients.
        values += pixels * (inputs + 3 * outputs);
        weights += 9 * inputs * outputs;
        pixels /= 4;
        inputs = outputs;
    }
    weights += inputs * settings.classes() as u64;
    // Gradient, velocity and average stand beside each weight; the scores, their gradient and the
    // targets beside each class.
    let scores = 4 * batch * settings.classes() as u64;
    images + FLOAT * (batch * values + 4 * weights + scores)
}

/// Bytes that this process may still take: what the machine has, or the container that it runs in.
fn available() -> Option<u64> {
    let number = |path: &str| {
        fs::read_to_string(Path::new(path))
            .ok()?
            .trim()
            .parse::<u64>()
            .ok()
    };
    let machine = fs::read_to_string("/proc/meminfo").ok()?;
    let machine = machine
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let machine: u64 = machine.trim().strip_suffix(" kB")?.parse().ok()?;
    let group = number("/sys/fs/cgroup/memory.max")
        .map(|most| most.saturating_sub(number("/sys/fs/cgroup/memory.current").unwrap_or(0)));
    Some(group.unwrap_or(u64::MAX).min(machine * 1024))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn settings(given: &[(&str, &str)]) -> Hyperparameters {
        let required = [("num_classes", "2")];
        let all = required.iter().chain(given);
        let all = all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Hyperparameters::parse(BTreeMap::from_iter(all)).unwrap()
    }

    /// The measured peak of `scones-model train` (VmHWM), in MB.
    #[test]
    fn what_a_training_needs_is_about_what_it_takes() {
        for (side, batch, widths, train, seen) in [
            ("128", "64", "32,64,128,128", 64, 763),
            ("128", "64", "128,128", 64, 1963),
            ("64", "512", "16,16", 512, 488),
        ] {
            let shape = format!("3,{side},{side}");
            let given = [
                ("image_shape", shape.as_str()),
                ("mini_batch_size", batch),
                ("widths", widths),
            ];
            let needed = needed(&settings(&given), train, 0) >> 20;
            assert!(
                (seen..seen * 5 / 4).contains(&needed),
                "{given:?}: {needed}"
            );
        }
    }

    #[test]
    fn a_batch_is_no_larger_than_the_images_are_many() {
        let large = [
            ("image_shape", "3,1024,1024"),
            ("mini_batch_size", "4096"),
            ("widths", "1024,1024,1024,1024"),
            ("num_classes", "10000"),
        ];
        let needed = |train| needed(&settings(&large), train, 0) >> 40;
        assert_eq!((needed(2), needed(4096)), (0, 69));
    }

    #[test]
    fn what_does_not_fit_is_refused_by_its_hyperparameters() {
        let error = too_large(&settings(&[("mini_batch_size", "4096")]), 5 << 30, 1 << 30);
        assert_eq!(
            error.to_string(),
            "ClientError: the training needs about 5120 MB of memory, and 1024 MB are there: \
             lower mini_batch_size 4096, image_shape 3,32,32 and widths 32,64,128,128, or use \
             fewer images"
        );
    }
}

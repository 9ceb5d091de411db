//! Whole training jobs on drawn images.

use super::*;
use crate::{drawn, serve::Predictor};
use std::fs;
use std::sync::atomic::Ordering;
use tempfile::TempDir;

fn job(changes: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    drawn::job(root.path(), changes);
    root
}

/// Trains; gives what was printed, or the reason of the failure with ROOT for the folder.
fn train(root: &TempDir) -> Result<String, String> {
    let mut log = Vec::new();
    let result = run(root.path(), &AtomicBool::new(false), &mut log);
    let text = |text: String| text.replace(&root.path().display().to_string(), "ROOT");
    result
        .map(|()| String::from_utf8(log).unwrap())
        .map_err(|error| text(error.to_string()))
}

fn check_failure(root: &TempDir, expected: &str) {
    let error = train(root).unwrap_err();
    assert!(error.contains(expected), "{error}");
    let written = fs::read_to_string(root.path().join("output/failure")).unwrap();
    assert_eq!(
        written.replace(&root.path().display().to_string(), "ROOT"),
        error
    );
}

fn figure(log: &str, name: &str) -> f32 {
    let line = log
        .lines()
        .rfind(|line| line.contains(name))
        .unwrap_or_else(|| panic!("no {name} in\n{log}"));
    line.rsplit('=').next().unwrap().parse().unwrap()
}

#[test]
fn a_job_learns_prints_its_metrics_and_leaves_a_model() {
    let root = job(&[]);
    let log = train(&root).unwrap();
    for expected in [
        "Epoch[0] Train-accuracy=0.",
        "Epoch[7] Validation-accuracy=",
        "Epoch[7] Time cost=",
    ] {
        assert!(log.contains(expected), "no {expected} in\n{log}");
    }
    assert!(figure(&log, "Final Validation-accuracy") >= 0.9, "{log}");
    assert!(figure(&log, "Final Validation-ece") < 0.5, "{log}");
    let config = artifact::read_config(&root.path().join("model")).unwrap();
    assert_eq!(config.labels, ["stripes", "disc"]);
    assert_eq!(config.input.shape.to_string(), "3,16,16");
    assert!(!root.path().join("output/failure").exists());
}

#[test]
fn what_is_served_is_what_was_trained() {
    let root = job(&[]);
    let settings = Hyperparameters::read(root.path()).unwrap();
    let data = root.path().join("input/data");
    let read = |name: &str| {
        let list = data.join(format!("{name}_lst/{name}.lst"));
        Dataset::read(&data.join(name), &list, 2, settings.shape).unwrap()
    };
    let (training, validation) = (read("train"), read("validation"));
    let (training, calibration) = holdout::hold_out(training, 0.2, 1);
    let job = trainer::Job {
        settings: &settings,
        train: &training,
        calibration: &calibration,
        validation: None,
        initial: None,
        checkpoints: None,
    };
    let trained = trainer::train(&job, &AtomicBool::new(false), &mut io::sink()).unwrap();
    let temperature = trained.config.temperature;
    assert!(
        (temperature - 1.0).abs() > 0.01,
        "{temperature} hides a mistake"
    );
    let model = root.path().join("model");
    artifact::write(&model, &trained.config, &trained.network).unwrap();

    let served = Predictor::load(&model).unwrap();
    for (image, expected) in validation.images.iter().zip(trained.scores(&validation)) {
        let scores = served.score(image).unwrap();
        let largest = scores
            .iter()
            .zip(&expected)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(largest < 1e-5, "served {scores:?}, trained {expected:?}");
        assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }
}

#[test]
fn equal_seeds_give_equal_models_and_others_do_not() {
    let weights = |seed| {
        let root = job(&[
            ("epochs", "2"),
            ("seed", seed),
            ("augmentation_type", "crop_color_transform"),
        ]);
        train(&root).unwrap();
        fs::read(root.path().join("model").join(artifact::WEIGHTS)).unwrap()
    };
    assert_eq!(weights("1"), weights("1"));
    assert_ne!(weights("1"), weights("2"));
}

#[test]
fn a_job_trains_on_from_the_model_channel() {
    let root = job(&[]);
    train(&root).unwrap();
    let channel = root.path().join("input/data/model");
    fs::create_dir_all(&channel).unwrap();
    artifact::pack(&root.path().join("model"), &channel.join("model.tar.gz")).unwrap();

    drawn::hyperparameters(root.path(), &[("epochs", "1"), ("learning_rate", "0.0001")]);
    let log = train(&root).unwrap();
    assert!(
        figure(&log, "Epoch[0] Train-accuracy") > 0.8,
        "it starts from what it knew\n{log}"
    );

    drawn::hyperparameters(root.path(), &[("widths", "6,9")]);
    check_failure(&root, "ClientError: the model channel: ");
}

/// A log that asks the job to stop as soon as `after` is printed.
struct StopAfter<'a> {
    after: &'a str,
    stop: &'a AtomicBool,
    printed: Vec<u8>,
}

impl Write for StopAfter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.printed.extend(bytes);
        if String::from_utf8_lossy(&self.printed).contains(self.after) {
            self.stop.store(true, Ordering::Relaxed);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_job_that_is_stopped_saves_what_it_has() {
    let root = job(&[("epochs", "10000")]);
    let stop = AtomicBool::new(false);
    let mut log = StopAfter {
        after: "Epoch[2] Time cost",
        stop: &stop,
        printed: Vec::new(),
    };
    run(root.path(), &stop, &mut log).unwrap();
    let log = String::from_utf8(log.printed).unwrap();
    assert!(
        log.contains("Stopped in epoch 2; saving the model so far"),
        "{log}"
    );
    assert!(!log.contains("Epoch[3]"), "{log}");
    Predictor::load(&root.path().join("model")).unwrap();
}

#[test]
fn a_job_that_is_stopped_before_it_began_has_no_model() {
    let root = job(&[]);
    let error = run(root.path(), &AtomicBool::new(true), &mut io::sink()).unwrap_err();
    assert!(
        error.to_string().contains("stopped before it had learned"),
        "{error}"
    );
    assert!(!root.path().join("model").exists());
}

#[test]
fn early_stopping_ends_before_the_last_epoch() {
    let changes = [
        ("epochs", "60"),
        ("early_stopping", "true"),
        ("early_stopping_min_epochs", "2"),
    ];
    let log = train(&job(&changes)).unwrap();
    assert!(log.contains("Stopped early in epoch "), "{log}");
    assert!(!log.contains("Epoch[59]"), "{log}");
}

/// What a job leaves when it is stopped after the epochs of `after` and run again, with
/// checkpoints.
fn interrupted(root: &TempDir, after: &str) -> String {
    fs::create_dir(root.path().join("checkpoints")).unwrap();
    let stop = AtomicBool::new(false);
    let mut log = StopAfter {
        after,
        stop: &stop,
        printed: Vec::new(),
    };
    run(root.path(), &stop, &mut log).unwrap();
    fs::remove_dir_all(root.path().join("model")).unwrap();
    train(root).unwrap()
}

#[test]
fn a_job_goes_on_from_its_checkpoint_to_the_same_model() {
    let changes = [
        ("checkpoint_frequency", "2"),
        ("augmentation_type", "crop_color_transform"),
        ("early_stopping", "true"),
        ("early_stopping_min_epochs", "7"),
    ];
    let model = |root: &TempDir| {
        let model = root.path().join("model");
        [artifact::MODEL, artifact::CONFIG, artifact::WEIGHTS]
            .map(|file| fs::read(model.join(file)).unwrap())
    };
    let (whole, parts) = (job(&changes), job(&changes));
    let at_once = train(&whole).unwrap();
    let log = interrupted(&parts, "Epoch[4] Validation-accuracy");
    assert!(log.contains("Resuming after epoch 3, from "), "{log}");
    assert!(
        !log.contains("Epoch[3] ") && log.contains("Epoch[4] "),
        "{log}"
    );
    assert!(model(&whole) == model(&parts), "{at_once}\n{log}");
    let end = |log: &str| log.lines().rev().nth(1).map(str::to_owned);
    assert_eq!(end(&log), end(&at_once));
}

#[test]
fn a_checkpoint_of_another_job_is_refused() {
    let root = job(&[("checkpoint_frequency", "1")]);
    interrupted(&root, "Epoch[1] Validation-accuracy");
    let checkpoint = root.path().join("checkpoints/checkpoint.safetensors");
    drawn::hyperparameters(root.path(), &[("checkpoint_frequency", "1"), ("seed", "9")]);
    check_failure(
        &root,
        "ClientError: the checkpoint ROOT/checkpoints/checkpoint.safetensors is of a job with \
         other hyperparameters",
    );
    let bytes = fs::read(&checkpoint).unwrap();
    fs::write(&checkpoint, &bytes[..bytes.len() - 9]).unwrap();
    check_failure(
        &root,
        "checkpoint.safetensors can't be gone on from: not a safetensors file",
    );
    assert!(bytes.len() > 1000);
}

#[test]
fn a_job_calibrates_on_the_channel_that_is_given_for_it() {
    let root = job(&[("calibration_share", "0.25")]);
    let log = train(&root).unwrap();
    assert!(
        log.contains("Training on 48 images, calibrating on 16, validating on 16"),
        "{log}"
    );
    drawn::channel(root.path(), "calibration", 2000, 8);
    let log = train(&root).unwrap();
    assert!(
        log.contains("Training on 64 images, calibrating on 8, validating on 16"),
        "{log}"
    );
    assert!(!log.contains("num_training_samples"), "{log}");
    assert!(log.contains("fitted on 8 images"), "{log}");
}

#[test]
fn three_classes_and_larger_images_that_are_not_square_train_and_serve() {
    let root = tempfile::tempdir().unwrap();
    let changes = [
        ("num_classes", "3"),
        ("labels", "stripes,disc,bars"),
        ("image_shape", "3,64,96"),
        ("widths", "6,8,8"),
        ("num_training_samples", "60"),
        ("epochs", "10"),
    ];
    drawn::hyperparameters(root.path(), &changes);
    drawn::channel_of(root.path(), "train", 0..60, 3, [96, 64]);
    drawn::channel_of(root.path(), "validation", 1000..1015, 3, [96, 64]);
    let log = train(&root).unwrap();
    assert!(figure(&log, "Final Validation-accuracy") > 0.8, "{log}");
    let served = Predictor::load(&root.path().join("model")).unwrap();
    assert_eq!(served.config().labels, ["stripes", "disc", "bars"]);
    assert_eq!(served.config().input.shape.to_string(), "3,64,96");
    let right = (0..15).filter(|number| {
        let scores = served
            .predict(&drawn::png_of(number % 3, 3000 + number, [96, 64]))
            .unwrap();
        scores.len() == 3 && scores.iter().all(|score| *score <= scores[number % 3])
    });
    assert!(right.count() > 11);
}

#[test]
fn a_job_without_validation_says_nothing_of_it() {
    let root = tempfile::tempdir().unwrap();
    drawn::hyperparameters(root.path(), &[("epochs", "1")]);
    drawn::channel(root.path(), "train", 0, 64);
    let log = train(&root).unwrap();
    assert!(!log.contains("Validation-accuracy"), "{log}");
}

#[test]
fn failures_name_what_is_wrong() {
    let root = job(&[("epocs", "3")]);
    check_failure(&root, "ClientError: unknown hyperparameter `epocs`");

    let root = job(&[
        ("num_classes", "3"),
        ("labels", "a,b,c"),
        ("learning_rate", "1"),
        ("weight_decay", "1"),
    ]);
    let list = root.path().join("input/data/train_lst/train.lst");
    fs::write(&list, "0\t3\t0.png\n").unwrap();
    check_failure(
        &root,
        "train.lst gives 0.png the class 3, but there are 3 classes, numbered from 0",
    );

    fs::write(&list, "0\t0\tnowhere.png\n").unwrap();
    check_failure(
        &root,
        "can't read the image ROOT/input/data/train/nowhere.png, which ROOT",
    );

    fs::write(&list, "0 0 0.png\n").unwrap();
    check_failure(
        &root,
        "train_lst/train.lst, line 1 is not `row<TAB>class<TAB>path`: ",
    );

    fs::write(&list, "").unwrap();
    check_failure(&root, "train.lst names no image");

    fs::write(&list, "0\t0\t0.png\n").unwrap();
    fs::write(root.path().join("input/data/train/0.png"), "text").unwrap();
    check_failure(
        &root,
        "ClientError: the train data: ROOT/input/data/train/0.png: not an image",
    );

    fs::remove_dir_all(root.path().join("input/data/validation")).unwrap();
    check_failure(
        &root,
        "the channel `validation` is missing: there is no folder ROOT/input/data/validation",
    );
}

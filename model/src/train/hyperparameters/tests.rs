//! Accepted and refused hyperparameters, with the text of errors.

use super::*;

fn parse(extra: &[(&str, &str)]) -> Result<Hyperparameters, HyperparameterError> {
    let required = [("num_classes", "2"), ("num_training_samples", "1000")];
    let all = required.iter().chain(extra);
    Hyperparameters::parse(
        all.map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
    )
}

fn check_error(name: &str, value: &str, expected: &str) {
    let error = parse(&[(name, value)]).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn defaults_are_the_measured_recipe() {
    let settings = parse(&[]).unwrap();
    assert_eq!(
        (
            settings.epochs,
            settings.mini_batch_size,
            settings.learning_rate
        ),
        (120, 64, 0.05)
    );
    assert_eq!(settings.labels, ["0", "1"]);
    assert_eq!(settings.shape.to_string(), "3,32,32");
    assert!(settings.warnings.is_empty() && settings.early_stopping.is_none());
    assert!(settings.augmentation.cutout && !settings.augmentation.warp);
    assert_eq!(settings.calibration_share, 0.0);
}

#[test]
fn the_notebooks_hyperparameters_are_taken() {
    let given = [
        ("image_shape", "3,32,32"),
        ("epochs", "3"),
        ("labels", "bicycle, motorcycle"),
        ("optimizer", "sgd"),
    ];
    let settings = parse(&given).unwrap();
    assert_eq!(
        (settings.epochs, settings.labels),
        (3, vec!["bicycle".to_owned(), "motorcycle".to_owned()])
    );
}

#[test]
fn early_stopping_takes_pythons_booleans() {
    let settings = parse(&[("early_stopping", "True"), ("early_stopping_patience", "2")]).unwrap();
    assert_eq!(
        settings.early_stopping,
        Some(EarlyStopping {
            min_epochs: 10,
            patience: 2,
            tolerance: 0.0
        })
    );
    assert_eq!(
        parse(&[("early_stopping", "False")])
            .unwrap()
            .early_stopping,
        None
    );
}

#[test]
fn what_has_no_effect_is_said() {
    let settings = parse(&[("num_layers", "18"), ("_tuning_objective_metric", "x")]).unwrap();
    assert_eq!(
        settings.warnings,
        ["the hyperparameter `num_layers` (18) has no effect: the network is set by `widths`"]
    );
}

#[test]
fn errors_name_the_hyperparameter() {
    check_error(
        "epochs",
        "ten",
        "`epochs` is `ten`; expected a whole number from 1 to 10000",
    );
    check_error("epochs", "0", "`epochs` is `0`");
    check_error(
        "learning_rate",
        "NaN",
        "`learning_rate` is `NaN`; expected a number over 0",
    );
    check_error(
        "image_shape",
        "1,28,28",
        "`image_shape` is `1,28,28`; expected `3,HEIGHT,WIDTH`",
    );
    check_error(
        "image_shape",
        "large",
        "`image_shape` is `large`; expected `3,HEIGHT,WIDTH`",
    );
    check_error(
        "labels",
        "bicycle",
        "`labels` is `bicycle`; expected 2 names",
    );
    check_error(
        "optimizer",
        "adam",
        "`optimizer` is `adam`; expected sgd or nag",
    );
    check_error("widths", "1,2,3,4,5", "expected 1 to 4 numbers");
    check_error(
        "augmentation_type",
        "blur",
        "expected crop, crop_color, crop_color_transform or none",
    );
    check_error(
        "num_classes",
        "1",
        "`num_classes` is `1`; expected a whole number from 2",
    );
    check_error(
        "epocs",
        "3",
        "unknown hyperparameter `epocs`; known are: augmentation_type, beta_1",
    );
}

#[test]
fn the_number_of_classes_is_required() {
    let error = Hyperparameters::parse(BTreeMap::new())
        .unwrap_err()
        .to_string();
    assert_eq!(error, "the hyperparameter `num_classes` is required");
}

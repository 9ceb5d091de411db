//! Hyperparameters of the built-in algorithm that this network does not have.

use super::HyperparameterError;
use sagemaker_container::hyperparameters::Values;

/// Names of the built-in algorithm that change nothing here, with the reason.
const WITHOUT_EFFECT: [(&str, &str); 12] = [
    ("beta_1", "the optimizer is SGD"),
    ("beta_2", "the optimizer is SGD"),
    ("eps", "the optimizer is SGD"),
    ("gamma", "the optimizer is SGD"),
    ("kv_store", "training runs on one machine"),
    ("lr_scheduler_factor", "the rate falls as a cosine"),
    ("lr_scheduler_step", "the rate falls as a cosine"),
    ("num_layers", "the network is set by `widths`"),
    ("resize", "images are fitted to `image_shape`"),
    ("top_k", "only the accuracy of the first choice is reported"),
    (
        "use_pretrained_model",
        "to train on from a model, give it as the channel `model`",
    ),
    ("use_weighted_loss", "all classes weigh the same"),
];

/// Names of the built-in algorithm that must have the one value that this network can do.
const FIXED: [(&str, &[&str]); 3] = [
    ("multi_label", &["0"]),
    ("optimizer", &["sgd", "nag"]),
    ("precision_dtype", &["float32"]),
];

/// Takes the hyperparameters that can have only one value here.
pub(super) fn check_fixed(values: &mut Values) -> Result<(), HyperparameterError> {
    for (name, allowed) in FIXED {
        if let Some(value) = values.take(name)
            && !allowed.contains(&value.as_str())
        {
            let expected = format!("{}: this network can do no other", allowed.join(" or "));
            return Err(HyperparameterError::value(name, value, expected));
        }
    }
    Ok(())
}

/// Takes the hyperparameters without an effect, and returns a warning for each.
pub(super) fn take_without_effect(values: &mut Values) -> Vec<String> {
    let taken = WITHOUT_EFFECT.iter().filter_map(|(name, reason)| {
        let value = values.take(name)?;
        Some(format!(
            "the hyperparameter `{name}` ({value}) has no effect: {reason}"
        ))
    });
    taken.collect()
}

//! Turns a picture's values, 0 to 1 by color, into those that a model was trained on: `(value -
//! mean) / std`.

use std::str::FromStr;

/// Mean and standard deviation of red, green and blue, where 1 is full brightness.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalization {
    /// The value that is subtracted.
    pub mean: [f32; 3],
    /// The divisor of the difference.
    pub std: [f32; 3],
}

/// Usual ones, by name.
const KNOWN: [(&str, Normalization); 4] = [
    // torchvision's, for its models trained on ImageNet.
    (
        "imagenet",
        Normalization {
            mean: [0.485, 0.456, 0.406],
            std: [0.229, 0.224, 0.225],
        },
    ),
    // 0 to 1.
    (
        "unit",
        Normalization {
            mean: [0.0; 3],
            std: [1.0; 3],
        },
    ),
    // -1 to 1: Inception's, MobileNet's, ViT's.
    (
        "symmetric",
        Normalization {
            mean: [0.5; 3],
            std: [0.5; 3],
        },
    ),
    // 0 to 255: models that normalize by themselves.
    (
        "bytes",
        Normalization {
            mean: [0.0; 3],
            std: [1.0 / 255.0; 3],
        },
    ),
];

impl FromStr for Normalization {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((_, known)) = KNOWN.iter().find(|(name, _)| *name == text) {
            return Ok(*known);
        }
        let names = KNOWN.map(|(name, _)| name).join(", ");
        explicit(text).ok_or_else(|| {
            format!(
                "expected {names}, or MEAN/STD of the colors, as \
                     0.485,0.456,0.406/0.229,0.224,0.225"
            )
        })
    }
}

fn explicit(text: &str) -> Option<Normalization> {
    let (mean, std) = text.split_once('/')?;
    let (mean, std) = (three(mean)?, three(std)?);
    let is_usable = mean.iter().all(|value| value.is_finite())
        && std.iter().all(|value| *value > 0.0 && value.is_finite());
    is_usable.then_some(Normalization { mean, std })
}

fn three(text: &str) -> Option<[f32; 3]> {
    let values: Option<Vec<f32>> = text
        .split(',')
        .map(|value| value.trim().parse().ok())
        .collect();
    values?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        let parse = |text: &str| text.parse::<Normalization>();
        let imagenet = parse("imagenet").unwrap();
        assert_eq!(imagenet.mean[0], 0.485);
        assert_eq!(parse("0.485,0.456,0.406/0.229, 0.224, 0.225"), Ok(imagenet));
        for wrong in ["", "inception", "1,2/1,2", "0,0,0/1,1,0", "0,0,nan/1,1,1"] {
            let error = parse(wrong).unwrap_err();
            assert!(
                error.starts_with("expected imagenet, unit, symmetric, bytes, or MEAN/STD"),
                "{error}"
            );
        }
    }
}

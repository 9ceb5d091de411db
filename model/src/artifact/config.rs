//! `config.json`: how to feed the model, and what its outputs are called.

use crate::network::Tensor;
use fit_image::{MAX_SIDE, Shape};
use image::RgbImage;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The version of the artifact that is written and read here.
const FORMAT: &str = "scones-model/1";

/// The description of a model for serving, beside the ONNX file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Version of the artifact.
    format: String,
    /// From a picture to the model's input.
    pub input: Input,
    /// Names of the classes, in the order of the probabilities.
    pub labels: Vec<String>,
    /// The divisor of the logits, so that confidences are right; it is in the ONNX file
    /// already.
    #[serde(default = "one")]
    pub temperature: f32,
    /// Output channels of the convolutions, for a network that was trained here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub widths: Vec<usize>,
}

/// The model's input: a picture in RGB, scaled to 0..1, minus `mean`, divided by `std`, by color.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Height and width; in JSON channels, height, width.
    #[serde(deserialize_with = "read_shape", serialize_with = "write_shape")]
    pub shape: Shape,
    /// Mean of each color, where 1 is full brightness.
    pub mean: [f32; 3],
    /// Standard deviation of each color, where 1 is full brightness.
    pub std: [f32; 3],
}

fn one() -> f32 {
    1.0
}

impl Config {
    /// The config of a network, at temperature 1; `widths` are those of one that was trained here.
    pub fn new(input: Input, labels: Vec<String>, widths: Vec<usize>) -> Self {
        Self {
            format: FORMAT.into(),
            input,
            labels,
            temperature: 1.0,
            widths,
        }
    }

    /// Reads and checks a config; the error says what is wrong.
    pub fn from_json(text: &[u8]) -> Result<Self, String> {
        let config: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if config.format != FORMAT {
            return Err(format!(
                "the format is `{}`; this version reads `{FORMAT}`",
                config.format
            ));
        }
        if config.labels.is_empty() {
            return Err("there are no labels".into());
        }
        if !(config.temperature > 0.0 && config.temperature.is_finite()) {
            return Err("temperature must be finite and over 0".into());
        }
        config.input.check()?;
        config.check_widths()?;
        Ok(config)
    }

    /// Checks that each convolution has channels, and that the pools between them leave a pixel.
    fn check_widths(&self) -> Result<(), String> {
        let shape = self.input.shape;
        let pools = self.widths.len().saturating_sub(1);
        let pooled = |side: usize| side.checked_shr(pools as u32).unwrap_or(0);
        if self.widths.contains(&0) || pooled(shape.height().min(shape.width())) == 0 {
            return Err(format!(
                "widths are {:?}; expected numbers over 0, and so few that an image of {shape} \
                 can be halved between them",
                self.widths
            ));
        }
        Ok(())
    }

    /// The config as JSON, for people too.
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self)
            .expect("numbers, strings and lists of them are always JSON");
        json + "\n"
    }
}

impl Input {
    /// Returns an image's values as the model takes them, the colors of a pixel side by side.
    pub fn normalize<'a>(&'a self, image: &'a RgbImage) -> impl Iterator<Item = f32> + 'a {
        let colors = self.mean.iter().zip(&self.std).cycle();
        image
            .as_raw()
            .iter()
            .zip(colors)
            .map(|(value, (mean, std))| (f32::from(*value) / 255.0 - mean) / std)
    }

    /// Returns a batch of images for the network.
    pub fn batch<'a>(&self, images: impl ExactSizeIterator<Item = &'a RgbImage>) -> Tensor {
        Tensor {
            images: images.len(),
            height: self.shape.height(),
            width: self.shape.width(),
            channels: 3,
            data: images
                .flat_map(|image| self.normalize(image).collect::<Vec<_>>())
                .collect(),
        }
    }

    fn check(&self) -> Result<(), String> {
        if self.mean.iter().all(|mean| mean.is_finite())
            && self.std.iter().all(|std| *std > 0.0 && std.is_finite())
        {
            Ok(())
        } else {
            Err("mean must be finite, and std finite and over 0".into())
        }
    }
}

fn read_shape<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Shape, D::Error> {
    let shape = <[usize; 3]>::deserialize(deserializer)?;
    Shape::try_from(shape).map_err(|_| {
        D::Error::custom(format!(
            "the input shape is {shape:?}; expected [3, height, width] with 1 to {MAX_SIDE} \
             pixels each"
        ))
    })
}

fn write_shape<S: Serializer>(shape: &Shape, serializer: S) -> Result<S::Ok, S::Error> {
    <[usize; 3]>::from(*shape).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let input = Input {
            shape: Shape::new(2, 1).unwrap(),
            mean: [0.5, 0.0, 1.0],
            std: [0.5, 1.0, 2.0],
        };
        Config::new(input, vec!["bicycle".into(), "motorcycle".into()], vec![8])
    }

    fn check_error(from: &str, to: &str, expected: &str) {
        let text = config().to_json().replace(char::is_whitespace, "");
        assert!(text.contains(from), "{text}");
        let error = Config::from_json(text.replace(from, to).as_bytes()).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn survives_a_round_trip() {
        assert_eq!(
            Config::from_json(config().to_json().as_bytes()).unwrap(),
            config()
        );
    }

    #[test]
    fn errors_say_what_is_wrong() {
        check_error(
            "scones-model/1",
            "scones-model/9",
            "the format is `scones-model/9`; this version reads",
        );
        check_error("[\"bicycle\",\"motorcycle\"]", "[]", "there are no labels");
        check_error(
            "[3,2,1]",
            "[1,2,1]",
            "the input shape is [1, 2, 1]; expected [3, height, width] with 1 to 4096 pixels each",
        );
        for shape in [
            "[3,0,1]",
            "[3,4097,1]",
            "[3,1000000,1000000]",
            "[3,9223372036854775807,9223372036854775807]",
        ] {
            check_error(
                "[3,2,1]",
                shape,
                "expected [3, height, width] with 1 to 4096",
            );
        }
        for shape in [
            "[3,-1,1]",
            "[3,18446744073709551616,1]",
            "[3,1e300,1]",
            "[3,2]",
        ] {
            check_error("[3,2,1]", shape, " at line 1 column ");
        }
        check_error("[0.5,1.0,2.0]", "[0.5,0.0,2.0]", "std finite and over 0");
        for widths in ["[0]", "[8,0]", "[8,8]"] {
            check_error("[8]", widths, "expected numbers over 0");
        }
        check_error("\"labels\"", "\"names\"", "missing field `labels`");
    }

    #[test]
    fn a_config_from_before_temperatures_is_at_1() {
        let json = config().to_json().replace("\"temperature\": 1.0,", "");
        assert!(!json.contains("temperature"), "{json}");
        assert_eq!(Config::from_json(json.as_bytes()).unwrap(), config());
        check_error(
            "\"temperature\":1.0",
            "\"temperature\":0",
            "temperature must be finite",
        );
    }

    #[test]
    fn normalizes_by_color() {
        let image = RgbImage::from_raw(1, 2, vec![255, 0, 255, 0, 255, 0]).unwrap();
        let values: Vec<f32> = config().input.normalize(&image).collect();
        assert_eq!(values, [1.0, 0.0, 0.0, -1.0, 1.0, -0.5]);
    }
}

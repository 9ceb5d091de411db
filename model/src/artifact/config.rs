//! `config.json`: how to feed the model, and what its outputs are called.

use crate::data::{Picture, SIDES, Size};
use crate::network::Tensor;
use serde::{Deserialize, Serialize};

/// The version of the artifact that is written and read here.
const FORMAT: &str = "scones-model/1";

/// What serving must know besides the ONNX file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Version of the artifact.
    format: String,
    /// From a picture to the model's input.
    pub input: Input,
    /// Names of the classes, in the order of the probabilities.
    pub labels: Vec<String>,
    /// What the logits were divided by, so that confidences are right; it is in the ONNX file already.
    #[serde(default = "one")]
    pub temperature: f32,
    /// Output channels of the convolutions, for a network that was trained here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub widths: Vec<usize>,
}

/// The model's input: a picture in RGB, scaled to 0..1, minus `mean`, divided by `std`, by colour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Channels, height, width.
    pub shape: [usize; 3],
    /// Mean of each colour, where 1 is full brightness.
    pub mean: [f32; 3],
    /// Standard deviation of each colour, where 1 is full brightness.
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
        Ok(config)
    }

    /// The config as JSON, for people too.
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self)
            .expect("numbers, strings and lists of them are always JSON");
        json + "\n"
    }
}

impl Input {
    /// Height and width.
    pub fn size(&self) -> Size {
        Size {
            height: self.shape[1],
            width: self.shape[2],
        }
    }

    /// A picture's values as the model takes them, the colours of a pixel side by side.
    pub fn normalise<'a>(&'a self, picture: &'a Picture) -> impl Iterator<Item = f32> + 'a {
        let colours = self.mean.iter().zip(&self.std).cycle();
        picture
            .rgb
            .iter()
            .zip(colours)
            .map(|(value, (mean, std))| (f32::from(*value) / 255.0 - mean) / std)
    }

    /// A batch of pictures for the network.
    pub fn batch<'a>(&self, pictures: impl ExactSizeIterator<Item = &'a Picture>) -> Tensor {
        let Size { height, width } = self.size();
        let images = pictures.len();
        let data = pictures
            .flat_map(|picture| self.normalise(picture).collect::<Vec<_>>())
            .collect();
        Tensor {
            images,
            height,
            width,
            channels: 3,
            data,
        }
    }

    fn check(&self) -> Result<(), String> {
        let [channels, height, width] = self.shape;
        if channels != 3 || !SIDES.contains(&height) || !SIDES.contains(&width) {
            return Err(format!(
                "the input shape is {:?}; expected [3, height, width] with {} to {} pixels each",
                self.shape,
                SIDES.start(),
                SIDES.end()
            ));
        }
        match self.mean.iter().all(|mean| mean.is_finite())
            && self.std.iter().all(|std| *std > 0.0 && std.is_finite())
        {
            true => Ok(()),
            false => Err("mean must be finite, and std finite and over 0".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let input = Input {
            shape: [3, 2, 1],
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
    fn normalises_by_colour() {
        let picture = Picture {
            rgb: vec![255, 0, 255, 0, 255, 0],
        };
        let values: Vec<f32> = config().input.normalise(&picture).collect();
        assert_eq!(values, [1.0, 0.0, 0.0, -1.0, 1.0, -0.5]);
    }
}

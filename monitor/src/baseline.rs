//! The baseline that windows are compared with: three files in a folder, made from predictions on
//! reference images.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::constraints::Constraints;
use crate::observed::{Embeddings, Observed};
use crate::statistics::Statistics;

/// The names of the files.
pub const FILES: [&str; 3] = ["statistics.json", "constraints.json", "embeddings.json"];

/// A baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// `statistics.json`
    pub statistics: Statistics,
    /// `constraints.json`
    pub constraints: Constraints,
    /// `embeddings.json`: a sample of the network's embeddings of the images, or the reason why
    /// there is none.
    pub embeddings: Embeddings,
}

/// An invalid file of a baseline.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file} is not one of a baseline: {reason}; make it anew with `scones monitor baseline`")]
pub struct InvalidBaseline {
    file: &'static str,
    reason: String,
}

/// The content of `embeddings.json`. Base64 is a quarter of the length of decimal numbers.
#[derive(Serialize, Deserialize)]
struct EmbeddingsFile {
    /// The length of each vector.
    dimension: usize,
    /// All vectors, concatenated, as little-endian 32-bit floats in base64.
    data: String,
    /// The reason why there are no embeddings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Baseline {
    /// Makes a baseline of observations.
    pub fn of(observed: Observed) -> Self {
        let statistics = Statistics::of(&observed);
        Self {
            constraints: Constraints::suggested(&statistics),
            statistics,
            embeddings: observed.embeddings,
        }
    }

    /// Serializes the three files, in the order of [`FILES`].
    pub fn to_files(&self) -> [Vec<u8>; 3] {
        [
            pretty(&self.statistics),
            pretty(&self.constraints),
            pretty(&pack(&self.embeddings)),
        ]
    }

    /// Parses the three files.
    ///
    /// # Errors
    /// One of them is invalid.
    pub fn from_files(
        [statistics, constraints, embeddings]: [&[u8]; 3],
    ) -> Result<Self, InvalidBaseline> {
        let [statistics_file, constraints_file, embeddings_file] = FILES;
        let packed: EmbeddingsFile = read(embeddings_file, embeddings)?;
        Ok(Self {
            statistics: read(statistics_file, statistics)?,
            constraints: read(constraints_file, constraints)?,
            embeddings: match packed.reason {
                Some(reason) => Err(reason),
                None => Ok(unpack(&packed).map_err(|reason| InvalidBaseline {
                    file: embeddings_file,
                    reason,
                })?),
            },
        })
    }
}

fn read<'a, T: Deserialize<'a>>(file: &'static str, text: &'a [u8]) -> Result<T, InvalidBaseline> {
    serde_json::from_slice(text).map_err(|error| InvalidBaseline {
        file,
        reason: error.to_string(),
    })
}

/// Serializes to indented JSON with a final newline.
pub(crate) fn pretty(value: &impl Serialize) -> Vec<u8> {
    // Numbers, texts and lists of them are always JSON.
    let mut text = serde_json::to_vec_pretty(value).unwrap_or_default();
    text.push(b'\n');
    text
}

fn pack(embeddings: &Embeddings) -> EmbeddingsFile {
    let vectors = embeddings.as_deref().unwrap_or_default();
    let bytes: Vec<u8> = vectors
        .iter()
        .flatten()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    EmbeddingsFile {
        dimension: vectors.first().map_or(0, Vec::len),
        data: STANDARD.encode(bytes),
        reason: embeddings.as_ref().err().cloned(),
    }
}

fn unpack(packed: &EmbeddingsFile) -> Result<Vec<Vec<f32>>, String> {
    let bytes = STANDARD
        .decode(&packed.data)
        .map_err(|error| error.to_string())?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    if packed.dimension == 0 || !rest.is_empty() || numbers.len() % packed.dimension != 0 {
        let length = bytes.len();
        return Err(format!(
            "{length} bytes are no vectors of {} numbers",
            packed.dimension
        ));
    }
    let numbers: Vec<f32> = numbers
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect();
    Ok(numbers
        .chunks(packed.dimension)
        .map(<[f32]>::to_vec)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::traffic;

    fn again(baseline: &Baseline) -> Result<Baseline, InvalidBaseline> {
        let files = baseline.to_files();
        Baseline::from_files([&files[0], &files[1], &files[2]])
    }

    #[test]
    fn what_was_written_is_read_again() {
        let mut baseline = Baseline::of(traffic(60, 1));
        assert_eq!(again(&baseline), Ok(baseline.clone()));
        baseline.embeddings = Err("no model was given".into());
        assert_eq!(again(&baseline), Ok(baseline.clone()));
    }

    #[test]
    fn a_file_that_is_something_else_is_named() {
        let baseline = Baseline::of(traffic(30, 1));
        let [statistics, constraints, embeddings] = baseline.to_files();
        let error = Baseline::from_files([b"{}", &constraints, &embeddings]).unwrap_err();
        let text = "statistics.json is not one of a baseline: missing field `version` at line 1 \
                    column 2; make it anew with `scones monitor baseline`";
        assert_eq!(error.to_string(), text);
        let odd = br#"{"dimension": 3, "data": "AAAAAAAA"}"#;
        let error = Baseline::from_files([&statistics, &constraints, odd]).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("6 bytes are no vectors of 3 numbers"),
            "{error}"
        );
    }
}

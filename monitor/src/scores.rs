//! A model's answer, read as the probabilities of its classes.

use serde::Deserialize;

/// How far from 1 the sum may be: models compute in 32-bit floats, and some round their answer to a few digits.
const SUM_TOLERANCE: f64 = 1e-3;

/// The probabilities of the classes: at least two, each in 0..=1, together 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores(Vec<f32>);

/// An answer that is no scores.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotScores {
    /// Neither JSON nor CSV of numbers.
    #[error(
        "the answer is neither a JSON array of numbers, nor {{\"prediction\": [...]}}, nor a CSV row of numbers: {0:?}"
    )]
    Form(String),
    /// One number is all there is.
    #[error("the answer has {0} scores, and a classifier has at least two")]
    TooFew(usize),
    /// One is no probability.
    #[error("number {index} of the answer is {score}, and not a probability from 0 to 1")]
    OutOfRange {
        /// Its index, from 0.
        index: usize,
        /// It.
        score: f64,
    },
    /// They are not a distribution.
    #[error("the scores of the answer sum to {0}, and not to 1")]
    SumNotOne(f64),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Scores(Vec<f64>),
    /// What the built-in image classification algorithm answers where it is asked for `application/jsonlines`.
    Line {
        prediction: Vec<f64>,
    },
}

impl Scores {
    /// Reads what a model answered: a JSON array, `{"prediction": [...]}`, or a row of CSV.
    ///
    /// # Errors
    /// It is something else, or not a distribution.
    pub fn parse(answer: &[u8]) -> Result<Self, NotScores> {
        let form = || NotScores::Form(beginning(answer));
        let text = std::str::from_utf8(answer).map_err(|_| form())?.trim();
        let scores = if text.starts_with(['[', '{']) {
            let answer = serde_json::from_str(text).map_err(|_| form())?;
            let (Answer::Scores(scores) | Answer::Line { prediction: scores }) = answer;
            scores
        } else {
            let numbers = text.split(',').map(|number| number.trim().parse());
            numbers.collect::<Result<_, _>>().map_err(|_| form())?
        };
        Self::new(&scores)
    }

    /// Takes numbers as scores.
    ///
    /// # Errors
    /// They are not a distribution over at least two classes.
    pub fn new(scores: &[f64]) -> Result<Self, NotScores> {
        if scores.len() < 2 {
            return Err(NotScores::TooFew(scores.len()));
        }
        // `contains` is false for NaN, as it must be.
        let outside = |(_, score): &(usize, &f64)| !(0.0..=1.0).contains(*score);
        if let Some((index, &score)) = scores.iter().enumerate().find(outside) {
            return Err(NotScores::OutOfRange { index, score });
        }
        let sum: f64 = scores.iter().sum();
        match (sum - 1.0).abs() <= SUM_TOLERANCE {
            true => Ok(Self(scores.iter().map(|score| *score as f32).collect())),
            false => Err(NotScores::SumNotOne(sum)),
        }
    }

    /// One a class, in the model's order.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// The class with the best score, the first of equals, and that score: the model's answer and its confidence.
    pub fn best(&self) -> (usize, f32) {
        best(&self.0)
    }
}

/// The first of the best scores, with its class.
pub(crate) fn best(scores: &[f32]) -> (usize, f32) {
    let scores = scores.iter().copied().enumerate();
    scores.fold(
        (0, -1.0),
        |best, next| if next.1 > best.1 { next } else { best },
    )
}

fn beginning(answer: &[u8]) -> String {
    const SHOWN: usize = 80;
    String::from_utf8_lossy(answer)
        .chars()
        .take(SHOWN)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: &str, expected: &[f32]) {
        let scores = Scores::parse(answer.as_bytes()).unwrap();
        assert_eq!(scores.as_slice(), expected, "{answer}");
    }

    #[track_caller]
    fn check_error(answer: &str, text: &str) {
        let error = Scores::parse(answer.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(text), "{answer}: {error}");
    }

    #[test]
    fn json_jsonlines_and_csv_are_scores() {
        check("[0.82, 0.18]", &[0.82, 0.18]);
        check("{\"prediction\": [0.82, 0.18]}\n", &[0.82, 0.18]);
        check("0.82, 0.18\n", &[0.82, 0.18]);
        check("1e0,0", &[1.0, 0.0]);
        check("[0.3334, 0.3333, 0.3333]", &[0.3334, 0.3333, 0.3333]);
    }

    #[test]
    fn what_is_no_distribution_says_why() {
        check_error("", "neither a JSON array");
        check_error(
            "bicycle",
            "neither a JSON array of numbers, nor {\"prediction\": [...]}, nor a CSV row of numbers: \"bicycle\"",
        );
        check_error("[\"0.82\", \"0.18\"]", "neither a JSON array");
        check_error("{\"predictions\": []}", "neither a JSON array");
        check_error(
            "[1.0]",
            "the answer has 1 scores, and a classifier has at least two",
        );
        check_error("[1.5, -0.5]", "number 0 of the answer is 1.5");
        check_error("NaN,0.5", "number 0 of the answer is NaN");
        check_error("[0.99, 0.99]", "sum to 1.98, and not to 1");
    }

    #[test]
    fn the_first_of_equals_is_the_answer() {
        let best = |scores: &[f64]| Scores::new(scores).unwrap().best();
        assert_eq!(best(&[0.5, 0.5]), (0, 0.5));
        assert_eq!(best(&[0.25, 0.75]), (1, 0.75));
    }
}

//! filter-inferences: the gate. The object passes if its best score reaches the threshold.
//!
//! A gate that lets everything through looks the same as one that works until the day it matters.
//! The notebooks' gates compared text, or `any(...) > threshold`, and refused nothing. This one
//! takes nothing for scores but numbers that are probabilities; anything else is an error with a
//! name of its own.

use evaluation::{InvalidScores, Scores, Threshold};
use serde_json::Value;

use crate::diagnostic::function_error;
use crate::environment::{self, Environment};
use crate::event::{InvalidEvent, Invocation, Object};
use crate::logging;
use crate::runtime::Handler;

/// The function.
#[derive(Clone, Debug)]
pub struct FilterInferences {
    threshold: Threshold,
}

/// An error of filter-inferences. The variants' names are the error names that state machines see.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
pub enum Error {
    /// The event is not the workflow's object.
    #[error(transparent)]
    InvalidEvent(#[from] InvalidEvent),
    /// The model is not sure enough.
    #[error("{image}: {label} with confidence {confidence} is below the threshold {threshold}")]
    ThresholdConfidenceNotMet {
        /// The image, as errors name it.
        image: String,
        /// The class with the best score.
        label: String,
        /// The best score.
        confidence: f64,
        /// The score that was asked for.
        threshold: Threshold,
    },
    /// The event's own threshold is none.
    #[error("{0}: the threshold {1} is not a number above 0 and up to 1")]
    InvalidThreshold(String, Value),
    /// See [`InvalidScores::Missing`].
    #[error("{0}: {1}")]
    InferencesMissing(String, InvalidScores),
    /// See [`InvalidScores::Empty`].
    #[error("{0}: {1}")]
    InferencesEmpty(String, InvalidScores),
    /// See [`InvalidScores::NotNumbers`].
    #[error("{0}: {1}")]
    InferencesNotNumbers(String, InvalidScores),
    /// See [`InvalidScores::OutOfRange`].
    #[error("{0}: {1}")]
    InferencesOutOfRange(String, InvalidScores),
    /// See [`InvalidScores::SumNotOne`].
    #[error("{0}: {1}")]
    InferencesSumNotOne(String, InvalidScores),
}

function_error!(Error, retryable: []);

impl Error {
    fn of_scores(image: String, invalid: InvalidScores) -> Self {
        match invalid {
            InvalidScores::Missing => Self::InferencesMissing(image, invalid),
            InvalidScores::Empty => Self::InferencesEmpty(image, invalid),
            InvalidScores::NotNumbers(_) => Self::InferencesNotNumbers(image, invalid),
            InvalidScores::OutOfRange { .. } => Self::InferencesOutOfRange(image, invalid),
            InvalidScores::SumNotOne(_) => Self::InferencesSumNotOne(image, invalid),
        }
    }
}

impl Handler for FilterInferences {
    const NAME: &'static str = "filter-inferences";
    type Output = Object;
    type Error = Error;

    async fn start(environment: &Environment) -> Result<Self, environment::Error> {
        environment.confidence_threshold().map(Self::new)
    }

    async fn handle(&self, event: Value) -> Result<Object, Error> {
        self.filter(event)
    }
}

impl FilterInferences {
    /// Returns the gate, with the threshold for events that bring none.
    pub fn new(threshold: Threshold) -> Self {
        Self { threshold }
    }

    /// Passes the object of `event` on, without its image and with the confidence computed from the
    /// scores.
    pub fn filter(&self, event: Value) -> Result<Object, Error> {
        let invocation = Invocation::parse(event)?;
        logging::record_event(&invocation);
        self.judge(invocation.object)
    }

    /// Filters an object that has been parsed.
    pub(crate) fn judge(&self, mut object: Object) -> Result<Object, Error> {
        let threshold = self.threshold(&object)?;
        let scores = Scores::parse(&object.inferences)
            .map_err(|invalid| Error::of_scores(object.name(), invalid))?;
        let (index, confidence) = scores.best();
        if threshold.passes(confidence) {
            object.confidence = Some(confidence);
            object.image_data.clear();
            return Ok(object);
        }
        Err(Error::ThresholdConfidenceNotMet {
            image: object.name(),
            label: object.label.unwrap_or_else(|| format!("class {index}")),
            confidence,
            threshold,
        })
    }

    fn threshold(&self, object: &Object) -> Result<Threshold, Error> {
        let Some(value) = &object.threshold else {
            return Ok(self.threshold);
        };
        let threshold = value.as_f64().and_then(|value| Threshold::new(value).ok());
        threshold.ok_or_else(|| Error::InvalidThreshold(object.name(), value.clone()))
    }
}

#[cfg(test)]
mod tests;

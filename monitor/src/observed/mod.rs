//! Observes a model's predictions in a window: counts each record, and keeps random samples.
//!
//! Memory holds samples of fixed size, counts, and the outcome of each labeled record, however many
//! records there are. The same records in the same order give the same samples.

mod budget;
mod gallery;
mod timeline;

use std::ops::ControlFlow;

use evaluation::{Evaluation, Threshold, argmax};
use jiff::Timestamp;

use crate::capture::{InvalidRecord, Record, RecordSink};
use crate::ground_truth::Classes;
use crate::pictures::{Features, ImageFile};
use crate::stats::{Moments, Reservoir};
use crate::window::Window;

use budget::PixelBudget;

pub use gallery::{Gallery, GalleryImage};
pub use timeline::{CONFIDENCE_BINS, TimeBucket, Timeline};

/// The size of the samples of confidences and images. Two such samples tell distributions apart at
/// a distance of 0.06, which is finer than any tolerance. It is also the `k` of Model Monitor's KLL
/// sketches.
pub const SAMPLE: usize = 2048;

/// The size of the sample of embeddings: the cost of comparing them grows with its square.
pub const EMBEDDINGS: usize = 512;

/// Computes the embedding of an image file, the input of the network's last layer. The error is the
/// reason why there is none.
pub type Embed = Box<dyn FnMut(&[u8]) -> Result<Vec<f32>, String> + Send>;

/// Settings of an observer.
pub struct Settings {
    /// The classes, in the order of the model's scores.
    pub labels: Vec<String>,
    /// The lowest confidence that passes the gate.
    pub threshold: Threshold,
    /// The window of the timeline.
    pub window: Window,
    /// True classes, as far as they are known.
    pub truth: Classes,
    /// Computes embeddings, or the reason why there are none.
    pub embed: Result<Embed, String>,
}

/// A sample of embeddings, or the reason why there is none.
pub type Embeddings = Result<Vec<Vec<f32>>, String>;

/// The observations of a window.
pub struct Observed {
    /// The classes, in the order of the model's scores.
    pub labels: Vec<String>,
    /// The lowest confidence that passes the gate.
    pub threshold: Threshold,
    /// The number of predictions.
    pub answers: u64,
    /// The number of predictions that pass the gate.
    pub passed: u64,
    /// The count of each predicted class.
    pub predicted: Vec<u64>,
    /// Moments of all confidences.
    pub confidence: Moments,
    /// A sample of the confidences.
    pub confidences: Vec<f32>,
    /// The number of records whose request was captured.
    pub inputs: u64,
    /// The inverse sampling rate of the images: above 1 if decoding all would have taken too long.
    pub one_in: u64,
    /// Features of a sample of the images; `None` for one that can't be decoded.
    pub images: Vec<Option<Features>>,
    /// Embeddings of a sample of the images.
    pub embeddings: Embeddings,
    /// Counts over time.
    pub timeline: Timeline,
    /// Images to review.
    pub gallery: Gallery,
    /// Quality counts of the predictions whose true class is known.
    pub labeled: Evaluation,
    /// The confidence of each labeled prediction, and true if it was right.
    pub outcomes: Vec<(f32, bool)>,
}

/// Consumes records and produces [`Observed`].
pub struct Observer {
    observed: Observed,
    truth: Classes,
    confidences: Reservoir<f32>,
    images: Reservoir<Option<Features>>,
    budget: PixelBudget,
    embed: Result<Embed, String>,
    embeddings: Reservoir<Result<Vec<f32>, String>>,
}

/// Seeds of the samples, all different so that the samples are of different records.
const SEEDS: [u64; 4] = [1, 2, 3, 4];

impl Observer {
    /// Returns an observer without records.
    pub fn new(settings: Settings) -> Self {
        let Settings {
            labels,
            threshold,
            window,
            truth,
            embed,
        } = settings;
        let observed = Observed {
            threshold,
            answers: 0,
            passed: 0,
            predicted: vec![0; labels.len()],
            confidence: Moments::default(),
            confidences: Vec::new(),
            inputs: 0,
            one_in: 1,
            images: Vec::new(),
            embeddings: Err(String::new()),
            timeline: Timeline::new(window, labels.len()),
            gallery: Gallery::default(),
            labeled: Evaluation::default(),
            outcomes: Vec::new(),
            labels,
        };
        Self {
            observed,
            truth,
            confidences: Reservoir::new(SAMPLE, SEEDS[0]),
            images: Reservoir::new(SAMPLE, SEEDS[1]),
            budget: PixelBudget::new(SEEDS[3]),
            embeddings: Reservoir::new(EMBEDDINGS, SEEDS[2]),
            embed,
        }
    }

    /// Adds a prediction. Its `id` lets a person find the record.
    ///
    /// # Errors
    /// It does not have one score for each label.
    pub fn observe(&mut self, prediction: &Prediction<'_>) -> Result<(), InvalidRecord> {
        let Prediction {
            id,
            time,
            scores,
            image,
            class,
        } = *prediction;
        if scores.len() != self.observed.labels.len() {
            let (found, expected) = (scores.len(), self.observed.labels.len());
            return Err(InvalidRecord::OtherClasses { found, expected });
        }
        let predicted = argmax(scores);
        let confidence = scores[predicted];
        let observed = &mut self.observed;
        let passes = observed.threshold.passes_f32(confidence);
        observed.answers += 1;
        observed.passed += u64::from(passes);
        observed.predicted[predicted] += 1;
        observed.confidence.add(f64::from(confidence));
        self.confidences.offer(|| confidence);
        observed.timeline.add(
            time,
            predicted,
            confidence,
            passes,
            class.map(|class| class == predicted),
        );
        if let Some(class) = class {
            observed.labeled.add(scores, class);
            observed.outcomes.push((confidence, class == predicted));
        }
        if let Some(image) = image {
            observed.inputs += 1;
            if self.budget.is_chosen() {
                let image = ImageFile::new(image);
                let gallery = &mut self.observed.gallery;
                gallery.offer(id, &image, predicted, confidence, class);
                self.look_at(&image);
            }
        }
        Ok(())
    }

    fn look_at(&mut self, image: &ImageFile<'_>) {
        self.images.offer(|| image.features());
        if let Ok(embed) = &mut self.embed {
            self.embeddings.offer(|| embed(&image.for_model()));
        }
        if self.budget.is_spent(image.decoded_pixels()) {
            self.images.halve();
            self.embeddings.halve();
        }
    }

    /// Ends the observation.
    pub fn finish(self) -> Observed {
        let embeddings = match self.embed {
            Err(reason) => Err(reason),
            Ok(_) => embeddings(self.embeddings.into_items()),
        };
        Observed {
            confidences: self.confidences.into_items(),
            images: self.images.into_items(),
            embeddings,
            one_in: self.budget.one_in(),
            ..self.observed
        }
    }
}

/// Returns the embeddings that could be computed. Images that can't be decoded have none; if no
/// image has one, returns the reason.
fn embeddings(sample: Vec<Result<Vec<f32>, String>>) -> Embeddings {
    let mut why = "no image was captured".to_owned();
    let mut good = Vec::new();
    for embedding in sample {
        match embedding {
            Ok(embedding) => good.push(embedding),
            Err(reason) => why = reason,
        }
    }
    if good.is_empty() { Err(why) } else { Ok(good) }
}

/// One prediction of the model.
#[derive(Clone, Copy)]
pub struct Prediction<'a> {
    /// The ID by which a person finds the record.
    pub id: &'a str,
    /// The time of the prediction.
    pub time: Timestamp,
    /// Probabilities of the classes.
    pub scores: &'a [f32],
    /// The image file, if it was captured.
    pub image: Option<&'a [u8]>,
    /// The true class, if it is known.
    pub class: Option<usize>,
}

impl RecordSink for Observer {
    fn record(&mut self, record: Record) -> Result<ControlFlow<()>, InvalidRecord> {
        let scores = record.scores()?;
        self.observe(&Prediction {
            id: record.id(),
            time: record.time,
            scores: &scores.to_f32(),
            image: record.input.as_ref().map(|input| input.body.as_slice()),
            class: self.truth.of(&record),
        })?;
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, png};

    fn observer(embed: Result<Embed, String>) -> Observer {
        let window = Window::new(at("2025-10-04T08:00:00Z"), at("2025-10-04T10:00:00Z")).unwrap();
        Observer::new(Settings {
            labels: ["bicycle", "motorcycle"].map(str::to_owned).to_vec(),
            threshold: Threshold::new(0.9).unwrap(),
            window,
            truth: Classes::default(),
            embed,
        })
    }

    fn prediction<'a>(
        scores: &'a [f32],
        image: Option<&'a [u8]>,
        class: Option<usize>,
    ) -> Prediction<'a> {
        Prediction {
            id: "x",
            time: at("2025-10-04T08:30:00Z"),
            scores,
            image,
            class,
        }
    }

    #[test]
    fn answers_are_counted_and_kept() {
        let mut observer = observer(Ok(Box::new(|file| Ok(vec![file.len() as f32]))));
        let image = png(1, 0);
        observer
            .observe(&prediction(&[0.95, 0.05], Some(&image), Some(0)))
            .unwrap();
        observer
            .observe(&prediction(&[0.25, 0.75], Some(b"no image"), Some(0)))
            .unwrap();
        observer
            .observe(&prediction(&[0.05, 0.95], None, None))
            .unwrap();
        let error = observer
            .observe(&prediction(&[0.2, 0.3, 0.5], None, None))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the answer has 3 scores, and the labels are 2"
        );
        let seen = observer.finish();
        assert_eq!((seen.answers, seen.passed, seen.inputs), (3, 2, 2));
        assert_eq!(
            (seen.predicted, seen.confidences),
            (vec![1, 2], vec![0.95, 0.75, 0.95])
        );
        assert_eq!(seen.outcomes, [(0.95, true), (0.75, false)]);
        assert!(seen.images[0].is_some() && seen.images[1].is_none());
        assert_eq!(
            seen.embeddings,
            Ok(vec![vec![image.len() as f32], vec![8.0]])
        );
        assert_eq!(seen.labeled.accuracy(), 0.5);
    }

    #[test]
    fn without_embeddings_it_is_known_why() {
        let reason = |embed, image: Option<&[u8]>| {
            let mut observer = observer(embed);
            observer
                .observe(&prediction(&[0.5, 0.5], image, None))
                .unwrap();
            observer.finish().embeddings.unwrap_err()
        };
        assert_eq!(
            reason(Err("no model was given".into()), None),
            "no model was given"
        );
        let fails = || Ok(Box::new(|_: &[u8]| Err("not an image".to_owned())) as Embed);
        assert_eq!(reason(fails(), Some(b"x")), "not an image");
        assert_eq!(reason(fails(), None), "no image was captured");
    }

    #[test]
    fn samples_do_not_grow_with_the_records() {
        let mut observer = observer(Ok(Box::new(|_| Ok(vec![0.0]))));
        for n in 0..10_000 {
            let confidence = 0.5 + (n % 100) as f32 / 250.0;
            observer
                .observe(&prediction(
                    &[confidence, 1.0 - confidence],
                    Some(b"x"),
                    None,
                ))
                .unwrap();
        }
        let seen = observer.finish();
        assert_eq!((seen.answers, seen.confidences.len()), (10_000, SAMPLE));
        assert_eq!(
            (seen.images.len(), seen.embeddings.unwrap().len()),
            (SAMPLE, EMBEDDINGS)
        );
    }
}

//! The command line of `scones monitor`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};
use evaluation::Threshold;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use monitor::corruption::Corruption;
use monitor::job;
use s3_uri::{InvalidS3Uri, S3Uri};

use super::Target;

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Monitor {
    Baseline(Baseline),
    Run(Run),
    Report(Report),
    Label(Label),
    Traffic(Traffic),
}

/// The endpoint, and where its data is.
#[derive(Args, Clone, Debug)]
pub(crate) struct EndpointArgs {
    /// The endpoint
    #[arg(long, value_name = "NAME", default_value = "scones-classifier")]
    pub(crate) endpoint: String,
    /// The bucket of captured data, labels and results; by default the local stack's own
    #[arg(long, value_name = "BUCKET", required_if_eq("aws", "true"))]
    pub(crate) bucket: Option<String>,
    /// Prefix of captured data in the bucket
    #[arg(long, value_name = "PREFIX", default_value = job::CAPTURED)]
    pub(crate) captured: String,
    /// Prefix of labels
    #[arg(long, value_name = "PREFIX", default_value = job::GROUND_TRUTH)]
    pub(crate) ground_truth: String,
    /// Prefix of baselines and runs
    #[arg(long, value_name = "PREFIX", default_value = job::RESULTS)]
    pub(crate) results: String,
    #[command(flatten)]
    pub(crate) to: Target,
}

/// The time that is looked at.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct TimeRange {
    /// The first moment: 2026-03-01T08:00:00Z, 2026-03-01 (UTC), or so long ago: 6h, 7d
    #[arg(long, value_name = "TIME", value_parser = moment, default_value = "24h")]
    pub(crate) from: Timestamp,
    /// The moment after the last; by default now
    #[arg(long, value_name = "TIME", value_parser = moment, default_value = "0s")]
    pub(crate) to: Timestamp,
}

/// Images whose classes are known.
#[derive(Args, Clone, Debug)]
pub(crate) struct Images {
    /// The images: a folder, or s3://BUCKET/PREFIX
    #[arg(long, value_name = "PLACE")]
    pub(crate) images: Option<Location>,
    /// Their classes, in SageMaker's .lst format (row, class, path): a file, or s3://BUCKET/KEY
    #[arg(long, value_name = "PLACE")]
    pub(crate) lst: Option<Location>,
}

/// A file or a folder: on this machine, or an object or a prefix in S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    Local(PathBuf),
    S3(S3Uri),
}

impl FromStr for Location {
    type Err = InvalidS3Uri;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("s3://") {
            text.parse().map(Self::S3)
        } else {
            Ok(Self::Local(text.into()))
        }
    }
}

/// Say what the model does when all is well: statistics.json and constraints.json
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  scones monitor baseline --model s3://BUCKET/models/model.tar.gz --images s3://BUCKET/test/ --lst s3://BUCKET/test.lst
  scones monitor baseline --model model.tar.gz --images data/test --lst data/test.lst
  scones monitor baseline --labels bicycle,motorcycle --from 7d --to 1d      from captured traffic and its labels

Use images that the model was not trained on: on those that it was, it is surer than it will ever be again.")]
pub(crate) struct Baseline {
    #[command(flatten)]
    pub(crate) of: EndpointArgs,
    #[command(flatten)]
    pub(crate) images: Images,
    /// The model: model.tar.gz, its folder, or s3://BUCKET/KEY
    #[arg(long, value_name = "PLACE")]
    pub(crate) model: Option<Location>,
    /// The classes in the order of the scores; by default the model's own
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "NAMES",
        required_unless_present = "model"
    )]
    pub(crate) labels: Vec<String>,
    /// The score that passes the gate: the template's ConfidenceThreshold
    #[arg(long, value_name = "SCORE", default_value_t)]
    pub(crate) threshold: Threshold,
    #[command(flatten)]
    pub(crate) window: TimeRange,
}

/// Compare captured traffic with the baseline
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  scones monitor run                                 the last 24 hours
  scones monitor run --from 2026-03-01 --to 2026-03-02 --model s3://BUCKET/models/model.tar.gz

Writes statistics.json, constraint_violations.json and report.html to s3://BUCKET/monitoring/ENDPOINT/runs/, and prints
one line of metrics in CloudWatch's embedded metric format.

Exit status: 0 if all is as in the baseline, 2 if something is not, 3 if there were too few answers to tell, 1 for errors.")]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) of: EndpointArgs,
    #[command(flatten)]
    pub(crate) look: ComparisonArgs,
}

/// Options of a comparison.
#[derive(Args, Clone, Debug)]
pub(crate) struct ComparisonArgs {
    #[command(flatten)]
    pub(crate) window: TimeRange,
    /// One production variant; by default all
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
    /// The model, for its embeddings: model.tar.gz, its folder, or s3://BUCKET/KEY; by default the
    /// baseline's, if it is in S3
    #[arg(long, value_name = "PLACE")]
    pub(crate) model: Option<Location>,
    /// The score that passes the gate; by default the baseline's
    #[arg(long, value_name = "SCORE")]
    pub(crate) threshold: Option<Threshold>,
}

/// Draw what is found as one HTML file
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  scones monitor report --out report.html --from 7d
  scones monitor report --out report.html --plots plots     and each plot as an SVG file")]
pub(crate) struct Report {
    #[command(flatten)]
    pub(crate) of: EndpointArgs,
    #[command(flatten)]
    pub(crate) look: ComparisonArgs,
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = "report.html")]
    pub(crate) out: PathBuf,
    /// Write each plot as an SVG file into this folder too
    #[arg(long, value_name = "DIR")]
    pub(crate) plots: Option<PathBuf>,
}

/// Say what captured images really show
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
The file is CSV, or - for standard input, with a header. Its columns:
  id      the inference id of the request, or the event id where it had none
  label   the name of the class, or its number in the order of the scores

Other columns are not looked at. A later label for the same id takes the earlier one's place.")]
pub(crate) struct Label {
    #[command(flatten)]
    pub(crate) of: EndpointArgs,
    /// The labels
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Send test images to the endpoint, as they are or made worse, and write their labels
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  scones monitor traffic --images s3://BUCKET/test/ --lst s3://BUCKET/test.lst
  scones monitor traffic --images data/test --lst data/test.lst --corrupt dark --severity 4
  scones monitor traffic --images data/test --lst data/test.lst --corrupt blur --drift     worse from one to the next
  scones monitor traffic --images data/test --lst data/test.lst --mix 0.9,0.1              another mix of classes")]
pub(crate) struct Traffic {
    #[command(flatten)]
    pub(crate) of: EndpointArgs,
    #[command(flatten)]
    pub(crate) images: Images,
    /// The classes in the order of the scores; by default labels are written as numbers
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub(crate) labels: Vec<String>,
    /// Number of requests
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) count: u32,
    /// Requests a second
    #[arg(long, default_value_t = 20.0)]
    pub(crate) rate: f64,
    /// Make the images worse: blur, dark, noise or contrast
    #[arg(long, value_name = "KIND")]
    pub(crate) corrupt: Option<Corruption>,
    /// Severity of the corruption, 1 to 5
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=5), requires = "corrupt")]
    pub(crate) severity: u8,
    /// Begin with images as they are, and reach the severity at the end
    #[arg(long, requires = "corrupt")]
    pub(crate) drift: bool,
    /// The part of each class, in the order of the scores; by default as in the list
    #[arg(long, value_delimiter = ',', value_name = "PARTS")]
    pub(crate) mix: Vec<f64>,
    /// Feeds everything random
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Write no labels
    #[arg(long, alias = "unlabelled")]
    pub(crate) unlabeled: bool,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let day = text.parse::<jiff::civil::Date>().ok();
    if let Some(midnight) = day.and_then(|day| day.to_zoned(TimeZone::UTC).ok()) {
        return Ok(midnight.timestamp());
    }
    let ago = text.parse::<Span>().ok();
    let then = ago.and_then(|ago| {
        Timestamp::now()
            .to_zoned(TimeZone::UTC)
            .checked_sub(ago)
            .ok()
    });
    then.map(|then| then.timestamp()).ok_or_else(|| {
        "write it as 2026-03-01T08:00:00Z, 2026-03-01, or so long ago: 6h, 7d".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_in_three_ways() {
        assert_eq!(
            moment("2026-03-01T08:00:00Z").unwrap().to_string(),
            "2026-03-01T08:00:00Z"
        );
        assert_eq!(
            moment("2026-03-01").unwrap().to_string(),
            "2026-03-01T00:00:00Z"
        );
        let ago = Timestamp::now().duration_since(moment("7d").unwrap());
        assert!((ago.as_secs() - 7 * 86_400).abs() < 5, "{ago}");
        assert!(
            moment("yesterday")
                .unwrap_err()
                .contains("so long ago: 6h, 7d")
        );
    }

    #[test]
    fn files_are_local_or_in_s3() {
        let uri = S3Uri::new("b", "test/");
        assert_eq!("s3://b/test/".parse(), Ok(Location::S3(uri)));
        assert_eq!("data/test".parse(), Ok(Location::Local("data/test".into())));
        assert_eq!("s3://".parse::<Location>(), Err(InvalidS3Uri::Bucket));
    }
}

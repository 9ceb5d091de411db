//! Plots of a report, each of the observations and the baseline.

use jiff::tz::TimeZone;
use plots::{Anchor, Plot, Svg, percent_ticks};

use super::Report;
use crate::observed::{CONFIDENCE_BINS, TimeBucket};
use crate::pictures::NAMES;
use crate::statistics::CONFIDENCE;
use crate::stats::proportion::Proportion;

const WIDE: (f64, f64) = (960.0, 260.0);
const HALF: (f64, f64) = (460.0, 260.0);

/// The number of classes that get a color of their own; all others share one.
const COLORED: usize = 6;

/// Returns name, title and SVG of each plot that has data.
pub(super) fn all(report: &Report<'_>) -> Vec<(&'static str, &'static str, Svg)> {
    let mut all = vec![
        (
            "confidence-over-time",
            "Confidence over time",
            confidence_over_time(report),
        ),
        ("confidence", "How sure the answers are", confidence(report)),
        (
            "classes-over-time",
            "Predicted classes over time",
            classes_over_time(report),
        ),
    ];
    if report.findings.quality.is_some() {
        all.push((
            "reliability",
            "Whether a confidence of 90 % is right nine times in ten",
            reliability(report),
        ));
    }
    all.push(("images", "What the images look like", images(report)));
    all
}

fn buckets<'a>(report: &'a Report<'_>) -> &'a [TimeBucket] {
    report.observed.timeline.buckets()
}

/// Returns five time ticks, with the date if the window is longer than two days.
fn times(report: &Report<'_>) -> Vec<(f64, String)> {
    let buckets = buckets(report);
    let format = match report.window.duration().as_hours() {
        0 => "%H:%M:%S",
        ..48 => "%H:%M",
        48..1440 => "%d %b",
        _ => "%b %Y",
    };
    let every = buckets.len().div_ceil(6).max(1);
    let marked = buckets.iter().enumerate().step_by(every);
    marked
        .map(|(index, bucket)| {
            (
                index as f64,
                bucket
                    .start
                    .to_zoned(TimeZone::UTC)
                    .strftime(format)
                    .to_string(),
            )
        })
        .collect()
}

/// Splits the buckets into runs without gaps: a line across a gap would show values that nobody
/// measured.
fn runs<T>(buckets: &[TimeBucket], value: impl Fn(usize, &TimeBucket) -> Option<T>) -> Vec<Vec<T>> {
    let mut runs = vec![Vec::new()];
    for (index, bucket) in buckets.iter().enumerate() {
        match (value(index, bucket), runs.last_mut()) {
            (Some(value), Some(run)) => run.push(value),
            (None, Some(run)) if !run.is_empty() => runs.push(Vec::new()),
            _ => {}
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

fn confidence_over_time(report: &Report<'_>) -> Svg {
    let buckets = buckets(report);
    let threshold = report.observed.threshold.as_f64();
    let label = "Median confidence and the range of the middle 80 % of the answers, over time, \
                 with the gate's threshold";
    let mut plot = Plot::new(WIDE, (0.0, buckets.len() as f64), (0.0, 1.0), label);
    plot.y_ticks(&percent_ticks(1.0, 5));
    plot.x_ticks(&times(report));
    let max_answers = buckets
        .iter()
        .map(|bucket| bucket.answers)
        .max()
        .unwrap_or(0)
        .max(1) as f64;
    for (index, bucket) in buckets.iter().enumerate() {
        // How many answers there were, in the lowest fifth.
        let height = bucket.answers as f64 / max_answers * 0.18;
        plot.bar(
            "fill reference",
            (index as f64 + 0.1, index as f64 + 0.9),
            (0.0, height),
        );
    }
    let middle = |index: usize| index as f64 + 0.5;
    for run in runs(buckets, |index, bucket| {
        Some((middle(index), bucket.quantile(0.1)?, bucket.quantile(0.9)?))
    }) {
        // A run of one bucket has no width.
        let run = match run.as_slice() {
            [(x, low, high)] => vec![(x - 0.3, *low, *high), (x + 0.3, *low, *high)],
            _ => run,
        };
        plot.band("fill faint s0", &run);
    }
    for run in runs(buckets, |index, bucket| {
        Some((middle(index), bucket.quantile(0.5)?))
    }) {
        let run = match run.as_slice() {
            [(x, y)] => vec![(x - 0.3, *y), (x + 0.3, *y)],
            _ => run,
        };
        plot.line("line s0", &run);
    }
    let end = buckets.len() as f64;
    plot.line("line dashed limit", &[(0.0, threshold), (end, threshold)]);
    plot.text(
        "limit",
        (end, threshold),
        (-4.0, -6.0),
        Anchor::End,
        &format!("threshold {threshold:.2}"),
    );
    plot.legend("fill s0", 0.0, "median");
    plot.legend("fill faint s0", 80.0, "middle 80 %");
    plot.legend(
        "fill reference",
        190.0,
        &format!("answers (max_answers: {max_answers})"),
    );
    plot.into_svg()
}

fn confidence(report: &Report<'_>) -> Svg {
    let before = shares(
        report.baseline.statistics.sample(CONFIDENCE),
        (0.0, 1.0),
        CONFIDENCE_BINS / 2,
    );
    let now = shares(
        &report.observed.confidences,
        (0.0, 1.0),
        CONFIDENCE_BINS / 2,
    );
    let top = before.iter().chain(&now).copied().fold(0.0, f64::max) * 1.08;
    let threshold = report.observed.threshold.as_f64();
    let label =
        "Shares of the answers by confidence, now and in the baseline, with the gate's threshold";
    let mut plot = Plot::new(WIDE, (0.0, 1.0), (0.0, top), label);
    plot.y_ticks(&percent_ticks(top, 4));
    plot.x_ticks(&percent_ticks(1.0, 5));
    histogram(&mut plot, &before, &now, (0.0, 1.0));
    plot.line("line dashed limit", &[(threshold, 0.0), (threshold, top)]);
    plot.text(
        "limit",
        (threshold, top),
        (-6.0, 12.0),
        Anchor::End,
        &format!("threshold {threshold:.2}"),
    );
    plot.legend("fill s0", 0.0, "this window");
    plot.legend("fill reference", 110.0, "baseline");
    plot.into_svg()
}

fn histogram(plot: &mut Plot, before: &[f64], now: &[f64], (low, high): (f64, f64)) {
    let width = (high - low) / before.len() as f64;
    for (index, share) in before.iter().enumerate() {
        let left = low + index as f64 * width;
        plot.bar("fill reference", (left, left + width), (0.0, *share));
    }
    let mut outline = vec![(low, 0.0)];
    for (index, share) in now.iter().enumerate() {
        let left = low + index as f64 * width;
        outline.extend([(left, *share), (left + width, *share)]);
    }
    outline.push((high, 0.0));
    plot.line("line s0", &outline);
}

/// Draws a histogram of a sample.
fn shares(sample: &[f32], (low, high): (f64, f64), bins: usize) -> Vec<f64> {
    let mut shares = vec![0.0; bins];
    let width = (high - low) / bins as f64;
    for value in sample {
        let bin = ((f64::from(*value) - low) / width.max(f64::MIN_POSITIVE)) as usize;
        shares[bin.min(bins - 1)] += 1.0 / sample.len() as f64;
    }
    shares
}

fn classes_over_time(report: &Report<'_>) -> Svg {
    let buckets = buckets(report);
    let labels = &report.observed.labels;
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by_key(|class| std::cmp::Reverse(report.observed.predicted[*class]));
    order.truncate(COLORED);
    let label = "The part of the answers that each class has, over time";
    let mut plot = Plot::new(WIDE, (0.0, buckets.len() as f64), (0.0, 1.0), label);
    plot.y_ticks(&percent_ticks(1.0, 5));
    for (index, bucket) in buckets
        .iter()
        .enumerate()
        .filter(|(_, bucket)| bucket.answers > 0)
    {
        let across = (index as f64 + 0.06, index as f64 + 0.94);
        let mut from = 0.0;
        for (color, class) in order.iter().enumerate() {
            let to = from + bucket.predicted[*class] as f64 / bucket.answers as f64;
            plot.bar(&format!("fill s{color}"), across, (from, to));
            from = to;
        }
        plot.bar("fill s6", across, (from, 1.0));
    }
    plot.x_ticks(&times(report));
    let mut offset = 0.0;
    for (color, class) in order.iter().enumerate() {
        plot.legend(&format!("fill s{color}"), offset, &labels[*class]);
        offset += 34.0 + 7.0 * labels[*class].chars().count() as f64;
    }
    if labels.len() > COLORED {
        plot.legend("fill s6", offset, "others");
    }
    plot.into_svg()
}

fn reliability(report: &Report<'_>) -> Svg {
    let label = "The part of the answers that is right, by confidence, with intervals of 95 %; on \
                 the line they would be the same";
    let mut plot = Plot::new(HALF, (0.0, 1.0), (0.0, 1.0), label);
    plot.y_ticks(&percent_ticks(1.0, 5));
    plot.x_ticks(&percent_ticks(1.0, 5));
    plot.line("line dashed reference", &[(0.0, 0.0), (1.0, 1.0)]);
    let bins = report
        .findings
        .quality
        .iter()
        .flat_map(|quality| &quality.reliability);
    for bin in bins.filter(|bin| bin.images > 0) {
        let correct = (f64::from(bin.accuracy) * bin.images as f64).round() as u64;
        let right = Proportion::new(correct, bin.images as u64).interval();
        let confidence = f64::from(bin.confidence);
        plot.line(
            "line s0",
            &[(confidence, right.low), (confidence, right.high)],
        );
        plot.point("fill s0", (confidence, right.value));
    }
    plot.into_svg()
}

/// Draws small plots of every feature, side by side in one picture.
fn images(report: &Report<'_>) -> Svg {
    const SIZE: (f64, f64) = (232.0, 170.0);
    const COLUMNS: usize = 4;
    let (width, height) = (
        SIZE.0 * COLUMNS as f64 + 24.0,
        (SIZE.1 + 12.0) * NAMES.len().div_ceil(COLUMNS) as f64,
    );
    let label = "Distributions of image features, now (line) and in the baseline (gray)";
    let mut svg = Svg::new((width, height), label);
    for (index, name) in NAMES.iter().enumerate() {
        let (column, row) = (index % COLUMNS, index / COLUMNS);
        let (x, y) = (column as f64 * (SIZE.0 + 8.0), row as f64 * (SIZE.1 + 12.0));
        svg.nest((x, y), &feature(report, index, name, SIZE));
    }
    svg
}

fn feature(report: &Report<'_>, index: usize, name: &str, size: (f64, f64)) -> Svg {
    let before = report.baseline.statistics.sample(name);
    let now: Vec<f32> = report
        .observed
        .images
        .iter()
        .flatten()
        .map(|features| features.values[index])
        .collect();
    let range = middle(before, &now);
    let (shares_before, shares_now) = (
        shares(&within(before, range), range, 20),
        shares(&within(&now, range), range, 20),
    );
    let top = shares_before
        .iter()
        .chain(&shares_now)
        .copied()
        .fold(0.01, f64::max)
        * 1.2;
    let mut plot = Plot::new(size, range, (0.0, top), name);
    histogram(&mut plot, &shares_before, &shares_now, range);
    let number = |value: f64| {
        let digits = match range.1 - range.0 {
            span if span >= 10.0 => 0,
            span if span >= 0.1 => 2,
            _ => 3,
        };
        let text = format!("{value:.digits$}");
        // Rounded to nothing it has no sign.
        match text.trim_start_matches(['-', '0', '.']) {
            "" => "0".to_owned(),
            _ => text,
        }
    };
    let (low, high) = range;
    plot.x_ticks(&[
        (low, number(low)),
        ((low + high) / 2.0, number((low + high) / 2.0)),
        (high, number(high)),
    ]);
    plot.text("strong", (low, top), (0.0, 2.0), Anchor::Start, name);
    plot.into_svg()
}

/// Clamps the values to the range.
fn within(sample: &[f32], (low, high): (f64, f64)) -> Vec<f32> {
    sample
        .iter()
        .map(|value| value.clamp(low as f32, high as f32))
        .collect()
}

/// Returns the range from the 1st to the 99th percentile of both samples, so that a few outliers do
/// not squeeze the rest.
fn middle(before: &[f32], now: &[f32]) -> (f64, f64) {
    let mut all: Vec<f32> = before.iter().chain(now).copied().collect();
    all.sort_unstable_by(f32::total_cmp);
    let at = |part: f64| {
        all.get(((all.len() as f64 - 1.0) * part).round() as usize)
            .map_or(0.0, |value| f64::from(*value))
    };
    let (low, high) = (at(0.01), at(0.99));
    if high > low {
        (low, high)
    } else {
        (low - 0.5, low + 0.5)
    }
}

//! The tables of tests, of quality by class, and of the remaining facts.

use maud::{Markup, html};

use super::{Report, group, name, percent};
use crate::drift::{Kind, Outcome, Test};
use crate::stats::proportion::Interval;

/// The number of classes above which the confusion matrix is left out.
const LEGIBLE: usize = 12;

pub(super) fn tests(report: &Report<'_>) -> Markup {
    html! {
        section {
            h2 { "Each test" }
            p.soft {
                "A test fails where the difference is more than chance explains (probability at \
                 most "
                (report.baseline.constraints.image_classification.significance_level)
                ", corrected for the number of tests) and reaches the mark, from which on it \
                 matters."
            }
            div.scroll { table {
                thead { tr { th { "test" } th { "baseline" } th { "now" } th { "difference" } th {} th { "probability \
                    by chance" } } }
                tbody { @for test in &report.findings.tests { (row(test)) } }
            } }
        }
    }
}

fn row(test: &Test) -> Markup {
    let what = match test.kind {
        Kind::KolmogorovSmirnov => "Kolmogorov-Smirnov",
        Kind::ChiSquared => "chi-squared",
        Kind::MaximumMeanDiscrepancy => "maximum mean discrepancy",
        Kind::TwoProportions => "two proportions",
        Kind::ConfidenceBased => "confidence-based estimate",
    };
    match &test.outcome {
        Err(reason) => {
            html! { tr { td title=(what) { (name(&test.feature)) } td.text colspan="5" { (reason) } } }
        }
        Ok(outcome) => html! {
            tr.bad[outcome.is_violation] {
                td title=(what) { (name(&test.feature)) }
                td { (outcome.before.map(percent).unwrap_or_default()) }
                td { (outcome.now.map(|now| percent(now.value)).unwrap_or_default()) }
                td { (format!("{:.3}", outcome.distance)) }
                td { (bar(outcome)) }
                td { (probability(outcome.adjusted_p_value)) }
            }
        },
    }
}

/// Returns the difference on a scale whose tolerance mark is at two fifths.
fn bar(outcome: &Outcome) -> Markup {
    const MARK: f64 = 40.0;
    if outcome.tolerance <= 0.0 {
        return html! {};
    }
    let width = (outcome.distance / outcome.tolerance * MARK).clamp(0.0, 100.0);
    html! { span.bar { i style=(format!("width:{width:.0}%")) {} b style=(format!("left:{MARK:.0}%")) {} } }
}

fn probability(p: f64) -> String {
    match p {
        p if p >= 0.001 => format!("{p:.3}"),
        _ => format!("{p:.0e}"),
    }
}

fn interval(interval: &Interval) -> Markup {
    html! { (percent(interval.value)) " " span.soft { "(" (percent(interval.low)) " to " (percent(interval.high)) ")" } }
}

pub(super) fn quality(report: &Report<'_>) -> Markup {
    let Some(quality) = &report.findings.quality else {
        return html! {};
    };
    let labels = &report.observed.labels;
    html! {
        section {
            h2 { "By class, on " (group(quality.labeled)) " labeled answers" }
            div.scroll { table {
                thead { tr { th { "class" } th { "images" } th { "precision" } th { "recall" } } }
                tbody { @for class in &quality.classes { tr {
                    td { (class.label) } td { (group(class.images)) } td { (interval(&class.precision)) } td { (interval(&class.recall)) }
                } } }
            } }
            @if labels.len() <= LEGIBLE { (confusion(labels, &quality.confusion)) }
            p.soft {
                "Of those that pass the gate, " (interval(&quality.gate_precision)) " are right. \
                    Calibration error "
                (format!("{:.3}", quality.ece)) ", where " (format!("{:.3}", quality.ece_floor))
                " would be chance; log loss " (format!("{:.3}", quality.log_loss)) "."
            }
        }
    }
}

fn confusion(labels: &[String], confusion: &[Vec<usize>]) -> Markup {
    let shade = |count: usize, row: &[usize]| {
        let part = count as f64 / row.iter().sum::<usize>().max(1) as f64;
        format!(
            "background:color-mix(in srgb,var(--now) {:.0}%,transparent)",
            part * 60.0
        )
    };
    html! {
        div.scroll { table {
            thead { tr { th { "true class \\ answer" } @for label in labels { th.cell { (label) } } } }
            tbody { @for (label, row) in labels.iter().zip(confusion) {
                tr { td { (label) } @for count in row { td.cell style=(shade(*count, row)) { (group(*count as u64)) } } }
            } }
        } }
    }
}

pub(super) fn small_print(report: &Report<'_>) -> Markup {
    let skipped = &report.findings.skipped;
    let baseline = &report.baseline.statistics;
    html! {
        footer {
            p {
                "The baseline has " (group(baseline.dataset.item_count)) " answers. Distributions \
                    are compared on fair samples of at most "
                (group(crate::observed::SAMPLE as u64)) " answers, embeddings on " (group(crate::observed::EMBEDDINGS as u64)) ". \
                    "
                "Intervals are of 95 %. The estimated accuracy takes answers of one confidence to \
                 be as often right as they were in the "
                "baseline; labels show whether they are."
            }
            @if skipped.lines > 0 {
                p { (group(skipped.lines)) " lines could not be used:" }
                ul { @for reason in &skipped.reasons { li { (group(reason.lines)) " " (reason.name) ", \
                    such as " (reason.first) } } }
            }
        }
    }
}

//! The report as a file: whole, safe and self-contained.

use super::*;
use crate::corruption::Corruption;
use crate::skipped::SkippedLines;
use crate::testing::{Traffic, at, traffic};

fn page(observed: &Observed) -> (String, Vec<PlotFile>) {
    let baseline = Baseline::of(traffic(200, 1));
    let findings = Findings::new(&baseline, observed, SkippedLines::default());
    let window = Window::new(at("2025-10-04T08:00:00Z"), at("2025-10-04T09:00:00Z")).unwrap();
    let report = Report {
        endpoint: "scones <1>",
        window,
        baseline: &baseline,
        observed,
        findings: &findings,
    };
    (report.html(), report.figures())
}

#[test]
fn a_report_needs_nothing_else_and_says_what_is_wrong() {
    let dark = Traffic {
        count: 200,
        seed: 3,
        share: 0.5,
        corruption: Some((Corruption::Dark, 4)),
    };
    let (page, figures) = page(&dark.observed());
    for (name, expected) in [
        ("the endpoint, escaped", "<h1>scones &lt;1&gt;</h1>"),
        ("the verdict", "things are not as in the baseline."),
        (
            "the violation",
            "<strong>brightness</strong>: the distance between the distributions",
        ),
        ("a picture", "<img src=\"data:image/png;base64,iVBORw0KGgo"),
        ("the threshold", "threshold 0.80"),
        ("the matrix", "true class"),
        ("dark mode", "prefers-color-scheme:dark"),
    ] {
        assert!(page.contains(expected), "{name}");
    }
    for foreign in ["<script", "<link", "url(", "@import", "src=\"http", "href="] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    let names: Vec<&str> = figures.iter().map(|figure| figure.name).collect();
    assert_eq!(
        names,
        [
            "confidence-over-time",
            "confidence",
            "classes-over-time",
            "reliability",
            "images"
        ]
    );
    for figure in figures {
        assert!(
            figure.svg.starts_with("<svg xmlns=") && figure.svg.contains("<style>"),
            "{}",
            figure.name
        );
        assert!(
            figure.svg.ends_with("</svg>\n") && !figure.svg.contains("NaN"),
            "{}",
            figure.name
        );
    }
}

#[test]
fn unchanged_traffic_is_said_to_be_so() {
    let (page, _) = page(&traffic(200, 4));
    assert!(page.contains("The model sees what it was tested on."));
}

#[test]
fn a_window_without_anything_is_a_report_too() {
    let mut nothing = traffic(1, 4);
    nothing.outcomes.clear();
    let (page, figures) = page(&nothing);
    assert!(page.contains("There were too few answers to tell.") && page.contains("no labels yet"));
    assert_eq!(figures.len(), 4);
    assert!(!page.contains("NaN") && !page.contains("inf"));
}

#[test]
fn numbers_are_grouped() {
    assert_eq!(
        [0, 999, 1000, 1_234_567].map(group),
        ["0", "999", "1,000", "1,234,567"]
    );
}

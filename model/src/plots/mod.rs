//! The figures of an evaluation as pictures: self-contained SVG, which browsers and GitHub show.

mod axes;
mod confusion;
mod coverage;
mod reliability;
mod svg;

use evaluation::{Evaluation, GateReport, Report};

/// Colour of what is measured.
const BLUE: &str = "#2563a8";
/// Colour of what it should be, or what differs.
const RED: &str = "#c8433a";
/// Colour of what helps to read.
const GREY: &str = "#8a8f98";

/// File names and contents of all plots; `wanted` is the gate for a wanted precision.
pub fn all(
    evaluation: &Evaluation,
    report: &Report,
    wanted: Option<&GateReport>,
) -> [(&'static str, String); 3] {
    [
        ("confusion.svg", confusion::draw(report)),
        ("reliability.svg", reliability::draw(report)),
        (
            "risk-coverage.svg",
            coverage::draw(evaluation, report, wanted),
        ),
    ]
}

//! Risk against coverage: how many of the answers that pass are wrong, by how many pass.

use super::axes::Axes;
use super::svg::{Anchor, Svg};
use super::{BLUE, GREY, RED};
use evaluation::{Evaluation, GateReport, Report};

/// Scales end at one of these.
const TOPS: [f32; 7] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0];

pub(super) fn draw(
    evaluation: &Evaluation,
    report: &Report,
    wanted: Option<&GateReport>,
) -> String {
    let points = evaluation.risk_coverage();
    let highest = points.iter().map(|point| point.risk).fold(0.0, f32::max);
    let top = TOPS.into_iter().find(|top| highest <= *top).unwrap_or(1.0);
    let axes = Axes {
        title: "Risk against coverage",
        subtitle: format!(
            "each gate from the strictest to none, on {} images",
            report.images
        ),
        x: "coverage: part of the images that pass the gate",
        y: "risk: part of those that is wrong",
        top,
        size: [680, 480],
    };
    let mut svg = axes.draw();
    let places: Vec<_> = points
        .iter()
        .map(|point| axes.place(point.coverage, point.risk))
        .collect();
    svg.polyline(&places, BLUE);
    gate(&mut svg, &axes, &report.gate, GREY);
    if let Some(wanted) = wanted {
        gate(&mut svg, &axes, wanted, RED);
    }
    svg.finish()
}

/// Marks a gate, with its threshold.
fn gate(svg: &mut Svg, axes: &Axes, gate: &GateReport, colour: &str) {
    if gate.pass_rate == 0.0 {
        return;
    }
    let [x, y] = axes.place(gate.pass_rate, 1.0 - gate.precision);
    svg.line([x, y], axes.place(gate.pass_rate, 0.0), colour, true);
    svg.dot([x, y], colour);
    let text = format!(
        "{:.3}: {:.1} % right",
        gate.threshold,
        gate.precision * 100.0
    );
    svg.text([x - 10.0, y - 14.0], Anchor::End, 12, &text);
}

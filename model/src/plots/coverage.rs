//! Risk against coverage: the error rate of the answers that pass the gate, by the share that
//! passes.

use evaluation::{Evaluation, GateReport, Report};
use plots::{Anchor, Plot, Svg, Titles, number_ticks};

/// The vertical axis ends at one of these.
const MAXIMA: [f64; 7] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0];

pub(super) fn draw(evaluation: &Evaluation, report: &Report, wanted: Option<&GateReport>) -> Svg {
    let points: Vec<(f64, f64)> = evaluation
        .risk_coverage()
        .iter()
        .map(|point| (f64::from(point.coverage), f64::from(point.risk)))
        .collect();
    let highest = points.iter().map(|(_, risk)| *risk).fold(0.0, f64::max);
    let max = MAXIMA
        .into_iter()
        .find(|max| highest <= *max)
        .unwrap_or(1.0);
    let titles = Titles {
        title: "Risk against coverage",
        subtitle: &format!("each threshold of the gate, on {} images", report.images),
        x: "coverage: share of the images that pass the gate",
        y: "risk: error rate of those that pass",
    };
    let mut plot = Plot::titled((680.0, 480.0), (0.0, 1.0), (0.0, max), &titles);
    plot.y_ticks(&number_ticks(0.0, max, 5));
    plot.x_ticks(&number_ticks(0.0, 1.0, 5));
    if !points.is_empty() {
        plot.line("line s0", &points);
    }
    draw_gate(&mut plot, &report.gate, "reference");
    if let Some(wanted) = wanted {
        draw_gate(&mut plot, wanted, "limit");
    }
    plot.into_svg()
}

/// Marks a gate, with its threshold.
fn draw_gate(plot: &mut Plot, gate: &GateReport, color: &str) {
    if gate.pass_rate == 0.0 {
        return;
    }
    let coverage = f64::from(gate.pass_rate);
    let point = (coverage, f64::from(1.0 - gate.precision));
    plot.line(&format!("line dashed {color}"), &[(coverage, 0.0), point]);
    plot.point(&format!("fill {color}"), point);
    let text = format!(
        "{:.3}: {:.1} % right",
        gate.threshold,
        gate.precision * 100.0
    );
    plot.text("strong", point, (-10.0, -10.0), Anchor::End, &text);
}

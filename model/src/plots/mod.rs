//! Plots of an evaluation: self-contained SVG files.

mod confusion;
mod coverage;
mod reliability;

use evaluation::{Evaluation, GateReport, Report};

/// Returns file names and contents of all plots; `wanted` is the gate for a wanted precision.
pub fn all(
    evaluation: &Evaluation,
    report: &Report,
    wanted: Option<&GateReport>,
) -> [(&'static str, String); 3] {
    [
        ("confusion.svg", confusion::draw(report).to_document()),
        ("reliability.svg", reliability::draw(report).to_document()),
        (
            "risk-coverage.svg",
            coverage::draw(evaluation, report, wanted).to_document(),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_in_its_picture() {
        let rows = [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.99, 0.01]];
        let rows = rows.iter().map(|row| row.to_vec());
        let evaluation = Evaluation::new(rows, &[0, 1, 1, 0]);
        let report = evaluation.report(
            &["<bicycle>".into(), "motorcycle".into()],
            "0.7".parse().unwrap(),
        );
        let wanted = evaluation.gate_for_precision(1.0);
        let plots = all(&evaluation, &report, wanted.as_ref());
        let has = |name: &str, text: &str| {
            let (_, svg) = plots.iter().find(|(file, _)| *file == name).unwrap();
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
            assert!(svg.contains(text), "no {text} in {svg}");
        };
        has("confusion.svg", ">&lt;bicycle&gt;</text>");
        has("confusion.svg", "accuracy 0.750 ± 0.217 on 4 images");
        has(
            "reliability.svg",
            &format!("ECE {:.3} on 4 images", report.ece),
        );
        has("risk-coverage.svg", ">0.800: 100.0 % right</text>");
        has("risk-coverage.svg", ">0.700: 100.0 % right</text>");
    }

    #[test]
    fn nothing_can_be_drawn_too() {
        let nothing = Evaluation::new(std::iter::empty(), &[]);
        let report = nothing.report(&["a".into(), "b".into()], "0.9".parse().unwrap());
        for (_, svg) in all(&nothing, &report, None) {
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}

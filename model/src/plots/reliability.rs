//! The reliability diagram: how often answers of a confidence are right, and how many answers have it.

use super::axes::Axes;
use super::svg::{Anchor, Place, Svg};
use super::{BLUE, GREY, RED};
use evaluation::{BINS, Report};

pub(super) fn draw(report: &Report) -> String {
    let axes = Axes {
        title: "Reliability",
        subtitle: format!(
            "ECE {:.3} on {} images; chance alone leaves {:.3}",
            report.ece, report.images, report.ece_floor
        ),
        x: "confidence",
        y: "part of the answers that is right",
        top: 1.0,
        size: [620, 560],
    };
    let mut svg = axes.draw();
    svg.line(axes.place(0.0, 0.0), axes.place(1.0, 1.0), GREY, true);
    let bins = report.reliability.iter().enumerate();
    for (index, bin) in bins.filter(|(_, bin)| bin.images > 0) {
        let [from, to] = [index, index + 1].map(|edge| edge as f32 / BINS as f32);
        let [left, base] = axes.place(from, 0.0);
        let [right, top] = axes.place(to, bin.accuracy);
        svg.rectangle([left + 2.0, base], [right - 2.0, top], BLUE, 0.75);
        let [_, level] = axes.place(to, bin.confidence);
        mark(&mut svg, [left, level], right - left);
        let centre = [(left + right) / 2.0, base - 10.0];
        svg.text(centre, Anchor::Middle, 11, &bin.images.to_string());
    }
    key(&mut svg, &axes);
    svg.finish()
}

/// A thick line from a place to the right.
fn mark(svg: &mut Svg, [x, y]: Place, width: f32) {
    svg.rectangle([x, y - 1.5], [x + width, y + 1.5], RED, 1.0);
}

fn key(svg: &mut Svg, axes: &Axes) {
    let [x, y] = axes.place(0.03, 0.96);
    svg.rectangle([x, y - 6.0], [x + 14.0, y + 6.0], BLUE, 0.75);
    svg.text(
        [x + 22.0, y],
        Anchor::Start,
        12,
        "right; the number is that of the images",
    );
    mark(svg, [x, y + 24.0], 14.0);
    svg.text([x + 22.0, y + 24.0], Anchor::Start, 12, "mean confidence");
}

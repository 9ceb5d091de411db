//! The reliability diagram: how often answers of a confidence are right, and how many answers have it.

use super::axes::Axes;
use super::svg::{Anchor, Svg};
use super::{BLUE, GREY, RED};
use evaluation::{BINS, Report};

pub(super) fn draw(report: &Report) -> String {
    let axes = Axes {
        title: "Reliability",
        subtitle: format!(
            "ECE {:.3} on {} images; {:.3} is what chance leaves if every confidence is right",
            report.ece, report.images, report.ece_floor
        ),
        x: "confidence",
        y: "part of the answers that is right",
        top: 1.0,
        size: [620, 560],
    };
    let mut svg = axes.draw();
    svg.line(axes.place(0.0, 0.0), axes.place(1.0, 1.0), GREY, true);
    for (index, bin) in report.reliability.iter().enumerate() {
        if bin.images == 0 {
            continue;
        }
        let [from, to] = [index, index + 1].map(|edge| edge as f32 / BINS as f32);
        let inset = 0.004;
        let corner = |x, y| axes.place(x, y);
        svg.rectangle(
            corner(from + inset, 0.0),
            corner(to - inset, bin.accuracy),
            BLUE,
            0.75,
        );
        let (a, b) = (
            corner(from + inset, bin.accuracy),
            corner(to - inset, bin.confidence),
        );
        svg.rectangle(a, b, RED, 0.35);
        let above = corner((from + to) / 2.0, bin.accuracy.max(bin.confidence));
        let count = bin.images.to_string();
        svg.text([above[0], above[1] - 9.0], Anchor::Middle, 11, &count);
    }
    key(&mut svg, &axes);
    svg.finish()
}

fn key(svg: &mut Svg, axes: &Axes) {
    let entries = [
        (BLUE, 0.75, "right"),
        (RED, 0.35, "gap to the mean confidence"),
    ];
    for (row, (colour, opacity, text)) in entries.into_iter().enumerate() {
        let [x, y] = axes.place(0.03, 0.96 - 0.055 * row as f32);
        svg.rectangle([x, y - 6.0], [x + 12.0, y + 6.0], colour, opacity);
        svg.text([x + 18.0, y], Anchor::Start, 12, text);
    }
    let [x, y] = axes.place(0.03, 0.85);
    svg.text([x, y], Anchor::Start, 12, "numbers: images");
}

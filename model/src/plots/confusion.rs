//! The confusion matrix: a row for each true class, a column for each prediction; the darker, the
//! larger its share of the row.

use evaluation::Report;
use plots::{Anchor, Svg};

const LEFT: f64 = 150.0;
const TOP: f64 = 110.0;
const SIDE: f64 = 480.0;

/// With more classes than this there is no room for names and counts.
const MAX_LEGIBLE: usize = 25;

pub(super) fn draw(report: &Report) -> Svg {
    let mut svg = Svg::new((LEFT + SIDE + 30.0, TOP + SIDE + 30.0), "Confusion matrix");
    let subtitle = format!(
        "accuracy {:.3} ± {:.3} on {} images",
        report.accuracy, report.accuracy_error, report.images
    );
    svg.text("title", (LEFT, 30.0), Anchor::Start, "Confusion matrix");
    svg.text("subtitle", (LEFT, 50.0), Anchor::Start, &subtitle);
    svg.text(
        "subtitle",
        (LEFT + SIDE / 2.0, 76.0),
        Anchor::Middle,
        "predicted class",
    );
    svg.vertical_text("subtitle", (22.0, TOP + SIDE / 2.0), "true class");
    let cell = SIDE / report.classes.len().max(1) as f64;
    let is_legible = report.classes.len() <= MAX_LEGIBLE;
    if is_legible {
        labels(&mut svg, report, cell);
    }
    for (row, counts) in report.confusion.iter().enumerate() {
        let total = counts.iter().sum::<usize>().max(1) as f64;
        for (column, count) in counts.iter().enumerate() {
            let (x, y) = (LEFT + column as f64 * cell, TOP + row as f64 * cell);
            let opacity = 0.04 + 0.7 * *count as f64 / total;
            svg.shaded_square("fill s0", (x, y), cell - 1.0, opacity);
            if is_legible {
                let class = if cell > 60.0 {
                    "strong large"
                } else {
                    "strong small"
                };
                let center = (x + cell / 2.0, y + cell / 2.0 + 5.0);
                svg.text(class, center, Anchor::Middle, &count.to_string());
            }
        }
    }
    svg
}

fn labels(svg: &mut Svg, report: &Report, cell: f64) {
    for (index, class) in report.classes.iter().enumerate() {
        let along = (index as f64 + 0.5) * cell;
        let beside = (LEFT - 10.0, TOP + along + 4.0);
        svg.text("strong", beside, Anchor::End, &class.label);
        if cell > 60.0 {
            let above = (LEFT + along, TOP - 10.0);
            svg.text("strong", above, Anchor::Middle, &class.label);
        }
    }
}

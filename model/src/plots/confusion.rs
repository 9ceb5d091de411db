//! The confusion matrix: a row for each true class, a column for each answer; the darker, the larger a part of its row.

use super::BLUE;
use super::svg::{Anchor, Svg};
use evaluation::Report;

const LEFT: f32 = 150.0;
const TOP: f32 = 110.0;
const SIDE: f32 = 480.0;

/// With more classes than this there is no room for names and counts.
const LEGIBLE: usize = 25;

pub(super) fn draw(report: &Report) -> String {
    let mut svg = Svg::new([(LEFT + SIDE + 30.0) as u32, (TOP + SIDE + 30.0) as u32]);
    let subtitle = format!(
        "accuracy {:.3} ± {:.3} on {} images",
        report.accuracy, report.accuracy_error, report.images
    );
    svg.text([LEFT, 24.0], Anchor::Start, 17, "Confusion matrix");
    svg.text([LEFT, 46.0], Anchor::Start, 13, &subtitle);
    svg.text([LEFT + SIDE / 2.0, 72.0], Anchor::Middle, 13, "answer");
    svg.text_upwards([22.0, TOP + SIDE / 2.0], 13, "true class");
    let cell = SIDE / report.classes.len().max(1) as f32;
    let is_legible = report.classes.len() <= LEGIBLE;
    for (index, class) in report.classes.iter().enumerate().filter(|_| is_legible) {
        let along = (index as f32 + 0.5) * cell;
        svg.text([LEFT - 10.0, TOP + along], Anchor::End, 13, &class.label);
        if cell > 60.0 {
            svg.text([LEFT + along, TOP - 14.0], Anchor::Middle, 13, &class.label);
        }
    }
    for (row, counts) in report.confusion.iter().enumerate() {
        let total = counts.iter().sum::<usize>().max(1) as f32;
        for (column, count) in counts.iter().enumerate() {
            let [x, y] = [LEFT + column as f32 * cell, TOP + row as f32 * cell];
            let share = *count as f32 / total;
            svg.rectangle(
                [x, y],
                [x + cell - 1.0, y + cell - 1.0],
                BLUE,
                0.04 + 0.7 * share,
            );
            if is_legible {
                let centre = [x + cell / 2.0, y + cell / 2.0];
                let size = (cell / 4.0).clamp(9.0, 22.0) as u32;
                svg.text(centre, Anchor::Middle, size, &count.to_string());
            }
        }
    }
    svg.finish()
}

//! The reliability diagram: how often answers of a confidence are right, and how many answers have
//! that confidence.

use evaluation::{BINS, Report};
use plots::{Anchor, Plot, Svg, Titles, number_ticks};

pub(super) fn draw(report: &Report) -> Svg {
    let titles = Titles {
        title: "Reliability",
        subtitle: &format!(
            "ECE {:.3} on {} images; chance alone leaves {:.3}",
            report.ece, report.images, report.ece_floor
        ),
        x: "confidence",
        y: "accuracy",
    };
    let mut plot = Plot::titled((620.0, 560.0), (0.0, 1.0), (0.0, 1.0), &titles);
    plot.y_ticks(&number_ticks(0.0, 1.0, 5));
    plot.x_ticks(&number_ticks(0.0, 1.0, 5));
    plot.line("line dashed reference", &[(0.0, 0.0), (1.0, 1.0)]);
    let bins = report.reliability.iter().enumerate();
    for (index, bin) in bins.filter(|(_, bin)| bin.images > 0) {
        let [left, right] = [index, index + 1].map(|edge| edge as f64 / BINS as f64);
        let (accuracy, confidence) = (f64::from(bin.accuracy), f64::from(bin.confidence));
        plot.bar("strong s0", (left + 0.004, right - 0.004), (0.0, accuracy));
        plot.line("line limit", &[(left, confidence), (right, confidence)]);
        let middle = ((left + right) / 2.0, 0.0);
        let images = bin.images.to_string();
        plot.text("strong small", middle, (0.0, -6.0), Anchor::Middle, &images);
    }
    plot.legend("strong s0", 0.0, "accuracy, above the number of images");
    plot.legend("fill limit", 250.0, "mean confidence");
    plot.into_svg()
}

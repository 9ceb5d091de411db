//! A frame with two axes, into which data is drawn.

use crate::svg::{Anchor, Svg};
use crate::ticks::Tick;

/// Pixels between the frame and the picture's edges.
struct Margin {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// Room for ticks and a legend.
const PLAIN: Margin = Margin {
    left: 52.0,
    right: 14.0,
    top: 26.0,
    bottom: 34.0,
};

/// Room for titles too.
const TITLED: Margin = Margin {
    left: 70.0,
    right: 24.0,
    top: 64.0,
    bottom: 56.0,
};

/// The titles of a plot and its axes.
#[derive(Clone, Copy, Debug)]
pub struct Titles<'a> {
    /// The title.
    pub title: &'a str,
    /// The subtitle: the subject, or the main numbers.
    pub subtitle: &'a str,
    /// The label of the horizontal axis.
    pub x: &'a str,
    /// The label of the vertical axis.
    pub y: &'a str,
}

/// A picture with axes. Coordinates are data; class names are those of [`STYLE`](crate::STYLE).
pub struct Plot {
    svg: Svg,
    /// Pixels of the frame: left, right, top, bottom.
    frame: [f64; 4],
    x: (f64, f64),
    y: (f64, f64),
}

impl Plot {
    /// A frame of which `x` and `y` are the values at its ends. `label` describes the plot to those
    /// who don't see it.
    pub fn new(size: (f64, f64), x: (f64, f64), y: (f64, f64), label: &str) -> Self {
        Self::with_margin(&PLAIN, size, x, y, label)
    }

    /// A frame with titles.
    pub fn titled(size: (f64, f64), x: (f64, f64), y: (f64, f64), titles: &Titles<'_>) -> Self {
        let mut plot = Self::with_margin(&TITLED, size, x, y, titles.title);
        let [left, right, top, bottom] = plot.frame;
        let svg = &mut plot.svg;
        svg.text("title", (left, 30.0), Anchor::Start, titles.title);
        svg.text("subtitle", (left, 50.0), Anchor::Start, titles.subtitle);
        let below = ((left + right) / 2.0, size.1 - 12.0);
        svg.text("subtitle", below, Anchor::Middle, titles.x);
        svg.vertical_text("subtitle", (22.0, (top + bottom) / 2.0), titles.y);
        plot
    }

    fn with_margin(
        margin: &Margin,
        (width, height): (f64, f64),
        x: (f64, f64),
        y: (f64, f64),
        label: &str,
    ) -> Self {
        let frame = [
            margin.left,
            width - margin.right,
            margin.top,
            height - margin.bottom,
        ];
        Self {
            svg: Svg::new((width, height), label),
            frame,
            x: with_extent(x),
            y: with_extent(y),
        }
    }

    /// Returns the pixel of a value.
    pub fn to_pixel(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let [left, right, top, bottom] = self.frame;
        (
            left + (x - self.x.0) / (self.x.1 - self.x.0) * (right - left),
            bottom - (y - self.y.0) / (self.y.1 - self.y.0) * (bottom - top),
        )
    }

    /// Labels the left axis, with a line across the frame for each tick.
    pub fn y_ticks(&mut self, ticks: &[Tick]) {
        let [left, right, ..] = self.frame;
        for (value, label) in ticks {
            let (_, y) = self.to_pixel((self.x.0, *value));
            self.svg
                .path("grid", &format!("M{left:.1} {y:.1}H{right:.1}"));
            self.svg
                .text("tick", (left - 6.0, y + 4.0), Anchor::End, label);
        }
    }

    /// Draws and labels the bottom axis.
    pub fn x_ticks(&mut self, ticks: &[Tick]) {
        let [left, right, _, bottom] = self.frame;
        self.svg
            .path("axis", &format!("M{left:.1} {bottom:.1}H{right:.1}"));
        for (value, label) in ticks {
            let (x, _) = self.to_pixel((*value, self.y.0));
            // A label at the right end stays inside the picture.
            let anchor = if x >= right - 1.0 && self.is_plain() {
                Anchor::End
            } else {
                Anchor::Middle
            };
            self.svg.text("tick", (x, bottom + 18.0), anchor, label);
        }
    }

    fn is_plain(&self) -> bool {
        self.frame[0] == PLAIN.left
    }

    /// Draws a line.
    pub fn line(&mut self, class: &str, points: &[(f64, f64)]) {
        let points = self.to_pixels(points);
        self.svg.line(class, &points);
    }

    /// Draws a line that shows `title` under the pointer.
    pub fn titled_line(&mut self, class: &str, points: &[(f64, f64)], title: &str) {
        let points = self.to_pixels(points);
        self.svg.titled_line(class, &points, title);
    }

    /// Values that are not finite have no pixel.
    fn to_pixels(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let finite = points
            .iter()
            .filter(|(x, y)| x.is_finite() && y.is_finite());
        finite.map(|point| self.to_pixel(*point)).collect()
    }

    /// Fills the area between two lines: x, low, high.
    pub fn band(&mut self, class: &str, points: &[(f64, f64, f64)]) {
        let upper = points.iter().map(|(x, _, high)| (*x, *high));
        let lower = points.iter().rev().map(|(x, low, _)| (*x, *low));
        let outline: Vec<_> = upper.chain(lower).collect();
        self.line(class, &outline);
    }

    /// Fills a bar from `low` to `high`.
    pub fn bar(&mut self, class: &str, (left, right): (f64, f64), (low, high): (f64, f64)) {
        let (x, y) = self.to_pixel((left, high));
        let (end, base) = self.to_pixel((right, low));
        if base > y {
            self.svg.rect(class, (x, y), ((end - x).max(0.5), base - y));
        }
    }

    /// Draws a point.
    pub fn point(&mut self, class: &str, point: (f64, f64)) {
        let pixel = self.to_pixel(point);
        self.svg.circle(class, pixel, 3.5);
    }

    /// Writes a text at a value, moved by `(dx, dy)` pixels.
    pub fn text(
        &mut self,
        class: &str,
        point: (f64, f64),
        (dx, dy): (f64, f64),
        anchor: Anchor,
        text: &str,
    ) {
        let (x, y) = self.to_pixel(point);
        self.svg.text(class, (x + dx, y + dy), anchor, text);
    }

    /// Adds a colored square and a name to the legend above the frame, `offset` pixels from its
    /// left end.
    pub fn legend(&mut self, class: &str, offset: f64, name: &str) {
        let [left, _, top, _] = self.frame;
        let (x, y) = (left + offset, top - 24.0);
        self.svg.rect(class, (x, y), (10.0, 10.0));
        self.svg
            .text("tick", (x + 15.0, y + 9.5), Anchor::Start, name);
    }

    /// Returns the picture.
    pub fn into_svg(self) -> Svg {
        self.svg
    }
}

/// An axis without extent gets some, so that nothing is divided by zero.
fn with_extent((low, high): (f64, f64)) -> (f64, f64) {
    if high > low {
        (low, high)
    } else {
        (low, low + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_fill_the_frame() {
        let plot = Plot::new((166.0, 160.0), (0.0, 2.0), (0.0, 1.0), "p");
        assert_eq!(plot.to_pixel((0.0, 0.0)), (52.0, 126.0));
        assert_eq!(plot.to_pixel((1.0, 1.0)), (102.0, 26.0));
    }

    #[test]
    fn axes_without_extent_are_drawn() {
        let mut plot = Plot::new((100.0, 100.0), (3.0, 3.0), (0.0, 0.0), "p");
        plot.line("line s0", &[(3.0, 0.0)]);
        plot.bar("fill s0", (3.0, 3.0), (0.0, 0.0));
        let svg = plot.into_svg().to_inline();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}

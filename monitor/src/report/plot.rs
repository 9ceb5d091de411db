//! A frame with scales, into which lines, bands and bars are drawn, as SVG.

use std::fmt::Write;

const LEFT: f64 = 52.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 34.0;

/// From values to pixels.
pub(super) struct Plot {
    width: f64,
    height: f64,
    /// The values at the left and the right end.
    x: (f64, f64),
    /// The values at the bottom and the top.
    y: (f64, f64),
    svg: String,
}

impl Plot {
    /// An empty frame. `label` says what it shows to those who don't see it.
    pub(super) fn new(size: (f64, f64), x: (f64, f64), y: (f64, f64), label: &str) -> Self {
        let (width, height) = size;
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             role=\"img\" aria-label=\"{}\">",
            escaped(label)
        );
        // What has no extent is drawn as if it had some.
        let wide = |(low, high): (f64, f64)| {
            if high > low {
                (low, high)
            } else {
                (low, low + 1.0)
            }
        };
        Self {
            width,
            height,
            x: wide(x),
            y: wide(y),
            svg,
        }
    }

    fn px(&self, x: f64) -> f64 {
        LEFT + (x - self.x.0) / (self.x.1 - self.x.0) * (self.width - LEFT - RIGHT)
    }

    fn py(&self, y: f64) -> f64 {
        self.height - BOTTOM - (y - self.y.0) / (self.y.1 - self.y.0) * (self.height - TOP - BOTTOM)
    }

    /// Marks on the scale at the left, each with a line across.
    pub(super) fn y_ticks(&mut self, ticks: &[(f64, String)]) {
        for (value, text) in ticks {
            let (y, left, right) = (self.py(*value), self.px(self.x.0), self.px(self.x.1));
            self.add(format_args!(
                "<path class=\"grid\" d=\"M{left:.1} {y:.1}H{right:.1}\"/>"
            ));
            self.add(format_args!(
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                left - 6.0,
                y + 4.0,
                escaped(text)
            ));
        }
    }

    /// Marks on the scale below.
    pub(super) fn x_ticks(&mut self, ticks: &[(f64, String)]) {
        let y = self.py(self.y.0);
        let (left, right) = (self.px(self.x.0), self.px(self.x.1));
        self.add(format_args!(
            "<path class=\"axis\" d=\"M{left:.1} {y:.1}H{right:.1}\"/>"
        ));
        for (value, text) in ticks {
            let x = self.px(*value);
            // Texts at the ends stay inside.
            let anchor = match () {
                () if x + 30.0 > self.width => "end",
                () => "middle",
            };
            self.add(format_args!(
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
                y + 18.0,
                escaped(text)
            ));
        }
    }

    pub(super) fn line(&mut self, class: &str, points: &[(f64, f64)]) {
        let mut path = String::new();
        for (index, (x, y)) in points.iter().enumerate() {
            let command = if index == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{command}{:.1} {:.1}", self.px(*x), self.py(*y));
        }
        self.add(format_args!("<path class=\"{class}\" d=\"{path}\"/>"));
    }

    /// The area between two lines that have the same places: x, low, high.
    pub(super) fn band(&mut self, class: &str, points: &[(f64, f64, f64)]) {
        let there = points.iter().map(|(x, _, high)| (*x, *high));
        let back = points.iter().rev().map(|(x, low, _)| (*x, *low));
        let outline: Vec<String> = there
            .chain(back)
            .map(|(x, y)| format!("{:.1} {:.1}", self.px(x), self.py(y)))
            .collect();
        self.add(format_args!(
            "<path class=\"{class}\" d=\"M{}Z\"/>",
            outline.join("L")
        ));
    }

    pub(super) fn bar(&mut self, class: &str, (left, right): (f64, f64), (low, high): (f64, f64)) {
        let (x, y) = (self.px(left), self.py(high));
        let (width, height) = ((self.px(right) - x).max(0.5), self.py(low) - y);
        if height > 0.0 {
            self.add(format_args!(
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
            ));
        }
    }

    pub(super) fn dot(&mut self, x: f64, y: f64, (low, high): (f64, f64)) {
        let (px, py, bottom, top) = (self.px(x), self.py(y), self.py(low), self.py(high));
        self.add(format_args!(
            "<path class=\"error\" d=\"M{px:.1} {bottom:.1}V{top:.1}\"/>"
        ));
        self.add(format_args!(
            "<circle class=\"dot\" cx=\"{px:.1}\" cy=\"{py:.1}\" r=\"3.5\"/>"
        ));
    }

    /// A text at a value's place.
    pub(super) fn text(
        &mut self,
        class: &str,
        (x, y): (f64, f64),
        (dx, dy): (f64, f64),
        anchor: &str,
        text: &str,
    ) {
        let (x, y) = (self.px(x) + dx, self.py(y) + dy);
        self.add(format_args!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
            escaped(text)
        ));
    }

    /// A coloured square and its name, at so many pixels from the left of the frame.
    pub(super) fn key(&mut self, class: &str, offset: f64, text: &str) {
        let (x, y) = (LEFT + offset, 2.0);
        self.add(format_args!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"10\" height=\"10\"/>"
        ));
        self.add(format_args!(
            "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            x + 15.0,
            y + 9.5,
            escaped(text)
        ));
    }

    pub(super) fn finish(mut self) -> String {
        self.svg.push_str("</svg>");
        self.svg
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        // A text takes all that is written.
        let _ = self.svg.write_fmt(element);
    }
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// 0, 20, 40 … 100 %, of numbers from 0 to 1.
pub(super) fn percents() -> Vec<(f64, String)> {
    (0..=5)
        .map(|tick| (f64::from(tick) / 5.0, format!("{} %", tick * 20)))
        .collect()
}

//! The few elements of SVG that charts need.

use std::fmt::{self, Display, Write};

use crate::STYLE;

/// A picture that is being drawn. Coordinates are pixels from the top left corner.
#[derive(Clone, Debug)]
pub struct Svg {
    width: f64,
    height: f64,
    label: String,
    body: String,
}

/// The alignment of a text at its position (SVG's `text-anchor`).
#[derive(Clone, Copy, Debug)]
pub enum Anchor {
    /// Its left end.
    Start,
    /// Its middle.
    Middle,
    /// Its right end.
    End,
}

impl Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        })
    }
}

impl Svg {
    /// An empty picture. `label` describes it to those who don't see it.
    pub fn new((width, height): (f64, f64), label: &str) -> Self {
        let label = escape(label);
        Self {
            width,
            height,
            label,
            body: String::new(),
        }
    }

    /// Draws a path: `M10 20H30`.
    pub fn path(&mut self, class: &str, data: &str) {
        self.add(format_args!(r#"<path class="{class}" d="{data}"/>"#));
    }

    /// Draws a line through `points` that shows `title` under the pointer.
    pub fn titled_line(&mut self, class: &str, points: &[(f64, f64)], title: &str) {
        let (data, title) = (line_data(points), escape(title));
        self.add(format_args!(
            r#"<path class="{class}" d="{data}"><title>{title}</title></path>"#
        ));
    }

    /// Draws a line through `points`.
    pub fn line(&mut self, class: &str, points: &[(f64, f64)]) {
        self.path(class, &line_data(points));
    }

    /// Draws a rectangle from its top left corner.
    pub fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) {
        self.add(format_args!(
            r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}"/>"#
        ));
    }

    /// Draws a square whose opacity, from 0 to 1, is a value.
    pub fn shaded_square(&mut self, class: &str, (x, y): (f64, f64), side: f64, opacity: f64) {
        self.add(format_args!(
            r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{side:.1}" height="{side:.1}" fill-opacity="{opacity:.3}"/>"#
        ));
    }

    /// Draws a point.
    pub fn circle(&mut self, class: &str, (x, y): (f64, f64), radius: f64) {
        self.add(format_args!(
            r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="{radius}"/>"#
        ));
    }

    /// Writes a text on a base line.
    pub fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let text = escape(text);
        self.add(format_args!(
            r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#
        ));
    }

    /// Writes a text that runs upwards, with its middle at a point.
    pub fn vertical_text(&mut self, class: &str, (x, y): (f64, f64), text: &str) {
        let text = escape(text);
        self.add(format_args!(
            r#"<text class="{class}" transform="translate({x:.1} {y:.1}) rotate(-90)" text-anchor="middle">{text}</text>"#
        ));
    }

    /// Draws another picture, with its top left corner at a point.
    pub fn nest(&mut self, (x, y): (f64, f64), picture: &Self) {
        let body = &picture.body;
        self.add(format_args!(
            r#"<g transform="translate({x} {y})">{body}</g>"#
        ));
    }

    /// Returns the element, for a page that contains [`STYLE`].
    pub fn to_inline(&self) -> String {
        format!("{}{}</svg>", self.start_tag(), self.body)
    }

    /// Returns a file that needs nothing else.
    pub fn to_document(&self) -> String {
        format!(
            "{}<style>{STYLE}</style><rect class=\"paper\" width=\"100%\" \
             height=\"100%\"/>{}</svg>\n",
            self.start_tag(),
            self.body
        )
    }

    fn start_tag(&self) -> String {
        let Self {
            width,
            height,
            label,
            ..
        } = self;
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{label}">"#
        )
    }

    fn add(&mut self, element: fmt::Arguments<'_>) {
        // Writing to a string can't fail.
        let _ = self.body.write_fmt(element);
    }
}

fn line_data(points: &[(f64, f64)]) -> String {
    let points: Vec<String> = points
        .iter()
        .map(|(x, y)| format!("{x:.1} {y:.1}"))
        .collect();
    format!("M{}", points.join("L"))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_wherever_it_stands() {
        let mut svg = Svg::new((10.0, 10.0), "a \"label\"");
        svg.text("strong", (1.0, 1.0), Anchor::Start, "<b> & co");
        svg.vertical_text("strong", (1.0, 1.0), "<b>");
        svg.titled_line("line s0", &[(0.0, 1.0), (2.0, 3.0)], "<loss>");
        let inline = svg.to_inline();
        for expected in [
            "aria-label=\"a &quot;label&quot;\"",
            ">&lt;b&gt; &amp; co</text>",
            ">&lt;b&gt;</text>",
            "d=\"M0.0 1.0L2.0 3.0\"><title>&lt;loss&gt;</title>",
        ] {
            assert!(inline.contains(expected), "no {expected} in {inline}");
        }
    }

    #[test]
    fn only_a_document_brings_its_style() {
        let svg = Svg::new((10.0, 10.0), "empty");
        assert!(svg.to_document().contains("<style>"));
        assert!(!svg.to_inline().contains("<style>"));
    }
}

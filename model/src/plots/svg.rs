//! The few elements of SVG that the plots need. Coordinates are pixels from the top left corner.

use std::fmt::{self, Display, Write};

/// A place: right, down.
pub(super) type Place = [f32; 2];

/// A picture being drawn, on white.
pub(super) struct Svg {
    size: [u32; 2],
    body: String,
}

/// Where a text lies beside its place.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
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
    pub(super) fn new(size: [u32; 2]) -> Self {
        Self {
            size,
            body: String::new(),
        }
    }

    pub(super) fn line(&mut self, [x1, y1]: Place, [x2, y2]: Place, colour: &str, dashed: bool) {
        let dashes = if dashed {
            r#" stroke-dasharray="5 4""#
        } else {
            ""
        };
        self.add(format_args!(
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{colour}"{dashes}/>"#
        ));
    }

    pub(super) fn polyline(&mut self, places: &[Place], colour: &str) {
        let places: Vec<String> = places
            .iter()
            .map(|[x, y]| format!("{x:.1},{y:.1}"))
            .collect();
        self.add(format_args!(
            r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2"/>"#,
            places.join(" ")
        ));
    }

    /// A rectangle between two corners.
    pub(super) fn rectangle(&mut self, a: Place, b: Place, colour: &str, opacity: f32) {
        let [x, y] = [a[0].min(b[0]), a[1].min(b[1])];
        let [width, height] = [(a[0] - b[0]).abs(), (a[1] - b[1]).abs()];
        self.add(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{colour}" fill-opacity="{opacity:.3}"/>"#
        ));
    }

    pub(super) fn dot(&mut self, [x, y]: Place, colour: &str) {
        self.add(format_args!(
            r#"<circle cx="{x:.1}" cy="{y:.1}" r="5" fill="{colour}"/>"#
        ));
    }

    /// A text whose middle line is at the place.
    pub(super) fn text(&mut self, [x, y]: Place, anchor: Anchor, size: u32, text: &str) {
        let (y, text) = (y + size as f32 * 0.35, escaped(text));
        self.add(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" font-size="{size}">{text}</text>"#
        ));
    }

    /// A text that runs upwards.
    pub(super) fn text_upwards(&mut self, [x, y]: Place, size: u32, text: &str) {
        let text = escaped(text);
        self.add(format_args!(
            r#"<text transform="translate({x:.1} {y:.1}) rotate(-90)" text-anchor="middle" font-size="{size}">{text}</text>"#
        ));
    }

    /// The whole file.
    pub(super) fn finish(self) -> String {
        let ([width, height], body) = (self.size, self.body);
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="system-ui, sans-serif" fill="#22262b">
<rect width="100%" height="100%" fill="white"/>
{body}</svg>
"##
        )
    }

    fn add(&mut self, element: fmt::Arguments<'_>) {
        // Writing to a string can't fail.
        let _ = writeln!(self.body, "{element}");
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_can_hold_anything() {
        let mut svg = Svg::new([10, 10]);
        svg.text([1.0, 1.0], Anchor::Start, 10, "<b> & co");
        assert!(svg.finish().contains(">&lt;b&gt; &amp; co</text>"));
    }
}

//! A frame with a scale on two sides, into which values are drawn.

use super::GREY;
use super::svg::{Anchor, Place, Svg};

/// Pixels around the frame: left, top, right, bottom.
const MARGIN: [f32; 4] = [70.0, 64.0, 24.0, 56.0];

/// Parts of each scale.
const TICKS: usize = 5;

/// Both scales begin at 0.
pub(super) struct Axes {
    pub(super) title: &'static str,
    pub(super) subtitle: String,
    pub(super) x: &'static str,
    pub(super) y: &'static str,
    /// The largest value upwards.
    pub(super) top: f32,
    /// Pixels of the whole picture.
    pub(super) size: [u32; 2],
}

impl Axes {
    /// Draws the frame.
    pub(super) fn draw(&self) -> Svg {
        let mut svg = Svg::new(self.size);
        let [left, top, _, _] = MARGIN;
        svg.text([left, 24.0], Anchor::Start, 17, self.title);
        svg.text([left, 46.0], Anchor::Start, 13, &self.subtitle);
        for tick in 0..=TICKS {
            let share = tick as f32 / TICKS as f32;
            let beside = self.place(0.0, share * self.top);
            svg.line(beside, self.place(1.0, share * self.top), "#e3e6ea", false);
            let label = number(share * self.top);
            svg.text([beside[0] - 8.0, beside[1]], Anchor::End, 12, &label);
            let below = self.place(share, 0.0);
            let label = number(share);
            svg.text([below[0], below[1] + 16.0], Anchor::Middle, 12, &label);
        }
        svg.line(self.place(0.0, 0.0), self.place(1.0, 0.0), GREY, false);
        svg.line(self.place(0.0, 0.0), self.place(0.0, self.top), GREY, false);
        let [centre, middle] = self.place(0.5, self.top / 2.0);
        svg.text(
            [centre, self.size[1] as f32 - 16.0],
            Anchor::Middle,
            13,
            self.x,
        );
        svg.text_upwards([22.0, middle.max(top)], 13, self.y);
        svg
    }

    /// The pixel of a value from 0 to 1 to the right and one upwards.
    pub(super) fn place(&self, x: f32, y: f32) -> Place {
        let [left, top, right, bottom] = MARGIN;
        let [width, height] = self.size.map(|size| size as f32);
        [
            left + x * (width - left - right),
            height - bottom - y / self.top * (height - top - bottom),
        ]
    }
}

/// Short, without what rounding left.
fn number(value: f32) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [0.0, 0.2, 0.125, 1.0].map(number),
            ["0", "0.2", "0.125", "1"]
        );
    }
}

//! The canvas of the drawings: 128x128 with antialiasing, scaled down to 32x32 at the end.

use super::pose::Pose;
use super::rng::Rng;
use crate::archive::ROW;
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform,
};

/// The side of the drawing, in its own pixels.
pub(super) const SIDE: f32 = (SMALL * SCALE) as f32;
const SMALL: usize = 32;
const SCALE: usize = 4;

/// Red, green, blue, from 0 to 1.
pub(super) type Rgb = [f32; 3];

pub(super) struct Canvas {
    pixmap: Pixmap,
    transform: Transform,
}

impl Canvas {
    pub(super) fn new(color: Rgb) -> Self {
        let side = (SMALL * SCALE) as u32;
        let mut pixmap = Pixmap::new(side, side).expect("the side is not zero");
        pixmap.fill(paint_color(color, 1.0));
        Self {
            pixmap,
            transform: Transform::identity(),
        }
    }

    /// Draws in the units of a pose from now on: y goes up, the wheels stand at x = -0.5 and 0.5.
    pub(super) fn set_pose(&mut self, pose: &Pose) {
        self.transform = pose.transform();
    }

    /// Draws in pixels again.
    pub(super) fn clear_pose(&mut self) {
        self.transform = Transform::identity();
    }

    pub(super) fn fill(&mut self, points: &[[f32; 2]], color: Rgb) {
        self.fill_path(polygon(points, true), color, 1.0);
    }

    pub(super) fn shade(&mut self, points: &[[f32; 2]], color: Rgb, alpha: f32) {
        self.fill_path(polygon(points, true), color, alpha);
    }

    pub(super) fn oval(&mut self, center: [f32; 2], radii: [f32; 2], color: Rgb, alpha: f32) {
        self.fill_path(oval(center, radii), color, alpha);
    }

    pub(super) fn line(&mut self, points: &[[f32; 2]], width: f32, color: Rgb) {
        self.stroke(polygon(points, false), width, color, 1.0);
    }

    pub(super) fn ring(
        &mut self,
        center: [f32; 2],
        radius: f32,
        width: f32,
        color: Rgb,
        alpha: f32,
    ) {
        self.stroke(oval(center, [radius; 2]), width, color, alpha);
    }

    fn fill_path(&mut self, path: Option<Path>, color: Rgb, alpha: f32) {
        let Some(path) = path else { return };
        self.pixmap.fill_path(
            &path,
            &paint(color, alpha),
            FillRule::Winding,
            self.transform,
            None,
        );
    }

    fn stroke(&mut self, path: Option<Path>, width: f32, color: Rgb, alpha: f32) {
        let Some(path) = path else { return };
        let stroke = Stroke {
            width,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        self.pixmap
            .stroke_path(&path, &paint(color, alpha), &stroke, self.transform, None);
    }

    /// Renders the drawing as a row of an archive: three planes, as a camera with these `lighting`
    /// parameters sees it.
    pub(super) fn row(&self, lighting: &Lighting, rng: &mut Rng) -> [u8; ROW] {
        let mut row = [0; ROW];
        let mut small = self.scaled_down();
        blur(&mut small, lighting.blur);
        for (at, rgb) in small.iter().enumerate() {
            let gain = lighting.gain(at % SMALL, at / SMALL);
            for (channel, value) in rgb.iter().enumerate() {
                let lit = (value - 0.5) * lighting.contrast + 0.5;
                let value = lit * gain * lighting.tint[channel] + rng.normal() * lighting.noise;
                row[channel * SMALL * SMALL + at] = (value.clamp(0.0, 1.0) * 255.0).round() as u8;
            }
        }
        row
    }

    /// The mean of each square of pixels.
    fn scaled_down(&self) -> Vec<Rgb> {
        let area = (SCALE * SCALE) as f32 * 255.0;
        let mut small = vec![[0.0; 3]; SMALL * SMALL];
        for (at, pixel) in self.pixmap.pixels().iter().enumerate() {
            let (x, y) = (at % (SMALL * SCALE), at / (SMALL * SCALE));
            let mean = &mut small[y / SCALE * SMALL + x / SCALE];
            for (sum, value) in mean
                .iter_mut()
                .zip([pixel.red(), pixel.green(), pixel.blue()])
            {
                *sum += f32::from(value) / area;
            }
        }
        small
    }
}

/// Lighting and camera: contrast, color cast, brightness gradient, blur and noise.
pub(super) struct Lighting {
    pub(super) contrast: f32,
    pub(super) tint: Rgb,
    /// Brightness at the left, right, top and bottom edges, added to 1.
    pub(super) slope: [f32; 2],
    pub(super) brightness: f32,
    /// Share of the neighbors in a pixel.
    pub(super) blur: f32,
    /// Deviation of the noise.
    pub(super) noise: f32,
}

impl Lighting {
    fn gain(&self, x: usize, y: usize) -> f32 {
        let centered = |at: usize| at as f32 / (SMALL - 1) as f32 - 0.5;
        self.brightness + self.slope[0] * centered(x) + self.slope[1] * centered(y)
    }
}

/// Mixes each pixel with its four neighbors.
fn blur(image: &mut [Rgb], share: f32) {
    let sharp = image.to_vec();
    let at = |x: usize, y: usize| sharp[y.min(SMALL - 1) * SMALL + x.min(SMALL - 1)];
    for (index, pixel) in image.iter_mut().enumerate() {
        let (x, y) = (index % SMALL, index / SMALL);
        let near = [
            at(x.saturating_sub(1), y),
            at(x + 1, y),
            at(x, y.saturating_sub(1)),
            at(x, y + 1),
        ];
        for (channel, value) in pixel.iter_mut().enumerate() {
            let mean = near.iter().map(|rgb| rgb[channel]).sum::<f32>() / 4.0;
            *value += (mean - *value) * share;
        }
    }
}

fn paint(color: Rgb, alpha: f32) -> Paint<'static> {
    let mut paint = Paint {
        anti_alias: true,
        ..Paint::default()
    };
    paint.set_color(paint_color(color, alpha));
    paint
}

fn paint_color([r, g, b]: Rgb, alpha: f32) -> Color {
    let unit = |value: f32| value.clamp(0.0, 1.0);
    Color::from_rgba(unit(r), unit(g), unit(b), unit(alpha)).unwrap_or(Color::BLACK)
}

fn polygon(points: &[[f32; 2]], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    let (first, rest) = points.split_first()?;
    path.move_to(first[0], first[1]);
    rest.iter().for_each(|[x, y]| path.line_to(*x, *y));
    if closed {
        path.close();
    }
    path.finish()
}

fn oval([x, y]: [f32; 2], [rx, ry]: [f32; 2]) -> Option<Path> {
    PathBuilder::from_oval(Rect::from_ltrb(x - rx, y - ry, x + rx, y + ry)?)
}

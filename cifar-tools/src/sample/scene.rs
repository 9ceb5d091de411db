//! The surroundings of a vehicle: background, foreground objects, lighting and riders.

use super::canvas::{Canvas, Lighting, Rgb, SIDE};
use super::rng::Rng;

/// Any color, more often a dull one.
pub(super) fn color(rng: &mut Rng) -> Rgb {
    let gray = rng.range(0.05, 0.95);
    let strength = if rng.chance(0.6) { 0.1 } else { 0.35 };
    [(); 3].map(|()| (gray + rng.range(-strength, strength)).clamp(0.0, 1.0))
}

/// A color that dark tires mostly stand out from.
fn bright(rng: &mut Rng) -> Rgb {
    let gray = rng.range(0.35, 0.95);
    [(); 3].map(|()| (gray + rng.range(-0.15, 0.15)).clamp(0.0, 1.0))
}

/// A dark gray, as tires have.
pub(super) fn dark(rng: &mut Rng) -> Rgb {
    let gray = rng.range(0.03, 0.3);
    [(); 3].map(|()| gray + rng.range(-0.03, 0.03))
}

/// A background: a studio's, a street or meadow, or clutter.
pub(super) fn background(rng: &mut Rng) -> Canvas {
    match rng.below(10) {
        0..4 => studio(rng),
        4..8 => street(rng),
        _ => clutter(rng),
    }
}

fn studio(rng: &mut Rng) -> Canvas {
    let white = rng.range(0.75, 1.0);
    let mut canvas = Canvas::new([white; 3]);
    let shade = rng.range(0.0, 0.25);
    canvas.oval(
        [SIDE * 0.5, SIDE * rng.range(0.78, 0.92)],
        [SIDE * 0.42, SIDE * 0.05],
        [0.3; 3],
        shade,
    );
    canvas
}

fn street(rng: &mut Rng) -> Canvas {
    let mut canvas = Canvas::new(bright(rng));
    let horizon = SIDE * rng.range(0.35, 0.8);
    clutter_objects(&mut canvas, rng, 3, horizon);
    canvas.fill(
        &[[0.0, horizon], [SIDE, horizon], [SIDE, SIDE], [0.0, SIDE]],
        bright(rng),
    );
    canvas.oval(
        [SIDE * 0.5, SIDE * 0.85],
        [SIDE * 0.4, SIDE * 0.04],
        [0.0; 3],
        rng.range(0.1, 0.5),
    );
    canvas
}

fn clutter(rng: &mut Rng) -> Canvas {
    let mut canvas = Canvas::new(bright(rng));
    clutter_objects(&mut canvas, rng, 6, SIDE);
    canvas
}

/// Houses, trees, poles and wheels of other things, standing on `ground`.
fn clutter_objects(canvas: &mut Canvas, rng: &mut Rng, max: usize, ground: f32) {
    for _ in 0..rng.below(max + 1) {
        let (x, y) = (SIDE * rng.range(0.0, 1.0), ground * rng.range(0.3, 1.0));
        let (w, h) = (SIDE * rng.range(0.03, 0.3), SIDE * rng.range(0.1, 0.5));
        let paint = color(rng);
        match rng.below(5) {
            0 | 1 => canvas.fill(
                &[
                    [x - w, y - h],
                    [x + w, y - h],
                    [x + w, y + h],
                    [x - w, y + h],
                ],
                paint,
            ),
            2 => canvas.oval([x, y], [w, h * 0.5], paint, 0.9),
            3 => canvas.line(
                &[[x, y], [x + rng.normal() * SIDE * 0.3, y - h]],
                rng.range(1.0, 6.0),
                paint,
            ),
            _ => canvas.ring(
                [x, y],
                SIDE * rng.range(0.06, 0.2),
                rng.range(2.0, 9.0),
                paint,
                0.8,
            ),
        }
    }
}

/// A rider, or a part of one.
pub(super) fn rider(canvas: &mut Canvas, rng: &mut Rng, seat: [f32; 2], bar: [f32; 2]) {
    let (clothes, skin) = (
        color(rng),
        [
            rng.range(0.3, 0.95),
            rng.range(0.25, 0.7),
            rng.range(0.2, 0.55),
        ],
    );
    let shoulder = [
        seat[0] + rng.range(0.05, 0.25),
        seat[1] + rng.range(0.32, 0.45),
    ];
    canvas.line(
        &[
            seat,
            [seat[0] + 0.22, seat[1] - 0.1],
            [seat[0] + 0.12, seat[1] - 0.45],
        ],
        0.11,
        color(rng),
    );
    canvas.line(&[seat, shoulder], 0.19, clothes);
    canvas.line(&[shoulder, bar], 0.07, clothes);
    canvas.oval(
        [shoulder[0] + 0.06, shoulder[1] + 0.16],
        [0.1, 0.11],
        skin,
        1.0,
    );
}

/// Things that stand in front, in a quarter of the pictures.
pub(super) fn hide(canvas: &mut Canvas, rng: &mut Rng) {
    canvas.clear_pose();
    if !rng.chance(0.25) {
        return;
    }
    let (x, paint) = (SIDE * rng.range(0.05, 0.95), color(rng));
    match rng.below(3) {
        0 => {
            let w = SIDE * rng.range(0.02, 0.07);
            canvas.fill(
                &[[x - w, 0.0], [x + w, 0.0], [x + w, SIDE], [x - w, SIDE]],
                paint,
            );
        }
        1 => canvas.oval(
            [x, SIDE * rng.range(0.7, 1.0)],
            [SIDE * 0.16, SIDE * 0.16],
            paint,
            1.0,
        ),
        _ => {
            let edge = SIDE * rng.range(0.72, 0.9);
            canvas.fill(
                &[[0.0, edge], [SIDE, edge], [SIDE, SIDE], [0.0, SIDE]],
                paint,
            );
        }
    }
}

/// Random lighting and camera parameters.
pub(super) fn lighting(rng: &mut Rng) -> Lighting {
    Lighting {
        contrast: rng.range(0.7, 1.15),
        tint: [(); 3].map(|()| rng.range(0.85, 1.1)),
        slope: [(); 2].map(|()| rng.range(-0.3, 0.3)),
        brightness: rng.range(0.7, 1.15),
        blur: rng.range(0.0, 0.5),
        noise: rng.range(0.005, 0.035),
    }
}

//! Motorcycles: smaller thick wheels, with an engine, a tank and a long seat between and above
//! them.

use super::canvas::{Canvas, Rgb};
use super::pose::Pose;
use super::rng::Rng;
use super::scene;
use crate::archive::ROW;

const REAR: [f32; 2] = [-0.5, 0.0];
const FRONT: [f32; 2] = [0.5, 0.0];

pub(super) fn draw(rng: &mut Rng) -> [u8; ROW] {
    let mut canvas = scene::background(rng);
    canvas.set_pose(&Pose::random(rng));
    let build = Build::random(rng);
    wheels(&mut canvas, rng, &build);
    body(&mut canvas, rng, &build);
    extras(&mut canvas, rng, &build);
    if rng.chance(0.3) {
        scene::rider(&mut canvas, rng, [-0.2, 0.46], build.bar);
    }
    scene::hide(&mut canvas, rng);
    let lighting = scene::lighting(rng);
    canvas.row(&lighting, rng)
}

struct Build {
    wheel: f32,
    tire: f32,
    paint: Rgb,
    bar: [f32; 2],
    /// Filled fraction of the space between the wheels: scramblers and mopeds show through.
    bulk: f32,
}

impl Build {
    fn random(rng: &mut Rng) -> Self {
        Self {
            wheel: rng.range(0.19, 0.28),
            tire: rng.range(0.06, 0.13),
            paint: scene::color(rng),
            bar: [rng.range(0.22, 0.34), rng.range(0.5, 0.68)],
            bulk: rng.range(0.5, 1.0),
        }
    }
}

fn wheels(canvas: &mut Canvas, rng: &mut Rng, build: &Build) {
    let (tire, metal) = (scene::dark(rng), rng.range(0.25, 0.85));
    let disc = rng.chance(0.5);
    for hub in [REAR, FRONT] {
        if disc {
            canvas.oval(hub, [build.wheel * 0.6; 2], [metal; 3], 0.8);
        } else {
            for at in 0..4 {
                let (sin, cos) = (at as f32 * std::f32::consts::FRAC_PI_4).sin_cos();
                let (x, y) = (cos * build.wheel, sin * build.wheel);
                canvas.line(
                    &[[hub[0] - x, hub[1] - y], [hub[0] + x, hub[1] + y]],
                    0.015,
                    [metal; 3],
                );
            }
        }
        canvas.ring(hub, build.wheel, build.tire, tire, 1.0);
    }
}

fn body(canvas: &mut Canvas, rng: &mut Rng, build: &Build) {
    let Build {
        paint, bar, bulk, ..
    } = *build;
    let (dark, metal) = (scene::dark(rng), [rng.range(0.35, 0.85); 3]);
    canvas.line(
        &[FRONT, [bar[0] - 0.02, bar[1] - 0.06]],
        rng.range(0.035, 0.07),
        metal,
    );
    canvas.line(&[REAR, [-0.05, 0.02]], 0.05, dark);
    canvas.line(
        &[[0.26, 0.36], [0.14, -0.02], [-0.12, -0.02], [-0.3, 0.32]],
        0.045,
        dark,
    );
    let (w, h) = (0.18 * bulk, 0.2 * bulk);
    canvas.fill(
        &[[-w, -0.1], [w, -0.1], [w + 0.04, h], [-w, h]],
        if rng.chance(0.5) { dark } else { metal },
    );
    let tank = [0.12, 0.36 + rng.range(-0.03, 0.05)];
    canvas.oval(tank, [0.2, 0.07 + 0.06 * bulk], paint, 1.0);
    let tail = rng.range(0.34, 0.5);
    canvas.fill(
        &[
            [0.0, 0.38],
            [-0.3, 0.34],
            [-0.62, tail],
            [-0.6, tail + 0.08],
            [-0.25, 0.44],
            [0.0, 0.45],
        ],
        dark,
    );
    let back = rng.range(-0.68, -0.3);
    canvas.line(
        &[[0.05, -0.1], [-0.15, -0.12], [back, -0.06]],
        rng.range(0.03, 0.08),
        metal,
    );
    canvas.line(&[bar, [bar[0] - 0.12, bar[1] + 0.03]], 0.04, dark);
    canvas.oval([bar[0] + 0.1, bar[1] - 0.1], [0.065; 2], metal, 1.0);
}

/// Fairings, windscreens, mudguards and cases.
fn extras(canvas: &mut Canvas, rng: &mut Rng, build: &Build) {
    let Build {
        paint, bar, wheel, ..
    } = *build;
    if rng.chance(0.3) {
        let nose = [bar[0] + 0.2, bar[1] - 0.12];
        canvas.fill(
            &[
                [bar[0], bar[1]],
                nose,
                [0.3, 0.12],
                [0.12, -0.08],
                [-0.1, 0.0],
                [0.02, 0.36],
            ],
            paint,
        );
    }
    if rng.chance(0.25) {
        canvas.shade(
            &[
                bar,
                [bar[0] + 0.14, bar[1] - 0.04],
                [bar[0] - 0.02, bar[1] + 0.2],
            ],
            [0.7, 0.8, 0.9],
            0.6,
        );
    }
    for hub in [REAR, FRONT] {
        if rng.chance(0.5) {
            let r = wheel + 0.07;
            let arc = [0.5, 1.0, 1.5, 2.0, 2.5]
                .map(|a: f32| [hub[0] + r * a.cos(), hub[1] + r * a.sin()]);
            canvas.line(&arc, 0.05, paint);
        }
    }
    if rng.chance(0.15) {
        canvas.fill(
            &[[-0.72, 0.4], [-0.4, 0.4], [-0.4, 0.14], [-0.72, 0.14]],
            scene::dark(rng),
        );
    }
}

//! Bicycles: large thin wheels, a frame of tubes, nothing between them.

use super::canvas::{Canvas, Rgb};
use super::pose::Pose;
use super::rng::Rng;
use super::scene;
use crate::archive::ROW;

const REAR: [f32; 2] = [-0.5, 0.0];
const FRONT: [f32; 2] = [0.5, 0.0];
const CRANK: [f32; 2] = [-0.08, -0.03];

pub(super) fn draw(rng: &mut Rng) -> [u8; ROW] {
    let mut canvas = scene::background(rng);
    canvas.set_pose(&Pose::random(rng));
    let build = Build::random(rng);
    wheels(&mut canvas, rng, &build);
    frame(&mut canvas, rng, &build);
    extras(&mut canvas, rng, &build);
    if rng.chance(0.2) {
        scene::rider(&mut canvas, rng, build.saddle, build.bar);
    }
    scene::hide(&mut canvas, rng);
    let lighting = scene::lighting(rng);
    canvas.row(&lighting, rng)
}

struct Build {
    wheel: f32,
    tire: f32,
    tube: f32,
    paint: Rgb,
    saddle: [f32; 2],
    head: [f32; 2],
    bar: [f32; 2],
}

impl Build {
    fn random(rng: &mut Rng) -> Self {
        let saddle = [rng.range(-0.26, -0.16), rng.range(0.4, 0.58)];
        let head = [rng.range(0.32, 0.4), rng.range(0.38, 0.52)];
        Self {
            // Those of children and folding bicycles are small and thick.
            wheel: if rng.chance(0.8) {
                rng.range(0.29, 0.37)
            } else {
                rng.range(0.2, 0.28)
            },
            tire: rng.range(0.025, 0.065),
            tube: rng.range(0.025, 0.065),
            paint: scene::color(rng),
            saddle,
            head,
            bar: [
                head[0] + rng.range(-0.1, 0.08),
                head[1] + rng.range(0.03, 0.16),
            ],
        }
    }
}

fn wheels(canvas: &mut Canvas, rng: &mut Rng, build: &Build) {
    let (tire, metal) = (scene::dark(rng), rng.range(0.4, 0.9));
    let spokes = rng.chance(0.7);
    for hub in [REAR, FRONT] {
        if spokes {
            for at in 0..6 {
                let (sin, cos) = (at as f32 * std::f32::consts::FRAC_PI_6).sin_cos();
                let (x, y) = (cos * build.wheel, sin * build.wheel);
                canvas.line(
                    &[[hub[0] - x, hub[1] - y], [hub[0] + x, hub[1] + y]],
                    0.007,
                    [metal; 3],
                );
            }
        }
        canvas.ring(hub, build.wheel, build.tire, tire, 1.0);
        canvas.oval(hub, [0.03; 2], [metal; 3], 1.0);
    }
}

fn frame(canvas: &mut Canvas, rng: &mut Rng, build: &Build) {
    let Build {
        tube,
        paint,
        saddle,
        head,
        bar,
        ..
    } = *build;
    let seat = [saddle[0] + 0.03, saddle[1] - 0.1];
    let below = [head[0] + 0.04, head[1] - 0.14];
    // A step-through frame has no upper tube; its second one runs beside the lower.
    let top = if rng.chance(0.7) {
        seat
    } else {
        [seat[0] * 0.6 + CRANK[0] * 0.4, seat[1] * 0.4]
    };
    for pipe in [
        [CRANK, seat],
        [top, head],
        [CRANK, below],
        [CRANK, REAR],
        [seat, REAR],
    ] {
        canvas.line(&pipe, tube, paint);
    }
    canvas.line(&[head, below, FRONT], tube * 0.9, paint);
    let metal = scene::dark(rng);
    canvas.line(&[seat, saddle], tube * 0.8, metal);
    canvas.line(
        &[
            [saddle[0] - 0.09, saddle[1] + 0.01],
            [saddle[0] + 0.09, saddle[1]],
        ],
        0.06,
        metal,
    );
    canvas.line(&[head, bar], tube * 0.8, metal);
    let drop = if rng.chance(0.4) {
        [bar[0] + 0.13, bar[1] - 0.1]
    } else {
        [bar[0] - 0.1, bar[1] + 0.02]
    };
    canvas.line(&[bar, drop], 0.035, metal);
    canvas.ring(CRANK, 0.075, 0.03, metal, 1.0);
}

/// Mudguards, a basket, bags, a bottle, a child's seat: what makes a bicycle look heavier than it
/// is.
fn extras(canvas: &mut Canvas, rng: &mut Rng, build: &Build) {
    let (paint, dark) = (scene::color(rng), scene::dark(rng));
    if rng.chance(0.25) {
        for hub in [REAR, FRONT] {
            let r = build.wheel + 0.05;
            let arc = [0.3, 0.9, 1.5, 2.1, 2.7]
                .map(|a: f32| [hub[0] + r * a.cos(), hub[1] + r * a.sin()]);
            canvas.line(&arc, 0.03, paint);
        }
    }
    if rng.chance(0.2) {
        let [x, y] = build.bar;
        canvas.fill(
            &[
                [x + 0.02, y],
                [x + 0.26, y],
                [x + 0.22, y - 0.17],
                [x + 0.06, y - 0.17],
            ],
            paint,
        );
    }
    if rng.chance(0.2) {
        canvas.fill(
            &[[-0.68, 0.3], [-0.34, 0.3], [-0.34, 0.06], [-0.68, 0.06]],
            dark,
        );
    }
    if rng.chance(0.2) {
        canvas.line(&[[0.08, 0.12], [0.2, 0.28]], 0.09, paint);
    }
    if rng.chance(0.12) {
        canvas.fill(
            &[[-0.62, 0.36], [-0.34, 0.36], [-0.42, 0.7], [-0.6, 0.7]],
            paint,
        );
    }
}

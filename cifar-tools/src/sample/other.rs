//! Draws plain images of other classes, which staging has to leave out.

use super::Kind;
use super::canvas::{Canvas, SIDE};
use super::rng::Rng;
use super::scene;
use crate::archive::ROW;

pub(super) const KINDS: [Kind; 6] = [
    Kind {
        label: 0,
        coarse: 4,
        draw: apple,
    },
    Kind {
        label: 9,
        coarse: 3,
        draw: bottle,
    },
    Kind {
        label: 23,
        coarse: 10,
        draw: cloud,
    },
    Kind {
        label: 37,
        coarse: 9,
        draw: house,
    },
    Kind {
        label: 49,
        coarse: 10,
        draw: mountain,
    },
    Kind {
        label: 59,
        coarse: 17,
        draw: pine_tree,
    },
];

fn apple(rng: &mut Rng) -> [u8; ROW] {
    picture(rng, |canvas, rng| {
        let radius = SIDE * rng.range(0.2, 0.4);
        let center = [SIDE * rng.range(0.4, 0.6), SIDE * rng.range(0.45, 0.6)];
        let red = [rng.range(0.5, 0.95), rng.range(0.05, 0.6), 0.1];
        canvas.oval(center, [radius * 1.1, radius], red, 1.0);
        canvas.oval(
            [center[0] - radius * 0.4, center[1] - radius * 0.4],
            [radius * 0.2; 2],
            [1.0; 3],
            0.5,
        );
        canvas.line(
            &[
                [center[0], center[1] - radius],
                [center[0] + 6.0, center[1] - radius * 1.4],
            ],
            4.0,
            [0.3, 0.2, 0.1],
        );
    })
}

fn bottle(rng: &mut Rng) -> [u8; ROW] {
    picture(rng, |canvas, rng| {
        let (x, w, glass) = (
            SIDE * rng.range(0.4, 0.6),
            SIDE * rng.range(0.1, 0.16),
            scene::color(rng),
        );
        let (top, shoulder, foot) = (SIDE * 0.1, SIDE * rng.range(0.3, 0.45), SIDE * 0.92);
        canvas.fill(
            &[
                [x - w, foot],
                [x - w, shoulder],
                [x - w * 0.4, shoulder * 0.7],
                [x - w * 0.4, top],
                [x + w * 0.4, top],
                [x + w * 0.4, shoulder * 0.7],
                [x + w, shoulder],
                [x + w, foot],
            ],
            glass,
        );
        let label = SIDE * rng.range(0.5, 0.6);
        canvas.fill(
            &[
                [x - w, label],
                [x + w, label],
                [x + w, label + w * 1.4],
                [x - w, label + w * 1.4],
            ],
            scene::color(rng),
        );
    })
}

fn cloud(rng: &mut Rng) -> [u8; ROW] {
    let mut canvas = Canvas::new([
        rng.range(0.2, 0.5),
        rng.range(0.4, 0.7),
        rng.range(0.7, 1.0),
    ]);
    for _ in 0..5 + rng.below(6) {
        let center = [SIDE * rng.range(0.15, 0.85), SIDE * rng.range(0.35, 0.65)];
        canvas.oval(
            center,
            [SIDE * rng.range(0.1, 0.25), SIDE * rng.range(0.06, 0.16)],
            [rng.range(0.8, 1.0); 3],
            0.8,
        );
    }
    let lighting = scene::lighting(rng);
    canvas.row(&lighting, rng)
}

fn house(rng: &mut Rng) -> [u8; ROW] {
    picture(rng, |canvas, rng| {
        let (l, r) = (SIDE * rng.range(0.1, 0.25), SIDE * rng.range(0.75, 0.9));
        let (eaves, foot) = (SIDE * rng.range(0.4, 0.5), SIDE * rng.range(0.8, 0.92));
        canvas.fill(
            &[[l, eaves], [r, eaves], [r, foot], [l, foot]],
            scene::color(rng),
        );
        canvas.fill(
            &[
                [l - 6.0, eaves],
                [r + 6.0, eaves],
                [(l + r) / 2.0, SIDE * rng.range(0.1, 0.25)],
            ],
            scene::color(rng),
        );
        for at in [0.25, 0.6] {
            let x = l + (r - l) * at;
            canvas.fill(
                &[
                    [x, eaves + 12.0],
                    [x + 14.0, eaves + 12.0],
                    [x + 14.0, eaves + 30.0],
                    [x, eaves + 30.0],
                ],
                scene::dark(rng),
            );
        }
    })
}

fn mountain(rng: &mut Rng) -> [u8; ROW] {
    let mut canvas = Canvas::new([
        rng.range(0.4, 0.8),
        rng.range(0.5, 0.8),
        rng.range(0.7, 1.0),
    ]);
    for layer in 0..3 {
        let (x, half) = (SIDE * rng.range(0.1, 0.9), SIDE * rng.range(0.4, 0.8));
        let peak = SIDE * (rng.range(0.15, 0.35) + 0.15 * layer as f32);
        let gray = rng.range(0.2, 0.6);
        canvas.fill(
            &[[x - half, SIDE], [x, peak], [x + half, SIDE]],
            [gray, gray * 1.05, gray * 0.95],
        );
    }
    let lighting = scene::lighting(rng);
    canvas.row(&lighting, rng)
}

fn pine_tree(rng: &mut Rng) -> [u8; ROW] {
    picture(rng, |canvas, rng| {
        let (x, half) = (SIDE * rng.range(0.4, 0.6), SIDE * rng.range(0.2, 0.34));
        canvas.line(&[[x, SIDE * 0.95], [x, SIDE * 0.6]], 8.0, [0.3, 0.2, 0.12]);
        let green = [
            rng.range(0.05, 0.2),
            rng.range(0.25, 0.5),
            rng.range(0.05, 0.25),
        ];
        for (tier, width) in [(0.85, 1.0), (0.62, 0.75), (0.4, 0.5)] {
            let y = SIDE * tier;
            canvas.fill(
                &[
                    [x - half * width, y],
                    [x + half * width, y],
                    [x, y - SIDE * 0.32],
                ],
                green,
            );
        }
    })
}

fn picture(rng: &mut Rng, draw: impl FnOnce(&mut Canvas, &mut Rng)) -> [u8; ROW] {
    let mut canvas = scene::background(rng);
    draw(&mut canvas, rng);
    let lighting = scene::lighting(rng);
    canvas.row(&lighting, rng)
}

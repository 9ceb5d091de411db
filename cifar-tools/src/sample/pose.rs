//! The pose of a vehicle in the picture.

use super::canvas::SIDE;
use super::rng::Rng;
use tiny_skia::Transform;

/// Maps a vehicle's own coordinates (its wheels stand 1 apart, y goes up from the axles) to pixels.
#[derive(Debug)]
pub(super) struct Pose {
    /// Pixels between the wheels, seen from the side.
    size: f32,
    /// Horizontal scale: the cosine of the yaw away from the side view, negative facing left.
    turn: f32,
    /// Roll in degrees.
    tilt: f32,
    /// Horizontal shear by height: the vehicle leans, or is seen from above.
    lean: f32,
    center: [f32; 2],
}

impl Pose {
    pub(super) fn random(rng: &mut Rng) -> Self {
        // Most from the side, some from three quarters, a few nearly from the front.
        let turn = match rng.below(10) {
            0..7 => rng.range(0.85, 1.0),
            7..9 => rng.range(0.5, 0.85),
            _ => rng.range(0.3, 0.5),
        };
        let size = rng.range(0.46, 0.66) * SIDE;
        Self {
            size,
            turn: if rng.chance(0.5) { turn } else { -turn },
            tilt: rng.normal() * 6.0,
            lean: rng.normal() * 0.09,
            center: [SIDE * rng.range(0.42, 0.58), SIDE * rng.range(0.54, 0.7)],
        }
    }

    pub(super) fn transform(&self) -> Transform {
        Transform::from_row(
            self.size * self.turn,
            0.0,
            self.size * self.lean,
            -self.size,
            0.0,
            0.0,
        )
        .post_concat(Transform::from_rotate(self.tilt))
        .post_translate(self.center[0], self.center[1])
    }
}

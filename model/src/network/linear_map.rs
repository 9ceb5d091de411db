//! The linear maps of Winograd's convolution: each works along the rows and then along the columns
//! of a square of values, for as many channels at once as a vector of this machine holds.

use rten_simd::ops::{BitOps, NumOps};
use rten_simd::{Isa, SimdOp};
use std::marker::PhantomData;

/// Values of the longest vectors there are (AVX-512).
const MOST_LANES: usize = 16;

/// The index at which the values of a square begin; `None` where there are none, which reads as 0.
pub(super) type Places<const N: usize> = [[Option<usize>; N]; N];

/// A linear map from `N` to `M` values, for as many channels as a vector holds.
pub(super) trait LinearMap<const N: usize, const M: usize> {
    fn apply<O: NumOps<f32>>(ops: O, values: [O::Simd; N]) -> [O::Simd; M];
}

/// `B'`: inputs to points.
pub(super) struct DataToPoints;
/// `B`: its adjoint.
pub(super) struct DataBack;
/// `A'`: points to outputs.
pub(super) struct OutputBack;
/// `A`: its adjoint.
pub(super) struct OutputToPoints;
/// `G`: filters to points.
pub(super) struct FiltersToPoints;
/// `G'`: its adjoint.
pub(super) struct FiltersBack;

impl LinearMap<4, 4> for DataToPoints {
    #[inline(always)]
    fn apply<O: NumOps<f32>>(ops: O, [a, b, c, d]: [O::Simd; 4]) -> [O::Simd; 4] {
        [ops.sub(a, c), ops.add(b, c), ops.sub(c, b), ops.sub(b, d)]
    }
}

impl LinearMap<4, 4> for DataBack {
    #[inline(always)]
    fn apply<O: NumOps<f32>>(ops: O, [a, b, c, d]: [O::Simd; 4]) -> [O::Simd; 4] {
        let up = ops.add(ops.sub(b, c), d);
        let down = ops.add(ops.sub(b, a), c);
        [a, up, down, ops.sub(ops.zero(), d)]
    }
}

impl LinearMap<4, 2> for OutputBack {
    #[inline(always)]
    fn apply<O: NumOps<f32>>(ops: O, [a, b, c, d]: [O::Simd; 4]) -> [O::Simd; 2] {
        [ops.add(a, ops.add(b, c)), ops.sub(ops.sub(b, c), d)]
    }
}

impl LinearMap<2, 4> for OutputToPoints {
    #[inline(always)]
    fn apply<O: NumOps<f32>>(ops: O, [a, b]: [O::Simd; 2]) -> [O::Simd; 4] {
        [a, ops.add(a, b), ops.sub(a, b), ops.sub(ops.zero(), b)]
    }
}

impl LinearMap<3, 4> for FiltersToPoints {
    #[inline(always)]
    fn apply<O: NumOps<f32>>(ops: O, [a, b, c]: [O::Simd; 3]) -> [O::Simd; 4] {
        let (half, outer) = (ops.splat(0.5), ops.add(a, c));
        [
            a,
            ops.mul(ops.add(outer, b), half),
            ops.mul(ops.sub(outer, b), half),
            c,
        ]
    }
}

impl LinearMap<4, 3> for FiltersBack {
    #[inline(always)]
    fn apply<O: NumOps<f32>>(ops: O, [a, b, c, d]: [O::Simd; 4]) -> [O::Simd; 3] {
        let half = ops.splat(0.5);
        let sum = ops.mul(ops.add(b, c), half);
        let difference = ops.mul(ops.sub(b, c), half);
        [ops.add(a, sum), difference, ops.add(sum, d)]
    }
}

/// Maps squares of `from` to squares of `to`, for `channels` values side by side: `places` says
/// where each begins.
pub(super) fn write<F: LinearMap<N, M>, const N: usize, const M: usize>(
    channels: usize,
    from: &[f32],
    to: &mut [f32],
    places: impl Iterator<Item = (Places<N>, Places<M>)>,
) {
    Maps::<F, _, N, M, false>::new(channels, from, to, places).dispatch();
}

/// As [`write`], but adds to what is there.
pub(super) fn add<F: LinearMap<N, M>, const N: usize, const M: usize>(
    channels: usize,
    from: &[f32],
    to: &mut [f32],
    places: impl Iterator<Item = (Places<N>, Places<M>)>,
) {
    Maps::<F, _, N, M, true>::new(channels, from, to, places).dispatch();
}

/// The work of [`write`] or [`add`].
struct Maps<'a, F, P, const N: usize, const M: usize, const ADDS: bool> {
    channels: usize,
    from: &'a [f32],
    to: &'a mut [f32],
    places: P,
    map: PhantomData<F>,
}

impl<'a, F, P, const N: usize, const M: usize, const ADDS: bool> Maps<'a, F, P, N, M, ADDS> {
    fn new(channels: usize, from: &'a [f32], to: &'a mut [f32], places: P) -> Self {
        Self {
            channels,
            from,
            to,
            places,
            map: PhantomData,
        }
    }
}

impl<F, P, const N: usize, const M: usize, const ADDS: bool> SimdOp for Maps<'_, F, P, N, M, ADDS>
where
    F: LinearMap<N, M>,
    P: Iterator<Item = (Places<N>, Places<M>)>,
{
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let ops = isa.f32();
        for (from_at, to_at) in self.places {
            for channel in (0..self.channels).step_by(ops.len()) {
                let lanes = ops.len().min(self.channels - channel);
                let square = gather(ops, self.from, &from_at, channel, lanes);
                let mapped = both_axes::<F, _, N, M>(ops, square);
                scatter::<_, M, ADDS>(ops, &mapped, self.to, &to_at, channel, lanes);
            }
        }
    }
}

#[inline(always)]
fn gather<O: NumOps<f32>, const N: usize>(
    ops: O,
    from: &[f32],
    places: &Places<N>,
    channel: usize,
    lanes: usize,
) -> [[O::Simd; N]; N] {
    let mut square = [[ops.zero(); N]; N];
    for (values, places) in square.iter_mut().zip(places) {
        for (value, place) in values.iter_mut().zip(places) {
            if let Some(place) = place {
                *value = load(ops, &from[place + channel..][..lanes]);
            }
        }
    }
    square
}

#[inline(always)]
fn scatter<O: NumOps<f32>, const M: usize, const ADDS: bool>(
    ops: O,
    mapped: &[[O::Simd; M]; M],
    to: &mut [f32],
    places: &Places<M>,
    channel: usize,
    lanes: usize,
) {
    for (values, places) in mapped.iter().zip(places) {
        for (value, place) in values.iter().zip(places) {
            let Some(place) = place else { continue };
            let to = &mut to[place + channel..][..lanes];
            match ADDS {
                true => store(ops, ops.add(load(ops, to), *value), to),
                false => store(ops, *value, to),
            }
        }
    }
}

/// A vector of `values`; zeros where they are fewer than it holds.
#[inline(always)]
fn load<O: NumOps<f32>>(ops: O, values: &[f32]) -> O::Simd {
    match values.len() == ops.len() {
        true => ops.load(values),
        false => ops.load_pad(values).0,
    }
}

/// As much of a vector as `values` have room for.
#[inline(always)]
fn store<O: NumOps<f32>>(ops: O, vector: O::Simd, values: &mut [f32]) {
    if values.len() == ops.len() {
        ops.store(vector, values);
    } else {
        let mut whole = [0.0; MOST_LANES];
        ops.store(vector, &mut whole[..ops.len()]);
        values.copy_from_slice(&whole[..values.len()]);
    }
}

#[inline(always)]
fn both_axes<F: LinearMap<N, M>, O: NumOps<f32>, const N: usize, const M: usize>(
    ops: O,
    square: [[O::Simd; N]; N],
) -> [[O::Simd; M]; M] {
    let mut rows = [[ops.zero(); M]; N];
    for (row, values) in rows.iter_mut().zip(square) {
        *row = F::apply(ops, values);
    }
    let mut mapped = [[ops.zero(); M]; M];
    for column in 0..M {
        let mut values = [ops.zero(); N];
        for (value, row) in values.iter_mut().zip(&rows) {
            *value = row[column];
        }
        for (row, value) in mapped.iter_mut().zip(F::apply(ops, values)) {
            row[column] = value;
        }
    }
    mapped
}

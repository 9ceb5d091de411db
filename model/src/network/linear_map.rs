//! The linear maps of Winograd's convolution: each works along the rows and then along the columns of a square of
//! values, for many channels at once.

use std::array::from_fn;

/// Channels that go through together: the compiler makes vector instructions of them.
const LANES: usize = 8;

/// Where the values of a square begin; `None` where there are none, which reads as 0.
pub(super) type Places<const N: usize> = [[Option<usize>; N]; N];

/// Values of some channels.
type Lanes<const L: usize> = [f32; L];

/// A linear map from `N` to `M` values.
pub(super) trait LinearMap<const N: usize, const M: usize> {
    fn apply<const L: usize>(values: [Lanes<L>; N]) -> [Lanes<L>; M];
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
    fn apply<const L: usize>([a, b, c, d]: [Lanes<L>; 4]) -> [Lanes<L>; 4] {
        [sub(a, c), plus(b, c), sub(c, b), sub(b, d)]
    }
}

impl LinearMap<4, 4> for DataBack {
    fn apply<const L: usize>([a, b, c, d]: [Lanes<L>; 4]) -> [Lanes<L>; 4] {
        [a, plus(sub(b, c), d), plus(sub(b, a), c), scaled(d, -1.0)]
    }
}

impl LinearMap<4, 2> for OutputBack {
    fn apply<const L: usize>([a, b, c, d]: [Lanes<L>; 4]) -> [Lanes<L>; 2] {
        [plus(a, plus(b, c)), sub(sub(b, c), d)]
    }
}

impl LinearMap<2, 4> for OutputToPoints {
    fn apply<const L: usize>([a, b]: [Lanes<L>; 2]) -> [Lanes<L>; 4] {
        [a, plus(a, b), sub(a, b), scaled(b, -1.0)]
    }
}

impl LinearMap<3, 4> for FiltersToPoints {
    fn apply<const L: usize>([a, b, c]: [Lanes<L>; 3]) -> [Lanes<L>; 4] {
        let outer = plus(a, c);
        [
            a,
            scaled(plus(outer, b), 0.5),
            scaled(sub(outer, b), 0.5),
            c,
        ]
    }
}

impl LinearMap<4, 3> for FiltersBack {
    fn apply<const L: usize>([a, b, c, d]: [Lanes<L>; 4]) -> [Lanes<L>; 3] {
        let (sum, difference) = (scaled(plus(b, c), 0.5), scaled(sub(b, c), 0.5));
        [plus(a, sum), difference, plus(sum, d)]
    }
}

/// Maps the square at `from_at` in `from` to the one at `to_at` in `to`, for `channels` values side by side.
pub(super) fn write<F: LinearMap<N, M>, const N: usize, const M: usize>(
    channels: usize,
    from: &[f32],
    from_at: &Places<N>,
    to: &mut [f32],
    to_at: &Places<M>,
) {
    map::<F, N, M>(channels, from, from_at, to, to_at, |to, value| *to = value);
}

/// As [`write`], but adds to what is there.
pub(super) fn add<F: LinearMap<N, M>, const N: usize, const M: usize>(
    channels: usize,
    from: &[f32],
    from_at: &Places<N>,
    to: &mut [f32],
    to_at: &Places<M>,
) {
    map::<F, N, M>(channels, from, from_at, to, to_at, |to, value| *to += value);
}

#[inline(always)]
fn map<F: LinearMap<N, M>, const N: usize, const M: usize>(
    channels: usize,
    from: &[f32],
    from_at: &Places<N>,
    to: &mut [f32],
    to_at: &Places<M>,
    put: impl Fn(&mut f32, f32) + Copy,
) {
    let whole = channels / LANES * LANES;
    for channel in (0..whole).step_by(LANES) {
        let mapped = both_axes::<F, N, M, LANES>(gather(from, from_at, channel));
        scatter(&mapped, to, to_at, channel, put);
    }
    for channel in whole..channels {
        let mapped = both_axes::<F, N, M, 1>(gather(from, from_at, channel));
        scatter(&mapped, to, to_at, channel, put);
    }
}

#[inline(always)]
fn gather<const N: usize, const L: usize>(
    from: &[f32],
    places: &Places<N>,
    channel: usize,
) -> [[Lanes<L>; N]; N] {
    let load = |place: usize| {
        let values = from[place + channel..].first_chunk();
        values.copied().unwrap_or([0.0; L])
    };
    from_fn(|row| from_fn(|column| places[row][column].map_or([0.0; L], load)))
}

#[inline(always)]
fn scatter<const M: usize, const L: usize>(
    mapped: &[[Lanes<L>; M]; M],
    to: &mut [f32],
    places: &Places<M>,
    channel: usize,
    put: impl Fn(&mut f32, f32),
) {
    for (values, places) in mapped.iter().zip(places) {
        for (values, place) in values.iter().zip(places) {
            if let Some(place) = place {
                let to = &mut to[place + channel..][..L];
                to.iter_mut()
                    .zip(values)
                    .for_each(|(to, value)| put(to, *value));
            }
        }
    }
}

#[inline(always)]
fn both_axes<F: LinearMap<N, M>, const N: usize, const M: usize, const L: usize>(
    square: [[Lanes<L>; N]; N],
) -> [[Lanes<L>; M]; M] {
    let rows: [[Lanes<L>; M]; N] = square.map(F::apply);
    let columns: [[Lanes<L>; M]; M] = from_fn(|column| F::apply(rows.map(|row| row[column])));
    from_fn(|row| from_fn(|column| columns[column][row]))
}

#[inline(always)]
fn plus<const L: usize>(a: Lanes<L>, b: Lanes<L>) -> Lanes<L> {
    from_fn(|lane| a[lane] + b[lane])
}

#[inline(always)]
fn sub<const L: usize>(a: Lanes<L>, b: Lanes<L>) -> Lanes<L> {
    from_fn(|lane| a[lane] - b[lane])
}

#[inline(always)]
fn scaled<const L: usize>(a: Lanes<L>, factor: f32) -> Lanes<L> {
    a.map(|value| value * factor)
}

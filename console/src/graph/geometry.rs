//! Places the items of a layer across the page: as near to the middle of their neighbors as their
//! order and the room between them allow.

use super::order::{Link, Links};

const SWEEPS: usize = 12;
/// The weight of a catcher's line, against 1 of any other: the usual path is a straight line.
const TOLERANCE: f64 = 1e-3;

/// The centers of the items, from the left edge, which is 0.
pub(super) fn centers(rows: &[Vec<usize>], links: &Links, widths: &[f64], gap: f64) -> Vec<f64> {
    let mut center = vec![0.0; widths.len()];
    for row in rows {
        let mut left = 0.0;
        for item in row {
            center[*item] = left + widths[*item] / 2.0;
            left += widths[*item] + gap;
        }
    }
    for sweep in 0..SWEEPS {
        let downwards = sweep % 2 == 0;
        // The last sweeps look both ways, or what hangs on one neighbor would lean to one side.
        let both = sweep >= SWEEPS / 2;
        for step in 0..rows.len() {
            let row = if downwards {
                &rows[step]
            } else {
                &rows[rows.len() - 1 - step]
            };
            let target = row.iter().map(|item| {
                let above = links.above[*item].iter().filter(|_| both || downwards);
                let below = links.below[*item].iter().filter(|_| both || !downwards);
                target(above.chain(below), &center, center[*item])
            });
            let target: Vec<Target> = target.collect();
            settle(row, &target, widths, gap, &mut center);
        }
    }
    let left = (0..widths.len()).map(|item| center[item] - widths[item] / 2.0);
    let left = left.fold(f64::INFINITY, f64::min);
    center.iter().map(|x| x - left).collect()
}

/// The best position of an item, and its weight.
struct Target {
    at: f64,
    weight: f64,
}

fn target<'t>(links: impl Iterator<Item = &'t Link>, center: &[f64], own: f64) -> Target {
    let weighed = links.map(|link| (center[link.item], if link.apart { TOLERANCE } else { 1.0 }));
    let (sum, weight) = weighed.fold((0.0, 0.0), |(sum, all), (at, weight)| {
        (sum + at * weight, all + weight)
    });
    if weight > 0.0 {
        Target {
            at: sum / weight,
            weight,
        }
    } else {
        Target {
            at: own,
            weight: TOLERANCE,
        }
    }
}

/// The places nearest to the targets (weighted least squares) that keep order and distance: an
/// isotonic regression, by pooling adjacent violators, of what is left when the room that each item
/// needs is taken off.
fn settle(row: &[usize], target: &[Target], widths: &[f64], gap: f64, center: &mut [f64]) {
    let mut offset = Vec::with_capacity(row.len());
    let mut room = 0.0;
    for (at, item) in row.iter().enumerate() {
        if at > 0 {
            room += (widths[row[at - 1]] + widths[*item]) / 2.0 + gap;
        }
        offset.push(room);
    }
    // A pool: the weighted sum of what its items want, their weight and their number.
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for (target, offset) in target.iter().zip(&offset) {
        let mut pool = ((target.at - offset) * target.weight, target.weight, 1);
        while let Some(before) = pools
            .last()
            .filter(|before| before.0 / before.1 > pool.0 / pool.1)
        {
            pool = (before.0 + pool.0, before.1 + pool.1, before.2 + pool.2);
            pools.pop();
        }
        pools.push(pool);
    }
    let settled = pools
        .into_iter()
        .flat_map(|(sum, weight, count)| std::iter::repeat_n(sum / weight, count));
    for ((item, offset), at) in row.iter().zip(&offset).zip(settled) {
        center[*item] = at + offset;
    }
}

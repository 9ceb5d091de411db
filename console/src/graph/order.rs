//! Orders the items of each layer: sweeps down and up a few times, moves each item to the median of
//! its neighbors, and keeps the order with the fewest crossings.

use super::layers::Layered;

const SWEEPS: usize = 8;
/// The share of the width by which a caught state stands to the right of the next one.
const ASIDE: f64 = 0.3;

/// A line to an item of the next layer, up or down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Link {
    pub(super) item: usize,
    /// Only catchers lead along it: it pulls at nothing.
    pub(super) apart: bool,
}

/// Lines from one layer to the next: for each item the items that it is tied to above and below.
pub(super) struct Links {
    pub(super) above: Vec<Vec<Link>>,
    pub(super) below: Vec<Vec<Link>>,
}

impl Links {
    /// `apart` says of each route whether it is a catcher's.
    pub(super) fn of(layered: &Layered, apart: impl Iterator<Item = bool>) -> Self {
        let mut links = Self {
            above: vec![Vec::new(); layered.items.len()],
            below: vec![Vec::new(); layered.items.len()],
        };
        for (route, apart) in layered.routes.iter().zip(apart) {
            for pair in route.windows(2) {
                let (mut up, mut down) = (pair[0], pair[1]);
                if layered.layer[up] > layered.layer[down] {
                    (up, down) = (down, up);
                }
                // Not a state that leads to itself.
                if up != down {
                    add(&mut links.below[up], down, apart);
                    add(&mut links.above[down], up, apart);
                }
            }
        }
        links
    }
}

/// A shared lane is one line, which is a catcher's if all that share it are.
fn add(links: &mut Vec<Link>, item: usize, apart: bool) {
    match links.iter_mut().find(|link| link.item == item) {
        Some(link) => link.apart &= apart,
        None => links.push(Link { item, apart }),
    }
}

/// Orders the items of each layer.
pub(super) fn order(layered: &Layered, links: &Links) -> Vec<Vec<usize>> {
    let mut rows = layered.rows();
    let mut positions = vec![0usize; layered.items.len()];
    rows.iter().for_each(|row| note(row, &mut positions));
    let (mut best, mut fewest) = (Vec::new(), usize::MAX);
    for sweep in 0..SWEEPS {
        let downwards = sweep % 2 == 0;
        let neighbors = if downwards {
            &links.above
        } else {
            &links.below
        };
        for step in 0..rows.len() {
            let row = if downwards {
                &mut rows[step]
            } else {
                let last = rows.len() - 1;
                &mut rows[last - step]
            };
            row.sort_by(|a, b| {
                let key =
                    |item: usize| middle(&neighbors[item], &positions, positions[item], downwards);
                key(*a).total_cmp(&key(*b))
            });
            note(row, &mut positions);
        }
        let now = crossings(&rows, links, &positions);
        if now < fewest {
            (best, fewest) = (rows.clone(), now);
        }
        if fewest == 0 {
            break;
        }
    }
    best
}

fn note(row: &[usize], positions: &mut [usize]) {
    for (at, item) in row.iter().enumerate() {
        positions[*item] = at;
    }
}

fn middle(neighbors: &[Link], positions: &[usize], position: usize, downwards: bool) -> f64 {
    if neighbors.is_empty() {
        return position as f64;
    }
    let aside = if downwards { ASIDE } else { -ASIDE };
    let places = neighbors.iter().map(|link| {
        let aside = if link.apart { aside } else { 0.0 };
        positions[link.item] as f64 + aside
    });
    places.sum::<f64>() / neighbors.len() as f64
}

/// Returns the number of pairs of lines between neighboring layers that cross.
fn crossings(rows: &[Vec<usize>], links: &Links, positions: &[usize]) -> usize {
    let between = |row: &Vec<usize>| {
        let mut lines: Vec<(usize, usize)> = row
            .iter()
            .flat_map(|up| {
                let below = links.below[*up].iter();
                below.map(|down| (positions[*up], positions[down.item]))
            })
            .collect();
        lines.sort_unstable();
        let pairs = lines.iter().enumerate();
        pairs
            .map(|(at, (up, down))| {
                let later = lines[at + 1..].iter();
                later.filter(|(u, d)| u > up && d < down).count()
            })
            .sum::<usize>()
    };
    rows.iter().map(between).sum()
}

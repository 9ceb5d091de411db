//! Assigns each box of a flow to a layer: cycles are broken, then a box is one layer below the
//! lowest that leads to it.
//!
//! An edge that spans several layers passes through *lanes*, one in each layer between. Edges of
//! one kind to the same box share their lanes, as a hundred states that catch into one would fill
//! the page with lines otherwise.

use std::collections::HashMap;

/// An edge to lay out: from, to, and whether it is drawn apart from the others (a catcher's).
pub(super) type Arc = (usize, usize, bool);

/// An item of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A box, by its place in the input.
    Box(usize),
    /// Room for edges that pass.
    Lane,
}

/// Boxes and lanes in layers, from the top.
#[derive(Debug, Default)]
pub(super) struct Layered {
    pub(super) items: Vec<Item>,
    /// The layer of each item.
    pub(super) layer: Vec<usize>,
    /// The items that each edge of the input passes, from its source to its target.
    pub(super) routes: Vec<Vec<usize>>,
    pub(super) count: usize,
}

impl Layered {
    /// Puts `boxes` boxes into layers. The boxes are items 0 to `boxes`, in their order.
    pub(super) fn new(boxes: usize, edges: &[Arc], first: usize) -> Self {
        let upwards = back_edges(boxes, edges, first);
        let down: Vec<(usize, usize)> = edges
            .iter()
            .zip(&upwards)
            .filter(|((from, to, _), _)| from != to)
            .map(|((from, to, _), up)| if *up { (*to, *from) } else { (*from, *to) })
            .collect();
        let layer = longest_paths(boxes, &down);
        let mut layered = Self {
            items: (0..boxes).map(Item::Box).collect(),
            count: layer.iter().max().map_or(0, |last| last + 1),
            layer,
            routes: Vec::new(),
        };
        let mut lanes = HashMap::new();
        for edge in edges {
            let route = layered.route(*edge, &mut lanes);
            layered.routes.push(route);
        }
        layered
    }

    /// The items from an edge's beginning to its end, with lanes that are made where there are none
    /// yet.
    fn route(
        &mut self,
        (from, to, apart): Arc,
        lanes: &mut HashMap<(usize, usize, bool), usize>,
    ) -> Vec<usize> {
        let (top, bottom) = (self.layer[from], self.layer[to]);
        let mut between: Vec<usize> = (top.min(bottom) + 1..top.max(bottom)).collect();
        if top > bottom {
            between.reverse();
        }
        let passed = between.into_iter().map(|layer| {
            *lanes.entry((to, layer, apart)).or_insert_with(|| {
                self.items.push(Item::Lane);
                self.layer.push(layer);
                self.items.len() - 1
            })
        });
        let passed: Vec<usize> = passed.collect();
        [from].into_iter().chain(passed).chain([to]).collect()
    }

    /// The items of each layer, in the order in which they were made.
    pub(super) fn rows(&self) -> Vec<Vec<usize>> {
        let mut rows = vec![Vec::new(); self.count];
        for (item, layer) in self.layer.iter().enumerate() {
            rows[*layer].push(item);
        }
        rows
    }
}

/// Finds the edges that lead back to a box that leads to them: those that a walk in depth, which
/// starts at `first`, finds to lead to a box that it has not left yet.
fn back_edges(boxes: usize, edges: &[Arc], first: usize) -> Vec<bool> {
    let mut outgoing = vec![Vec::new(); boxes];
    for (at, (from, _, _)) in edges.iter().enumerate() {
        outgoing[*from].push(at);
    }
    #[derive(Clone, Copy, PartialEq)]
    enum Visit {
        Unvisited,
        OnPath,
        Done,
    }
    let mut visits = vec![Visit::Unvisited; boxes];
    let mut back = vec![false; edges.len()];
    for begin in [first].into_iter().chain(0..boxes) {
        if begin >= boxes || visits[begin] != Visit::Unvisited {
            continue;
        }
        visits[begin] = Visit::OnPath;
        // A stack of its own: a machine may have ten thousand states in a row.
        let mut open = vec![(begin, 0)];
        while let Some((at, next)) = open.last_mut() {
            let Some(edge) = outgoing[*at].get(*next) else {
                visits[*at] = Visit::Done;
                open.pop();
                continue;
            };
            *next += 1;
            let to = edges[*edge].1;
            match visits[to] {
                Visit::OnPath => back[*edge] = true,
                Visit::Done => {}
                Visit::Unvisited => {
                    visits[to] = Visit::OnPath;
                    open.push((to, 0));
                }
            }
        }
    }
    back
}

/// Returns the length of the longest path to each box, without cycles.
fn longest_paths(boxes: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut outgoing = vec![Vec::new(); boxes];
    let mut waiting = vec![0usize; boxes];
    for (from, to) in edges {
        outgoing[*from].push(*to);
        waiting[*to] += 1;
    }
    let mut layer = vec![0; boxes];
    let mut ready: Vec<usize> = (0..boxes).filter(|at| waiting[*at] == 0).collect();
    while let Some(at) = ready.pop() {
        for to in &outgoing[at] {
            layer[*to] = layer[*to].max(layer[at] + 1);
            waiting[*to] -= 1;
            if waiting[*to] == 0 {
                ready.push(*to);
            }
        }
    }
    layer
}

//! Lays out a [`Flow`] in pixels: states in layers from top to bottom, what a Parallel or a Map
//! holds inside its box, and the lines between.

use super::layers::{Item, Layered};
use super::order::{Links, order};
use super::{Edge, EdgeKind, Flow, Kind, Node, geometry};

/// The width of a line of text in a box, at most.
const LINE: f64 = 140.0;
const MIN_WIDTH: f64 = 104.0;
/// Left and right of the text in a box.
const MARGIN: f64 = 14.0;
const TEXT_LINE: f64 = 17.0;
/// The diameter of the beginning and the end.
const END: f64 = 18.0;
const LANE: f64 = 8.0;
/// Between boxes beside each other, and between layers.
const GAP: f64 = 18.0;
const LAYER_GAP: f64 = 38.0;
/// Around what a container holds.
const PADDING: f64 = 14.0;
/// Beside a box, for the line of a state that leads to itself.
const LOOP: f64 = 26.0;

/// A flow that is laid out.
pub(crate) struct Picture<'f> {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) boxes: Vec<NodeBox<'f>>,
    pub(crate) lines: Vec<Line<'f>>,
}

/// A box, by its upper left corner.
pub(crate) struct NodeBox<'f> {
    pub(crate) node: &'f Node,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// The name, as it is broken.
    pub(crate) name: Vec<String>,
    /// Its contents, each by its upper left corner within the box.
    pub(crate) inner: Vec<(f64, f64, Picture<'f>)>,
}

/// An edge as a path of SVG.
pub(crate) struct Line<'f> {
    pub(crate) edge: &'f Edge,
    pub(crate) path: String,
    /// The label at its end, with its position.
    pub(crate) label: Option<(f64, f64, String)>,
}

impl<'f> Picture<'f> {
    /// Lays a flow out. The same flow always looks the same.
    // The recursion ends with the flow's nesting.
    pub(crate) fn of(flow: &'f Flow) -> Self {
        let mut boxes: Vec<NodeBox<'f>> = flow.nodes.iter().map(NodeBox::of).collect();
        let arcs: Vec<_> = flow
            .edges
            .iter()
            .map(|edge| (edge.from, edge.to, edge.way == EdgeKind::Catch))
            .collect();
        let start = flow.nodes.iter().position(|node| node.kind == Kind::Start);
        let layered = Layered::new(boxes.len(), &arcs, start.unwrap_or(0));
        let links = Links::of(&layered, arcs.iter().map(|arc| arc.2));
        let rows = order(&layered, &links);
        let widths: Vec<f64> = layered
            .items
            .iter()
            .map(|item| match item {
                Item::Box(at) => boxes[*at].width,
                Item::Lane => LANE,
            })
            .collect();
        let center = geometry::centers(&rows, &links, &widths, GAP);
        let bands = bands(&rows, &layered.items, &boxes);
        for (at, node_box) in boxes.iter_mut().enumerate() {
            node_box.x = center[at] - node_box.width / 2.0;
            node_box.y = bands[layered.layer[at]].0;
        }
        let turn = flow.edges.iter().any(|edge| edge.from == edge.to);
        let right = (0..widths.len()).map(|at| center[at] + widths[at] / 2.0);
        let mut picture = Self {
            width: right.fold(0.0, f64::max) + if turn { LOOP } else { 0.0 },
            height: bands.last().map_or(0.0, |band| band.1),
            lines: Vec::new(),
            boxes,
        };
        let routing = Routing {
            layered: &layered,
            center: &center,
            bands: &bands,
        };
        picture.lines = flow
            .edges
            .iter()
            .zip(&layered.routes)
            .map(|(edge, route)| picture.line(flow, edge, route, &routing))
            .collect();
        picture
    }

    fn line(&self, flow: &Flow, edge: &'f Edge, route: &[usize], routing: &Routing) -> Line<'f> {
        let points = if edge.from == edge.to {
            return self.to_itself(edge);
        } else {
            routing.points(route, edge, &self.boxes)
        };
        let end = points.last().copied().unwrap_or_default();
        // Before the box that it leads to, from whichever side it comes.
        let label_y = if points[0].1 > end.1 {
            end.1 + 17.0
        } else {
            end.1 - 9.0
        };
        Line {
            edge,
            path: curve(&points),
            label: label(flow, edge).map(|text| (end.0 + 5.0, label_y, text)),
        }
    }

    fn to_itself(&self, edge: &'f Edge) -> Line<'f> {
        let of = &self.boxes[edge.from];
        let (x, from, to) = (
            of.x + of.width,
            of.y + of.height * 0.72,
            of.y + of.height * 0.28,
        );
        let out = x + LOOP;
        Line {
            edge,
            path: format!("M{x:.1} {from:.1}C{out:.1} {from:.1} {out:.1} {to:.1} {x:.1} {to:.1}"),
            label: None,
        }
    }
}

/// Returns the label of a line: the rules that lead here, said once for all rules from one Choice
/// to one state.
fn label(flow: &Flow, edge: &Edge) -> Option<String> {
    let parallel: Vec<&Edge> = flow
        .edges
        .iter()
        .filter(|other| (other.from, other.to) == (edge.from, edge.to))
        .filter(|other| matches!(other.way, EdgeKind::Rule(_) | EdgeKind::Default))
        .collect();
    if !parallel.first().is_some_and(|first| *first == edge) {
        return None;
    }
    let rules: Vec<String> = parallel
        .iter()
        .filter_map(|edge| match edge.way {
            EdgeKind::Rule(number) => Some(number.to_string()),
            _ => None,
        })
        .collect();
    let default = parallel.iter().any(|edge| edge.way == EdgeKind::Default);
    Some(match (rules.len(), default) {
        (0, _) => "default".to_owned(),
        (1, false) => format!("rule {}", rules[0]),
        (_, false) => format!("rules {}", rules.join(", ")),
        (_, true) => format!("{}, default", rules.join(", ")),
    })
}

/// The top and the bottom of each layer.
fn bands(rows: &[Vec<usize>], items: &[Item], boxes: &[NodeBox]) -> Vec<(f64, f64)> {
    let mut top = 0.0;
    let band = |row: &Vec<usize>| {
        let heights = row.iter().map(|item| match items[*item] {
            Item::Box(at) => boxes[at].height,
            Item::Lane => 0.0,
        });
        let band = (top, top + heights.fold(0.0, f64::max));
        top = band.1 + LAYER_GAP;
        band
    };
    rows.iter().map(band).collect()
}

/// The positions that lines are routed between.
struct Routing<'a> {
    layered: &'a Layered,
    center: &'a [f64],
    bands: &'a [(f64, f64)],
}

impl Routing<'_> {
    /// The points that a line passes. It goes straight from each odd one to the next, through a
    /// layer.
    fn points(&self, route: &[usize], edge: &Edge, boxes: &[NodeBox]) -> Vec<(f64, f64)> {
        let (from, to) = (&boxes[edge.from], &boxes[edge.to]);
        let upwards = from.y > to.y;
        // Lines that tell something else than the usual way begin beside it.
        let aside = |of: &NodeBox| match (upwards, edge.way) {
            (true, _) => of.width * 0.36,
            (_, EdgeKind::Catch) => of.width * 0.26,
            _ => 0.0,
        };
        let first = (
            from.middle() + aside(from),
            if upwards {
                from.y
            } else {
                from.y + from.height
            },
        );
        let last = (
            to.middle() + if upwards { aside(to) } else { 0.0 },
            if upwards { to.y + to.height } else { to.y },
        );
        let mut points = vec![first];
        for item in &route[1..route.len() - 1] {
            let (x, (top, bottom)) = (self.center[*item], self.bands[self.layered.layer[*item]]);
            let passed = [(x, top), (x, bottom)];
            points.extend(if upwards {
                [passed[1], passed[0]]
            } else {
                passed
            });
        }
        points.push(last);
        points
    }
}

/// Curves between layers, whose ends are upright, and straight lines through them.
fn curve(points: &[(f64, f64)]) -> String {
    let mut path = format!("M{:.1} {:.1}", points[0].0, points[0].1);
    for (at, pair) in points.windows(2).enumerate() {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        if at % 2 == 1 || (x0 - x1).abs() < 0.05 {
            path.push_str(&format!("L{x1:.1} {y1:.1}"));
        } else {
            let bend = (y0 + y1) / 2.0;
            path.push_str(&format!(
                "C{x0:.1} {bend:.1} {x1:.1} {bend:.1} {x1:.1} {y1:.1}"
            ));
        }
    }
    path
}

impl<'f> NodeBox<'f> {
    fn of(node: &'f Node) -> Self {
        let mut node_box = Self {
            node,
            x: 0.0,
            y: 0.0,
            width: END,
            height: END,
            name: Vec::new(),
            inner: Vec::new(),
        };
        if node.kind != Kind::State {
            return node_box;
        }
        node_box.name = broken(&node.name);
        let lines = node_box.name.iter().map(|line| width(line));
        // The caption is smaller by a sixth, and is cut before it makes a box wider than a long
        // name does.
        let text = lines
            .chain([(width(&node.caption) * 0.84).min(LINE)])
            .fold(0.0, f64::max);
        node_box.width = (text + 2.0 * MARGIN).max(MIN_WIDTH);
        node_box.height = 28.0 + TEXT_LINE * node_box.name.len() as f64;
        node_box.fill();
        node_box
    }

    /// Makes room for what the state holds, side by side under its name.
    fn fill(&mut self) {
        let pictures: Vec<Picture<'f>> = self.node.inner.iter().map(Picture::of).collect();
        if pictures.is_empty() {
            return;
        }
        let top = self.height + 4.0;
        let (mut left, mut bottom) = (PADDING, top);
        for picture in pictures {
            let (width, height) = (picture.width, picture.height);
            self.inner.push((left, top, picture));
            left += width + GAP;
            bottom = f64::max(bottom, top + height);
        }
        let inside = left - GAP + PADDING;
        if inside < self.width {
            let shift = (self.width - inside) / 2.0;
            self.inner.iter_mut().for_each(|(x, _, _)| *x += shift);
        }
        self.width = self.width.max(inside);
        self.height = bottom + PADDING;
    }

    fn middle(&self) -> f64 {
        self.x + self.width / 2.0
    }
}

/// About how wide a text is, in a sans-serif font of 13 pixels: no font is asked, as none is at
/// hand here.
pub(super) fn width(text: &str) -> f64 {
    let of = |letter: char| match letter {
        'i' | 'j' | 'l' | 'f' | 't' | 'r' | 'I' | '.' | ',' | ':' | ' ' | '(' | ')' => 4.6,
        'm' | 'w' | 'M' | 'W' | '@' => 11.0,
        'A'..='Z' => 8.8,
        // Scripts whose letters are as wide as high.
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{ffef}' | '\u{1f000}'.. => 13.0,
        _ => 7.3,
    };
    text.chars().map(of).sum()
}

/// A name in at most two lines, broken where words meet if that can be; what is too long ends in
/// `…`.
fn broken(name: &str) -> Vec<String> {
    if width(name) <= LINE {
        return vec![name.to_owned()];
    }
    let letters: Vec<(usize, char)> = name.char_indices().collect();
    let fits = |end: &usize| width(&name[..*end]) <= LINE;
    let ends = letters.iter().map(|(at, _)| *at).filter(|at| *at > 0);
    let widest = ends.take_while(fits).last().unwrap_or(name.len());
    let joint = letters
        .windows(2)
        .filter(|pair| meets(pair[0].1, pair[1].1))
        .map(|pair| pair[1].0)
        .take_while(|at| *at <= widest)
        .last();
    let at = joint.unwrap_or(widest);
    let (first, rest) = name.split_at(at);
    vec![first.trim_end().to_owned(), cut(rest.trim_start(), LINE)]
}

/// Returns true if a word ends between two letters: `serialize-|image`, `Serialize|Image`,
/// `Serialize |image`.
fn meets(left: char, right: char) -> bool {
    matches!(left, '-' | '_' | ' ' | '.' | ':') || (left.is_lowercase() && right.is_uppercase())
}

/// A text that is no wider than `max_width`.
pub(super) fn cut(text: &str, max_width: f64) -> String {
    if width(text) <= max_width {
        return text.to_owned();
    }
    let mut room = max_width - width("…");
    let kept = text.chars().take_while(|letter| {
        room -= width(letter.encode_utf8(&mut [0; 4]));
        room >= 0.0
    });
    kept.chain(['…']).collect()
}

//! Drawing a [`Picture`]: inline SVG, whose colors are the style sheet's.

use maud::{Markup, html};

use super::layout::{Line, NodeBox, Picture, cut};
use super::{EdgeKind, Flow, Kind};

/// Around the whole, so that no line and no sign at a corner is cut off.
const EDGE: f64 = 10.0;

/// The largest width of a picture that stands beside the steps.
const BESIDE: f64 = 370.0;

/// The state of a box in an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodeStatus {
    /// The CSS class of its color: `succeeded`.
    pub(crate) class: &'static str,
    /// A symbol with the same meaning, for readers who don't see colors.
    pub(crate) sign: &'static str,
    /// The text of the status with its count: `succeeded 3 times`.
    pub(crate) words: String,
    /// The link to its step on the page.
    pub(crate) href: String,
}

/// Returns true if a flow is too wide to stand beside something else.
pub(crate) fn is_wide(flow: &Flow) -> bool {
    Picture::of(flow).width > BESIDE
}

/// Draws a flow; `mark` says what became of a state, by its name.
pub(crate) fn draw(flow: &Flow, label: &str, mark: &dyn Fn(&str) -> Option<NodeStatus>) -> Markup {
    let picture = Picture::of(flow);
    let (width, height) = (picture.width + 2.0 * EDGE, picture.height + 2.0 * EDGE);
    html! {
        svg.graph role="group" aria-label=(label) xmlns="http://www.w3.org/2000/svg"
            width=(format!("{width:.0}")) height=(format!("{height:.0}")) viewBox=(format!("0 0 \
                {width:.0} {height:.0}")) {
            defs {
                (arrow("arrow")) (arrow("arrow-catch"))
            }
            g transform=(translate(EDGE, EDGE)) { (inside(&picture, mark)) }
        }
    }
}

fn arrow(id: &str) -> Markup {
    html! {
        marker id=(id) viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto" {
            path d="M1 1L7 4L1 7" {}
        }
    }
}

fn translate(x: f64, y: f64) -> String {
    format!("translate({x:.1} {y:.1})")
}

// The recursion ends with the flow's nesting.
fn inside(picture: &Picture, mark: &dyn Fn(&str) -> Option<NodeStatus>) -> Markup {
    html! {
        @for line in &picture.lines { (edge(line)) }
        @for node_box in &picture.boxes { (node(node_box, mark)) }
    }
}

fn edge(line: &Line) -> Markup {
    let (class, arrow) = match line.edge.way {
        EdgeKind::Catch => ("edge catch", "url(#arrow-catch)"),
        _ => ("edge", "url(#arrow)"),
    };
    html! {
        path class=(class) d=(line.path) marker-end=(arrow) {
            @if !line.edge.title.is_empty() { title { (line.edge.title) } }
        }
        @if let Some((x, y, text)) = &line.label {
            text.rule x=(format!("{x:.1}")) y=(format!("{y:.1}")) { (text) title { (line.edge.title) } }
        }
    }
}

fn node(node_box: &NodeBox, mark: &dyn Fn(&str) -> Option<NodeStatus>) -> Markup {
    let at = translate(node_box.x, node_box.y);
    match node_box.node.kind {
        Kind::Start => html! {
            g.end transform=(at) { circle cx="9" cy="9" r="7" {} title { "Start" } }
        },
        Kind::End => html! {
            g.end transform=(at) { circle.ring cx="9" cy="9" r="7.5" {} circle cx="9" cy="9" r="3.5" {} title { "End" } }
        },
        Kind::State => html! {
            (state(node_box, mark(&node_box.node.name).as_ref(), &at))
            @for (x, y, picture) in &node_box.inner {
                g transform=(translate(node_box.x + x, node_box.y + y)) { (inside(picture, mark)) }
            }
        },
    }
}

fn state(node_box: &NodeBox, mark: Option<&NodeStatus>, at: &str) -> Markup {
    let class = mark.map_or("idle", |mark| mark.class);
    let words = mark.map_or("not reached", |mark| &mark.words);
    let label = format!("{}, {}, {words}", node_box.node.name, node_box.node.caption);
    let link = mark.map(|mark| &*mark.href).filter(|href| !href.is_empty());
    html! {
        g class={ "state " (class) @if !node_box.inner.is_empty() { " holds" } } transform=(at) {
            @match link {
                Some(href) => a href=(href) aria-label=(label) { (face(node_box, mark, &label)) },
                None => g role="img" aria-label=(label) { (face(node_box, mark, &label)) },
            }
        }
    }
}

fn face(node_box: &NodeBox, mark: Option<&NodeStatus>, label: &str) -> Markup {
    let (width, height) = (node_box.width, node_box.height);
    let middle = format!("{:.1}", width / 2.0);
    let caption = 22.0 + 17.0 * node_box.name.len() as f64;
    html! {
        title { (label) }
        rect width=(format!("{width:.1}")) height=(format!("{height:.1}")) rx="7" {}
        @for (number, line) in node_box.name.iter().enumerate() {
            text.name x=(middle) y=(20 + 17 * number) { (line) }
        }
        text.caption x=(middle) y=(format!("{caption:.0}")) { (cut(&node_box.node.caption, (width - 16.0) / 0.84)) }
        @if let Some(mark) = mark {
            circle.sign cx=(format!("{width:.1}")) cy="0" r="8" {}
            text.sign x=(format!("{width:.1}")) y="3.5" { (mark.sign) }
        }
    }
}

//! A state machine as a picture: what a definition says ([`Flow`]), where everything goes
//! ([`layout`]) and how it is drawn ([`svg`]).
//!
//! A *flow* is the set of states that one `States` object holds: the machine's own, a Parallel's
//! branch, a Map's processor.

mod geometry;
mod layers;
mod layout;
mod order;
pub(crate) mod svg;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::Value;

/// The states of one `States` object, in the order in which they are written, and how one leads to
/// another.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Flow {
    pub(crate) nodes: Vec<Node>,
    pub(crate) edges: Vec<Edge>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// The state's name; empty for the two ends.
    pub(crate) name: String,
    /// Its kind, in a word or two: `Task`, `Lambda serialize-image`.
    pub(crate) caption: String,
    /// The branches of a Parallel, the processor of a Map.
    pub(crate) inner: Vec<Flow>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Start,
    End,
    State,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) way: EdgeKind,
    /// Its tooltip: the rule's condition, the errors that are caught.
    pub(crate) title: String,
}

/// The kind of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum EdgeKind {
    /// `Next`, or `End`.
    Next,
    /// A rule of a Choice, counted from 1.
    Rule(usize),
    /// A Choice's `Default`.
    Default,
    /// A catcher.
    Catch,
}

impl Flow {
    /// Reads a definition, which Step Functions has validated: what is not there is left out.
    ///
    /// `None` where the text is no definition.
    pub(crate) fn of(definition: &str) -> Option<Self> {
        let definition: Value = serde_json::from_str(definition).ok()?;
        let mut flow = Self::read(&definition)?;
        flow.add_ends(&definition);
        Some(flow)
    }

    // The recursion ends with the nesting of the definition, which its parser limits.
    fn read(flow: &Value) -> Option<Self> {
        let states = flow["States"].as_object()?;
        let at: HashMap<&str, usize> = states.keys().map(String::as_str).zip(0..).collect();
        let nodes = states.iter().map(|(name, state)| node(name, state));
        let mut edges = Vec::new();
        for (from, state) in states.values().enumerate() {
            each_transition(state, |way, next, title| {
                if let Some(to) = next.and_then(|next| at.get(next)) {
                    edges.push(Edge {
                        from,
                        to: *to,
                        way,
                        title,
                    });
                }
            });
        }
        Some(Self {
            nodes: nodes.collect(),
            edges,
        })
    }

    /// Draws where an execution begins and where it ends, for the machine's own flow.
    fn add_ends(&mut self, definition: &Value) {
        let states = definition["States"].as_object();
        let (start, end) = (self.nodes.len(), self.nodes.len() + 1);
        let first = self
            .nodes
            .iter()
            .position(|node| definition["StartAt"] == *node.name);
        let ended: Vec<usize> = states
            .into_iter()
            .flat_map(|states| states.values().enumerate())
            .filter(|(_, state)| state["End"] == true || state["Type"] == "Succeed")
            .map(|(at, _)| at)
            .collect();
        for kind in [Kind::Start, Kind::End] {
            self.nodes.push(Node {
                kind,
                name: String::new(),
                caption: String::new(),
                inner: Vec::new(),
            });
        }
        let between = |from, to| Edge {
            from,
            to,
            way: EdgeKind::Next,
            title: String::new(),
        };
        self.edges.extend(first.map(|first| between(start, first)));
        self.edges
            .extend(ended.into_iter().map(|from| between(from, end)));
    }
}

fn node(name: &str, state: &Value) -> Node {
    let branches = state["Branches"].as_array().into_iter().flatten();
    let processor = ["ItemProcessor", "Iterator"]
        .into_iter()
        .map(|field| &state[field]);
    Node {
        kind: Kind::State,
        name: name.to_owned(),
        caption: caption(state),
        inner: branches.chain(processor).filter_map(Flow::read).collect(),
    }
}

/// `Task` alone says little: a task is called by what it calls.
fn caption(state: &Value) -> String {
    let kind = state["Type"].as_str().unwrap_or("State");
    if kind == "Map" && state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED" {
        return "Distributed Map".to_owned();
    }
    let Some(resource) = state["Resource"].as_str().filter(|_| kind == "Task") else {
        return kind.to_owned();
    };
    let function = ["Parameters", "Arguments"]
        .iter()
        .find_map(|field| state[*field]["FunctionName"].as_str());
    let arn = function.unwrap_or(resource);
    if let Some((_, name)) = arn.split_once(":function:") {
        return format!("Lambda {}", name.split(':').next().unwrap_or(name));
    }
    match resource.strip_prefix("arn:aws:states:::") {
        Some(service) => service.replace("aws-sdk:", "").replace(':', " "),
        None => kind.to_owned(),
    }
}

/// Reports the transitions of a state.
fn each_transition(state: &Value, mut report: impl FnMut(EdgeKind, Option<&str>, String)) {
    report(EdgeKind::Next, state["Next"].as_str(), String::new());
    let rules = state["Choices"].as_array().into_iter().flatten();
    for (number, rule) in (1..).zip(rules) {
        let next = rule["Next"].as_str();
        report(EdgeKind::Rule(number), next, condition(rule));
    }
    let default = "if no rule holds".to_owned();
    report(EdgeKind::Default, state["Default"].as_str(), default);
    for catcher in state["Catch"].as_array().into_iter().flatten() {
        let errors = catcher["ErrorEquals"].as_array().into_iter().flatten();
        let errors: Vec<&str> = errors.filter_map(Value::as_str).collect();
        let title = format!("catches {}", errors.join(", "));
        report(EdgeKind::Catch, catcher["Next"].as_str(), title);
    }
}

/// A rule's condition, as it is written but for `Next` and what else is not of the condition.
fn condition(rule: &Value) -> String {
    if let Some(condition) = rule["Condition"].as_str() {
        let inside = condition.trim().strip_prefix("{%");
        let inside = inside.and_then(|inside| inside.strip_suffix("%}"));
        return inside.unwrap_or(condition).trim().to_owned();
    }
    let members = rule.as_object().into_iter().flatten();
    let members = members.filter(|(name, _)| !["Next", "Comment", "Assign"].contains(&&***name));
    let parts: Vec<String> = members
        .map(|(name, value)| match (&**name, value.as_str()) {
            ("Variable", Some(path)) => path.to_owned(),
            _ => format!("{name} {value}"),
        })
        .collect();
    parts.join(" ")
}

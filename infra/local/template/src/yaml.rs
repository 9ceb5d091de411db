//! Parses text to [`Node`]s: YAML (or JSON, which is YAML), with short-form functions (`!Ref X`)
//! written out (`{Ref: X}`).
//!
//! The parser's events are collected on an explicit stack, so deep input is refused before it can
//! overflow the thread's.

use std::collections::HashSet;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::error::{Fault, Position, Problem};
use super::node::{Key, Node, Value};

/// CloudFormation's limit for a template in S3.
pub(super) const MAX_BYTES: usize = 1_000_000;
/// More than any template has; everything that walks nodes may recurse this far.
pub(super) const MAX_DEPTH: usize = 64;

/// Reads one document.
pub(super) fn parse(text: &str) -> Result<Node, Fault> {
    let mut builder = Builder::default();
    if text.len() > MAX_BYTES {
        return Err(Fault::new(Position::default(), Problem::TooLong));
    }
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| syntax(&error))?;
        builder.take(event, position(span.start))?;
    }
    builder.document.ok_or_else(|| {
        let problem = Problem::Documents("this file is empty");
        Fault::new(Position { line: 1, column: 1 }, problem)
    })
}

fn syntax(error: &ScanError) -> Fault {
    let problem = Problem::Syntax(error.info().into());
    Fault::new(position(*error.marker()), problem)
}

fn position(marker: Marker) -> Position {
    Position {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

/// A collection that is still open.
struct Open {
    at: Position,
    function: Option<String>,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map {
        entries: Vec<(Key, Node)>,
        names: HashSet<String>,
        key: Option<Key>,
    },
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    document: Option<Node>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, at: Position) -> Result<(), Fault> {
        match event {
            Event::Alias(_)
            | Event::Scalar(_, _, 1.., _)
            | Event::SequenceStart(1.., _)
            | Event::MappingStart(1.., _) => Err(Fault::new(at, Problem::Alias)),
            Event::DocumentStart(_) if self.document.is_some() => {
                let problem = Problem::Documents("a second one begins here");
                Err(Fault::new(at, problem))
            }
            Event::Scalar(text, style, _, tag) => {
                let value = scalar(&text, style, tag.as_deref());
                self.place(Node { at, value }, function_of(tag.as_deref()))
            }
            Event::SequenceStart(_, tag) => self.push(at, tag.as_deref(), Content::List(vec![])),
            Event::MappingStart(_, tag) => {
                let content = Content::Map {
                    entries: vec![],
                    names: HashSet::new(),
                    key: None,
                };
                self.push(at, tag.as_deref(), content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn push(&mut self, at: Position, tag: Option<&Tag>, content: Content) -> Result<(), Fault> {
        if self.open.len() == MAX_DEPTH {
            return Err(Fault::new(at, Problem::TooDeep));
        }
        self.open.push(Open {
            at,
            function: function_of(tag),
            content,
        });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = match open.content {
            Content::List(items) => Value::List(items),
            Content::Map { entries, .. } => Value::Map(entries),
        };
        self.place(Node { at: open.at, value }, open.function)
    }

    /// Puts a finished node where it belongs, inside its function where it had a tag.
    fn place(&mut self, node: Node, function: Option<String>) -> Result<(), Fault> {
        let node = wrap(node, function);
        let Some(open) = self.open.last_mut() else {
            self.document = Some(node);
            return Ok(());
        };
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Map {
                entries,
                names,
                key,
            } => match key.take() {
                Some(key) => entries.push((key, node)),
                None => *key = Some(new_key(&node, names)?),
            },
        }
        Ok(())
    }
}

fn new_key(node: &Node, names: &mut HashSet<String>) -> Result<Key, Fault> {
    let text = node.text("a key")?.to_owned();
    if !names.insert(text.clone()) {
        return Err(Fault::new(node.at, Problem::DuplicateKey(text)));
    }
    Ok(Key { at: node.at, text })
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let plain = style == ScalarStyle::Plain && tag.is_none();
    match text {
        "" | "~" | "null" | "Null" | "NULL" if plain => Value::Null,
        _ => Value::Scalar {
            text: text.into(),
            plain,
        },
    }
}

/// The long name of the function that a tag stands for; `None` for YAML's own tags (`!!str`).
fn function_of(tag: Option<&Tag>) -> Option<String> {
    let tag = tag.filter(|tag| tag.handle == "!" && !tag.suffix.is_empty())?;
    Some(match tag.suffix.as_str() {
        "Ref" | "Condition" => tag.suffix.clone(),
        name => format!("Fn::{name}"),
    })
}

fn wrap(node: Node, function: Option<String>) -> Node {
    let Some(text) = function else {
        return node;
    };
    let at = node.at;
    Node::map_at(at, vec![(Key { at, text }, node)])
}

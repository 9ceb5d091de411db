//! Reads a JSON text into a value that remembers where everything in it stands.
//!
//! A [`Source`] leads from a location, as diagnostics name it (`/States/A/Choices[0]/Next`), to the
//! bytes of the text that a person should look at.

mod scan;
mod syntax;
#[cfg(test)]
mod tests;

use std::ops::Range;

use serde_json::Value;

pub(crate) use syntax::SyntaxError;

/// The deepest nesting of arrays and objects that is read: `serde_json`'s own.
const MAX_DEPTH: usize = 127;

/// A JSON text, its value, and the position of every value in it.
#[derive(Debug)]
pub(crate) struct Source<'t> {
    text: &'t str,
    /// The value. Of fields that are given more than once, the last counts, as on AWS.
    pub(crate) value: Value,
    root: Node,
}

/// The position of one value.
#[derive(Debug)]
struct Node {
    span: Range<usize>,
    children: Children,
}

#[derive(Debug)]
enum Children {
    /// A string, number, boolean or null.
    None,
    Array(Vec<Node>),
    Object(Vec<Field>),
}

#[derive(Debug)]
struct Field {
    /// The name without escapes.
    name: String,
    /// The bytes of the name, with its quotes.
    name_span: Range<usize>,
    node: Node,
}

/// A field whose name its object has had before.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Duplicate {
    /// The object's location; empty for the outermost.
    pub(crate) object: String,
    pub(crate) name: String,
    /// The bytes of the name where it comes again.
    pub(crate) name_span: Range<usize>,
}

/// Returns the syntax error of a text that should be JSON, as AWS words it for an execution's
/// input.
pub fn json_syntax_error(text: &str) -> Option<String> {
    let error = Source::read(text).err()?;
    let first = error.message.lines().next().unwrap_or_default();
    Some(first.to_owned())
}

impl<'t> Source<'t> {
    /// Reads a text.
    ///
    /// # Errors
    /// The text is not JSON, or nests more than 127 levels deep.
    pub(crate) fn read(text: &'t str) -> Result<Source<'t>, SyntaxError> {
        let (value, root) = scan::scan(text)?;
        Ok(Source { text, value, root })
    }

    /// Returns the bytes that a diagnostic at `location` is about: a scalar, or the name of a field
    /// whose value is an array or object. `offset` is a byte of a string, counted after its escapes
    /// are resolved.
    pub(crate) fn span(&self, location: &str, offset: Option<usize>) -> Option<Range<usize>> {
        // "/" is how AWS calls the whole.
        let location = if location == "/" { "" } else { location };
        let (field, node) = find(None, &self.root, location)?;
        let start = node.span.start;
        match (&node.children, offset) {
            (Children::None, Some(offset)) => Some(self.character(&node.span, offset)),
            (Children::None, None) => Some(node.span.clone()),
            _ => Some(field.map_or(start..start + 1, |field| field.name_span.clone())),
        }
    }

    /// Returns the bytes of one character of a string.
    fn character(&self, string: &Range<usize>, offset: usize) -> Range<usize> {
        let raw = &self.text[string.clone()];
        let Some(content) = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) else {
            return string.clone();
        };
        let mut before = 0;
        for (at, length, escaped) in scan::characters(content) {
            if before >= offset {
                let start = string.start + 1 + at;
                return start..start + length;
            }
            before += escaped;
        }
        // The end of the string: its closing quote.
        string.end - 1..string.end
    }

    /// Returns every field that its object has more than once.
    pub(crate) fn duplicates(&self) -> Vec<Duplicate> {
        let mut found = Vec::new();
        collect(&self.root, &mut String::new(), &mut found);
        found
    }
}

/// Finds the value at `location`, and the field that holds it.
///
/// Names may hold `/` and `[`, so a location is matched against the fields that exist rather than
/// split.
fn find<'n>(
    field: Option<&'n Field>,
    node: &'n Node,
    location: &str,
) -> Option<(Option<&'n Field>, &'n Node)> {
    if location.is_empty() {
        return Some((field, node));
    }
    match &node.children {
        Children::None => None,
        Children::Array(items) => {
            let (index, rest) = location.strip_prefix('[')?.split_once(']')?;
            find(None, items.get(index.parse::<usize>().ok()?)?, rest)
        }
        Children::Object(fields) => {
            let rest = location.strip_prefix('/')?;
            let named = |field: &'n Field| {
                let rest = rest.strip_prefix(field.name.as_str())?;
                let whole = rest.is_empty() || rest.starts_with(['/', '[']);
                whole.then(|| find(Some(field), &field.node, rest))?
            };
            fields.iter().rev().find_map(named)
        }
    }
}

fn collect(node: &Node, location: &mut String, found: &mut Vec<Duplicate>) {
    let length = location.len();
    match &node.children {
        Children::None => {}
        Children::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                location.push_str(&format!("[{index}]"));
                collect(item, location, found);
                location.truncate(length);
            }
        }
        Children::Object(fields) => {
            let mut seen = std::collections::HashSet::with_capacity(fields.len());
            for field in fields {
                if !seen.insert(field.name.as_str()) {
                    found.push(Duplicate {
                        object: location.clone(),
                        name: field.name.clone(),
                        name_span: field.name_span.clone(),
                    });
                }
                location.push('/');
                location.push_str(&field.name);
                collect(&field.node, location, found);
                location.truncate(length);
            }
        }
    }
}

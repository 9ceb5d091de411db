//! Where the values of a JSON text stand.
//!
//! Validation works on `serde_json`'s values, which know no places. A [`Source`] is read from the same text beside them
//! and leads from a location, as diagnostics name it (`/States/A/Choices[0]/Next`), to the bytes that people look at.

mod scan;
mod syntax;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub(crate) use syntax::SyntaxError;

/// The deepest nesting of arrays and objects that is read: `serde_json`'s own.
const MAX_DEPTH: usize = 127;

/// A JSON text and the places of its values.
#[derive(Debug)]
pub(crate) struct Source<'t> {
    text: &'t str,
    root: Node,
}

/// One value of the text.
#[derive(Debug)]
struct Node {
    span: Range<usize>,
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    /// A string, number, boolean or null.
    Scalar,
    Array(Vec<Node>),
    Object(Vec<Field>),
}

#[derive(Debug)]
struct Field {
    /// Without escapes.
    name: String,
    /// The name's own place, with its quotes.
    at: Range<usize>,
    value: Node,
}

/// A field whose name its object has had before. The last one counts, for `serde_json` as for AWS.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Duplicate {
    /// The object's location; empty for the outermost.
    pub(crate) object: String,
    pub(crate) name: String,
    /// The place of the name where it comes again.
    pub(crate) at: Range<usize>,
}

/// What is wrong with a text that is to be JSON, as AWS says it of an execution's input; `None` where nothing is.
pub fn json_fault(text: &str) -> Option<String> {
    let error = Source::read(text).err()?;
    let first = error.message.lines().next().unwrap_or_default();
    Some(first.to_owned())
}

impl<'t> Source<'t> {
    /// # Errors
    /// The text is no JSON, or nests more than 127 levels deep.
    pub(crate) fn read(text: &'t str) -> Result<Source<'t>, SyntaxError> {
        let root = scan::scan(text)?;
        Ok(Source { text, root })
    }

    /// The bytes that a diagnostic at `location` is about: a value, or the name of a field whose value is long.
    /// `offset` leads into a string: the byte that it has there when its escapes are resolved.
    pub(crate) fn span(&self, location: &str, offset: Option<usize>) -> Option<Range<usize>> {
        // "/" is how AWS calls the whole.
        let location = if location == "/" { "" } else { location };
        let (field, node) = find(None, &self.root, location)?;
        match (&node.inner, offset) {
            (Inner::Scalar, Some(offset)) => Some(self.inside(&node.span, offset)),
            (Inner::Scalar, None) => Some(node.span.clone()),
            _ => Some(field.map_or(node.span.start..node.span.start + 1, |f| f.at.clone())),
        }
    }

    /// One character of a string.
    fn inside(&self, string: &Range<usize>, offset: usize) -> Range<usize> {
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

    /// Every field that stands twice in its object.
    pub(crate) fn duplicates(&self) -> Vec<Duplicate> {
        let mut found = Vec::new();
        collect(&self.root, &mut String::new(), &mut found);
        found
    }
}

/// Names may hold `/` and `[`, so a location is matched against what is there rather than cut apart. Of a field that
/// is there twice, the last counts.
fn find<'n>(
    field: Option<&'n Field>,
    node: &'n Node,
    location: &str,
) -> Option<(Option<&'n Field>, &'n Node)> {
    if location.is_empty() {
        return Some((field, node));
    }
    match &node.inner {
        Inner::Scalar => None,
        Inner::Array(items) => {
            let (index, rest) = location.strip_prefix('[')?.split_once(']')?;
            find(None, items.get(index.parse::<usize>().ok()?)?, rest)
        }
        Inner::Object(fields) => {
            let rest = location.strip_prefix('/')?;
            let named = |field: &'n Field| {
                let rest = rest.strip_prefix(field.name.as_str())?;
                let whole = rest.is_empty() || rest.starts_with(['/', '[']);
                whole.then(|| find(Some(field), &field.value, rest))?
            };
            fields.iter().rev().find_map(named)
        }
    }
}

fn collect(node: &Node, location: &mut String, found: &mut Vec<Duplicate>) {
    let length = location.len();
    match &node.inner {
        Inner::Scalar => {}
        Inner::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                location.push_str(&format!("[{index}]"));
                collect(item, location, found);
                location.truncate(length);
            }
        }
        Inner::Object(fields) => {
            let mut seen = std::collections::HashSet::with_capacity(fields.len());
            for field in fields {
                if !seen.insert(field.name.as_str()) {
                    found.push(Duplicate {
                        object: location.clone(),
                        name: field.name.clone(),
                        at: field.at.clone(),
                    });
                }
                location.push('/');
                location.push_str(&field.name);
                collect(&field.value, location, found);
                location.truncate(length);
            }
        }
    }
}

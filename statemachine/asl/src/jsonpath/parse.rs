//! Reads the text of a path.

use super::{Path, PathKind, PathSyntaxError, Root, Step, parse_bracket, parse_function};
use crate::variables::{self, is_name_part};

/// A value that a path puts somewhere nests as deep as the path is long, and values must not nest
/// without end.
const MAX_STEPS: usize = 100;

/// The deepest nesting of paths in filters and functions, so that no definition can exhaust the
/// stack.
pub(super) const MAX_DEPTH: usize = 32;

/// A place in the text of a path, and in the paths inside it.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// Nested how deeply.
    pub(super) depth: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Steps over `token` if it comes next.
    pub(super) fn eat(&mut self, token: &str) -> bool {
        let hit = self.rest().starts_with(token);
        if hit {
            self.at += token.len();
        }
        hit
    }

    pub(super) fn expect(&mut self, token: &str) -> Result<(), PathSyntaxError> {
        if self.eat(token) {
            return Ok(());
        }
        Err(self.bad(format!("expected '{token}'")))
    }

    pub(super) fn skip_spaces(&mut self) {
        self.take_while(|c| c.is_ascii_whitespace());
    }

    pub(super) fn take(&mut self, length: usize) -> &'a str {
        let taken = &self.rest()[..length];
        self.at += length;
        taken
    }

    pub(super) fn take_while(&mut self, predicate: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        self.take(rest.find(|c| !predicate(c)).unwrap_or(rest.len()))
    }

    pub(super) fn bad(&self, reason: impl Into<String>) -> PathSyntaxError {
        PathSyntaxError {
            reason: reason.into(),
            position: self.at,
        }
    }

    /// A cursor over the next `length` bytes, which this one steps over: a path inside this path.
    pub(super) fn inner(&mut self, length: usize) -> Result<Cursor<'a>, PathSyntaxError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.bad("the path nests too deeply"));
        }
        let (start, end) = (self.at, self.at + length);
        self.at = end;
        Ok(Cursor {
            text: &self.text[..end],
            at: start,
            depth: self.depth + 1,
        })
    }

    /// The name of a variable, if one follows the `$`.
    fn variable(&mut self) -> Result<Option<Box<str>>, PathSyntaxError> {
        let start = self.at;
        let name = self.take_while(is_name_part);
        if name.is_empty() || variables::is_name(name) {
            return Ok((!name.is_empty()).then(|| name.into()));
        }
        let reason = format!("'{name}' is not a variable's name");
        Err(PathSyntaxError {
            reason,
            position: start,
        })
    }

    /// The steps of a path after its root, up to the end.
    pub(super) fn steps(&mut self) -> Result<Vec<Step>, PathSyntaxError> {
        let mut steps = Vec::new();
        while let Some(c) = self.peek() {
            if self.eat("..") {
                steps.push(Step::Scan);
                steps.push(self.child_step()?);
            } else if self.eat(".") {
                steps.push(self.child_step()?);
            } else if self.eat("[") {
                steps.push(parse_bracket::step(self)?);
            } else {
                return Err(self.bad(format!("expected '.' or '[' instead of '{c}'")));
            }
            if steps.len() > MAX_STEPS {
                return Err(self.bad(format!("a path has at most {MAX_STEPS} steps")));
            }
        }
        Ok(parse_function::invert(steps))
    }

    /// Parses what follows a `.`; Jayway takes `$.[0]` for `$[0]`.
    fn child_step(&mut self) -> Result<Step, PathSyntaxError> {
        if self.eat("[") {
            return parse_bracket::step(self);
        }
        if self.eat("*") {
            return Ok(Step::Wildcard);
        }
        // Names may hold anything that cannot end them: `$.a-b`, `$.größe`.
        let name = self.take_while(|c| !matches!(c, '.' | '[' | '(' | ' '));
        if self.peek() == Some(' ') {
            return Err(self.bad("a name with a space must stand in brackets: ['my name']"));
        }
        if name.is_empty() {
            return Err(self.bad("expected a property name"));
        }
        if self.eat("(") {
            return parse_function::call(self, name).map(Step::Call);
        }
        Ok(Step::Key(name.into(), '\''))
    }
}

pub(super) fn parse(text: &str) -> Result<Path, PathSyntaxError> {
    let trimmed = text.trim_end();
    let mut cursor = Cursor {
        text: trimmed,
        at: trimmed.len() - trimmed.trim_start().len(),
        depth: 0,
    };
    let root = match (cursor.eat("$$"), cursor.eat("$")) {
        (true, _) => Root::Context,
        (false, true) => cursor.variable()?.map_or(Root::Input, Root::Variable),
        (false, false) => return Err(cursor.bad("a path begins with '$'")),
    };
    let steps = cursor.steps()?;
    Ok(Path {
        text: text.into(),
        root,
        kind: PathKind::from_steps(&steps),
        steps,
    })
}

/// Returns the length of the path that `text` begins with, where it is an argument: up to a comma,
/// a parenthesis or a space that is in no bracket of it.
pub(crate) fn path_extent(text: &str) -> usize {
    let (mut depth, mut quote, mut escaped) = (0usize, None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') if depth > 0 => quote = Some(c),
            (None, '[' | '(') => depth += 1,
            (None, ')' | ',') if depth == 0 => return at,
            (None, ']' | ')') => depth = depth.saturating_sub(1),
            (None, c) if depth == 0 && c.is_whitespace() => return at,
            _ => {}
        }
    }
    text.len()
}

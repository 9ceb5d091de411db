//! Reads the text of a path.

use super::{BadPath, Path, Root, Step, parse_filter};
use crate::variables::{self, is_name_part};

/// A value that a path puts somewhere nests as deep as the path is long, and values must not nest without end.
const MAX_STEPS: usize = 100;

/// A place in the text, with the few moves that both parsers need.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
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

    pub(super) fn expect(&mut self, token: &str) -> Result<(), BadPath> {
        if self.eat(token) {
            return Ok(());
        }
        Err(self.bad(format!("expected '{token}'")))
    }

    pub(super) fn skip_spaces(&mut self) {
        self.take_while(|c| c.is_ascii_whitespace());
    }

    pub(super) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// The text between quotes of either kind, with `\` before a character that stands for itself.
    pub(super) fn quoted(&mut self) -> Result<String, BadPath> {
        let quote = self.peek().filter(|c| matches!(c, '\'' | '"'));
        let Some(quote) = quote else {
            return Err(self.bad("expected a quoted name"));
        };
        let mut value = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((offset, c)) = chars.next() {
            if c == quote {
                self.at += offset + 1;
                return Ok(value);
            }
            let literal = if c == '\\' {
                chars.next().map(|(_, c)| c)
            } else {
                Some(c)
            };
            value.extend(literal);
        }
        Err(self.bad("the quote is not closed"))
    }

    pub(super) fn integer(&mut self) -> Result<Option<i64>, BadPath> {
        let start = self.at;
        self.eat("-");
        self.take_while(|c| c.is_ascii_digit());
        match &self.text[start..self.at] {
            "" => Ok(None),
            digits => digits
                .parse()
                .map(Some)
                .map_err(|_| self.bad(format!("'{digits}' is not an index"))),
        }
    }

    pub(super) fn bad(&self, reason: impl Into<String>) -> BadPath {
        BadPath {
            reason: reason.into(),
            position: self.at,
        }
    }

    /// The steps of a path after its root, up to the first character that cannot continue it.
    pub(super) fn steps(&mut self) -> Result<Vec<Step>, BadPath> {
        let mut steps = Vec::new();
        loop {
            if self.eat("..") {
                steps.push(Step::Descend);
                if self.peek() != Some('[') {
                    steps.push(self.name()?);
                }
            } else if self.eat(".") {
                // Jayway takes `$.[0]` for `$[0]`.
                if self.peek() != Some('[') {
                    steps.push(self.name()?);
                }
            } else if self.eat("[") {
                steps.push(self.bracket()?);
            } else {
                return Ok(steps);
            }
        }
    }

    /// The name of a variable, if one follows the `$`.
    fn variable(&mut self) -> Result<Option<Box<str>>, BadPath> {
        let start = self.at;
        let name = self.take_while(is_name_part);
        if name.is_empty() || variables::is_name(name) {
            return Ok((!name.is_empty()).then(|| name.into()));
        }
        let reason = format!("'{name}' is not a variable's name");
        Err(BadPath {
            reason,
            position: start,
        })
    }

    fn name(&mut self) -> Result<Step, BadPath> {
        if self.eat("*") {
            return Ok(Step::Wildcard);
        }
        let name = self.take_while(is_name);
        if name.is_empty() {
            return Err(self.bad("expected a property name"));
        }
        if self.peek() == Some('(') {
            return Err(self.bad(format!(
                "the JSONPath function '{name}()' is not supported yet"
            )));
        }
        Ok(Step::Key(name.into()))
    }

    fn bracket(&mut self) -> Result<Step, BadPath> {
        self.skip_spaces();
        let step = match self.peek() {
            Some('*') => {
                self.eat("*");
                Step::Wildcard
            }
            Some('?') => {
                self.eat("?");
                Step::Filter(parse_filter::parse(self)?)
            }
            Some('\'' | '"') => self.keys()?,
            _ => self.indices()?,
        };
        self.skip_spaces();
        self.expect("]")?;
        Ok(step)
    }

    fn keys(&mut self) -> Result<Step, BadPath> {
        let mut keys = Vec::new();
        loop {
            keys.push(self.quoted()?.into_boxed_str());
            self.skip_spaces();
            if !self.eat(",") {
                break;
            }
            self.skip_spaces();
        }
        Ok(match <[Box<str>; 1]>::try_from(keys) {
            Ok([key]) => Step::Key(key),
            Err(keys) => Step::Keys(keys),
        })
    }

    fn indices(&mut self) -> Result<Step, BadPath> {
        let first = self.integer()?;
        self.skip_spaces();
        if self.eat(":") {
            self.skip_spaces();
            return Ok(Step::Slice {
                start: first,
                end: self.integer()?,
            });
        }
        let Some(first) = first else {
            return Err(self.bad("expected an index, a name in quotes, '*', or a filter '?(…)'"));
        };
        let mut indices = vec![first];
        while self.eat(",") {
            self.skip_spaces();
            let next = self.integer()?;
            indices.push(next.ok_or_else(|| self.bad("expected an index"))?);
            self.skip_spaces();
        }
        Ok(match indices.as_slice() {
            [index] => Step::Index(*index),
            _ => Step::Indices(indices),
        })
    }
}

/// Names may hold anything that cannot end them: `$.a-b`, `$.größe`.
fn is_name(c: char) -> bool {
    !c.is_ascii_whitespace() && !".[]()'\",=<>!&|*@?:".contains(c)
}

pub(super) fn parse(text: &str) -> Result<Path, BadPath> {
    let mut cursor = Cursor { text, at: 0 };
    let root = match (cursor.eat("$$"), cursor.eat("$")) {
        (true, _) => Root::Context,
        (false, true) => cursor.variable()?.map_or(Root::Input, Root::Variable),
        (false, false) => return Err(cursor.bad("a path begins with '$'")),
    };
    let steps = cursor.steps()?;
    if steps.len() > MAX_STEPS {
        return Err(cursor.bad(format!("a path has at most {MAX_STEPS} steps")));
    }
    if let Some(c) = cursor.peek() {
        return Err(cursor.bad(format!("unexpected '{c}'")));
    }
    Ok(Path {
        text: text.into(),
        root,
        definite: steps
            .iter()
            .all(|s| matches!(s, Step::Key(_) | Step::Index(_))),
        steps,
    })
}

//! Reads JSON text into a value and the positions of all values in it, in one pass.
//!
//! The grammar and its errors are here. Numbers and escaped strings are decoded by `serde_json`.

use std::ops::Range;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::syntax::{SyntaxError, jackson_location};
use super::{Children, Field, MAX_DEPTH, Node};

const TOKENS: &str = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'";

/// A value and its position.
type Parsed = (Value, Node);

/// A value and the positions of its children.
type Content = (Value, Children);

pub(super) fn scan(text: &str) -> Result<Parsed, SyntaxError> {
    let mut scanner = Scanner {
        text,
        at: 0,
        open: Vec::new(),
    };
    scanner.space();
    let root = scanner.value()?;
    scanner.space();
    match scanner.peek() {
        None => Ok(root),
        Some(_) => Err(scanner.unexpected("expected the end of the definition")),
    }
}

/// Returns the characters of a string's content: the position of each, its length there, and its
/// length without escapes.
pub(super) fn characters(content: &str) -> impl Iterator<Item = (usize, usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = &content[at..];
        let first = rest.chars().next()?;
        let escape = match rest.as_bytes() {
            [b'\\', b'u', ..] => 6.min(rest.len()),
            [b'\\', _, ..] => 2,
            _ => first.len_utf8(),
        };
        let plain = match first {
            '\\' => unescape(rest).map_or(1, char::len_utf8),
            other => other.len_utf8(),
        };
        at += escape;
        Some((at - escape, escape, plain))
    })
}

/// Returns the character that an escape at the start of `text` stands for; half of a surrogate pair
/// stands for no character.
fn unescape(text: &str) -> Option<char> {
    Some(match text.as_bytes().get(1)? {
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => char::from_u32(u32::from_str_radix(text.get(2..6)?, 16).ok()?)?,
        other => char::from(*other),
    })
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    /// The starts of the arrays and objects that are open.
    open: Vec<usize>,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    // The recursion ends at MAX_DEPTH.
    fn value(&mut self) -> Result<Parsed, SyntaxError> {
        let start = self.at;
        let (value, children) = match self.peek() {
            Some(b'{') => self.nested(Scanner::object)?,
            Some(b'[') => self.nested(Scanner::array)?,
            Some(b'"') => (Value::String(self.string()?), Children::None),
            Some(b'-' | b'0'..=b'9') => (self.number()?, Children::None),
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' || byte == b'$' => {
                (self.literal()?, Children::None)
            }
            Some(_) => return Err(self.unexpected(&format!("expected a valid value ({TOKENS})"))),
            None => return Err(self.ended()),
        };
        let span = start..self.at;
        Ok((value, Node { span, children }))
    }

    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<Content, SyntaxError>,
    ) -> Result<Content, SyntaxError> {
        if self.open.len() == MAX_DEPTH {
            return Err(SyntaxError::too_deep(self.text, self.at));
        }
        self.open.push(self.at);
        self.at += 1;
        let content = read(self)?;
        self.open.pop();
        Ok(content)
    }

    fn object(&mut self) -> Result<Content, SyntaxError> {
        let (mut object, mut fields) = (Map::new(), Vec::new());
        self.space();
        if self.skip(b'}') {
            return Ok((Value::Object(object), Children::Object(fields)));
        }
        loop {
            let start = self.at;
            let name = match self.peek() {
                Some(b'"') => self.string()?,
                Some(b']') => return Err(self.mismatched()),
                Some(_) => {
                    return Err(self.unexpected("was expecting double-quote to start field name"));
                }
                None => return Err(self.ended()),
            };
            let name_span = start..self.at;
            self.space();
            if !self.skip(b':') {
                return Err(self.expected("was expecting a colon to separate field name and value"));
            }
            self.space();
            let (value, node) = self.value()?;
            object.insert(name.clone(), value);
            fields.push(Field {
                name,
                name_span,
                node,
            });
            if !self.more(b'}', "Object")? {
                return Ok((Value::Object(object), Children::Object(fields)));
            }
        }
    }

    fn array(&mut self) -> Result<Content, SyntaxError> {
        let (mut items, mut nodes) = (Vec::new(), Vec::new());
        self.space();
        if self.skip(b']') {
            return Ok((Value::Array(items), Children::Array(nodes)));
        }
        loop {
            let (item, node) = self.value()?;
            items.push(item);
            nodes.push(node);
            if !self.more(b']', "Array")? {
                return Ok((Value::Array(items), Children::Array(nodes)));
            }
        }
    }

    /// Reads past the comma that follows an entry; returns false at the end of the entries.
    fn more(&mut self, close: u8, kind: &str) -> Result<bool, SyntaxError> {
        self.space();
        if self.skip(close) {
            return Ok(false);
        }
        if !self.skip(b',') {
            if matches!(self.peek(), Some(b'}' | b']')) {
                return Err(self.mismatched());
            }
            return Err(self.expected(&format!("was expecting comma to separate {kind} entries")));
        }
        self.space();
        Ok(true)
    }

    fn skip(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn string(&mut self) -> Result<String, SyntaxError> {
        let start = self.at;
        self.at += 1;
        let mut escaped = false;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return if escaped {
                        self.decode(start)
                    } else {
                        Ok(self.text[start + 1..self.at - 1].to_owned())
                    };
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(byte) if byte < b' ' => return Err(self.control(byte)),
                Some(_) => self.at += 1,
                None => {
                    let problem =
                        "Unexpected end-of-input: was expecting closing quote for a string value";
                    return Err(self.error(problem, start..start + 1, self.text.len()));
                }
            }
        }
    }

    fn escape(&mut self) -> Result<(), SyntaxError> {
        let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let length = match self.text.as_bytes().get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') if self.text.get(self.at + 2..self.at + 6).is_some_and(hex) => 6,
            Some(b'u') => {
                let problem = "expected a hex-digit for character escape sequence";
                return Err(self.error(problem, self.at..self.at + 2, self.at + 2));
            }
            Some(_) => {
                let rest = &self.text[self.at + 1..];
                let other = rest.chars().next().unwrap_or_default();
                let problem = format!("Unrecognized character escape {}", character(other));
                let end = self.at + 1 + other.len_utf8();
                return Err(self.error(&problem, self.at..end, end));
            }
            None => {
                self.at += 1;
                return Ok(());
            }
        };
        self.at += length;
        Ok(())
    }

    fn number(&mut self) -> Result<Value, SyntaxError> {
        let start = self.at;
        self.skip(b'-');
        let zero = self.peek() == Some(b'0');
        if self.digits() == 0 {
            return Err(self.expected("No digit following minus sign"));
        }
        let whole = self.text[start..self.at].trim_start_matches('-').len();
        if zero && whole > 1 {
            let problem = "Invalid numeric value: Leading zeroes not allowed";
            return Err(self.error(problem, start..self.at, start + 2));
        }
        if self.skip(b'.') && self.digits() == 0 {
            return Err(self.expected("Decimal point not followed by a digit"));
        }
        if self.skip(b'e') || self.skip(b'E') {
            let _sign = self.skip(b'+') || self.skip(b'-');
            if self.digits() == 0 {
                return Err(self.expected("Exponent indicator not followed by a digit"));
            }
        }
        self.decode(start)
    }

    /// Decodes the number or string from `start` on.
    fn decode<T: DeserializeOwned>(&self, start: usize) -> Result<T, SyntaxError> {
        let span = start..self.at;
        serde_json::from_str(&self.text[span.clone()])
            .map_err(|error| SyntaxError::undecodable(self.text, span, &error))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    /// Reads `true`, `false` or `null`.
    fn literal(&mut self) -> Result<Value, SyntaxError> {
        let rest = &self.text[self.at..];
        let inside = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
        let (start, word) = (self.at, &rest[..end]);
        self.at += end;
        match word {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            "null" => Ok(Value::Null),
            _ => {
                let problem = format!("Unrecognized token '{word}': was expecting ({TOKENS})");
                Err(self.error(&problem, start..self.at, self.at))
            }
        }
    }

    fn error(&self, problem: &str, span: Range<usize>, read: usize) -> SyntaxError {
        SyntaxError::new(self.text, problem, span, read)
    }

    /// Returns the error where the next character is not what `expected` says, or the text ends.
    fn expected(&self, expected: &str) -> SyntaxError {
        match self.peek() {
            Some(_) => self.unexpected(expected),
            None => self.ended(),
        }
    }

    fn unexpected(&self, expected: &str) -> SyntaxError {
        let found = self.text[self.at..].chars().next().unwrap_or_default();
        let end = self.at + found.len_utf8();
        let problem = format!("Unexpected character ({}): {expected}", character(found));
        self.error(&problem, self.at..end, end)
    }

    fn control(&self, byte: u8) -> SyntaxError {
        let problem = format!(
            "Illegal unquoted character ((CTRL-CHAR, code {byte})): has to be escaped using \
             backslash to be included in string value"
        );
        self.error(&problem, self.at..self.at + 1, self.at + 1)
    }

    fn mismatched(&self) -> SyntaxError {
        let found = if self.peek() == Some(b'}') { '}' } else { ']' };
        let (expected, kind) = if found == '}' {
            (']', "Array")
        } else {
            ('}', "Object")
        };
        let start = self.open.last().copied().unwrap_or(0);
        let problem = format!(
            "Unexpected close marker '{found}': expected '{expected}' (for {kind} starting at {})",
            jackson_location(self.text, start)
        );
        self.error(&problem, self.at..self.at + 1, self.at + 1)
    }

    fn ended(&self) -> SyntaxError {
        let end = self.text.len();
        let Some(start) = self.open.last().copied() else {
            return self.error("Unexpected end-of-input", end..end, end);
        };
        let kind = if self.text[start..].starts_with('{') {
            "Object"
        } else {
            "Array"
        };
        let problem = format!(
            "Unexpected end-of-input: expected close marker for {kind} (start marker at {})",
            jackson_location(self.text, start)
        );
        self.error(&problem, start..start + 1, end)
    }
}

fn character(c: char) -> String {
    format!("'{c}' (code {})", u32::from(c))
}

//! Parses a call: `States.Name(argument, …)`.
//!
//! `argument := call | path | 'text' | number | true | false | null`; spaces may stand around each.

use serde_json::Value;

use super::function::Function;
use super::strings::Literal;
use super::{Argument, Call, MAX_CALLS, PREFIX};
use crate::jsonpath::{Path, PathSyntaxError, path_extent};

pub(super) fn parse(text: &str) -> Result<Call, PathSyntaxError> {
    let mut parser = Parser {
        text,
        at: 0,
        calls: 0,
    };
    let call = parser.call()?;
    parser.skip_spaces();
    if parser.at < text.len() {
        return Err(parser.bad("nothing may follow the call"));
    }
    Ok(call)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// The calls so far.
    calls: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn eat(&mut self, token: &str) -> bool {
        let hit = self.rest().starts_with(token);
        if hit {
            self.at += token.len();
        }
        hit
    }

    fn take(&mut self, length: usize) -> &'a str {
        let taken = &self.rest()[..length];
        self.at += length;
        taken
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        self.take(rest.find(|c| !accept(c)).unwrap_or(rest.len()))
    }

    fn skip_spaces(&mut self) {
        self.take_while(char::is_whitespace);
    }

    fn bad(&self, reason: impl Into<String>) -> PathSyntaxError {
        PathSyntaxError {
            reason: reason.into(),
            position: self.at,
        }
    }

    // The recursion ends with `MAX_CALLS`.
    fn call(&mut self) -> Result<Call, PathSyntaxError> {
        let start = self.at;
        self.calls += 1;
        if self.calls > MAX_CALLS {
            return Err(self.bad(format!(
                "a field may hold at most {MAX_CALLS} intrinsic functions"
            )));
        }
        self.eat(PREFIX);
        let name_at = self.at;
        let name = self.take_while(char::is_alphanumeric);
        let Some(function) = Function::from_name(name) else {
            self.at = name_at;
            return Err(self.bad(format!("there is no function States.{name}")));
        };
        self.skip_spaces();
        if !self.eat("(") {
            return Err(self.bad("expected '('"));
        }
        let arguments = self.arguments()?;
        if let Some(arity) = function.arity_error(arguments.len()) {
            self.at = start;
            return Err(self.bad(format!("States.{name} takes {arity}")));
        }
        Ok(Call {
            text: self.text[start..self.at].into(),
            function,
            arguments,
        })
    }

    /// Parses the arguments, up to and with the closing parenthesis.
    fn arguments(&mut self) -> Result<Vec<Argument>, PathSyntaxError> {
        let mut arguments = Vec::new();
        self.skip_spaces();
        if self.eat(")") {
            return Ok(arguments);
        }
        loop {
            self.skip_spaces();
            arguments.push(self.argument()?);
            self.skip_spaces();
            if self.eat(")") {
                return Ok(arguments);
            }
            if !self.eat(",") {
                return Err(self.bad("expected ',' or ')'"));
            }
        }
    }

    fn argument(&mut self) -> Result<Argument, PathSyntaxError> {
        match self.rest().chars().next() {
            Some('\'') => self.literal().map(Argument::Text),
            Some('$') => self.path().map(Argument::Path),
            Some('S') => self.call().map(Argument::Call),
            _ => self.fixed().map(Argument::Fixed),
        }
    }

    fn literal(&mut self) -> Result<Literal, PathSyntaxError> {
        self.eat("'");
        let (start, mut escaped) = (self.at, false);
        let end = self.rest().find(|c| {
            let ends = c == '\'' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let Some(end) = end else {
            return Err(self.bad("the quote is not closed"));
        };
        let raw = self.take(end);
        self.eat("'");
        Literal::parse(raw).map_err(|at| {
            self.at = start + at;
            self.bad(r"'\' may only stand before ', {, } and \")
        })
    }

    fn path(&mut self) -> Result<Path, PathSyntaxError> {
        let start = self.at;
        let path = self.take(path_extent(self.rest()));
        Path::parse(path).map_err(|bad| PathSyntaxError {
            position: start + bad.position,
            ..bad
        })
    }

    fn fixed(&mut self) -> Result<Value, PathSyntaxError> {
        let start = self.at;
        let word = self.take_while(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        serde_json::from_str(word).map_err(|_| {
            self.at = start;
            self.bad(
                "expected a path, a text in single quotes, a number, true, false, null or a call",
            )
        })
    }
}

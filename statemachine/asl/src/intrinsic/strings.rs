//! Texts in quotes, `States.Format` and `States.StringSplit`.

use std::collections::HashSet;

use serde_json::Value;

use super::arguments::{Arguments, FunctionError, FunctionResult};

/// A text in quotes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Literal {
    /// The text without its escapes.
    value: Value,
    /// The text as a template.
    template: Template,
}

/// A text with `{}` where values go, as the parts between these.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Template(Vec<String>);

impl Literal {
    /// Reads what stands between the quotes: `\` escapes `'`, `{`, `}` and itself, and nothing
    /// else.
    ///
    /// # Errors
    /// The position of a `\` that escapes none of them.
    pub(super) fn parse(raw: &str) -> Result<Literal, usize> {
        let mut value = String::with_capacity(raw.len());
        let mut chars = raw.char_indices();
        while let Some((at, c)) = chars.next() {
            value.push(match c {
                '\\' => escaped(chars.next().map(|(_, c)| c)).ok_or(at)?,
                c => c,
            });
        }
        Ok(Literal {
            value: value.into(),
            template: Template::parse(raw),
        })
    }

    pub(super) fn value(&self) -> &Value {
        &self.value
    }
}

fn escaped(c: Option<char>) -> Option<char> {
    c.filter(|c| matches!(c, '\'' | '{' | '}' | '\\'))
}

impl Template {
    /// Reads a template; a `\` that escapes nothing stands for itself, as in texts that come from
    /// data.
    fn parse(text: &str) -> Template {
        let (mut parts, mut part) = (Vec::new(), String::new());
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\\' => part.push(match escaped(chars.peek().copied()) {
                    Some(c) => {
                        chars.next();
                        c
                    }
                    None => '\\',
                }),
                '{' if chars.next_if_eq(&'}').is_some() => parts.push(std::mem::take(&mut part)),
                c => part.push(c),
            }
        }
        parts.push(part);
        Template(parts)
    }

    fn fill(&self, arguments: &Arguments<'_>) -> Result<String, FunctionError> {
        let (slots, values) = (self.0.len() - 1, arguments.count() - 1);
        if slots != values {
            return Err(format!(
                "The template has {slots} occurrences of '{{}}', and there are {values} values for \
                 them"
            ));
        }
        let mut text = String::new();
        for (index, part) in self.0.iter().enumerate() {
            if index > 0 {
                text.push_str(&crate::java_text::java(arguments.value(index)));
            }
            text.push_str(part);
        }
        Ok(text)
    }
}

pub(super) fn format(arguments: &Arguments<'_>) -> FunctionResult {
    let text = match arguments.literal() {
        Some(literal) => literal.template.fill(arguments)?,
        None => Template::parse(arguments.text(0)?).fill(arguments)?,
    };
    Ok(text.into())
}

/// Splits at each character of the second text, and leaves out empty parts.
pub(super) fn split(arguments: &Arguments<'_>) -> FunctionResult {
    let (text, separators) = (arguments.text(0)?, arguments.text(1)?);
    let separators: HashSet<char> = separators.chars().collect();
    let parts = text.split(|c| separators.contains(&c));
    Ok(parts.filter(|part| !part.is_empty()).collect())
}

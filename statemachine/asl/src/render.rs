//! Formats diagnostics for people: file, line and column, the line itself, and a mark under what is
//! meant.

use std::fmt::{self, Display, Formatter};
use std::ops::Range;

use crate::{Diagnostic, Severity};

/// The most characters of a line that are shown before and after the mark: machine-written JSON is
/// one line.
const MAX_CONTEXT: usize = 60;

/// A diagnostic as a compiler would print it. Its `Display` is several lines, without a line break
/// at the end.
///
/// ```text
/// error[MISSING_TRANSITION_TARGET]: Missing 'Next' target: Nope
///   --> flow.asl.json:4:15
///    |
///  4 |       "Next": "Nope"
///    |               ^^^^^^
///    = at /States/First/Next
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DiagnosticReport<'a> {
    /// The name of the text: a file's path.
    pub name: &'a str,
    /// The definition's text.
    pub text: &'a str,
    /// The diagnostic.
    pub diagnostic: &'a Diagnostic,
    /// Set to color it, with ANSI escapes.
    pub color: bool,
}

/// A position in a text as people count: from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineColumn {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl LineColumn {
    /// Returns the position of a byte. A byte beyond the text is its end.
    pub fn at(text: &str, byte: usize) -> LineColumn {
        let before = text.get(..byte).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        LineColumn {
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
        }
    }
}

impl Display for LineColumn {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl Diagnostic {
    /// Returns its position in `text`, if it has one.
    pub fn line_column(&self, text: &str) -> Option<LineColumn> {
        let span = self.span.as_ref()?;
        Some(LineColumn::at(text, span.start))
    }
}

impl DiagnosticReport<'_> {
    fn paint(&self, color: &str, text: impl Display) -> String {
        if self.color {
            format!("\x1b[{color}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }

    fn severity(&self) -> (&'static str, &'static str) {
        match self.diagnostic.severity {
            Severity::Error => ("error", "1;31"),
            Severity::Warning => ("warning", "1;33"),
        }
    }

    fn source(&self, f: &mut Formatter<'_>, span: &Range<usize>) -> fmt::Result {
        let position = LineColumn::at(self.text, span.start);
        let number = position.line.to_string();
        let margin = " ".repeat(number.len() + 1);
        let line = Line::excerpt(self.text, span);
        let bar = self.paint("1;34", "|");
        let arrow = self.paint("1;34", "-->");
        write!(f, "\n{margin}{arrow} {}:{position}", self.name)?;
        write!(f, "\n{margin} {bar}")?;
        let numbered = self.paint("1;34", number);
        write!(f, "\n {numbered} {bar} {}", line.shown)?;
        let mark = self.paint(self.severity().1, "^".repeat(line.length));
        write!(f, "\n{margin} {bar} {}{mark}", " ".repeat(line.indent))
    }
}

impl Display for DiagnosticReport<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Diagnostic {
            code,
            message,
            location,
            hint,
            span,
            ..
        } = self.diagnostic;
        let (severity, color) = self.severity();
        let head = self.paint(color, format!("{severity}[{code}]"));
        // A syntax error's message ends with the place in the parser's own words.
        let message = message.split("\n at ").next().unwrap_or(message);
        write!(f, "{head}: {}", self.paint("1", message))?;
        match span {
            Some(span) => self.source(f, span)?,
            None => write!(f, "\n {} {}", self.paint("1;34", "-->"), self.name)?,
        }
        let line = span
            .as_ref()
            .map_or(1, |span| LineColumn::at(self.text, span.start).line);
        let note = format!("\n{} =", " ".repeat(line.to_string().len() + 1));
        if let Some(location) = location.as_deref().filter(|at| at.starts_with('/')) {
            write!(f, "{note} at {location}")?;
        }
        match hint {
            Some(hint) => write!(f, "{note} help: {hint}"),
            None => Ok(()),
        }
    }
}

/// One line of the text, cut to what is near the span.
struct Line {
    shown: String,
    /// Characters before the mark.
    indent: usize,
    /// Characters to mark.
    length: usize,
}

impl Line {
    fn excerpt(text: &str, span: &Range<usize>) -> Line {
        let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let rest = &text[start..];
        let line = rest.split(['\n', '\r']).next().unwrap_or_default();
        let (from, to) = (span.start - start, (span.end - start).min(line.len()));
        let before: Vec<char> = line[..from.min(line.len())].chars().collect();
        let marked = line.get(from..to).unwrap_or_default().chars();
        let length = marked.clone().count().clamp(1, MAX_CONTEXT);
        let cut = before.len().saturating_sub(MAX_CONTEXT);
        let after = line.get(from..).unwrap_or_default().chars();
        let ends = after.clone().count() <= MAX_CONTEXT;
        let lead = if cut > 0 { "…" } else { "" };
        let tail = if ends { "" } else { "…" };
        let middle: String = before[cut..]
            .iter()
            .copied()
            .chain(after.take(MAX_CONTEXT))
            // One column each, so that the mark stands under what it means.
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        Line {
            shown: format!("{lead}{middle}{tail}"),
            indent: before.len() - cut + usize::from(cut > 0),
            length,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StateMachine;

    fn rendered(text: &str) -> String {
        let refused = StateMachine::parse(text).unwrap_err();
        let shown = refused.diagnostics.iter().map(|diagnostic| {
            DiagnosticReport {
                name: "f.json",
                text,
                diagnostic,
                color: false,
            }
            .to_string()
        });
        shown.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_line_is_shown_and_marked() {
        let text = "{\n  \"StartAt\": \"A\",\n  \"States\": {\n    \"A\": {\"Type\": \"Pass\", \
                    \"Next\": \"Nope\"},\n    \"B\": {\"Type\": \"Succeed\"}\n  }\n}";
        assert_eq!(
            rendered(text),
            "error[MISSING_TRANSITION_TARGET]: Missing 'Next' target: Nope\n\
             \x20 --> f.json:4:35\n\
             \x20  |\n\
             \x204 |     \"A\": {\"Type\": \"Pass\", \"Next\": \"Nope\"},\n\
             \x20  |                                   ^^^^^^\n\
             \x20  = at /States/A/Next\n\
             error[MISSING_TRANSITION_TARGET]: State \"B\" is not reachable.\n\
             \x20 --> f.json:5:5\n\
             \x20  |\n\
             \x205 |     \"B\": {\"Type\": \"Succeed\"}\n\
             \x20  |     ^^^\n\
             \x20  = at /States/B"
        );
    }

    #[test]
    fn syntax_errors_are_short() {
        assert_eq!(
            rendered("{\n\t\"a\": tru\n}"),
            "error[INVALID_JSON_DESCRIPTION]: Unrecognized token 'tru': was expecting (JSON \
             String, Number, Array, Object or token 'null', 'true' or 'false')\n\x20 --> \
             f.json:2:7\n\x20  |\n\x202 |  \"a\": tru\n\x20  |       ^^^"
        );
    }

    #[test]
    fn what_is_nowhere_names_the_file() {
        assert_eq!(
            rendered("  "),
            "error[SCHEMA_VALIDATION_FAILED]: Definition must be a valid JSON object\n --> f.json"
        );
    }

    #[test]
    fn long_lines_are_cut() {
        let pad = "é".repeat(500);
        let text = format!(
            r#"{{"Comment": "{pad}", "StartAt": "A", "Version": "{pad}", "States": {{"B": {{"Type": "Succeed"}}}}}}"#
        );
        let shown = rendered(&text);
        let lines: Vec<&str> = shown.lines().collect();
        let source = lines[3].split_once("| ").unwrap().1;
        assert!(source.starts_with('…') && source.ends_with('…'), "{source}");
        let column = lines[4].split_once("| ").unwrap().1.find('^').unwrap();
        let marked: String = source.chars().skip(column).take(3).collect();
        assert_eq!(marked, "\"A\"");
    }

    #[test]
    fn colors_only_where_they_are_wanted() {
        let refused = StateMachine::parse("{}").unwrap_err();
        let mut shown = DiagnosticReport {
            name: "f.json",
            text: "{}",
            diagnostic: &refused.diagnostics[0],
            color: true,
        };
        assert!(shown.to_string().starts_with("\x1b[1;31merror"));
        shown.color = false;
        assert!(!shown.to_string().contains('\x1b'));
    }
}

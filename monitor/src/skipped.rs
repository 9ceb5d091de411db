//! Counts lines that could not be used, by reason, with the location of the first of each.

use std::fmt;

use serde::Serialize;

use crate::reading::LineLocation;

/// Lines that were skipped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SkippedLines {
    /// Number of lines.
    pub lines: u64,
    /// Counts by reason, in the order of the first occurrence.
    pub reasons: Vec<Reason>,
}

/// The lines skipped for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The reason's name, such as `NotJson`.
    pub name: &'static str,
    /// Number of lines.
    pub lines: u64,
    /// The key, line number and problem of the first one.
    pub first: String,
}

/// The problem with a line.
pub(crate) trait Problem: fmt::Display {
    /// The name of this kind of problem.
    fn name(&self) -> &'static str;
}

impl SkippedLines {
    /// Adds the lines of another reading.
    pub fn append(&mut self, other: Self) {
        self.lines += other.lines;
        self.reasons.extend(other.reasons);
    }

    pub(crate) fn add(&mut self, location: &LineLocation, problem: &impl Problem) {
        self.lines += 1;
        let name = problem.name();
        match self.reasons.iter_mut().find(|reason| reason.name == name) {
            Some(reason) => reason.lines += 1,
            None => self.reasons.push(Reason {
                name,
                lines: 1,
                first: format!("{} line {}: {problem}", location.key, location.line),
            }),
        }
    }
}

impl fmt::Display for SkippedLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lines skipped", self.lines)?;
        for Reason { name, lines, first } in &self.reasons {
            write!(f, "\n  {lines} {name}, such as {first}")?;
        }
        Ok(())
    }
}

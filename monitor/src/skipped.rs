//! Lines that could not be used: how many, why, and where the first of each kind is.

use std::fmt;

use serde::Serialize;

use crate::reading::LineLocation;

/// Lines that were passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Number of lines.
    pub lines: u64,
    /// By reason, in the order in which they came up.
    pub reasons: Vec<Reason>,
}

/// Lines that were passed over for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The reason's name, such as `NotJson`.
    pub name: &'static str,
    /// Number of lines.
    pub lines: u64,
    /// The first of them: key, line and what is wrong.
    pub first: String,
}

/// The problem with a line.
pub(crate) trait Problem: fmt::Display {
    /// A name for all of its kind.
    fn name(&self) -> &'static str;
}

impl Skipped {
    /// Takes those of another reading too.
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

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lines skipped", self.lines)?;
        for Reason { name, lines, first } in &self.reasons {
            write!(f, "\n  {lines} {name}, such as {first}")?;
        }
        Ok(())
    }
}

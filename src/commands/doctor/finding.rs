//! The doctor's findings, a line each, and a second one with the way out.

use std::fmt;

/// The result of one check.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finding {
    what: String,
    text: String,
    verdict: Assessment,
}

#[derive(Clone, Debug, PartialEq)]
enum Assessment {
    Right,
    /// A problem, with the fix.
    Wrong(String),
    /// The check was skipped, or does not apply.
    Unknown,
}

impl Finding {
    pub(super) fn right(what: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(what, text, Assessment::Right)
    }

    pub(super) fn wrong(
        what: impl Into<String>,
        text: impl Into<String>,
        way_out: impl Into<String>,
    ) -> Self {
        Self::new(what, text, Assessment::Wrong(way_out.into()))
    }

    pub(super) fn unknown(what: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(what, text, Assessment::Unknown)
    }

    pub(super) fn is_wrong(&self) -> bool {
        matches!(self.verdict, Assessment::Wrong(_))
    }

    fn new(what: impl Into<String>, text: impl Into<String>, verdict: Assessment) -> Self {
        Self {
            what: what.into(),
            text: text.into(),
            verdict,
        }
    }
}

/// The results of all checks, in order.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn add(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// Returns the number of wrong findings.
    pub(super) fn wrong(&self) -> usize {
        self.0.iter().filter(|finding| finding.is_wrong()).count()
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding {
            what,
            text,
            verdict,
        } in &self.0
        {
            let sign = match verdict {
                Assessment::Right => "ok   ",
                Assessment::Wrong(_) => "WRONG",
                Assessment::Unknown => "?    ",
            };
            writeln!(f, "{sign}  {what} {text}")?;
            if let Assessment::Wrong(way_out) = verdict {
                writeln!(f, "       -> {way_out}")?;
            }
        }
        match self.wrong() {
            0 => writeln!(f, "\nNothing is wrong."),
            1 => writeln!(f, "\n1 thing is wrong."),
            many => writeln!(f, "\n{many} things are wrong."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_has_its_way_out_below_it() {
        let mut findings = Findings::default();
        findings.add(Finding::right("region", "us-east-1"));
        findings.add(Finding::wrong("bucket b", "is not there", "just deploy"));
        findings.add(Finding::unknown("quotas", "not looked at"));
        assert_eq!(
            findings.to_string(),
            "ok     region us-east-1\n\
             WRONG  bucket b is not there\n\
             \x20      -> just deploy\n\
             ?      quotas not looked at\n\
             \n1 thing is wrong.\n"
        );
        assert_eq!(findings.wrong(), 1);
    }
}

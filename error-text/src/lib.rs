//! The text of an error and its causes.

use std::error::Error;

/// Returns the error's text and those of its causes, `what failed: why: why`, each said once.
///
/// Some errors repeat their cause in their own text and others leave it to their source. A chain of
/// both, printed as it is, says some causes twice.
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Failed(&'static str, Option<Box<Failed>>);

    impl fmt::Display for Failed {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Failed {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(self.1.as_deref()?)
        }
    }

    #[track_caller]
    fn check(texts: &[&'static str], expected: &str) {
        let mut texts = texts.iter().rev();
        let last = Failed(texts.next().expect("an error"), None);
        let error = texts.fold(last, |cause, text| Failed(text, Some(Box::new(cause))));
        assert_eq!(with_causes(&error), expected);
    }

    /// `scones up` said twice why a file could not be opened: in the service's error and in that
    /// error's source.
    #[test]
    fn each_cause_is_told_once() {
        check(
            &["S3", "s3.db: no such file", "no such file"],
            "S3: s3.db: no such file",
        );
        check(
            &["asking the stack", "refused"],
            "asking the stack: refused",
        );
        check(&["refused"], "refused");
    }
}

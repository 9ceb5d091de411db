//! The `.lst` manifests that SageMaker's image classification reads.
//!
//! One line an image: a number, the class index from 0, and the path relative to the channel, with tabs between them
//! (<https://docs.aws.amazon.com/sagemaker/latest/dg/image-classification.html>). The number only has to be unique;
//! `cifar-tools` writes the image's row in the archive, as the course's notebook, whose files these are byte for byte.

use std::fmt;
use std::str::FromStr;

/// One image of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// A number that no other line has; of a staged archive, its row there.
    pub row: usize,
    /// Its class index, from 0.
    pub class: usize,
    /// Its path, relative to the folder that the manifest is about.
    pub path: String,
}

/// A manifest, in the order of its lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest(Vec<Line>);

/// A line that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {number} is not `row<TAB>class<TAB>path`: {text:?}")]
pub struct Error {
    /// Its number, from 1.
    pub number: usize,
    /// What it says.
    pub text: String,
}

impl Manifest {
    /// Adds an image at the end.
    pub fn push(&mut self, line: Line) {
        self.0.push(line);
    }

    /// The lines in order.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.0
    }

    /// Keeps the lines that `wanted` says yes to.
    pub fn retain(&mut self, wanted: impl FnMut(&Line) -> bool) {
        self.0.retain(wanted);
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|Line { row, class, path }| writeln!(f, "{row}\t{class}\t{path}"))
    }
}

impl FromStr for Manifest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parse = |(at, text): (usize, &str)| {
            line(text).ok_or_else(|| Error {
                number: at + 1,
                text: text.to_owned(),
            })
        };
        text.lines()
            .enumerate()
            .map(parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn line(text: &str) -> Option<Line> {
    let (row, rest) = text.split_once('\t')?;
    let (class, path) = rest.split_once('\t')?;
    let is_path = !path.is_empty() && !path.contains('\t');
    is_path.then_some(())?;
    Some(Line {
        row: row.parse().ok()?,
        // MXNet's im2rec writes classes as `1.0`, and the built-in algorithm takes them.
        class: class.strip_suffix(".0").unwrap_or(class).parse().ok()?,
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_the_notebook_writes_them() {
        let mut manifest = Manifest::default();
        manifest.push(Line {
            row: 16,
            class: 0,
            path: "bike_s_000682.png".to_owned(),
        });
        manifest.push(Line {
            row: 30,
            class: 1,
            path: "a b.png".to_owned(),
        });
        let text = "16\t0\tbike_s_000682.png\n30\t1\ta b.png\n";
        assert_eq!(manifest.to_string(), text);
        assert_eq!(text.parse(), Ok(manifest));
    }

    #[test]
    fn classes_may_be_written_as_mxnet_writes_them() {
        let manifest: Manifest = "0\t1.0\ta.png\n".parse().unwrap();
        assert_eq!(manifest.lines()[0].class, 1);
        assert!("0\t1.5\ta.png\n".parse::<Manifest>().is_err());
    }

    #[test]
    fn a_line_that_is_none_is_shown() {
        let check = |text: &str, expected: &str| {
            assert_eq!(text.parse::<Manifest>().unwrap_err().to_string(), expected);
        };
        check(
            "1\t0\ta\n2 0 b\n",
            r#"line 2 is not `row<TAB>class<TAB>path`: "2 0 b""#,
        );
        check(
            "x\t0\ta",
            r#"line 1 is not `row<TAB>class<TAB>path`: "x\t0\ta""#,
        );
        check(
            "1\t0\ta\tb",
            r#"line 1 is not `row<TAB>class<TAB>path`: "1\t0\ta\tb""#,
        );
        check(
            "1\t0\t",
            r#"line 1 is not `row<TAB>class<TAB>path`: "1\t0\t""#,
        );
    }
}

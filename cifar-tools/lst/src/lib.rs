//! The `.lst` manifests that SageMaker's image classification reads.
//!
//! One line an image: a number, the label, which is the class index from 0, and the path relative
//! to the channel, with tabs between them
//! (<https://docs.aws.amazon.com/sagemaker/latest/dg/image-classification.html>). The number only
//! has to be unique; `cifar-tools` writes the image's row in the archive, as the course's notebook,
//! whose files these are byte for byte. MXNet's im2rec, which the documentation points to, writes
//! labels as floats: `1.000000`.

use std::fmt;
use std::path::{Component, Path};
use std::str::FromStr;

/// One image of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// A number that no other line has; of a staged archive, its row there.
    pub row: usize,
    /// Its class index, from 0.
    pub class: usize,
    /// Its path, relative to the folder that the manifest is about, and below it.
    pub path: String,
}

/// A manifest, in the order of its lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest(Vec<Line>);

/// An invalid line of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {number} {reason}")]
pub struct Error {
    /// Its number, from 1.
    pub number: usize,
    /// The reason.
    pub reason: Reason,
}

/// A reason for refusing a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It has other fields.
    #[error("is not `row<TAB>class<TAB>path`: {0:?}")]
    Fields(String),
    /// Its label is no class index.
    #[error("has the label {0:?}, which is not a whole number from 0")]
    Label(String),
    /// Its path leads elsewhere.
    #[error("has {0:?}, which is not a path below the folder of the images")]
    Path(String),
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

    /// Keeps the lines for which `predicate` returns true.
    pub fn retain(&mut self, predicate: impl FnMut(&Line) -> bool) {
        self.0.retain(predicate);
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

    /// Parses a manifest. Empty lines are skipped.
    fn from_str(text: &str) -> Result<Self, Error> {
        let lines = (1..).zip(text.lines());
        lines
            .filter(|(_, text)| !text.trim().is_empty())
            .map(|(number, text)| parse_line(text).map_err(|reason| Error { number, reason }))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn parse_line(text: &str) -> Result<Line, Reason> {
    let fields: Vec<&str> = text.split('\t').collect();
    let other_fields = || Reason::Fields(text.to_owned());
    let [row, label, path] = fields[..] else {
        return Err(other_fields());
    };
    let row = row.trim().parse().map_err(|_| other_fields())?;
    let class = parse_label(label.trim()).ok_or_else(|| Reason::Label(label.to_owned()))?;
    if path.is_empty() {
        return Err(other_fields());
    }
    if !is_below(Path::new(path)) {
        return Err(Reason::Path(path.to_owned()));
    }
    let path = path.to_owned();
    Ok(Line { row, class, path })
}

/// Parses a class index, written as an integer or as a whole float.
fn parse_label(text: &str) -> Option<usize> {
    let label: f64 = text.parse().ok()?;
    let is_index = label.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&label);
    // In the range of u32, so exact.
    is_index.then_some(label as usize)
}

fn is_below(path: &Path) -> bool {
    let parts = path.components();
    path.file_name().is_some()
        && parts
            .into_iter()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(row: usize, class: usize, path: &str) -> Line {
        let path = path.to_owned();
        Line { row, class, path }
    }

    #[test]
    fn lines_are_as_the_notebook_writes_them() {
        let mut manifest = Manifest::default();
        manifest.push(line(16, 0, "bike_s_000682.png"));
        manifest.push(line(30, 1, "a b.png"));
        let text = "16\t0\tbike_s_000682.png\n30\t1\ta b.png\n";
        assert_eq!(manifest.to_string(), text);
        assert_eq!(text.parse(), Ok(manifest));
    }

    /// <https://github.com/apache/mxnet/blob/1.9.1/tools/im2rec.py> writes `'%f\t'` for each label.
    #[test]
    fn labels_are_floats_as_im2rec_writes_them() {
        let text = "0\t0.000000\ta.png\r\n\n1\t1.000000\tb/c.png\n2\t2.0\td.png\n3\t10\te.png\n";
        let manifest: Manifest = text.parse().unwrap();
        let expected = [
            line(0, 0, "a.png"),
            line(1, 1, "b/c.png"),
            line(2, 2, "d.png"),
            line(3, 10, "e.png"),
        ];
        assert_eq!(manifest.lines(), expected);
    }

    #[track_caller]
    fn check_error(text: &str, expected: &str) {
        assert_eq!(text.parse::<Manifest>().unwrap_err().to_string(), expected);
    }

    #[test]
    fn a_label_that_is_not_a_whole_number_is_named_with_its_line() {
        for label in ["0.5", "-1", "bike", "nan", "inf", "1e300", ""] {
            check_error(
                &format!("7\t0.000000\ta.png\n8\t{label}\tb.png\n"),
                &format!("line 2 has the label {label:?}, which is not a whole number from 0"),
            );
        }
    }

    #[test]
    fn a_path_that_leaves_the_folder_is_refused() {
        for path in ["../../etc/passwd", "/etc/passwd", "a/../../b", ".."] {
            check_error(
                &format!("1\t0\t{path}"),
                &format!("line 1 has {path:?}, which is not a path below the folder of the images"),
            );
        }
    }

    #[test]
    fn a_line_that_is_none_is_shown() {
        check_error(
            "1\t0\ta\n\n2 0 b\n",
            r#"line 3 is not `row<TAB>class<TAB>path`: "2 0 b""#,
        );
        check_error(
            "x\t0\ta",
            r#"line 1 is not `row<TAB>class<TAB>path`: "x\t0\ta""#,
        );
        check_error(
            "1\t0\ta\tb",
            r#"line 1 is not `row<TAB>class<TAB>path`: "1\t0\ta\tb""#,
        );
        check_error(
            "1\t0\t",
            r#"line 1 is not `row<TAB>class<TAB>path`: "1\t0\t""#,
        );
    }
}

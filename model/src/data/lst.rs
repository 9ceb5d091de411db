//! The `.lst` file of SageMaker's image classification: row, class index, relative path, tab-separated.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/image-classification.html>

use std::path::{Component, Path, PathBuf};

/// One image of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Index of its class, from 0.
    pub class: usize,
    /// Path below the folder of the images.
    pub path: PathBuf,
}

/// A line that can't be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}; expected `row<TAB>class index<TAB>relative path`")]
pub struct LstError {
    line: usize,
    reason: String,
}

/// Reads a list. Empty lines are skipped.
pub fn parse(text: &str) -> Result<Vec<Entry>, LstError> {
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            entry(line).map_err(|reason| LstError {
                line: index + 1,
                reason,
            })
        })
        .collect()
}

fn entry(line: &str) -> Result<Entry, String> {
    let fields: Vec<&str> = line.trim_end_matches('\r').split('\t').collect();
    let [_, class, path] = fields[..] else {
        return Err(format!("it has {} fields", fields.len()));
    };
    // The built-in algorithm takes classes written as `1.0`, as MXNet's im2rec writes them.
    let class = class.trim().strip_suffix(".0").unwrap_or(class.trim());
    let class = class
        .parse()
        .map_err(|_| format!("`{class}` is not a class index"))?;
    let path = Path::new(path);
    let is_below = path
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    match is_below && path.file_name().is_some() {
        true => Ok(Entry {
            class,
            path: path.into(),
        }),
        false => Err(format!(
            "`{}` is not a path below the folder of the images",
            path.display()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(usize, &str)]) {
        let entries: Vec<_> = expected
            .iter()
            .map(|(class, path)| Entry {
                class: *class,
                path: path.into(),
            })
            .collect();
        assert_eq!(parse(text).unwrap(), entries);
    }

    fn check_error(text: &str, expected: &str) {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn lists() {
        check("", &[]);
        check(
            "16\t0\tbike_s_000682.png\n27\t1\ta/b c.png\n",
            &[(0, "bike_s_000682.png"), (1, "a/b c.png")],
        );
        check("1\t2.0\tx.png\r\n\n", &[(2, "x.png")]);
    }

    #[test]
    fn errors_name_the_line_and_the_reason() {
        check_error("1\t0\ta.png\n2 0 b.png", "line 2: it has 1 fields");
        check_error("1\tbike\ta.png", "line 1: `bike` is not a class index");
        check_error("1\t-1\ta.png", "`-1` is not a class index");
        check_error(
            "1\t0\t../../etc/passwd",
            "`../../etc/passwd` is not a path below",
        );
        check_error("1\t0\t/etc/passwd", "`/etc/passwd` is not a path below");
        check_error("1\t0\t", "`` is not a path below");
    }
}

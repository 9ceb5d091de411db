//! A file of labels: one a line, or a JSON array of strings; in the order of the model's scores.

/// A file of labels that can't be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// It begins as JSON does, and is none.
    #[error("not a JSON array of strings: {0}")]
    Json(String),
    /// There are too few.
    #[error("it names {0} labels; a classifier has at least two")]
    Few(usize),
    /// A label says nothing.
    #[error("label {0} is empty")]
    Empty(usize),
    /// Two labels are the same.
    #[error("`{0}` is there twice")]
    Twice(String),
}

/// Reads the text of such a file. An empty line at its end is none.
pub fn labels(text: &str) -> Result<Vec<String>, LabelError> {
    let text = text.trim_start_matches('\u{feff}');
    let labels: Vec<String> = match text.trim_start().starts_with('[') {
        true => serde_json::from_str(text).map_err(|error| LabelError::Json(error.to_string()))?,
        false => text
            .trim_end()
            .lines()
            .map(|line| line.trim().to_owned())
            .collect(),
    };
    if labels.len() < 2 {
        return Err(LabelError::Few(labels.len()));
    }
    let mut seen = std::collections::BTreeSet::new();
    for (index, label) in labels.iter().enumerate() {
        if label.is_empty() {
            return Err(LabelError::Empty(index + 1));
        }
        if !seen.insert(label) {
            return Err(LabelError::Twice(label.clone()));
        }
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_or_json() {
        let expected = ["tench", "great white shark"].map(String::from).to_vec();
        assert_eq!(
            labels("tench\r\n great white shark\n\n"),
            Ok(expected.clone())
        );
        assert_eq!(
            labels("\u{feff}[\"tench\", \"great white shark\"]"),
            Ok(expected)
        );
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let error = |text| labels(text).unwrap_err().to_string();
        assert_eq!(
            error(""),
            "it names 0 labels; a classifier has at least two"
        );
        assert_eq!(error("a\n\nb"), "label 2 is empty");
        assert_eq!(error("a\nb\na"), "`a` is there twice");
        assert!(error("[1, 2]").starts_with("not a JSON array of strings: invalid type"));
    }
}

//! The meaning of a text in a column: the one rule for CSV, JSON and the schema's types.

use crate::Reason;
use crate::error::excerpt;

/// Returns true if the text stands for a missing value: empty, or as R, pandas and JSON write one.
pub(crate) fn is_missing(text: &str) -> bool {
    matches!(text, "" | "NA" | "N/A" | "NaN" | "nan" | "null")
}

/// Parses a finite number.
pub(crate) fn parse_number(text: &str) -> Result<f64, Reason> {
    let text = text.trim();
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        Ok(_) => Err(Reason::NotFinite(excerpt(text))),
        Err(_) => Err(Reason::NotANumber(excerpt(text))),
    }
}

/// Parses `true` and `false` as Rust, Python, R and spreadsheets write them.
pub(crate) fn parse_boolean(text: &str) -> Result<bool, Reason> {
    match text.trim() {
        "true" | "True" | "TRUE" => Ok(true),
        "false" | "False" | "FALSE" => Ok(false),
        other => Err(Reason::NotABoolean(excerpt(other))),
    }
}

/// Returns the label of a boolean.
pub(crate) fn boolean_label(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<f64, &str>) {
        let parsed = parse_number(text).map_err(|reason| reason.to_string());
        assert_eq!(
            parsed.as_ref().map_err(String::as_str),
            expected.as_ref().map_err(|text| *text)
        );
    }

    #[test]
    fn a_number_is_finite() {
        check(" 1.5e3 ", Ok(1500.0));
        check("-0.1", Ok(-0.1));
        check("1e-999", Ok(0.0));
        check("1e999", Err("\"1e999\" is not a finite number of 64 bits"));
        check("-inf", Err("\"-inf\" is not a finite number of 64 bits"));
        check("1,5", Err("\"1,5\" is not a number"));
        let long = "9".repeat(50) + "x";
        check(
            &long,
            Err(&format!("\"{}…\" is not a number", "9".repeat(40))),
        );
    }
}

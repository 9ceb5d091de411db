//! `nextToken`: the start of the next page, in an opaque form.

use std::ops::RangeInclusive;

use service::protocol::page_token;

use crate::error::ApiError;

pub(super) use page_token::write;

/// The length of a token of most operations.
pub(super) const LENGTH: RangeInclusive<usize> = 1..=1024;
/// The length of a token of ListExecutions.
pub(super) const LENGTH_OF_EXECUTIONS: RangeInclusive<usize> = 1..=3096;

/// Returns the position in a token that was written for the same request.
pub(super) fn read(request: &str, token: &str) -> Result<String, ApiError> {
    page_token::read(request, token).ok_or(ApiError::InvalidToken)
}

/// Returns the position in a token as a number.
pub(super) fn read_number(request: &str, token: Option<&str>) -> Result<Option<i64>, ApiError> {
    let position = token.map(|token| read(request, token)).transpose()?;
    let number = position.map(|position| position.parse());
    number.transpose().map_err(|_| ApiError::InvalidToken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(read_number("r", None), Ok(None));
        assert_eq!(read_number("r", Some(&write("r", "7"))), Ok(Some(7)));
        for token in [write("r", "x"), write("other", "7"), "x".into()] {
            assert_eq!(read_number("r", Some(&token)), Err(ApiError::InvalidToken));
        }
    }
}

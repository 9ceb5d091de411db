//! `nextToken`: the start of the next page, in an opaque form.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::ApiError;

/// The longest token of most operations.
pub(super) const LENGTH: std::ops::RangeInclusive<usize> = 1..=1024;
/// The longest token of ListExecutions.
pub(super) const LENGTH_OF_EXECUTIONS: std::ops::RangeInclusive<usize> = 1..=3096;

/// Encodes a token to continue `request` at `position`. It contains the request, so it is valid for
/// no other.
pub(super) fn write(request: &str, position: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}\n{position}", hash(request)))
}

/// The position in a token that was written for the same request.
pub(super) fn read(request: &str, token: &str) -> Result<String, ApiError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_| ApiError::InvalidToken)?;
    let text = String::from_utf8(bytes).map_err(|_| ApiError::InvalidToken)?;
    let (written_for, position) = text.split_once('\n').ok_or(ApiError::InvalidToken)?;
    if written_for != hash(request) {
        return Err(ApiError::InvalidToken);
    }
    Ok(position.to_owned())
}

/// The position in a token, where it is a number.
pub(super) fn read_number(request: &str, token: Option<&str>) -> Result<Option<i64>, ApiError> {
    let Some(token) = token else {
        return Ok(None);
    };
    let position = read(request, token)?;
    position
        .parse()
        .map(Some)
        .map_err(|_| ApiError::InvalidToken)
}

fn hash(request: &str) -> String {
    use sha2::Digest;
    hex::encode(&sha2::Sha256::digest(request)[..8])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_token_serves_its_own_request_only(request in ".*", other in ".*", position in ".*") {
            let token = write(&request, &position);
            prop_assert_eq!(read(&request, &token), Ok(position));
            prop_assume!(request != other);
            prop_assert_eq!(read(&other, &token), Err(ApiError::InvalidToken));
        }

        #[test]
        fn nonsense_is_refused(token in ".*") {
            prop_assert!(read("r", &token).is_err());
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(read_number("r", None), Ok(None));
        assert_eq!(read_number("r", Some(&write("r", "7"))), Ok(Some(7)));
        assert_eq!(
            read_number("r", Some(&write("r", "x"))),
            Err(ApiError::InvalidToken)
        );
    }
}

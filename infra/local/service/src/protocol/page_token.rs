//! `NextToken`: where the next page begins, in a form that gives callers nothing to rely on.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::Digest;

/// Returns a token that goes on with `request` at `position`. `request` is any text that tells
/// requests apart, so that the token serves no other request.
pub fn write(request: &str, position: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}\n{position}", hash(request)))
}

/// Returns the position in a token that was written for the same request, or `None`.
pub fn read(request: &str, token: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (written_for, position) = text.split_once('\n')?;
    (written_for == hash(request)).then(|| position.to_owned())
}

fn hash(request: &str) -> String {
    hex::encode(&sha2::Sha256::digest(request)[..8])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_token_serves_its_own_request_only(request in ".*", other in ".*", position in ".*") {
            let token = write(&request, &position);
            prop_assert_eq!(read(&request, &token), Some(position));
            prop_assume!(request != other);
            prop_assert_eq!(read(&other, &token), None);
        }

        #[test]
        fn nonsense_is_refused(token in ".*") {
            prop_assert_eq!(read("r", &token), None);
        }
    }
}

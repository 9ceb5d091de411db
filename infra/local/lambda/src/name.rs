//! The ways to name a function: by name, by ARN, by partial ARN, each with or without a qualifier.

use super::errors;
use service::Identity;
use service::InvokeError;

/// The only version there is.
pub(super) const LATEST: &str = "$LATEST";

/// The name of the function that `reference` means for `identity`: a name, `ACCOUNT:function:NAME`,
/// or an ARN, with `:$LATEST` or nothing after it.
///
/// # Errors
/// `ValidationException` for what can't be a name; `ResourceNotFoundException` for another account
/// or region, and for versions and aliases, which there are none of.
pub(super) fn resolve(reference: &str, identity: &Identity) -> Result<String, InvokeError> {
    let parts: Vec<&str> = reference.split(':').collect();
    let (owner, local) = match parts.iter().position(|part| *part == "function") {
        Some(at) if at + 1 < parts.len() => (parts[..at].join(":"), &parts[at + 1..]),
        _ => (String::new(), &parts[..]),
    };
    let (name, qualifier) = match *local {
        [name] => (name, None),
        [name, qualifier] => (name, Some(qualifier)),
        _ => return Err(errors::bad_name(reference)),
    };
    if !is_name(name) || !qualifier.is_none_or(is_qualifier) {
        return Err(errors::bad_name(reference));
    }
    let account = &identity.account;
    let arn = format!("arn:aws:lambda:{}:{account}", identity.region);
    if ![String::new(), account.clone(), arn].contains(&owner) {
        return Err(errors::function_not_found(reference));
    }
    check_qualifier(name, qualifier, identity)?;
    Ok(name.to_owned())
}

fn check_qualifier(
    name: &str,
    qualifier: Option<&str>,
    identity: &Identity,
) -> Result<(), InvokeError> {
    let Some(qualifier) = qualifier.filter(|qualifier| *qualifier != LATEST) else {
        return Ok(());
    };
    let arn = identity.arn("lambda", &format!("function:{name}:{qualifier}"));
    if qualifier.bytes().all(|byte| byte.is_ascii_digit()) {
        Err(errors::function_not_found(&arn))
    } else {
        Err(errors::alias_not_found(&arn))
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 140 && name.bytes().all(is_word)
}

fn is_qualifier(qualifier: &str) -> bool {
    qualifier == LATEST || (!qualifier.is_empty() && qualifier.bytes().all(is_word))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(reference: &str, expect: Result<&str, &str>) {
        let found = resolve(reference, &Identity::default()).map_err(|error| error.message);
        assert_eq!(
            found.as_deref().map_err(String::as_str),
            expect,
            "{reference}"
        );
    }

    #[test]
    fn every_form_of_a_name_means_the_function() {
        check("classify", Ok("classify"));
        check("classify:$LATEST", Ok("classify"));
        check("function:classify", Ok("classify"));
        check("123456789012:function:classify", Ok("classify"));
        check(
            "arn:aws:lambda:us-east-1:123456789012:function:classify",
            Ok("classify"),
        );
        check(
            "arn:aws:lambda:us-east-1:123456789012:function:classify:$LATEST",
            Ok("classify"),
        );
        // A name that holds the very word that ARNs are split at.
        check("my-function", Ok("my-function"));
        check("my-function:$LATEST", Ok("my-function"));
    }

    #[test]
    fn others_functions_versions_and_aliases_are_not_found() {
        check(
            "arn:aws:lambda:eu-west-1:123456789012:function:classify",
            Err("Function not found: arn:aws:lambda:eu-west-1:123456789012:function:classify"),
        );
        check(
            "classify:7",
            Err("Function not found: arn:aws:lambda:us-east-1:123456789012:function:classify:7"),
        );
        check(
            "classify:prod",
            Err("Cannot find alias arn: \
                 arn:aws:lambda:us-east-1:123456789012:function:classify:prod"),
        );
    }

    #[test]
    fn what_cannot_be_a_name_is_refused() {
        for bad in ["", "a b", "a/b", "a:b:c", "a:", ":a", "ä"] {
            let error = resolve(bad, &Identity::default()).unwrap_err();
            assert_eq!(error.code, "ValidationException", "{bad}");
            let start = format!("1 validation error detected: Value '{bad}' at 'functionName'");
            assert!(error.message.starts_with(&start), "{}", error.message);
        }
    }

    proptest! {
        #[test]
        fn any_name_is_found_by_any_form(name in "[a-zA-Z0-9_-]{1,64}", form in 0..6_usize) {
            let identity = Identity::default();
            let arn = identity.arn("lambda", &format!("function:{name}"));
            let account = &identity.account;
            let reference = match form {
                0 => name.clone(),
                1 => format!("function:{name}"),
                2 => format!("{account}:function:{name}"),
                3 => format!("{name}:$LATEST"),
                4 => format!("{arn}:$LATEST"),
                _ => arn,
            };
            prop_assert_eq!(resolve(&reference, &identity).unwrap(), name);
        }

        #[test]
        fn no_text_breaks_it(text in "[a-z:$ ]{0,20}|\\PC{0,20}") {
            if let Ok(name) = resolve(&text, &Identity::default()) {
                prop_assert!(text.contains(&name));
            }
        }
    }
}

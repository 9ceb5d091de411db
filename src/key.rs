//! The key of a local stack. It comes from the environment: every user of the machine sees a
//! command's arguments.

use std::env::{self, VarError};

use anyhow::{Context, bail};
use service::signature::Key;

const ID: &str = "SCONES_ACCESS_KEY_ID";
const SECRET: &str = "SCONES_SECRET_ACCESS_KEY";

/// The key, if there is one.
pub(crate) fn of_environment() -> anyhow::Result<Option<Key>> {
    of(variable(ID)?, variable(SECRET)?)
}

fn variable(name: &str) -> anyhow::Result<Option<String>> {
    match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => bail!("{name} is not text"),
    }
}

fn of(id: Option<String>, secret: Option<String>) -> anyhow::Result<Option<Key>> {
    match (id, secret) {
        (None, None) => Ok(None),
        (Some(id), Some(secret)) => {
            let key = Key::new(id, secret);
            Ok(Some(key.with_context(|| format!("{ID} and {SECRET}"))?))
        }
        (Some(_), None) => bail!("{ID} is set and {SECRET} is not: set both, or none"),
        (None, Some(_)) => bail!("{SECRET} is set and {ID} is not: set both, or none"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_text(id: Option<&str>, secret: Option<&str>) -> String {
        let read = of(id.map(str::to_owned), secret.map(str::to_owned));
        format!("{:#}", read.unwrap_err())
    }

    #[test]
    fn half_a_key_or_a_weak_one_is_an_error() {
        assert_eq!(of(None, None).unwrap(), None);
        assert_eq!(
            error_text(Some("me"), None),
            "SCONES_ACCESS_KEY_ID is set and SCONES_SECRET_ACCESS_KEY is not: set both, or none"
        );
        assert_eq!(
            error_text(None, Some("x")),
            "SCONES_SECRET_ACCESS_KEY is set and SCONES_ACCESS_KEY_ID is not: set both, or none"
        );
        let weak = error_text(Some("me"), Some(""));
        assert!(
            weak.starts_with(
                "SCONES_ACCESS_KEY_ID and SCONES_SECRET_ACCESS_KEY: the secret access key is too \
                 weak"
            ),
            "{weak}"
        );
    }
}

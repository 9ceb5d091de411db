//! The key that requests are signed with.

use std::collections::BTreeSet;
use std::fmt;

use uuid::Uuid;

/// The minimum length of a secret. This many random characters can't be guessed; a word can.
const SECRET_LENGTH: usize = 16;
/// The fewest different characters of a secret.
const SECRET_VARIETY: usize = 8;
/// The most characters of an id; as on AWS.
const ID_LENGTH: usize = 128;
/// The id of the key that functions get. `ASIA` is how AWS begins the ids of temporary keys.
const FUNCTIONS: &str = "ASIASCONESLOCAL00000";

/// An access key: a public id, and a secret that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    id: String,
    secret: String,
}

/// The reason that a key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The id could not stand in a signature's credential scope.
    #[error("the access key id must be 1 to {ID_LENGTH} letters, digits, '-' or '_'")]
    Id,
    /// The stack gives its functions a key of this id.
    #[error("the access key id {FUNCTIONS} is that of the stack's own functions: choose another")]
    Reserved,
    /// The secret could be guessed.
    #[error(
        "the secret access key is too weak: it must have at least {SECRET_LENGTH} characters, \
         {SECRET_VARIETY} of them different; `openssl rand -hex 20` makes one"
    )]
    Weak,
    /// The secret has what would get lost in a shell or a file.
    #[error("the secret access key must be visible ASCII characters, without spaces")]
    NotVisible,
}

impl Key {
    /// A key whose secret is not easily guessed.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Result<Self, KeyError> {
        let (id, secret) = (id.into(), secret.into());
        let in_id = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if id.is_empty() || id.len() > ID_LENGTH || !id.bytes().all(in_id) {
            return Err(KeyError::Id);
        }
        if id == FUNCTIONS {
            return Err(KeyError::Reserved);
        }
        if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KeyError::NotVisible);
        }
        let variety: BTreeSet<u8> = secret.bytes().collect();
        if secret.len() < SECRET_LENGTH || variety.len() < SECRET_VARIETY {
            return Err(KeyError::Weak);
        }
        Ok(Self { id, secret })
    }

    /// Returns the key that functions sign with if the stack does not verify signatures.
    pub fn unverified() -> Self {
        Self {
            id: FUNCTIONS.into(),
            secret: "local".into(),
        }
    }

    /// Creates a key for functions to sign with if the stack verifies signatures. It lasts as long
    /// as the stack, as a role's credentials do on AWS.
    pub fn of_functions() -> Self {
        Self {
            id: FUNCTIONS.into(),
            secret: format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()),
        }
    }

    /// The access key id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The secret access key.
    pub fn secret(&self) -> &str {
        &self.secret
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Key({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_and_unusable_keys_are_refused() {
        let secret = "0f8fad5bd9cb469fa16570867728950e";
        for (id, secret, expected) in [
            ("", secret, KeyError::Id),
            ("a/b", secret, KeyError::Id),
            (&"a".repeat(129), secret, KeyError::Id),
            (FUNCTIONS, secret, KeyError::Reserved),
            ("me", "", KeyError::Weak),
            ("me", "0f8fad5bd9cb469", KeyError::Weak),
            ("me", "passpasspasspasspass", KeyError::Weak),
            ("me", "0f8fad5b d9cb469f", KeyError::NotVisible),
            ("me", "0f8fad5bd9cb469ü", KeyError::NotVisible),
        ] {
            assert_eq!(Key::new(id, secret), Err(expected), "{id} {secret}");
        }
        assert_eq!(
            KeyError::Weak.to_string(),
            "the secret access key is too weak: it must have at least 16 characters, 8 of them \
             different; `openssl rand -hex 20` makes one"
        );
        assert!(Key::new("AKIA_my-key1", secret).is_ok());
    }

    #[test]
    fn a_secret_is_never_printed() {
        let key = Key::new("me", "0f8fad5bd9cb469f").unwrap();
        assert_eq!(format!("{key:?}"), "Key(me)");
    }

    #[test]
    fn functions_get_another_key_each_time() {
        let key = Key::of_functions();
        assert_ne!(key, Key::of_functions());
        assert_eq!(key.secret().len(), 64);
    }
}

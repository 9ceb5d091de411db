//! S3 URIs: `s3://BUCKET/KEY`, as commands, templates, requests and functions have them.
//!
//! A key is what follows the bucket's slash, as S3 has it: it is not URL-encoded, and may be empty,
//! a prefix, or have slashes anywhere.

use std::fmt;
use std::str::FromStr;

/// A bucket, and a key or a prefix of keys in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct S3Uri {
    /// The bucket. A parsed URI has one.
    pub bucket: String,
    /// The key; empty for the whole bucket.
    pub key: String,
}

/// A text that is not an S3 URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidS3Uri {
    /// It does not begin with `s3://`.
    #[error("not an S3 URI: write it as s3://BUCKET/KEY")]
    Scheme,
    /// Nothing stands between `s3://` and the next slash.
    #[error("the bucket is missing: write it as s3://BUCKET/KEY")]
    Bucket,
}

impl S3Uri {
    /// Returns the URI of a key in a bucket.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            key: key.into(),
        }
    }

    /// Returns the URI of `path` below this prefix, with a slash between the two unless the prefix
    /// ends in one or is empty.
    #[must_use]
    pub fn join(&self, path: &str) -> Self {
        let slash = if self.key.is_empty() || self.key.ends_with('/') {
            ""
        } else {
            "/"
        };
        Self::new(&self.bucket, format!("{}{slash}{path}", self.key))
    }
}

/// Returns the bucket and the key of `s3://BUCKET/KEY` or `s3://BUCKET`.
///
/// # Errors
/// The text does not begin with `s3://`, or has no bucket.
pub fn split(uri: &str) -> Result<(&str, &str), InvalidS3Uri> {
    let rest = uri.strip_prefix("s3://").ok_or(InvalidS3Uri::Scheme)?;
    match rest.split_once('/').unwrap_or((rest, "")) {
        ("", _) => Err(InvalidS3Uri::Bucket),
        parts => Ok(parts),
    }
}

impl FromStr for S3Uri {
    type Err = InvalidS3Uri;

    fn from_str(uri: &str) -> Result<Self, Self::Err> {
        let (bucket, key) = split(uri)?;
        Ok(Self::new(bucket, key))
    }
}

impl fmt::Display for S3Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(uri: &str, expected: Result<(&str, &str), &str>) {
        let parsed = uri.parse::<S3Uri>().map_err(|error| error.to_string());
        let expected = expected.map(|(bucket, key)| S3Uri::new(bucket, key));
        assert_eq!(parsed, expected.map_err(str::to_owned), "{uri}");
    }

    #[test]
    fn a_key_is_all_that_follows_the_bucket() {
        check(
            "s3://b/in/my photos/ü+1%20",
            Ok(("b", "in/my photos/ü+1%20")),
        );
        check("s3://b//a//", Ok(("b", "/a//")));
        check("s3://b/", Ok(("b", "")));
        check("s3://b", Ok(("b", "")));
    }

    #[test]
    fn what_is_missing_is_named() {
        for uri in ["", "b/k", "s3:/b/k", "S3://b/k", "https://b/k"] {
            check(uri, Err("not an S3 URI: write it as s3://BUCKET/KEY"));
        }
        for uri in ["s3://", "s3:///k"] {
            check(
                uri,
                Err("the bucket is missing: write it as s3://BUCKET/KEY"),
            );
        }
    }

    #[test]
    fn a_path_goes_below_a_prefix() {
        for (prefix, joined) in [
            ("", "a/b"),
            ("p", "p/a/b"),
            ("p/", "p/a/b"),
            ("p//", "p//a/b"),
        ] {
            assert_eq!(
                S3Uri::new("b", prefix).join("a/b").to_string(),
                format!("s3://b/{joined}")
            );
        }
    }
}

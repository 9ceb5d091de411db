//! Conditional requests:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>.

use s3s::dto::{ETagCondition, Timestamp};

use super::convert::timestamp;
use crate::error::Error;
use crate::now;
use crate::versions::Version;

/// The conditions of a read.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadConditions {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
    pub(super) if_modified_since: Option<Timestamp>,
    pub(super) if_unmodified_since: Option<Timestamp>,
}

/// The outcome of a read's conditions; names the headers that decided it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Go,
    /// The client has it already: 304.
    NotModified(&'static str),
    /// 412.
    Failed(&'static str),
}

/// A header that is a condition, as errors name it.
const IF_MATCH: &str = "If-Match";
const IF_NONE_MATCH: &str = "If-None-Match";
const IF_MODIFIED_SINCE: &str = "If-Modified-Since";
const IF_UNMODIFIED_SINCE: &str = "If-Unmodified-Since";

impl ReadConditions {
    /// Evaluates the conditions. An entity tag takes precedence over a time (RFC 9110, section
    /// 13.2.2); a future time is ignored (section 13.1.3).
    pub(super) fn judge(&self, version: &Version) -> Verdict {
        let modified = timestamp(version.modified);
        let now = timestamp(now());
        match (&self.if_match, &self.if_unmodified_since) {
            (Some(condition), _) if !matches(condition, &version.etag) => {
                return Verdict::Failed(IF_MATCH);
            }
            (None, Some(time)) if modified > *time => {
                return Verdict::Failed(IF_UNMODIFIED_SINCE);
            }
            _ => {}
        }
        match (&self.if_none_match, &self.if_modified_since) {
            (Some(condition), _) if matches(condition, &version.etag) => {
                Verdict::NotModified(IF_NONE_MATCH)
            }
            (None, Some(time)) if modified <= *time && *time <= now => {
                Verdict::NotModified(IF_MODIFIED_SINCE)
            }
            _ => Verdict::Go,
        }
    }

    /// Checks the conditions on the source of a copy, where an unmodified object is a failure too.
    pub(super) fn require(&self, version: &Version) -> Result<(), Error> {
        match self.judge(version) {
            Verdict::Go => Ok(()),
            Verdict::NotModified(header) | Verdict::Failed(header) => {
                let header = format!("x-amz-copy-source-{header}");
                Err(Error::PreconditionFailed.with("Condition", header))
            }
        }
    }
}

/// 412, with the header that makes it so.
pub(super) fn failed(header: &str) -> Error {
    Error::PreconditionFailed.with("Condition", header)
}

fn matches(condition: &ETagCondition, etag: &str) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(wanted) => wanted.value() == etag,
    }
}

/// The conditions of a write.
#[derive(Clone, Debug, Default)]
pub(super) struct WriteConditions {
    if_match: Option<ETagCondition>,
    only_if_absent: bool,
}

impl WriteConditions {
    /// The conditions of what makes an object.
    pub(super) fn new(
        if_match: Option<ETagCondition>,
        if_none_match: Option<&ETagCondition>,
    ) -> Result<Self, Error> {
        let refused = |header: &str, why: String| {
            Err(Error::HeaderNotImplemented
                .with("Header", header)
                .with("additionalMessage", why))
        };
        let value_of =
            |header| format!("We don't accept the provided value of {header} header for this API");
        match (&if_match, if_none_match) {
            (Some(_), Some(_)) => refused(
                "If-Match,If-None-Match",
                "Multiple conditional request headers present in the request".into(),
            ),
            (Some(ETagCondition::Any), None) => refused(IF_MATCH, value_of(IF_MATCH)),
            (None, Some(ETagCondition::ETag(_))) => refused(IF_NONE_MATCH, value_of(IF_NONE_MATCH)),
            _ => Ok(Self {
                if_match,
                only_if_absent: if_none_match.is_some(),
            }),
        }
    }

    /// The conditions of a delete: any object, or one with that entity tag.
    pub(super) fn of_delete(if_match: Option<ETagCondition>) -> Self {
        Self {
            if_match,
            only_if_absent: false,
        }
    }

    /// `newest` is the key's newest version, which may be a delete marker. To be called in the
    /// transaction that writes.
    pub(super) fn require(&self, key: &str, newest: Option<&Version>) -> Result<(), Error> {
        let object = newest.filter(|version| version.file.is_some());
        match (&self.if_match, object) {
            (Some(_), None) => return Err(Error::NoSuchKey.with("Key", key)),
            (Some(condition), Some(object)) if !matches(condition, &object.etag) => {
                return Err(failed(IF_MATCH));
            }
            _ => {}
        }
        if self.only_if_absent && object.is_some() {
            return Err(failed(IF_NONE_MATCH));
        }
        Ok(())
    }

    /// Checks conditions for a multipart upload to a key that was written since it began: they hold
    /// now but did not hold throughout.
    pub(super) fn require_undisturbed(&self, disturbed: bool) -> Result<(), Error> {
        let header = match &self.if_match {
            Some(_) => IF_MATCH,
            None => IF_NONE_MATCH,
        };
        if disturbed && !self.is_empty() {
            return Err(Error::ConditionalRequestConflict.with("Condition", header));
        }
        Ok(())
    }

    /// Returns true if there are no conditions to check.
    pub(super) fn is_empty(&self) -> bool {
        self.if_match.is_none() && !self.only_if_absent
    }
}

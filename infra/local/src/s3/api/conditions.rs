//! Conditional requests: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>.

use s3s::dto::{ETagCondition, Timestamp};

use super::convert::seconds;
use crate::s3::error::Error;
use crate::s3::versions::Version;

/// On what a read depends.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadConditions {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
    pub(super) if_modified_since: Option<Timestamp>,
    pub(super) if_unmodified_since: Option<Timestamp>,
}

/// What the conditions make of a read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Go,
    /// The client has it already: 304.
    NotModified,
    /// 412.
    Failed,
}

impl ReadConditions {
    /// An entity tag outweighs a time, as RFC 9110 (section 13.2.2) has it.
    pub(super) fn judge(&self, version: &Version) -> Verdict {
        let modified = seconds(version.modified);
        let may = match (&self.if_match, &self.if_unmodified_since) {
            (Some(condition), _) => matches(condition, &version.etag),
            (None, Some(time)) => modified <= *time,
            (None, None) => true,
        };
        if !may {
            return Verdict::Failed;
        }
        let news = match (&self.if_none_match, &self.if_modified_since) {
            (Some(condition), _) => !matches(condition, &version.etag),
            (None, Some(time)) => modified > *time,
            (None, None) => true,
        };
        match news {
            true => Verdict::Go,
            false => Verdict::NotModified,
        }
    }

    /// For the source of a copy, where not modified is a failure too.
    pub(super) fn require(&self, version: &Version) -> Result<(), Error> {
        match self.judge(version) {
            Verdict::Go => Ok(()),
            Verdict::NotModified | Verdict::Failed => Err(Error::PreconditionFailed),
        }
    }
}

fn matches(condition: &ETagCondition, etag: &str) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(wanted) => wanted.value() == etag,
    }
}

/// On what a write depends.
#[derive(Clone, Debug, Default)]
pub(super) struct WriteConditions {
    if_match: Option<ETagCondition>,
    only_if_absent: bool,
}

impl WriteConditions {
    pub(super) fn new(
        if_match: Option<ETagCondition>,
        if_none_match: Option<&ETagCondition>,
    ) -> Result<Self, Error> {
        if matches!(if_none_match, Some(ETagCondition::ETag(_))) {
            return Err(Error::NotImplemented(
                "A header you provided implies functionality that is not implemented",
            ));
        }
        Ok(Self {
            if_match,
            only_if_absent: if_none_match.is_some(),
        })
    }

    /// `newest` is the key's newest version, which may be a delete marker. To be called in the transaction that
    /// writes.
    pub(super) fn require(&self, newest: Option<&Version>) -> Result<(), Error> {
        let object = newest.filter(|version| version.file.is_some());
        match (&self.if_match, object) {
            (Some(_), None) => return Err(Error::NoSuchKey),
            (Some(condition), Some(object)) if !matches(condition, &object.etag) => {
                return Err(Error::PreconditionFailed);
            }
            _ => {}
        }
        if self.only_if_absent && object.is_some() {
            return Err(Error::PreconditionFailed);
        }
        Ok(())
    }

    /// Whether there is anything to look at.
    pub(super) fn is_empty(&self) -> bool {
        self.if_match.is_none() && !self.only_if_absent
    }
}

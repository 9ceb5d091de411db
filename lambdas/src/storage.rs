//! Objects of S3, and what S3 answers sorted by what a caller can do about it.

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use error_text::with_causes;

use crate::aws::{self, Failure};
use crate::environment::Environment;
use s3_uri::S3Uri;

/// A client, from the configuration that all clients start from.
pub(crate) fn client(config: &SdkConfig, environment: &Environment) -> Client {
    let config = aws_sdk_s3::config::Builder::from(config)
        // A bucket is a name under the endpoint's host only where AWS answers for every such name.
        .force_path_style(aws::has_own_endpoint(environment, "S3"))
        .build();
    Client::from_conf(config)
}

/// Why an object can't be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// S3: there is no such bucket.
    #[error("the bucket does not exist")]
    NoSuchBucket,
    /// S3: there is no such key. Without the right to list the bucket, S3 says `AccessDenied` instead.
    #[error("the object does not exist")]
    NoSuchKey,
    /// S3: the function may not read the object, or may not know that it doesn't exist.
    #[error(
        "access denied: the function's role needs s3:GetObject on it, and s3:ListBucket to tell what is missing"
    )]
    AccessDenied,
    /// S3 has another reason, such as an archived object.
    #[error("S3 refused to read it: {0}")]
    Refused(String),
    /// S3 did not answer, or asks to come back later. Later it may work.
    #[error("S3 did not deliver it: {0}")]
    Unavailable(String),
    /// It has more bytes than the caller takes.
    #[error("the object has {bytes} bytes, and at most {most} are read")]
    TooLarge {
        /// Its size, as far as it was read.
        bytes: u64,
        /// What the caller takes.
        most: u64,
    },
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unavailable(reason) | Failure::Throttled(reason) => Self::Unavailable(reason),
            Failure::Refused { code, message } => match code.as_str() {
                "NoSuchKey" => Self::NoSuchKey,
                "NoSuchBucket" => Self::NoSuchBucket,
                "AccessDenied" => Self::AccessDenied,
                _ => Self::Refused(format!("{code}: {message}")),
            },
        }
    }
}

/// An object that is being read.
pub(crate) struct Reading {
    body: ByteStream,
    announced: Option<u64>,
}

impl Reading {
    /// Asks for an object.
    pub(crate) async fn start(s3: &Client, location: &S3Uri) -> Result<Self, Problem> {
        let answer = s3
            .get_object()
            .bucket(&location.bucket)
            .key(&location.key)
            .send()
            .await
            .map_err(|error| Problem::from(Failure::of(&error)))?;
        Ok(Self {
            announced: announced(&answer),
            body: answer.body,
        })
    }

    /// Its next bytes; none at its end.
    pub(crate) async fn piece(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, Problem> {
        let piece = self.body.next().await.transpose();
        piece.map_err(|error| Problem::Unavailable(with_causes(&error)))
    }

    /// The rest of it, which may have up to `most` bytes. One that says it has more is not downloaded.
    async fn rest(mut self, most: u64) -> Result<Vec<u8>, Problem> {
        check_size(self.announced.unwrap_or_default(), most)?;
        // At most `most`, which is little. Without it a buffer that grows takes up to twice the object.
        let announced = self.announced.unwrap_or_default();
        let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or_default());
        // Not every store announces the length, so it is counted too.
        while let Some(piece) = self.piece().await? {
            bytes.extend_from_slice(piece.as_ref());
            check_size(bytes.len() as u64, most)?;
        }
        Ok(bytes)
    }
}

/// A whole object of up to `most` bytes.
pub(crate) async fn read(s3: &Client, location: &S3Uri, most: u64) -> Result<Vec<u8>, Problem> {
    Reading::start(s3, location).await?.rest(most).await
}

/// Puts an object, in the place of an earlier one.
pub(crate) async fn write(
    s3: &Client,
    location: &S3Uri,
    content_type: &str,
    bytes: Vec<u8>,
) -> Result<(), Failure> {
    let request = s3
        .put_object()
        .bucket(&location.bucket)
        .key(&location.key)
        .content_type(content_type)
        .body(bytes.into());
    match request.send().await {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::of(&error)),
    }
}

fn announced(answer: &GetObjectOutput) -> Option<u64> {
    u64::try_from(answer.content_length?).ok()
}

fn check_size(bytes: u64, most: u64) -> Result<(), Problem> {
    if bytes > most {
        return Err(Problem::TooLarge { bytes, most });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(announced: Option<u64>, bytes: usize) -> Reading {
        let body = ByteStream::from(vec![b'x'; bytes]);
        Reading { body, announced }
    }

    #[tokio::test]
    async fn an_object_up_to_the_limit_is_read_whole() {
        assert_eq!(reading(Some(4), 4).rest(4).await, Ok(b"xxxx".to_vec()));
        assert_eq!(reading(None, 0).rest(4).await, Ok(Vec::new()));
    }

    #[tokio::test]
    async fn one_that_announces_too_much_is_not_read() {
        let too_large = Problem::TooLarge { bytes: 9, most: 4 };
        assert_eq!(reading(Some(9), 2).rest(4).await, Err(too_large));
    }

    #[tokio::test]
    async fn one_of_unknown_length_is_cut_off_at_the_limit() {
        let read = reading(None, 5).rest(4).await;
        assert_eq!(read, Err(Problem::TooLarge { bytes: 5, most: 4 }));
    }
}

//! Computes the digests of an object while its bytes stream in: MD5 and S3's checksums.
//!
//! See <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::CrcAlgorithm;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{self, Checksum as _};
use serde::{Deserialize, Serialize};

/// A checksum algorithm of S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Algorithm {
    #[serde(rename = "CRC32")]
    Crc32,
    #[serde(rename = "CRC32C")]
    Crc32c,
    #[serde(rename = "CRC64NVME")]
    Crc64Nvme,
    #[serde(rename = "SHA1")]
    Sha1,
    #[serde(rename = "SHA256")]
    Sha256,
}

impl Algorithm {
    pub(super) const ALL: [Self; 5] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
    ];

    /// Returns the name in `x-amz-checksum-algorithm` and XML.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// The header, or trailer, that carries the checksum of a body.
    pub(super) fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Self::Sha1 | Self::Sha256 => None,
        }
    }

    /// Returns the default checksum type of a multipart upload.
    pub(super) fn default_kind(self) -> Kind {
        match self {
            Self::Crc64Nvme => Kind::FullObject,
            _ => Kind::Composite,
        }
    }

    /// Returns true if a multipart upload can combine this algorithm with this checksum type.
    pub(super) fn supports(self, kind: Kind) -> bool {
        match kind {
            Kind::FullObject => self.crc().is_some(),
            Kind::Composite => self != Self::Crc64Nvme,
        }
    }

    /// Returns the length of a checksum in bytes.
    fn width(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// The scope of a checksum: all bytes of the object, or the checksums of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Kind {
    FullObject,
    Composite,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::FullObject => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::FullObject, Self::Composite]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// A checksum as S3 shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checksum {
    pub(super) algorithm: Algorithm,
    /// Base64; a composite one ends with `-` and the number of parts.
    pub(super) value: String,
    pub(super) kind: Kind,
}

impl Checksum {
    /// The checksum of all bytes of something, in base64.
    pub(super) fn full(algorithm: Algorithm, value: impl Into<String>) -> Self {
        Self {
            algorithm,
            value: value.into(),
            kind: Kind::FullObject,
        }
    }

    /// Returns true if the value has the form of its algorithm's checksums.
    pub(super) fn is_well_formed(&self) -> bool {
        self.bytes()
            .is_some_and(|bytes| bytes.len() == self.algorithm.width())
    }

    fn bytes(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.value).ok()
    }

    /// The checksum of an object from those of its parts, each with the part's size in bytes.
    /// `None` where a part's checksum is of another algorithm, or the algorithm cannot be combined
    /// in that way.
    pub(super) fn of_parts(
        algorithm: Algorithm,
        kind: Kind,
        parts: &[(&Checksum, u64)],
    ) -> Option<Self> {
        let all_match = parts.iter().all(|(sum, _)| sum.algorithm == algorithm);
        let value = match kind {
            _ if !all_match => None,
            Kind::FullObject => combine(algorithm, parts),
            Kind::Composite => checksum_of_checksums(algorithm, parts),
        }?;
        Some(Self {
            algorithm,
            value,
            kind,
        })
    }
}

fn combine(algorithm: Algorithm, parts: &[(&Checksum, u64)]) -> Option<String> {
    let crc = algorithm.crc()?;
    let number = |sum: &Checksum| {
        sum.bytes()
            .map(|bytes| bytes.iter().fold(0, |n, &b| n << 8 | u64::from(b)))
    };
    let (first, rest) = parts.split_first()?;
    let mut total = number(first.0)?;
    for (sum, size) in rest {
        total = crc_fast::checksum_combine(crc, total, number(sum)?, *size);
    }
    let bytes = total.to_be_bytes();
    Some(STANDARD.encode(&bytes[8 - algorithm.width()..]))
}

fn checksum_of_checksums(algorithm: Algorithm, parts: &[(&Checksum, u64)]) -> Option<String> {
    let mut hasher = hasher(&[algorithm]);
    for (sum, _) in parts {
        hasher.update(&sum.bytes()?);
    }
    let value = values(hasher).into_iter().next()?.value;
    Some(format!("{value}-{}", parts.len()))
}

/// The digests of bytes that arrive in pieces.
pub(super) struct Digester {
    md5: crypto::Md5,
    checksums: ChecksumHasher,
}

impl Digester {
    pub(super) fn new(algorithms: &[Algorithm]) -> Self {
        Self {
            md5: crypto::Md5::new(),
            checksums: hasher(algorithms),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.checksums.update(bytes);
    }

    pub(super) fn finish(self) -> Digests {
        Digests {
            md5: Md5(self.md5.finalize()),
            checksums: values(self.checksums),
        }
    }
}

/// The digests of some bytes.
#[derive(Clone, Debug)]
pub(super) struct Digests {
    pub(super) md5: Md5,
    pub(super) checksums: Vec<Checksum>,
}

impl Digests {
    pub(super) fn checksum(&self, algorithm: Algorithm) -> Option<&Checksum> {
        self.checksums.iter().find(|sum| sum.algorithm == algorithm)
    }
}

/// An MD5 digest; as text in hexadecimal, which is the entity tag of an object that was stored in
/// one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Md5(pub(super) [u8; 16]);

impl Md5 {
    /// Reads the value of a `Content-MD5` header.
    pub(super) fn from_base64(value: &str) -> Option<Self> {
        STANDARD.decode(value).ok()?.try_into().ok().map(Self)
    }

    pub(super) fn to_base64(self) -> String {
        STANDARD.encode(self.0)
    }

    pub(super) fn from_hex(value: &str) -> Option<Self> {
        hex::decode(value).ok()?.try_into().ok().map(Self)
    }

    /// The entity tag of a multipart object: the MD5 of its parts' MD5s, and how many they are.
    pub(super) fn etag_of_parts(parts: &[Md5]) -> String {
        let mut md5 = crypto::Md5::new();
        for part in parts {
            md5.update(&part.0);
        }
        format!("{}-{}", Md5(md5.finalize()), parts.len())
    }
}

impl fmt::Display for Md5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

fn hasher(algorithms: &[Algorithm]) -> ChecksumHasher {
    let mut hasher = ChecksumHasher::default();
    for algorithm in algorithms {
        match algorithm {
            Algorithm::Crc32 => hasher.crc32 = Some(crypto::Crc32::new()),
            Algorithm::Crc32c => hasher.crc32c = Some(crypto::Crc32c::new()),
            Algorithm::Crc64Nvme => hasher.crc64nvme = Some(crypto::Crc64Nvme::new()),
            Algorithm::Sha1 => hasher.sha1 = Some(crypto::Sha1::new()),
            Algorithm::Sha256 => hasher.sha256 = Some(crypto::Sha256::new()),
        }
    }
    hasher
}

fn values(hasher: ChecksumHasher) -> Vec<Checksum> {
    collect_checksums(&mut hasher.finalize())
}

/// The checksums that a structure of the protocol carries.
fn collect_checksums(sums: &mut s3s::dto::Checksum) -> Vec<Checksum> {
    [
        (Algorithm::Crc32, sums.checksum_crc32.take()),
        (Algorithm::Crc32c, sums.checksum_crc32c.take()),
        (Algorithm::Crc64Nvme, sums.checksum_crc64nvme.take()),
        (Algorithm::Sha1, sums.checksum_sha1.take()),
        (Algorithm::Sha256, sums.checksum_sha256.take()),
    ]
    .into_iter()
    .filter_map(|(algorithm, value)| Some(Checksum::full(algorithm, value?)))
    .collect()
}

/// The first checksum among the five fields that every structure of the protocol has for them.
macro_rules! given_checksum {
    ($from:expr) => {{
        use $crate::digest::{Algorithm, Checksum};
        [
            (Algorithm::Crc32, &$from.checksum_crc32),
            (Algorithm::Crc32c, &$from.checksum_crc32c),
            (Algorithm::Crc64Nvme, &$from.checksum_crc64nvme),
            (Algorithm::Sha1, &$from.checksum_sha1),
            (Algorithm::Sha256, &$from.checksum_sha256),
        ]
        .into_iter()
        .find_map(|(algorithm, value)| Some(Checksum::full(algorithm, value.clone()?)))
    }};
}

/// Puts a checksum (`Option<&Checksum>`) into the field of its algorithm.
macro_rules! show_checksum {
    ($into:expr, $checksum:expr) => {
        if let Some(sum) = $checksum {
            use $crate::digest::Algorithm;
            let field = match sum.algorithm {
                Algorithm::Crc32 => &mut $into.checksum_crc32,
                Algorithm::Crc32c => &mut $into.checksum_crc32c,
                Algorithm::Crc64Nvme => &mut $into.checksum_crc64nvme,
                Algorithm::Sha1 => &mut $into.checksum_sha1,
                Algorithm::Sha256 => &mut $into.checksum_sha256,
            };
            *field = Some(sum.value.clone());
        }
    };
}

pub(super) use {given_checksum, show_checksum};

//! Errors of a pickle, each with the offset of the byte where it was detected.

use std::{fmt, io};

/// An error of reading a pickle. Offsets count from the pickle's first byte.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input ended before the pickle's STOP.
    #[error("the pickle is cut off at byte {offset}")]
    Truncated {
        /// Offset of the end of the input.
        offset: u64,
    },
    /// The input could not be read.
    #[error("reading the pickle failed at byte {offset}: {source}")]
    Read {
        /// Offset of the failed read.
        offset: u64,
        /// The error of the input.
        source: io::Error,
    },
    /// An opcode, object or protocol that the safe subset excludes.
    #[error(
        "{what} at byte {offset} of the pickle is refused: only plain data and numpy arrays are \
         read"
    )]
    Unsupported {
        /// Its offset.
        offset: u64,
        /// The excluded item.
        what: Unsupported,
    },
    /// The pickle contradicts itself.
    #[error("the pickle is malformed at byte {offset}: {why}")]
    Malformed {
        /// Offset of the contradiction.
        offset: u64,
        /// The violated rule.
        why: &'static str,
    },
    /// A string, number or memo index above what is accepted.
    #[error("a length of {len} at byte {offset} of the pickle is over the limit of {limit}")]
    TooLong {
        /// Offset of the length.
        offset: u64,
        /// The length that the pickle states.
        len: u64,
        /// The longest that is accepted here.
        limit: u64,
    },
    /// More values or more text than the limits allow.
    #[error("the pickle holds more than {limit} {unit} by byte {offset}: it is no CIFAR-100 data")]
    TooMuch {
        /// Offset at which the budget ran out.
        offset: u64,
        /// The budget.
        limit: u64,
        /// The unit of the budget: values, or bytes of text.
        unit: &'static str,
    },
}

impl Error {
    /// An error of the input at `offset`: an early end is a pickle that is cut off.
    pub(crate) fn from_read(offset: u64, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated { offset },
            _ => Self::Read { offset, source },
        }
    }
}

/// A part of the pickle format that the safe subset excludes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsupported {
    /// An opcode, by the name that `pickletools` gives it.
    Opcode(&'static str),
    /// A byte that is no opcode.
    Unknown(u8),
    /// A class or function.
    Global(String),
    /// A protocol outside 2 to 5.
    Protocol(u8),
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opcode(name) => write!(f, "opcode {name}"),
            Self::Unknown(byte) => write!(f, "unknown opcode 0x{byte:02x}"),
            Self::Global(name) => write!(f, "the object {name}"),
            Self::Protocol(version) => write!(f, "protocol {version} (2 to 5 are read)"),
        }
    }
}

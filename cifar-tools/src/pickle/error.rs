//! What can be wrong with a pickle, always with the byte where it was noticed.

use std::{fmt, io};

/// Why a pickle could not be read. Offsets count from the pickle's first byte.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input ended before the pickle's STOP.
    #[error("the pickle is cut off at byte {offset}")]
    Truncated {
        /// Where the input ended.
        offset: u64,
    },
    /// The input could not be read.
    #[error("reading the pickle failed at byte {offset}: {source}")]
    Read {
        /// How far the reader was.
        offset: u64,
        /// What the input said.
        source: io::Error,
    },
    /// Something that the safe subset does not have.
    #[error(
        "{what} at byte {offset} of the pickle is refused: only plain data and numpy arrays are read"
    )]
    Refused {
        /// Where it stands.
        offset: u64,
        /// What it is.
        what: Refused,
    },
    /// The pickle contradicts itself.
    #[error("the pickle is malformed at byte {offset}: {why}")]
    Malformed {
        /// Where it was noticed.
        offset: u64,
        /// What does not fit.
        why: &'static str,
    },
    /// A string, number or memo index above what is accepted.
    #[error("a length of {len} at byte {offset} of the pickle is over the limit of {limit}")]
    TooLong {
        /// Where the length stands.
        offset: u64,
        /// The length that is stated.
        len: u64,
        /// The longest that is accepted here.
        limit: u64,
    },
    /// More values or more text than the limits allow.
    #[error("the pickle holds more than {limit} {unit} by byte {offset}: it is no CIFAR-100 data")]
    TooMuch {
        /// Where the budget was spent.
        offset: u64,
        /// The budget.
        limit: u64,
        /// What was counted.
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

/// What a pickle asked for that the subset does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// An opcode, by the name that `pickletools` gives it.
    Opcode(&'static str),
    /// A byte that is no opcode.
    Unknown(u8),
    /// A class or function.
    Global(String),
    /// A protocol outside 2 to 5.
    Protocol(u8),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opcode(name) => write!(f, "opcode {name}"),
            Self::Unknown(byte) => write!(f, "unknown opcode 0x{byte:02x}"),
            Self::Global(name) => write!(f, "the object {name}"),
            Self::Protocol(version) => write!(f, "protocol {version} (2 to 5 are read)"),
        }
    }
}

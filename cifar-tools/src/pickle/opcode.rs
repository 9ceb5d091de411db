//! The opcodes of the subset, and the names of those that are refused.
//!
//! Numbers and names are those of CPython's `Lib/pickletools.py`.

use super::error::Unsupported;

/// The operation of an accepted opcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Proto,
    Frame,
    Stop,
    Mark,
    Pop,
    PopMark,
    Dup,
    None,
    True,
    False,
    /// A little-endian integer of this many bytes; four bytes are signed.
    Int(usize),
    /// A two's complement integer after a length byte.
    Long1,
    Float,
    /// Bytes after a length of this many bytes.
    Bytes(usize),
    /// UTF-8 after a length of this many bytes.
    Text(usize),
    EmptyList,
    Append,
    Appends,
    EmptyTuple,
    Tuple,
    /// A tuple of the top so many values.
    TupleOf(usize),
    EmptyDict,
    SetItem,
    SetItems,
    /// Store the top of the stack under an index of this many bytes, or a decimal line for 0.
    Put(usize),
    /// Push what is stored under such an index.
    Get(usize),
    Memoize,
    Global,
    StackGlobal,
    Reduce,
    Build,
}

/// The operation of `byte`, or what is refused.
pub(super) fn decode(byte: u8) -> Result<Op, Unsupported> {
    accepted(byte)
        .ok_or_else(|| refused_name(byte).map_or(Unsupported::Unknown(byte), Unsupported::Opcode))
}

fn accepted(byte: u8) -> Option<Op> {
    Some(match byte {
        0x80 => Op::Proto,
        0x95 => Op::Frame,
        b'.' => Op::Stop,
        b'(' => Op::Mark,
        b'0' => Op::Pop,
        b'1' => Op::PopMark,
        b'2' => Op::Dup,
        b'N' => Op::None,
        0x88 => Op::True,
        0x89 => Op::False,
        b'K' => Op::Int(1),
        b'M' => Op::Int(2),
        b'J' => Op::Int(4),
        0x8a => Op::Long1,
        b'G' => Op::Float,
        b'U' | b'C' => Op::Bytes(1),
        b'T' | b'B' => Op::Bytes(4),
        0x8e | 0x96 => Op::Bytes(8),
        0x8c => Op::Text(1),
        b'X' => Op::Text(4),
        0x8d => Op::Text(8),
        b']' => Op::EmptyList,
        b'a' => Op::Append,
        b'e' => Op::Appends,
        b')' => Op::EmptyTuple,
        b't' => Op::Tuple,
        0x85 => Op::TupleOf(1),
        0x86 => Op::TupleOf(2),
        0x87 => Op::TupleOf(3),
        b'}' => Op::EmptyDict,
        b's' => Op::SetItem,
        b'u' => Op::SetItems,
        b'p' => Op::Put(0),
        b'q' => Op::Put(1),
        b'r' => Op::Put(4),
        b'g' => Op::Get(0),
        b'h' => Op::Get(1),
        b'j' => Op::Get(4),
        0x94 => Op::Memoize,
        b'c' => Op::Global,
        0x93 => Op::StackGlobal,
        b'R' => Op::Reduce,
        b'b' => Op::Build,
        _ => return None,
    })
}

fn refused_name(byte: u8) -> Option<&'static str> {
    Some(match byte {
        b'I' => "INT",
        b'L' => "LONG",
        0x8b => "LONG4",
        b'S' => "STRING",
        b'V' => "UNICODE",
        b'F' => "FLOAT",
        b'l' => "LIST",
        b'd' => "DICT",
        b'i' => "INST",
        b'o' => "OBJ",
        b'P' => "PERSID",
        b'Q' => "BINPERSID",
        0x81 => "NEWOBJ",
        0x92 => "NEWOBJ_EX",
        0x82 => "EXT1",
        0x83 => "EXT2",
        0x84 => "EXT4",
        0x8f => "EMPTY_SET",
        0x90 => "ADDITEMS",
        0x91 => "FROZENSET",
        0x97 => "NEXT_BUFFER",
        0x98 => "READONLY_BUFFER",
        _ => return None,
    })
}

//! An arena for the values of a pickle.
//!
//! Values are handles into flat vectors, not boxes in boxes: a hostile pickle can make a list
//! contain itself or nest a million deep, and neither reading nor dropping it ever recurses.
//! Everything counts against [`Limits`].

use super::numpy::{Dtype, Global};

/// The budget for the values of one pickle.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Values on the stack, in the memo, in lists, tuples and dictionaries, together.
    pub values: usize,
    /// Bytes in all strings that are kept, together.
    pub text: usize,
}

impl Default for Limits {
    /// Ten times what the published archive needs, at most about 25 MB.
    fn default() -> Self {
        Self {
            values: 1_000_000,
            text: 8 << 20,
        }
    }
}

/// A range of the heap's text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TextRange {
    start: u32,
    len: u32,
}

/// A value, or a handle to it. See the accessors of [`Heap`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// An integer of up to 64 bits.
    Int(i64),
    /// A float.
    Float(f64),
    /// `bytes`, or a Python 2 `str`.
    Bytes(TextRange),
    /// A string.
    Text(TextRange),
    /// A list: see [`Heap::items`].
    List(u32),
    /// A tuple: see [`Heap::items`].
    Tuple(u32),
    /// A dictionary: see [`Heap::entry`].
    Dict(u32),
    /// A numpy array: see [`Heap::array`].
    Array(u32),
    /// A string that went to the blob sink: its length in bytes.
    Blob(u64),
    /// A callable of the subset.
    Callable(Global),
    /// A numpy element type.
    Dtype(Dtype),
}

/// A numpy array whose bytes, if there are many, went to the blob sink.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Array {
    /// Lengths of its axes.
    pub shape: Vec<u64>,
    /// True if its elements are unsigned bytes (`uint8`).
    pub is_u8: bool,
    /// True if the first axis varies fastest (Fortran order).
    pub fortran: bool,
    /// Its bytes: [`Value::Blob`], or [`Value::Bytes`] for a short one.
    pub data: Option<Value>,
}

/// The storage that the values of a pickle refer to.
#[derive(Debug, Default)]
pub struct Heap {
    text: Vec<u8>,
    /// Lists, tuples and dictionaries; a dictionary is keys and values in turn.
    groups: Vec<Vec<Value>>,
    arrays: Vec<Array>,
}

impl Heap {
    /// The bytes of a string, of either kind.
    #[must_use]
    pub fn bytes(&self, value: Value) -> Option<&[u8]> {
        let (Value::Bytes(span) | Value::Text(span)) = value else {
            return None;
        };
        let start = span.start as usize;
        self.text.get(start..start + span.len as usize)
    }

    /// A string, or bytes that are UTF-8.
    #[must_use]
    pub fn str(&self, value: Value) -> Option<&str> {
        std::str::from_utf8(self.bytes(value)?).ok()
    }

    /// The members of a list or tuple.
    #[must_use]
    pub fn items(&self, value: Value) -> Option<&[Value]> {
        let (Value::List(at) | Value::Tuple(at)) = value else {
            return None;
        };
        self.groups.get(at as usize).map(Vec::as_slice)
    }

    /// Looks a key up in a dictionary; the key may be a string or bytes. The last entry of a key
    /// wins.
    #[must_use]
    pub fn entry(&self, dict: Value, key: &str) -> Option<Value> {
        find(self, self.entries(dict)?, key)
    }

    /// A numpy array.
    #[must_use]
    pub fn array(&self, value: Value) -> Option<&Array> {
        let Value::Array(at) = value else { return None };
        self.arrays.get(at as usize)
    }

    /// A dictionary's keys and values in turn.
    pub(super) fn entries(&self, dict: Value) -> Option<&[Value]> {
        let Value::Dict(at) = dict else { return None };
        self.groups.get(at as usize).map(Vec::as_slice)
    }

    /// Keeps a string; `None` when it would pass `limit` bytes in all.
    pub(super) fn keep(
        &mut self,
        limit: usize,
        fill: impl FnOnce(&mut Vec<u8>),
    ) -> Option<TextRange> {
        let start = self.text.len();
        fill(&mut self.text);
        let len = self.text.len() - start;
        if self.text.len() > limit {
            return None;
        }
        Some(TextRange {
            start: u32::try_from(start).ok()?,
            len: u32::try_from(len).ok()?,
        })
    }

    pub(super) fn new_group(&mut self, members: Vec<Value>) -> u32 {
        self.groups.push(members);
        self.groups.len() as u32 - 1 // the budget of values keeps it far below u32::MAX
    }

    pub(super) fn group_mut(&mut self, at: u32) -> Option<&mut Vec<Value>> {
        self.groups.get_mut(at as usize)
    }

    pub(super) fn new_array(&mut self, array: Array) -> Value {
        self.arrays.push(array);
        Value::Array(self.arrays.len() as u32 - 1) // as above
    }

    pub(super) fn array_mut(&mut self, value: Value) -> Option<&mut Array> {
        let Value::Array(at) = value else { return None };
        self.arrays.get_mut(at as usize)
    }
}

/// The value after the last `key` in keys and values in turn.
pub(super) fn find(heap: &Heap, entries: &[Value], key: &str) -> Option<Value> {
    let pairs = entries.chunks_exact(2).rev();
    pairs
        .filter(|pair| heap.bytes(pair[0]) == Some(key.as_bytes()))
        .map(|pair| pair[1])
        .next()
}

//! The dictionary under construction, as a blob sink sees it.
//!
//! Python writes a dictionary's entries in one batch: when the bytes of an array arrive, the
//! entries before it are still on the stack, and the dictionary is empty. So this looks at both.

use super::heap::{Heap, Value, find};

/// The outermost dictionary at the moment when a blob arrives.
pub struct Context<'a> {
    pub(super) heap: &'a Heap,
    pub(super) stack: &'a [Value],
    pub(super) marks: &'a [usize],
}

impl<'a> Context<'a> {
    /// The key whose value is being built.
    #[must_use]
    pub fn key(&self) -> Option<&'a str> {
        let last = self.pending().chunks(2).last()?;
        self.heap.str(*last.first()?)
    }

    /// The value of an entry that is already complete.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<Value> {
        find(self.heap, self.pending(), key)
            .or_else(|| self.heap.entry(*self.stack.get(self.dict()?)?, key))
    }

    /// The heap that the values refer to.
    #[must_use]
    pub fn heap(&self) -> &'a Heap {
        self.heap
    }

    fn dict(&self) -> Option<usize> {
        self.stack
            .iter()
            .position(|value| matches!(value, Value::Dict(_)))
    }

    /// Keys and values in turn that wait on the stack to be set.
    fn pending(&self) -> &'a [Value] {
        let Some(first) = self.dict().map(|at| at + 1) else {
            return &[];
        };
        let end = self
            .marks
            .iter()
            .copied()
            .find(|&mark| mark > first)
            .unwrap_or(self.stack.len());
        self.stack.get(first..end).unwrap_or(&[])
    }
}

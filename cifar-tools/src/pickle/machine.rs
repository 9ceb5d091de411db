//! The stack machine.

use super::context::Context;
use super::error::{Error, Unsupported};
use super::heap::{Heap, Limits, TextRange, Value};
use super::numpy::{self, Global};
use super::opcode::{self, Op};
use super::source::Source;
use super::transcode::Latin1;
use super::{BLOB, Blob, BlobSink, Pickle};
use std::io::BufRead;

pub(super) struct Machine<R> {
    source: Source<R>,
    limits: Limits,
    heap: Heap,
    stack: Vec<Value>,
    /// Stack heights at the open MARKs.
    marks: Vec<usize>,
    memo: Vec<Option<Value>>,
    memoized: usize,
    /// Values pushed or memoized so far: an upper bound of those that are alive.
    values: usize,
    /// Offset of the current opcode.
    at: u64,
}

impl<R: BufRead> Machine<R> {
    pub(super) fn new(input: R, limits: Limits) -> Self {
        Self {
            source: Source::new(input),
            limits,
            heap: Heap::default(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: Vec::new(),
            memoized: 0,
            values: 0,
            at: 0,
        }
    }

    pub(super) fn run<S: BlobSink>(mut self, sink: &mut S) -> Result<Pickle, S::Error> {
        self.header()?;
        loop {
            self.at = self.source.offset();
            match opcode::decode(self.source.byte()?).map_err(|what| self.unsupported(what))? {
                Op::Stop => return Ok(self.stop()?),
                Op::Bytes(width) => self.string(width, Value::Bytes, sink)?,
                Op::Text(width) => self.string(width, Value::Text, sink)?,
                op => self.step(op)?,
            }
        }
    }

    fn header(&mut self) -> Result<(), Error> {
        let byte = self.source.byte()?;
        match opcode::decode(byte) {
            Ok(Op::Proto) => self.protocol(),
            _ => Err(self
                .malformed("it does not begin with PROTO, as pickles of protocol 2 and later do")),
        }
    }

    fn protocol(&mut self) -> Result<(), Error> {
        match self.source.byte()? {
            2..=5 => Ok(()),
            other => Err(self.unsupported(Unsupported::Protocol(other))),
        }
    }

    /// Everything but STOP and strings.
    fn step(&mut self, op: Op) -> Result<(), Error> {
        match op {
            Op::Proto => self.protocol(),
            Op::Frame => self.source.uint(8).map(drop), // frames only help readers to prefetch
            Op::Mark => self.mark(),
            Op::Pop => self.pop_or_unmark(),
            Op::PopMark => self.pop_mark().map(drop),
            Op::Dup => self.top().and_then(|value| self.push(value)),
            Op::None | Op::True | Op::False | Op::Int(_) | Op::Long1 | Op::Float => self.scalar(op),
            Op::EmptyList | Op::EmptyTuple | Op::EmptyDict => self.group(op, Vec::new()),
            Op::Tuple => self.pop_mark().and_then(|members| self.group(op, members)),
            Op::TupleOf(n) => self.pop_many(n).and_then(|members| self.group(op, members)),
            Op::Append => self
                .pop_many(1)
                .and_then(|members| self.extend_list(members)),
            Op::Appends => self
                .pop_mark()
                .and_then(|members| self.extend_list(members)),
            Op::SetItem => self
                .pop_many(2)
                .and_then(|members| self.extend_dict(members)),
            Op::SetItems => self
                .pop_mark()
                .and_then(|members| self.extend_dict(members)),
            Op::Put(_) | Op::Memoize => self.put(op),
            Op::Get(width) => self.get(width),
            Op::Global => self.global(),
            Op::StackGlobal => self.stack_global(),
            Op::Reduce => self.reduce(),
            Op::Build => self.build(),
            Op::Stop | Op::Bytes(_) | Op::Text(_) => Ok(()), // `run` handles them
        }
    }

    fn stop(mut self) -> Result<Pickle, Error> {
        let root = self.pop()?;
        if !self.stack.is_empty() || !self.marks.is_empty() {
            return Err(self.malformed("values are left over at STOP"));
        }
        Ok(Pickle {
            root,
            heap: self.heap,
        })
    }

    fn scalar(&mut self, op: Op) -> Result<(), Error> {
        let value = match op {
            Op::True => Value::Bool(true),
            Op::False => Value::Bool(false),
            Op::Int(4) => Value::Int(i64::from(i32::from_le_bytes(self.source.array()?))),
            Op::Int(width) => Value::Int(self.source.uint(width)? as i64), // one or two bytes
            Op::Long1 => Value::Int(self.long()?),
            Op::Float => Value::Float(f64::from_be_bytes(self.source.array()?)),
            _ => Value::None,
        };
        self.push(value)
    }

    fn long(&mut self) -> Result<i64, Error> {
        let len = self.source.byte()?;
        if len > 8 {
            return Err(Error::TooLong {
                offset: self.at,
                len: len.into(),
                limit: 8,
            });
        }
        let mut bytes = Vec::with_capacity(8);
        self.source.append(len.into(), &mut bytes)?;
        let sign = if bytes.last().is_some_and(|high| high & 0x80 != 0) {
            0xff
        } else {
            0
        };
        bytes.resize(8, sign);
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |n, &byte| (n << 8) | i64::from(byte)))
    }

    /// A string: kept if it is short, else handed to the sink.
    fn string<S: BlobSink>(
        &mut self,
        width: usize,
        kind: fn(TextRange) -> Value,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let len = self.source.uint(width)?;
        let is_text = matches!(kind(TextRange::default()), Value::Text(_));
        let value = if len >= BLOB {
            self.blob(len, is_text, sink)?
        } else {
            self.short(len, kind)?
        };
        Ok(self.push(value)?)
    }

    fn short(&mut self, len: u64, kind: fn(TextRange) -> Value) -> Result<Value, Error> {
        let mut read = Ok(());
        let source = &mut self.source;
        let span = self
            .heap
            .keep(self.limits.text, |text| read = source.append(len, text));
        read?;
        span.map(kind)
            .ok_or_else(|| self.too_much(self.limits.text, "bytes of text"))
    }

    fn blob<S: BlobSink>(
        &mut self,
        len: u64,
        is_text: bool,
        sink: &mut S,
    ) -> Result<Value, S::Error> {
        let offset = self.source.offset();
        let context = Context {
            heap: &self.heap,
            stack: &self.stack,
            marks: &self.marks,
        };
        let len = self.source.lend(len, |body| {
            if !is_text {
                sink.blob(
                    &context,
                    Blob {
                        offset,
                        len: Some(len),
                        body,
                    },
                )?;
                return Ok::<_, S::Error>(len);
            }
            let mut bytes = Latin1::new(body);
            sink.blob(
                &context,
                Blob {
                    offset,
                    len: None,
                    body: &mut bytes,
                },
            )?;
            bytes.skip_rest().map_err(|e| Error::from_read(offset, e))?;
            Ok(bytes.len)
        })?;
        Ok(Value::Blob(len))
    }

    fn group(&mut self, op: Op, members: Vec<Value>) -> Result<(), Error> {
        let at = self.heap.new_group(members);
        self.push(match op {
            Op::EmptyList => Value::List(at),
            Op::EmptyDict => Value::Dict(at),
            _ => Value::Tuple(at),
        })
    }

    fn extend_list(&mut self, members: Vec<Value>) -> Result<(), Error> {
        match self.top()? {
            Value::List(at) => self.extend(at, members),
            _ => Err(self.malformed("an append to what is no list")),
        }
    }

    fn extend_dict(&mut self, members: Vec<Value>) -> Result<(), Error> {
        match self.top()? {
            Value::Dict(at) if members.len().is_multiple_of(2) => self.extend(at, members),
            Value::Dict(_) => Err(self.malformed("a dictionary gets a key without a value")),
            _ => Err(self.malformed("an item for what is no dictionary")),
        }
    }

    fn extend(&mut self, group: u32, members: Vec<Value>) -> Result<(), Error> {
        let Some(to) = self.heap.group_mut(group) else {
            return Err(self.malformed("an unknown container"));
        };
        to.extend(members);
        Ok(())
    }

    fn put(&mut self, op: Op) -> Result<(), Error> {
        let index = match op {
            Op::Put(width) => self.index(width)?,
            _ => self.memoized as u64,
        };
        let value = self.top()?;
        let limit = self.limits.values;
        let at = usize::try_from(index).ok().filter(|at| *at < limit);
        let at = at.ok_or(Error::TooLong {
            offset: self.at,
            len: index,
            limit: limit as u64 - 1,
        })?;
        if at >= self.memo.len() {
            self.memo.resize(at + 1, None);
        }
        self.memoized += usize::from(self.memo[at].is_none());
        self.memo[at] = Some(value);
        self.count()
    }

    fn get(&mut self, width: usize) -> Result<(), Error> {
        let index = self.index(width)?;
        let value = usize::try_from(index)
            .ok()
            .and_then(|at| self.memo.get(at).copied().flatten());
        let value = value
            .ok_or_else(|| self.malformed("it refers to a memo entry that was never stored"))?;
        self.push(value)
    }

    fn index(&mut self, width: usize) -> Result<u64, Error> {
        if width > 0 {
            return self.source.uint(width);
        }
        let line = self.source.line()?;
        line.parse()
            .map_err(|_| self.malformed("a memo index is not a number"))
    }

    fn global(&mut self) -> Result<(), Error> {
        let module = self.source.line()?;
        let name = self.source.line()?;
        self.push_global(&module, &name)
    }

    fn stack_global(&mut self) -> Result<(), Error> {
        let names = self.pop_many(2)?;
        let (module, name) = (self.heap.str(names[0]), self.heap.str(names[1]));
        match (module, name) {
            (Some(module), Some(name)) => {
                let (module, name) = (module.to_owned(), name.to_owned());
                self.push_global(&module, &name)
            }
            _ => Err(self.malformed("STACK_GLOBAL needs two names")),
        }
    }

    fn push_global(&mut self, module: &str, name: &str) -> Result<(), Error> {
        match Global::of(module, name) {
            Some(global) => self.push(Value::Callable(global)),
            None => Err(self.unsupported(Unsupported::Global(
                format!("{module}.{name}").escape_debug().to_string(),
            ))),
        }
    }

    fn reduce(&mut self) -> Result<(), Error> {
        let args = self.pop()?;
        let function = self.pop()?;
        let (Value::Callable(function), Value::Tuple(_)) = (function, args) else {
            return Err(self.malformed("REDUCE needs a callable and a tuple"));
        };
        let args = self.heap.items(args).unwrap_or_default().to_vec();
        let value = numpy::call(&mut self.heap, self.limits.text, function, &args);
        let value = value.map_err(|why| self.malformed(why))?;
        self.push(value)
    }

    fn build(&mut self) -> Result<(), Error> {
        let state = self.pop()?;
        let object = self.top()?;
        numpy::build(&mut self.heap, object, state).map_err(|why| self.malformed(why))
    }

    fn push(&mut self, value: Value) -> Result<(), Error> {
        self.stack.push(value);
        self.count()
    }

    fn mark(&mut self) -> Result<(), Error> {
        self.marks.push(self.stack.len());
        self.count()
    }

    fn count(&mut self) -> Result<(), Error> {
        self.values += 1;
        if self.values > self.limits.values {
            return Err(self.too_much(self.limits.values, "values"));
        }
        Ok(())
    }

    /// The lowest stack height that may be popped to: the last MARK.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&self) -> Result<Value, Error> {
        let value = self.stack.get(self.floor()..).and_then(|open| open.last());
        value
            .copied()
            .ok_or_else(|| self.malformed("the stack is empty"))
    }

    fn pop(&mut self) -> Result<Value, Error> {
        let value = self.top()?;
        self.stack.pop();
        Ok(value)
    }

    fn pop_many(&mut self, n: usize) -> Result<Vec<Value>, Error> {
        match self
            .stack
            .len()
            .checked_sub(n)
            .filter(|at| *at >= self.floor())
        {
            Some(at) => Ok(self.stack.split_off(at)),
            None => Err(self.malformed("the stack is empty")),
        }
    }

    fn pop_mark(&mut self) -> Result<Vec<Value>, Error> {
        let mark = self
            .marks
            .pop()
            .ok_or_else(|| self.malformed("no MARK is open"))?;
        Ok(self.stack.split_off(mark))
    }

    /// POP takes a MARK too.
    fn pop_or_unmark(&mut self) -> Result<(), Error> {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(drop)
    }

    fn unsupported(&self, what: Unsupported) -> Error {
        Error::Unsupported {
            offset: self.at,
            what,
        }
    }

    fn malformed(&self, why: &'static str) -> Error {
        Error::Malformed {
            offset: self.at,
            why,
        }
    }

    fn too_much(&self, limit: usize, unit: &'static str) -> Error {
        Error::TooMuch {
            offset: self.at,
            limit: limit as u64,
            unit,
        }
    }
}

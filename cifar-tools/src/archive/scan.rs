//! The pass over an archive.

use super::plan::{Plan, SelectedRow};
use super::stream::{Inflated, Metered};
use super::tar::Members;
use super::{DRAWN, Error, ROW, Row, Split};
use crate::classes::Classes;
use crate::pickle::{self, Blob, BlobSink, Context, Heap, Limits, Pickle, Value};
use crate::progress::Progress;
use std::io::{BufRead, Read, Seek};
use std::sync::atomic::AtomicU64;

const META: &str = "meta";

/// Metadata of an archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scanned {
    /// The fine label names in its `meta`.
    pub names: Vec<String>,
    /// True if it is a synthetic sample, not photographs.
    pub drawn: bool,
}

/// Shows the rows of `classes` in `source` to `visit`: train before test in the published archive,
/// rows in order.
///
/// `images` is what `progress` reports as images; the caller counts them. The archive is read to
/// its last byte, so that its checksums hold when this returns.
///
/// # Errors
/// [`Error`], or what `visit` returns.
pub fn scan<E: From<Error>>(
    source: &mut (impl Read + Seek),
    classes: &Classes,
    images: &AtomicU64,
    progress: &mut impl Progress,
    visit: &mut dyn FnMut(Row<'_>) -> Result<(), E>,
) -> Result<Scanned, E> {
    let total = source
        .seek(std::io::SeekFrom::End(0))
        .map_err(Error::from)?;
    let mut pass = Pass {
        classes,
        visit,
        train: Member::Awaited,
        test: Member::Awaited,
        scanned: Scanned::default(),
    };
    loop {
        source.rewind().map_err(Error::from)?;
        let metered = Metered {
            input: &mut *source,
            total: Some(total),
            read: 0,
            images,
            progress,
        };
        pass.run(Inflated::new(metered).map_err(Error::from)?)?;
        if !pass.is_incomplete() {
            return Ok(pass.scanned);
        }
    }
}

/// The progress of reading a split.
enum Member {
    Awaited,
    /// Its pixels came before its labels: they are read in the next pass.
    Planned(Plan),
    Done,
}

struct Pass<'a, E> {
    classes: &'a Classes,
    visit: &'a mut dyn FnMut(Row<'_>) -> Result<(), E>,
    train: Member,
    test: Member,
    scanned: Scanned,
}

impl<E: From<Error>> Pass<'_, E> {
    fn run(&mut self, input: impl BufRead) -> Result<(), E> {
        let mut members = Members::new(input);
        while let Some(entry) = members.next()? {
            match entry.name.as_slice() {
                b"train" if entry.is_file => self.split(Split::Train, members.body())?,
                b"test" if entry.is_file => self.split(Split::Test, members.body())?,
                b"meta" if entry.is_file => self.scanned.names = names(members.body())?,
                _ => {}
            }
        }
        members.finish()?;
        self.check_complete()
    }

    fn check_complete(&self) -> Result<(), E> {
        for split in Split::ALL {
            if matches!(self.member(split), Member::Awaited) {
                return Err(Error::Missing(split.name()).into());
            }
        }
        if self.scanned.names.is_empty() {
            Err(Error::Missing(META).into())
        } else {
            Ok(())
        }
    }

    fn is_incomplete(&self) -> bool {
        Split::ALL
            .iter()
            .any(|split| !matches!(self.member(*split), Member::Done))
    }

    fn member(&self, split: Split) -> &Member {
        match split {
            Split::Train => &self.train,
            Split::Test => &self.test,
        }
    }

    fn set(&mut self, split: Split, member: Member) {
        match split {
            Split::Train => self.train = member,
            Split::Test => self.test = member,
        }
    }

    fn split(&mut self, split: Split, body: impl BufRead) -> Result<(), E> {
        let before = std::mem::replace(
            if split == Split::Train {
                &mut self.train
            } else {
                &mut self.test
            },
            Member::Done,
        );
        let plan = match before {
            Member::Awaited => None,
            Member::Planned(plan) => Some(plan),
            Member::Done => return Ok(()), // read in the first pass, or a second member of that name
        };
        let mut pixels = Pixels {
            split,
            classes: self.classes,
            plan,
            visited: false,
            visit: &mut *self.visit,
        };
        let pickle =
            pickle::load(body, Limits::default(), &mut pixels).map_err(|error| error.at(split))?;
        let visited = pixels.visited;
        let plan = check(split, self.classes, &pickle)?;
        self.scanned.drawn |= is_synthetic(&pickle);
        self.set(
            split,
            if visited || plan.rows == 0 {
                Member::Done
            } else {
                Member::Planned(plan)
            },
        );
        Ok(())
    }
}

/// An error of reading a split: of its pickle, or of the visitor.
enum SplitError<E> {
    Pickle(pickle::Error),
    Other(E),
}

impl<E> From<pickle::Error> for SplitError<E> {
    fn from(error: pickle::Error) -> Self {
        Self::Pickle(error)
    }
}

impl<E: From<Error>> SplitError<E> {
    fn at(self, split: Split) -> E {
        match self {
            Self::Pickle(error) => Error::pickle(split.name(), error).into(),
            Self::Other(error) => error,
        }
    }
}

/// Shows the rows of one split while its pixels pass.
struct Pixels<'a, E> {
    split: Split,
    classes: &'a Classes,
    plan: Option<Plan>,
    visited: bool,
    visit: &'a mut dyn FnMut(Row<'_>) -> Result<(), E>,
}

impl<E: From<Error>> BlobSink for Pixels<'_, E> {
    type Error = SplitError<E>;

    fn blob(&mut self, context: &Context<'_>, blob: Blob<'_>) -> Result<(), SplitError<E>> {
        let other = |why: String| SplitError::Other(Error::content(self.split.name(), why).into());
        if context.key() != Some("data") {
            return Err(other(format!(
                "a string of over {} bytes at byte {} is not its pixels",
                ROW - 1,
                blob.offset
            )));
        }
        if self.visited {
            return Err(other(format!(
                "a second array of pixels at byte {}",
                blob.offset
            )));
        }
        if self.plan.is_none() {
            let plan = Plan::new(self.split, self.classes, context.heap(), |key| {
                context.entry(key)
            });
            self.plan = plan.map_err(|e| SplitError::Other(e.into()))?;
        }
        let Some(plan) = &self.plan else {
            return Ok(());
        };
        let expected = (plan.rows * ROW) as u64;
        if blob.len.is_some_and(|len| len != expected) {
            let len = blob.len.unwrap_or_default();
            return Err(other(format!(
                "{} labels need {expected} bytes of pixels, but there are {len}",
                plan.rows
            )));
        }
        self.visited = true;
        show(self.split, &plan.selected, blob, self.visit)
    }
}

fn show<E: From<Error>>(
    split: Split,
    selected: &[SelectedRow],
    blob: Blob<'_>,
    visit: &mut dyn FnMut(Row<'_>) -> Result<(), E>,
) -> Result<(), SplitError<E>> {
    let Blob { offset, body, .. } = blob;
    let mut pixels = [0; ROW];
    let mut at = 0;
    for SelectedRow { row, label, name } in selected {
        let here = offset + (row * ROW) as u64;
        let read = skip(body, (row - at) * ROW).and_then(|()| body.read_exact(&mut pixels));
        read.map_err(|e| pickle::Error::from_read(here, e))?;
        at = row + 1;
        visit(Row {
            split,
            number: *row,
            label: *label,
            name,
            pixels: &pixels,
        })
        .map_err(SplitError::Other)?;
    }
    Ok(())
}

fn skip(body: &mut dyn BufRead, mut n: usize) -> std::io::Result<()> {
    while n > 0 {
        let step = body.fill_buf()?.len().min(n);
        if step == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        body.consume(step);
        n -= step;
    }
    Ok(())
}

/// Checks the data of a split against its labels; returns the plan for its rows.
fn check(split: Split, classes: &Classes, pickle: &Pickle) -> Result<Plan, Error> {
    let Pickle { root, heap } = pickle;
    let wrong = |why: &str| Error::content(split.name(), why);
    let plan = Plan::new(split, classes, heap, |key| heap.entry(*root, key))?;
    let plan = plan.ok_or_else(|| wrong("it has no filenames or no fine_labels"))?;
    let data = heap
        .entry(*root, "data")
        .ok_or_else(|| wrong("it has no data"))?;
    let array = heap
        .array(data)
        .ok_or_else(|| wrong("data is not a numpy array"))?;
    if array.shape != [plan.rows as u64, ROW as u64] || !array.is_u8 || array.fortran {
        return Err(wrong(
            "data is not an array of uint8 with a row of 3072 for each label",
        ));
    }
    match array.data {
        Some(Value::Blob(len)) if len == (plan.rows * ROW) as u64 => Ok(plan),
        Some(Value::Bytes(_)) if plan.rows == 0 => Ok(plan),
        _ => Err(wrong("data has fewer or more bytes than its shape says")),
    }
}

fn is_synthetic(Pickle { root, heap }: &Pickle) -> bool {
    let label = heap
        .entry(*root, "batch_label")
        .and_then(|label| heap.str(label));
    label.is_some_and(|label| label.starts_with(DRAWN))
}

/// The fine label names in `meta`.
fn names(body: impl BufRead) -> Result<Vec<String>, Error> {
    let Pickle { root, heap } =
        pickle::load_small(body, Limits::default()).map_err(|error| Error::pickle(META, error))?;
    let names = list(&heap, heap.entry(root, "fine_label_names"));
    names
        .filter(|names| !names.is_empty())
        .ok_or_else(|| Error::content(META, "it has no fine_label_names"))
}

fn list(heap: &Heap, value: Option<Value>) -> Option<Vec<String>> {
    heap.items(value?)?
        .iter()
        .map(|name| heap.str(*name).map(str::to_owned))
        .collect()
}

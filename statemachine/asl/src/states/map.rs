//! Map: runs its processor once for each item.
//!
//! | in        | on                  | does                                                           | then       |
//! |-----------|---------------------|----------------------------------------------------------------|------------|
//! | (entered) |                     | finds the items; `MapStateStarted`; the first iterations begin | iterating  |
//! | iterating | an iteration ended  | `MapIterationSucceeded`; the next item begins                   | iterating  |
//! | iterating | the last ended      | `MapStateSucceeded`; the outputs as an array                    | exit       |
//! | iterating | an iteration failed | `MapIterationFailed`; gives the others up (`MapIterationAborted`) | retry, catch or fail |

use std::borrow::Cow;

use serde_json::Value;

use crate::definition::{Compiler, Diagnostics, Fields};
use crate::execution::{Branches, Items, Run, ThreadId, View};
use crate::fault::Fault;
use crate::io;
use crate::jsonpath::Path;
use crate::machine::StateId;
use crate::probe::{Setting, Stage};
use crate::template::{Scope, Template};
use crate::{HistoryDetails, Iteration, Payload};

/// AWS: at most so many iterations of an inline Map run at once, whatever `MaxConcurrency` says.
pub(crate) const AT_ONCE: u64 = 40;

#[derive(Debug)]
pub(crate) struct Map {
    /// The first state of the processor.
    processor: StateId,
    items_path: Option<Path>,
    item_selector: Option<Template>,
    max_concurrency: Concurrency,
}

#[derive(Debug)]
enum Concurrency {
    Fixed(u64),
    Path(Path),
}

impl Map {
    pub(crate) fn read(compiler: &mut Compiler, name: &str, fields: &mut Fields<'_>) -> Map {
        let processor = Map::processor(compiler, name, fields);
        // `Parameters` is the name that ItemSelector had before.
        fields.exclusive(&["ItemSelector", "Parameters"], &mut compiler.diagnostics);
        let selector = compiler.template(fields, "ItemSelector");
        let parameters = compiler.template(fields, "Parameters");
        let diagnostics = &mut compiler.diagnostics;
        for distributed in ["ItemReader", "ItemBatcher", "ResultWriter", "Label"] {
            if fields.get(distributed).is_some() {
                diagnostics.not_yet(
                    &fields.location(distributed),
                    &format!("Distributed Map ('{distributed}')"),
                );
            }
        }
        tolerance(fields, diagnostics);
        Map {
            processor: processor.unwrap_or(StateId(0)),
            items_path: fields.path("ItemsPath", diagnostics),
            item_selector: selector.or(parameters),
            max_concurrency: Concurrency::read(fields, diagnostics),
        }
    }

    fn processor(compiler: &mut Compiler, name: &str, fields: &mut Fields<'_>) -> Option<StateId> {
        fields.exactly_one(&["ItemProcessor", "Iterator"], &mut compiler.diagnostics);
        let processor = fields.object("ItemProcessor", &mut compiler.diagnostics);
        let iterator = fields.object("Iterator", &mut compiler.diagnostics);
        let mut processor = processor.or(iterator)?;
        processor.string("Comment", &mut compiler.diagnostics);
        if let Some(mut config) = processor.object("ProcessorConfig", &mut compiler.diagnostics) {
            let mode = config.string("Mode", &mut compiler.diagnostics);
            if mode == Some("DISTRIBUTED") {
                compiler.diagnostics.not_yet(
                    &config.location("Mode"),
                    &format!("Distributed Map ('{name}')"),
                );
            }
            config.string("ExecutionType", &mut compiler.diagnostics);
            config.string("Comment", &mut compiler.diagnostics);
            config.finish(&mut compiler.diagnostics);
        }
        let start = compiler.flow(&mut processor);
        processor.finish(&mut compiler.diagnostics);
        start
    }

    /// Whether its results go to a bucket, so that what it gives says where.
    pub(crate) fn writes_results(&self) -> bool {
        false
    }

    pub(crate) fn run(&self, run: &mut Run<'_>, thread: ThreadId) -> Result<(), Fault> {
        let shaping = run.shaping(thread);
        let (input, items, at_once) = run.with_scope(thread, View::default(), |input, scope| {
            let input = shaping.selected_input(input, scope)?;
            let scope = scope.over(input.value());
            let items = self.items(&input, &scope)?;
            let at_once = self.max_concurrency.find(&scope)?;
            Ok((input, items, at_once))
        })?;
        if let Some(instead) = run.instead_of_branches(thread) {
            return instead;
        }
        let length = items.value().as_array().map_or(0, Vec::len);
        let started = run.note(
            thread,
            HistoryDetails::MapStateStarted {
                length: length as u64,
            },
        );
        run.branch_out(
            thread,
            Branches::new(
                length,
                Some(Items {
                    input,
                    items,
                    next: 0,
                }),
            ),
        );
        if length == 0 {
            return run.joined(thread);
        }
        for _ in 0..at_once.min(length as u64) {
            self.begin_next(run, thread, started)?;
        }
        Ok(())
    }

    /// Begins the next iteration, if there is one; `previous` is the event that made room for it.
    pub(crate) fn begin_next(
        &self,
        run: &mut Run<'_>,
        thread: ThreadId,
        previous: u64,
    ) -> Result<(), Fault> {
        let Some((index, item)) = run.next_item(thread) else {
            return Ok(());
        };
        let input = self.iteration_input(run, thread, index, &item)?;
        let name = run.state(thread).name.clone();
        let details = HistoryDetails::MapIteration {
            progress: Iteration::Started,
            name,
            index: index as u64,
        };
        let started = run.record(previous, details);
        let child = run.spawn(thread, index, self.processor, input, started);
        run.set_item(child, index, item);
        Ok(())
    }

    fn iteration_input(
        &self,
        run: &mut Run<'_>,
        thread: ThreadId,
        index: usize,
        item: &Payload,
    ) -> Result<Payload, Fault> {
        let Some(selector) = &self.item_selector else {
            return Ok(item.clone());
        };
        let input = run.map_input(thread);
        let view = View::item(index, item.value());
        let input = run.with_scope(thread, view, |_, scope| {
            selector.render(&scope.over(input.value()))
        })?;
        run.accept(thread, input.into())
    }

    fn items(&self, input: &Payload, scope: &Scope<'_>) -> Result<Payload, Fault> {
        let Some(path) = &self.items_path else {
            return array(input.value()).map(|_| input.clone());
        };
        let items = io::find(path, scope)?;
        if !items.is_array() {
            return Err(Fault::runtime(format!(
                "Reference path \"{}\" must point to array.",
                path.text()
            )));
        }
        let items = match items {
            // The whole input: shared.
            Cow::Borrowed(found) if std::ptr::eq(found, input.value()) => input.clone(),
            items => items.into_owned().into(),
        };
        scope.saw(Stage::AfterItemsPath, &items);
        Ok(items)
    }
}

fn array(value: &Value) -> Result<&Vec<Value>, Fault> {
    value
        .as_array()
        .ok_or_else(|| Fault::runtime("Reference path \"$\" must point to array."))
}

impl Concurrency {
    fn read(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Concurrency {
        fields.exclusive(&["MaxConcurrency", "MaxConcurrencyPath"], diagnostics);
        let fixed = fields.integer("MaxConcurrency", 0, u64::from(u32::MAX), diagnostics);
        match fields.path("MaxConcurrencyPath", diagnostics) {
            Some(path) => Concurrency::Path(path),
            None => Concurrency::Fixed(fixed.unwrap_or(0)),
        }
    }

    /// How many iterations may run at once; 0 in a definition means as many as AWS allows.
    fn find(&self, scope: &Scope<'_>) -> Result<u64, Fault> {
        let wanted = match self {
            Concurrency::Fixed(wanted) => *wanted,
            Concurrency::Path(path) => integer("MaxConcurrencyPath", path, scope)?,
        };
        scope.set(Setting::MaxConcurrency, wanted.into());
        Ok(if wanted == 0 {
            AT_ONCE
        } else {
            wanted.min(AT_ONCE)
        })
    }
}

/// The number that a `…Path` field of a Map or Task leads to.
pub(crate) fn integer(field: &str, path: &Path, scope: &Scope<'_>) -> Result<u64, Fault> {
    let value = io::find(path, scope)?;
    if value.as_i64().is_some_and(|number| number < 0) {
        let name = field.trim_end_matches("Path");
        return Err(Fault::runtime(format!("{name} cannot be negative.")));
    }
    value.as_u64().ok_or_else(|| {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let path = path.text();
        Fault::runtime(format!(
            "The {field} field refers to value \"{text}\" which is not a valid integer: {path}"
        ))
    })
}

/// Checked, and without effect: only a Distributed Map tolerates failures.
fn tolerance(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) {
    fields.exclusive(
        &["ToleratedFailureCount", "ToleratedFailureCountPath"],
        diagnostics,
    );
    fields.exclusive(
        &[
            "ToleratedFailurePercentage",
            "ToleratedFailurePercentagePath",
        ],
        diagnostics,
    );
    fields.integer("ToleratedFailureCount", 0, u64::from(u32::MAX), diagnostics);
    fields.number("ToleratedFailurePercentage", 0.0, diagnostics);
    fields.path("ToleratedFailureCountPath", diagnostics);
    fields.path("ToleratedFailurePercentagePath", diagnostics);
}

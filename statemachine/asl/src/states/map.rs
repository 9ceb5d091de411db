//! Map: runs its processor once for each item.
//!
//! | in        | on                  | does                                                           | then       |
//! |-----------|---------------------|----------------------------------------------------------------|------------|
//! | (entered) |                     | finds the items; `MapStateStarted`; the first iterations begin | iterating  |
//! | iterating | an iteration ended  | `MapIterationSucceeded`; the next item begins                   | iterating  |
//! | iterating | the last ended      | `MapStateSucceeded`; the outputs as an array                    | exit       |
//! | iterating | an iteration failed | `MapIterationFailed`; gives the others up (`MapIterationAborted`) | retry, catch or fail |

use std::borrow::Cow;

use super::distributed::Distributed;
use crate::definition::{Compiler, Diagnostics, Fields, Language};
use crate::execution::{Branches, Items, Run, ThreadId, View};
use crate::fault::Fault;
use crate::io;
use crate::jsonpath::Path;
use crate::machine::StateId;
use crate::probe::{Setting, Stage};
use crate::query::Query;
use crate::template::{Scope, Template};
use crate::text;
use crate::{HistoryDetails, Iteration, Payload};

/// AWS: at most so many iterations of an inline Map run at once, whatever `MaxConcurrency` says.
pub(crate) const AT_ONCE: u64 = 40;

#[derive(Debug)]
pub(crate) struct Map {
    /// The first state of the processor.
    pub(super) processor: StateId,
    pub(super) items: Source,
    item_selector: Option<Template>,
    pub(super) max_concurrency: Concurrency,
    /// The processor runs as executions of its own.
    distributed: Option<Distributed>,
}

/// `ProcessorConfig`
enum Mode {
    Inline,
    Distributed { express: bool },
}

/// Where the items are.
#[derive(Debug)]
pub(super) enum Source {
    /// The input itself, in a JSONPath state.
    Input,
    /// `ItemsPath`
    Path(Path),
    /// The state's input, in a JSONata state.
    QueryInput,
    /// `Items`, an expression.
    Query(Query),
    /// `Items`, an array with expressions in it perhaps.
    Array(Template),
}

#[derive(Debug)]
pub(super) enum Concurrency {
    Fixed(u64),
    Path(Path),
    Query(Query),
}

impl Map {
    pub(crate) fn read(compiler: &mut Compiler, fields: &mut Fields<'_>) -> Map {
        let (processor, mode) = Map::processor(compiler, fields);
        // `Parameters` is the name that ItemSelector had before.
        fields.exclusive(&["ItemSelector", "Parameters"], &mut compiler.diagnostics);
        let selector = compiler.template(fields, "ItemSelector");
        let parameters = match fields.language() {
            Language::JsonPath => compiler.template(fields, "Parameters"),
            Language::Jsonata => None,
        };
        let distributed = match mode {
            Mode::Inline => {
                tolerance(fields, &mut compiler.diagnostics);
                None
            }
            Mode::Distributed { express } => Some(Distributed::read(compiler, fields, express)),
        };
        Map {
            processor: processor.unwrap_or(StateId(0)),
            items: Source::read(compiler, fields),
            item_selector: selector.or(parameters),
            max_concurrency: Concurrency::read(fields, &mut compiler.diagnostics),
            distributed,
        }
    }

    fn processor(compiler: &mut Compiler, fields: &mut Fields<'_>) -> (Option<StateId>, Mode) {
        fields.exactly_one(&["ItemProcessor", "Iterator"], &mut compiler.diagnostics);
        let processor = fields.object("ItemProcessor", &mut compiler.diagnostics);
        let iterator = fields.object("Iterator", &mut compiler.diagnostics);
        let mut mode = Mode::Inline;
        let Some(mut processor) = processor.or(iterator) else {
            return (None, mode);
        };
        processor.string("Comment", &mut compiler.diagnostics);
        if let Some(mut config) = processor.object("ProcessorConfig", &mut compiler.diagnostics) {
            let diagnostics = &mut compiler.diagnostics;
            let named = config.choice("Mode", &["INLINE", "DISTRIBUTED"], diagnostics);
            let kind = config.choice("ExecutionType", &["STANDARD", "EXPRESS"], diagnostics);
            if named == Some("DISTRIBUTED") {
                mode = Mode::Distributed {
                    express: kind == Some("EXPRESS"),
                };
            }
            config.string("Comment", diagnostics);
            config.finish(diagnostics);
        }
        let start = compiler.flow(&mut processor);
        processor.finish(&mut compiler.diagnostics);
        (start, mode)
    }

    /// Whether its results go to a bucket, so that what it gives says where.
    pub(crate) fn writes_results(&self) -> bool {
        let distributed = self.distributed.as_ref();
        distributed.is_some_and(Distributed::writes_results)
    }

    pub(crate) fn run(&self, run: &mut Run<'_>, thread: ThreadId) -> Result<(), Fault> {
        if let Some(distributed) = &self.distributed {
            return distributed.run(self, run, thread);
        }
        let shaping = run.shaping(thread);
        let (input, items, at_once) = run.with_scope(thread, View::default(), |input, scope| {
            let input = shaping.selected_input(input, scope)?;
            let scope = scope.over(input.value());
            let items = self.items.find(&input, &scope)?;
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
        let input = self.item_input(run, thread, index, &item)?;
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

    /// What an iteration, or a child execution, begins with: `ItemSelector`, where there is one.
    pub(crate) fn item_input(
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
}

impl Source {
    fn read(compiler: &mut Compiler, fields: &mut Fields<'_>) -> Source {
        let diagnostics = &mut compiler.diagnostics;
        if fields.language() == Language::JsonPath {
            let path = fields.path("ItemsPath", diagnostics);
            return path.map_or(Source::Input, Source::Path);
        }
        if let Some(query) = fields.query("Items", diagnostics) {
            return Source::Query(query);
        }
        if fields.array("Items", diagnostics).is_none() {
            return Source::QueryInput;
        }
        let items = compiler.template(fields, "Items");
        items.map_or(Source::QueryInput, Source::Array)
    }

    pub(super) fn find(&self, input: &Payload, scope: &Scope<'_>) -> Result<Payload, Fault> {
        let items = self.found(input, scope)?;
        scope.saw(Stage::AfterItemsPath, &items);
        Ok(items)
    }

    fn found(&self, input: &Payload, scope: &Scope<'_>) -> Result<Payload, Fault> {
        match self {
            Source::Input if input.value().is_array() => Ok(input.clone()),
            Source::Input => Err(no_array("$")),
            Source::Path(path) => match io::find(path, scope)? {
                items if !items.is_array() => Err(no_array(path.text())),
                // The whole input: shared.
                Cow::Borrowed(found) if std::ptr::eq(found, input.value()) => Ok(input.clone()),
                items => Ok(items.into_owned().into()),
            },
            Source::QueryInput if input.value().is_array() => Ok(input.clone()),
            Source::QueryInput => Err(Fault::Evaluation {
                field: None,
                message: format!(
                    "Map state input must be an array but was: {}",
                    text::json(input.value())
                ),
            }),
            Source::Query(query) => query.array(scope).map(Payload::from),
            Source::Array(template) => template.render(scope).map(Payload::from),
        }
    }
}

fn no_array(path: &str) -> Fault {
    Fault::runtime(format!("Reference path \"{path}\" must point to array."))
}

impl Concurrency {
    fn read(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Concurrency {
        fields.exclusive(&["MaxConcurrency", "MaxConcurrencyPath"], diagnostics);
        if let Some(query) = fields.query("MaxConcurrency", diagnostics) {
            return Concurrency::Query(query);
        }
        let fixed = fields.integer("MaxConcurrency", 0, u64::from(u32::MAX), diagnostics);
        match fields.path("MaxConcurrencyPath", diagnostics) {
            Some(path) => Concurrency::Path(path),
            None => Concurrency::Fixed(fixed.unwrap_or(0)),
        }
    }

    /// What the definition says.
    pub(super) fn wanted(&self, scope: &Scope<'_>) -> Result<u64, Fault> {
        let wanted = match self {
            Concurrency::Fixed(wanted) => *wanted,
            Concurrency::Path(path) => integer("MaxConcurrencyPath", path, scope)?,
            Concurrency::Query(query) => query.integer(scope)?,
        };
        scope.set(Setting::MaxConcurrency, wanted.into());
        Ok(wanted)
    }

    /// How many iterations may run at once; 0 in a definition means as many as AWS allows.
    fn find(&self, scope: &Scope<'_>) -> Result<u64, Fault> {
        let wanted = self.wanted(scope)?;
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
    // A text that is a number is as good, on AWS too.
    let number = value
        .as_i64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    if number.is_some_and(|number| number < 0) {
        let name = field.trim_end_matches("Path");
        return Err(Fault::runtime(format!("{name} cannot be negative.")));
    }
    let number = number.and_then(|number| u64::try_from(number).ok());
    number.or_else(|| value.as_u64()).ok_or_else(|| {
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
    if fields.query("ToleratedFailureCount", diagnostics).is_none() {
        fields.integer("ToleratedFailureCount", 0, u64::from(u32::MAX), diagnostics);
    }
    if fields
        .query("ToleratedFailurePercentage", diagnostics)
        .is_none()
    {
        fields.number("ToleratedFailurePercentage", 0.0, diagnostics);
    }
    fields.path("ToleratedFailureCountPath", diagnostics);
    fields.path("ToleratedFailurePercentagePath", diagnostics);
}

//! Map: runs its processor once for each item.
//!
//! | in        | on                  | does                                                           | then       |
//! |-----------|---------------------|----------------------------------------------------------------|------------|
//! | (entered) |                     | finds the items; `MapStateStarted`; the first iterations begin | iterating  |
//! | iterating | an iteration ended  | `MapIterationSucceeded`; the next item begins                   | iterating  |
//! | iterating | the last ended      | `MapStateSucceeded`; the outputs as an array                    | exit       |
//! | iterating | an iteration failed | `MapIterationFailed`; gives the others up (`MapIterationAborted`) | retry, catch or fail |

use super::distributed::Distributed;
use super::items::Source;
use super::number::Number;
use crate::definition::{Compiler, Diagnostics, Fields, Language};
use crate::execution::{Branches, Items, Run, ThreadId, View};
use crate::fault::Fault;
use crate::machine::{StateId, Workflow};
use crate::probe::Setting;
use crate::template::{Scope, Template};
use crate::{HistoryDetails, Iteration, Payload};

/// AWS: at most so many iterations of an inline Map run at once, whatever `MaxConcurrency` says.
pub(crate) const AT_ONCE: u64 = 40;

#[derive(Debug)]
pub(crate) struct Map {
    /// The first state of the processor.
    pub(super) processor: StateId,
    pub(super) items: Source,
    item_selector: Option<Template>,
    max_concurrency: Option<Number>,
    /// The processor runs as executions of its own.
    distributed: Option<Distributed>,
}

/// `ProcessorConfig`
enum Mode {
    Inline,
    Distributed { express: bool },
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
            max_concurrency: Number::read(
                fields,
                "MaxConcurrency",
                "MaxConcurrencyPath",
                &mut compiler.diagnostics,
            ),
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
                if compiler.workflow == Workflow::Express {
                    let message =
                        "Express state machine does not support Map states in DISTRIBUTED mode";
                    diagnostics.error(&config.location("Mode"), message);
                }
                mode = Mode::Distributed {
                    express: kind == Some("EXPRESS"),
                };
            }
            config.string("Comment", diagnostics);
            config.finish(diagnostics);
        }
        // The executions that it runs as have a type of their own.
        let workflow = match mode {
            Mode::Distributed { express: true } => Workflow::Express,
            Mode::Distributed { express: false } => Workflow::Standard,
            Mode::Inline => compiler.workflow,
        };
        let around = std::mem::replace(&mut compiler.workflow, workflow);
        let start = compiler.flow(&mut processor);
        compiler.workflow = around;
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
            let at_once = self.at_once(&scope)?;
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

    /// `MaxConcurrency` as the definition gives it; 0 is as many as AWS allows.
    pub(super) fn wanted_at_once(&self, scope: &Scope<'_>) -> Result<u64, Fault> {
        let number = self.max_concurrency.as_ref();
        let wanted = number.map_or(Ok(0), |number| number.whole(scope))?;
        scope.set(Setting::MaxConcurrency, wanted.into());
        Ok(wanted)
    }

    /// How many iterations of an inline Map may run at once.
    fn at_once(&self, scope: &Scope<'_>) -> Result<u64, Fault> {
        Ok(match self.wanted_at_once(scope)? {
            0 => AT_ONCE,
            wanted => wanted.min(AT_ONCE),
        })
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

/// Checked, and without effect: only a Distributed Map tolerates failures.
fn tolerance(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) {
    Number::read(
        fields,
        "ToleratedFailureCount",
        "ToleratedFailureCountPath",
        diagnostics,
    );
    Number::read_percentage(
        fields,
        "ToleratedFailurePercentage",
        "ToleratedFailurePercentagePath",
        diagnostics,
    );
}

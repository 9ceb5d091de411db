//! Reads a Map state.

use crate::definition::fields::Fields;
use crate::definition::{Compiler, Language};
use crate::machine::WorkflowType;
use crate::states::{Distributed, ItemsField, Map, NumberField};
use crate::transition::StateId;

/// `ProcessorConfig`
enum Mode {
    Inline,
    Distributed { express: bool },
}

impl Map {
    pub(in crate::definition) fn read<'d>(
        compiler: &mut Compiler<'d>,
        fields: &mut Fields<'d>,
    ) -> Map {
        let (processor, mode) = read_processor(compiler, fields);
        // `Parameters` is the old name of ItemSelector.
        fields.exclusive(&["ItemSelector", "Parameters"]);
        let selector = fields.template("ItemSelector");
        let parameters = match fields.language() {
            Language::JsonPath => fields.template("Parameters"),
            Language::Jsonata => None,
        };
        let distributed = match mode {
            Mode::Inline => {
                check_tolerance(fields);
                None
            }
            Mode::Distributed { express } => Some(Distributed::read(fields, express)),
        };
        Map {
            processor: processor.unwrap_or(StateId(0)),
            items: ItemsField::read(fields),
            item_selector: selector.or(parameters),
            max_concurrency: NumberField::read_whole(
                fields,
                "MaxConcurrency",
                "MaxConcurrencyPath",
            ),
            distributed,
        }
    }
}

fn read_processor<'d>(
    compiler: &mut Compiler<'d>,
    fields: &mut Fields<'d>,
) -> (Option<StateId>, Mode) {
    fields.exactly_one(&["ItemProcessor", "Iterator"]);
    let processor = fields.object("ItemProcessor");
    let iterator = fields.object("Iterator");
    let Some(mut processor) = processor.or(iterator) else {
        return (None, Mode::Inline);
    };
    processor.string("Comment");
    let config = processor.object("ProcessorConfig");
    let mode = config.map_or(Mode::Inline, |config| Mode::read(config, compiler.workflow));
    // The executions of a Distributed Map have a type of their own.
    let workflow = match mode {
        Mode::Distributed { express: true } => WorkflowType::Express,
        Mode::Distributed { express: false } => WorkflowType::Standard,
        Mode::Inline => compiler.workflow,
    };
    let outer = std::mem::replace(&mut compiler.workflow, workflow);
    let start = compiler.flow(&mut processor);
    compiler.workflow = outer;
    processor.finish();
    (start, mode)
}

impl Mode {
    fn read(mut config: Fields<'_>, workflow: WorkflowType) -> Mode {
        let name = config.choice("Mode", &["INLINE", "DISTRIBUTED"]);
        let execution_type = config.choice("ExecutionType", &["STANDARD", "EXPRESS"]);
        let distributed = name == Some("DISTRIBUTED");
        if distributed && workflow == WorkflowType::Express {
            let message = "Express state machine does not support Map states in DISTRIBUTED mode";
            config.error_in("Mode", message);
        }
        config.string("Comment");
        config.finish();
        if distributed {
            let express = execution_type == Some("EXPRESS");
            Mode::Distributed { express }
        } else {
            Mode::Inline
        }
    }
}

/// Checks fields that have no effect here: only a Distributed Map tolerates failures.
fn check_tolerance(fields: &mut Fields<'_>) {
    NumberField::read_whole(fields, "ToleratedFailureCount", "ToleratedFailureCountPath");
    NumberField::read_percentage(
        fields,
        "ToleratedFailurePercentage",
        "ToleratedFailurePercentagePath",
    );
}

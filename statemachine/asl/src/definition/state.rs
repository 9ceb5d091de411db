//! Compiles one state: the fields that state types share, and those of its own type.

use serde_json::Value;

use super::Compiler;
use super::cursor::Cursor;
use super::fields::Fields;
use super::flow::Flow;
use super::handlers::retriers;
use super::language::Language;
use crate::data_flow::{DataFlow, QueryFields};
use crate::input_output::{PathFields, ResultPath, Selection};
use crate::jsonpath::Root;
use crate::machine::State;
use crate::states::{Choice, Fail, Map, Parallel, Pass, StateKind, Task, Wait};
use crate::template::Template;
use crate::transition::Transition;

/// The shared fields that a state type has.
#[derive(Clone, Copy)]
struct SharedFields {
    next: bool,
    input_output: bool,
    parameters: bool,
    result_path: bool,
    result_selector: bool,
    handlers: bool,
    assign: bool,
}

const NOTHING: SharedFields = SharedFields {
    next: false,
    input_output: false,
    parameters: false,
    result_path: false,
    result_selector: false,
    handlers: false,
    assign: false,
};
const PATHS: SharedFields = SharedFields {
    input_output: true,
    ..NOTHING
};
const PASS: SharedFields = SharedFields {
    next: true,
    parameters: true,
    result_path: true,
    assign: true,
    ..PATHS
};
const WORK: SharedFields = SharedFields {
    result_selector: true,
    handlers: true,
    ..PASS
};

fn shared_fields(kind: &str) -> Option<SharedFields> {
    Some(match kind {
        "Task" | "Parallel" => WORK,
        // A Map's Parameters are the old name of its ItemSelector: it reads them itself.
        "Map" => SharedFields {
            parameters: false,
            ..WORK
        },
        "Pass" => PASS,
        "Wait" => SharedFields {
            next: true,
            assign: true,
            ..PATHS
        },
        "Choice" => SharedFields {
            assign: true,
            ..PATHS
        },
        "Succeed" => PATHS,
        "Fail" => NOTHING,
        _ => return None,
    })
}

impl<'d> Compiler<'d> {
    pub(super) fn state(&mut self, name: &str, state: Cursor<'d>, flow: &Flow<'_>) -> State {
        if !state.value().is_object() {
            state.error("Expected value of type [OBJECT]");
        }
        let mut fields = Fields::new(state.into_state());
        let mut state = State::new(name);
        if self.read_state(&mut state, &mut fields, flow).is_some() {
            fields.finish();
        }
        state
    }

    /// Returns `None` if the type is unknown, so that its fields are too.
    fn read_state(
        &mut self,
        state: &mut State,
        fields: &mut Fields<'d>,
        flow: &Flow<'_>,
    ) -> Option<()> {
        fields.string("Comment");
        let language = self.state_language(fields);
        fields.set_language(language);
        fields.require(&["Type"]);
        let kind = fields.string("Type")?;
        let Some(shared) = shared_fields(kind) else {
            let message = "The field 'Type' should have one of these values: \
                           [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]";
            fields.error_in("Type", message);
            return None;
        };
        if shared.next {
            state.next = transition(fields, flow);
        }
        state.data_flow = data_flow(fields, shared);
        if shared.assign {
            state.assign = self.assign(fields);
        }
        if shared.handlers {
            state.retry = retriers(fields);
            state.catch = self.catchers(fields, flow);
        }
        state.kind = self.kind(kind, fields, flow);
        Some(())
    }

    fn kind(&mut self, kind: &str, fields: &mut Fields<'d>, flow: &Flow<'_>) -> StateKind {
        match kind {
            "Task" => StateKind::Task(Box::new(Task::read(self, fields))),
            "Pass" => StateKind::Pass(Pass::read(fields)),
            "Wait" => StateKind::Wait(Wait::read(fields)),
            "Choice" => StateKind::Choice(Choice::read(self, fields, flow)),
            "Fail" => StateKind::Fail(Fail::read(fields)),
            "Parallel" => StateKind::Parallel(Parallel::read(self, fields)),
            "Map" => StateKind::Map(Box::new(Map::read(self, fields))),
            _ => StateKind::Succeed,
        }
    }
}

fn transition(fields: &mut Fields<'_>, flow: &Flow<'_>) -> Transition {
    let next = fields.string("Next");
    let end = fields.boolean("End").unwrap_or(false);
    // `"End": false` beside a Next says nothing; alone, it leaves the state without a way out.
    let both = ["Next", "End"];
    if next.is_some() && end {
        fields.exclusive(&both);
    } else if fields.peek("Next").is_none() && !end {
        fields.missing_one(&both);
    }
    next.and_then(|name| flow.find(name, fields.cursor(), "Next"))
        .map_or(Transition::End, Transition::State)
}

fn data_flow(fields: &mut Fields<'_>, shared: SharedFields) -> DataFlow {
    match fields.language() {
        Language::JsonPath => DataFlow::Paths(Box::new(path_fields(fields, shared))),
        Language::Jsonata => DataFlow::Queries(query_fields(fields, shared)),
    }
}

fn query_fields(fields: &mut Fields<'_>, shared: SharedFields) -> QueryFields {
    let mut queries = QueryFields::default();
    if shared.parameters && shared.handlers {
        queries.arguments = fields.template("Arguments");
    }
    if shared.input_output {
        queries.output = fields.output();
    }
    queries
}

fn path_fields(fields: &mut Fields<'_>, shared: SharedFields) -> PathFields {
    let mut paths = PathFields::default();
    if shared.input_output {
        paths.input_path = selection(fields, "InputPath");
        paths.output_path = selection(fields, "OutputPath");
    }
    if shared.parameters {
        paths.parameters = fields.template("Parameters");
    }
    if shared.result_selector {
        paths.result_selector = fields.template("ResultSelector");
    }
    if shared.result_path {
        paths.result_path = result_path(fields);
    }
    paths
}

fn selection(fields: &mut Fields<'_>, name: &'static str) -> Selection {
    if fields.get(name).is_some_and(Value::is_null) {
        return Selection::Nothing;
    }
    match fields.path(name) {
        Some(path) if !path.is_whole_input() => Selection::Path(path),
        _ => Selection::Whole,
    }
}

/// Reads `ResultPath` of a state or a catcher.
pub(super) fn result_path(fields: &mut Fields<'_>) -> ResultPath {
    const NAME: &str = "ResultPath";
    if fields.language() == Language::Jsonata {
        return ResultPath::Whole;
    }
    if fields.get(NAME).is_some_and(Value::is_null) {
        return ResultPath::Nothing;
    }
    let Some(path) = fields.path(NAME) else {
        return ResultPath::Whole;
    };
    if *path.root() != Root::Input || !path.is_reference() {
        fields.error_in(NAME, "Value is not a Reference Path");
    }
    if path.is_root() {
        ResultPath::Whole
    } else {
        ResultPath::Path(path)
    }
}

impl Fields<'_> {
    /// Reads `Output` of a JSONata state, choice rule or catcher.
    pub(super) fn output(&mut self) -> Option<Template> {
        match self.language() {
            Language::JsonPath => None,
            Language::Jsonata => self.template("Output"),
        }
    }
}

//! One state: the fields that types share, and the type's own.

use serde_json::Value;

use super::{Compiler, Diagnostics, Fields, Flow, Language};
use crate::io::{Paths, ResultPath, Select};
use crate::jsonpath::Root;
use crate::machine::{Next, State};
use crate::shaping::{Queries, Shaping};
use crate::states::{Kind, choice, fail, map, parallel, pass, task, wait};
use crate::template::Template;

/// Which of the shared fields a type has.
#[derive(Clone, Copy)]
struct Has {
    next: bool,
    input_output: bool,
    parameters: bool,
    result_path: bool,
    result_selector: bool,
    handlers: bool,
    assign: bool,
}

const NOTHING: Has = Has {
    next: false,
    input_output: false,
    parameters: false,
    result_path: false,
    result_selector: false,
    handlers: false,
    assign: false,
};
const PATHS: Has = Has {
    input_output: true,
    ..NOTHING
};
const PASS: Has = Has {
    next: true,
    parameters: true,
    result_path: true,
    assign: true,
    ..PATHS
};
const WORK: Has = Has {
    result_selector: true,
    handlers: true,
    ..PASS
};

fn has(kind: &str) -> Option<Has> {
    Some(match kind {
        "Task" | "Parallel" => WORK,
        // A Map's Parameters are the old name of its ItemSelector: it reads them itself.
        "Map" => Has {
            parameters: false,
            ..WORK
        },
        "Pass" => PASS,
        "Wait" => Has {
            next: true,
            assign: true,
            ..PATHS
        },
        "Choice" => Has {
            assign: true,
            ..PATHS
        },
        "Succeed" => PATHS,
        "Fail" => NOTHING,
        _ => return None,
    })
}

impl Compiler {
    pub(super) fn state(
        &mut self,
        name: &str,
        value: &Value,
        at: String,
        flow: &Flow<'_>,
    ) -> State {
        let empty = serde_json::Map::new();
        if !value.is_object() {
            self.diagnostics
                .error(&at, "Expected value of type [OBJECT]");
        }
        let mut fields = Fields::new(value.as_object().unwrap_or(&empty), at);
        let mut state = State {
            name: name.into(),
            kind: Kind::Succeed,
            shaping: Shaping::default(),
            assign: Default::default(),
            next: Next::End,
            retry: Vec::new(),
            catch: Vec::new(),
        };
        if self.fill(&mut state, &mut fields, flow).is_some() {
            fields.finish(&mut self.diagnostics);
        }
        state
    }

    /// Nothing if the type is not known, so that there is no telling which fields belong.
    fn fill(&mut self, state: &mut State, fields: &mut Fields<'_>, flow: &Flow<'_>) -> Option<()> {
        fields.string("Comment", &mut self.diagnostics);
        let language = self.state_language(fields);
        fields.set_language(language);
        fields.require(&["Type"], &mut self.diagnostics);
        let kind = fields.string("Type", &mut self.diagnostics)?;
        let Some(has) = has(kind) else {
            let message = "The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]";
            self.diagnostics.error(&fields.location("Type"), message);
            return None;
        };
        if has.next {
            state.next = self.next(fields, flow);
        }
        state.shaping = self.shaping(fields, has);
        if has.assign {
            state.assign = self.assign(fields);
        }
        if has.handlers {
            state.retry = self.retriers(fields);
            state.catch = self.catchers(fields, flow);
        }
        state.kind = self.kind(kind, fields, flow);
        Some(())
    }

    fn kind(&mut self, kind: &str, fields: &mut Fields<'_>, flow: &Flow<'_>) -> Kind {
        match kind {
            "Task" => Kind::Task(Box::new(task::Task::read(self, fields))),
            "Pass" => Kind::Pass(pass::Pass::read(fields, &mut self.diagnostics)),
            "Wait" => Kind::Wait(wait::Wait::read(fields, &mut self.diagnostics)),
            "Choice" => Kind::Choice(choice::Choice::read(self, fields, flow)),
            "Fail" => Kind::Fail(fail::Fail::read(fields, &mut self.diagnostics)),
            "Parallel" => Kind::Parallel(parallel::Parallel::read(self, fields)),
            "Map" => Kind::Map(Box::new(map::Map::read(self, fields))),
            _ => Kind::Succeed,
        }
    }

    fn next(&mut self, fields: &mut Fields<'_>, flow: &Flow<'_>) -> Next {
        let location = fields.location("Next");
        let next = fields.string("Next", &mut self.diagnostics);
        let end = fields
            .boolean("End", &mut self.diagnostics)
            .unwrap_or(false);
        // `"End": false` beside a Next says nothing; alone, it leaves the state without a way out.
        let both = ["Next", "End"];
        if next.is_some() && end {
            fields.exclusive(&both, &mut self.diagnostics);
        } else if fields.peek("Next").is_none() && !end {
            let message = format!(
                "This object should have only one of the following fields: [{}]",
                both.join(", ")
            );
            self.diagnostics.error(fields.at(), message);
        }
        next.and_then(|name| flow.target(name, &location, &mut self.diagnostics))
            .map_or(Next::End, Next::State)
    }

    fn shaping(&mut self, fields: &mut Fields<'_>, has: Has) -> Shaping {
        match fields.language() {
            Language::JsonPath => Shaping::Paths(Box::new(self.paths(fields, has))),
            Language::Jsonata => Shaping::Queries(self.queries(fields, has)),
        }
    }

    fn queries(&mut self, fields: &mut Fields<'_>, has: Has) -> Queries {
        let mut queries = Queries::default();
        if has.parameters && has.handlers {
            queries.arguments = self.template(fields, "Arguments");
        }
        if has.input_output {
            queries.output = self.output(fields);
        }
        queries
    }

    /// `Output` of a JSONata state, Choice rule or catcher.
    pub(crate) fn output(&mut self, fields: &mut Fields<'_>) -> Option<Template> {
        match fields.language() {
            Language::JsonPath => None,
            Language::Jsonata => self.template(fields, "Output"),
        }
    }

    fn paths(&mut self, fields: &mut Fields<'_>, has: Has) -> Paths {
        let mut shaping = Paths::default();
        if has.input_output {
            shaping.input_path = select(fields, "InputPath", &mut self.diagnostics);
            shaping.output_path = select(fields, "OutputPath", &mut self.diagnostics);
        }
        if has.parameters {
            shaping.parameters = self.template(fields, "Parameters");
        }
        if has.result_selector {
            shaping.result_selector = self.template(fields, "ResultSelector");
        }
        if has.result_path {
            shaping.result_path = result_path(fields, &mut self.diagnostics);
        }
        shaping
    }
}

fn select(fields: &mut Fields<'_>, name: &'static str, diagnostics: &mut Diagnostics) -> Select {
    if fields.get(name).is_some_and(Value::is_null) {
        return Select::Nothing;
    }
    match fields.path(name, diagnostics) {
        Some(path) if !path.is_whole_input() => Select::Path(path),
        _ => Select::Whole,
    }
}

/// `ResultPath` of a state or a catcher.
pub(super) fn result_path(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> ResultPath {
    const NAME: &str = "ResultPath";
    if fields.language() == Language::Jsonata {
        return ResultPath::Whole;
    }
    if fields.get(NAME).is_some_and(Value::is_null) {
        return ResultPath::Nothing;
    }
    let Some(path) = fields.path(NAME, diagnostics) else {
        return ResultPath::Whole;
    };
    if *path.root() != Root::Input || !path.is_reference() {
        diagnostics.error(&fields.location(NAME), "Value is not a Reference Path");
    }
    if path.is_root() {
        ResultPath::Whole
    } else {
        ResultPath::Path(path)
    }
}

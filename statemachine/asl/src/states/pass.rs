//! Pass: shapes its input, or gives a fixed result.
//!
//! | in        | does                                                                       | then |
//! |-----------|----------------------------------------------------------------------------|------|
//! | (entered) | `InputPath`, `Parameters`, or else `Result`; `ResultPath`, `OutputPath`      | exit |

use serde_json::Value;

use crate::Payload;
use crate::definition::{Diagnostics, Fields, Language};
use crate::execution::{Run, ThreadId};
use crate::fault::Fault;
use crate::probe::Stage;

#[derive(Debug)]
pub(crate) struct Pass {
    result: Option<Payload>,
}

impl Pass {
    pub(crate) fn read(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Pass {
        if fields.language() == Language::Jsonata {
            return Pass { result: None };
        }
        let result = fields.get("Result");
        if result
            .and_then(Value::as_str)
            .is_some_and(|text| text.starts_with("$."))
        {
            let message =
                "The Result of a Pass state is static: a path in it is not read; use Parameters";
            diagnostics.warning("PASS_RESULT_IS_STATIC", &fields.location("Result"), message);
        }
        Pass {
            result: result.cloned().map(Payload::from),
        }
    }

    pub(crate) fn run(&self, run: &mut Run<'_>, thread: ThreadId) -> Result<(), Fault> {
        run.leave(thread, |shaping, input, scope| match &self.result {
            Some(result) => {
                scope.saw(Stage::Result, result);
                Ok(result.clone())
            }
            None => shaping.effective_input(input, scope),
        })
    }
}

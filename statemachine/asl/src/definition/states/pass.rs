//! Reads a Pass state.

use crate::Payload;
use crate::definition::Language;
use crate::definition::fields::Fields;
use crate::states::Pass;

impl Pass {
    pub(in crate::definition) fn read(fields: &mut Fields<'_>) -> Pass {
        if fields.language() == Language::Jsonata {
            return Pass { result: None };
        }
        let result = fields.field("Result");
        if let Some(result) = &result
            && result.text().starts_with("$.")
        {
            let message = "The Result of a Pass state is static: a path in it is not read; \
                           use Parameters";
            result.warning("PASS_RESULT_IS_STATIC", message);
        }
        Pass {
            result: result.map(|result| Payload::from(result.value().clone())),
        }
    }
}

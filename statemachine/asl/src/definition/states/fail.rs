//! Reads a Fail state.

use serde_json::Value;

use crate::definition::Language;
use crate::definition::fields::Fields;
use crate::definition::template::neither_path_nor_call;
use crate::intrinsic::Call;
use crate::states::{Fail, TextField};

impl Fail {
    pub(in crate::definition) fn read(fields: &mut Fields<'_>) -> Fail {
        Fail {
            error: TextField::read(fields, "Error", "ErrorPath"),
            cause: TextField::read(fields, "Cause", "CausePath"),
        }
    }
}

impl TextField {
    fn read(fields: &mut Fields<'_>, fixed: &'static str, path: &'static str) -> Option<TextField> {
        fields.exclusive(&[fixed, path]);
        if let Some(query) = fields.query(fixed) {
            return Some(TextField::Query(query));
        }
        let text = fields
            .string(fixed)
            .map(|text| TextField::Fixed(text.to_owned()));
        if fields.language() == Language::Jsonata {
            return text;
        }
        let call = fields.peek(path).and_then(Value::as_str);
        let reference = match call.filter(|text| Call::is_call(text)) {
            Some(call) => TextField::read_call(fields, path, call),
            None => fields.path(path).map(|found| TextField::Path(path, found)),
        };
        text.or(reference)
    }

    fn read_call(fields: &mut Fields<'_>, path: &'static str, text: &str) -> Option<TextField> {
        fields.get(path);
        match Call::parse(text) {
            Ok(call) => {
                fields.cursor().note_call(&call);
                Some(TextField::Call(path, call))
            }
            Err(bad) => {
                fields
                    .error_in(path, neither_path_nor_call(path))
                    .hint(bad.reason)
                    .offset(bad.position);
                None
            }
        }
    }
}

//! A JSON array, an element at a time; or, with a JSON Pointer, an array or object inside a
//! document.

use serde_json::Value;

use super::decode::{Decode, Decoded};

/// AWS's text for a document that has no items.
const NO_ITEMS: &str = "Attempting to map over non-iterable node.";

/// Finds the elements of an array without holding more than one of them.
#[derive(Default)]
pub(super) struct Elements {
    element: Vec<u8>,
    /// True after the first element.
    any: bool,
    position: Position,
    depth: usize,
    quoted: bool,
    escaped: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Position {
    #[default]
    Before,
    Inside,
    After,
}

impl Elements {
    fn byte(&mut self, byte: u8, items: &mut Vec<Value>) -> Decoded {
        match self.position {
            Position::Before if byte.is_ascii_whitespace() => Ok(()),
            Position::Before if byte == b'[' => {
                self.position = Position::Inside;
                Ok(())
            }
            Position::Before => Err(NO_ITEMS.to_owned()),
            Position::Inside => self.inside(byte, items),
            Position::After if byte.is_ascii_whitespace() => Ok(()),
            Position::After => Err(broken("there is more after the array")),
        }
    }

    fn inside(&mut self, byte: u8, items: &mut Vec<Value>) -> Decoded {
        if self.quoted {
            self.quoted = self.escaped || byte != b'"';
            self.escaped = !self.escaped && byte == b'\\';
        } else {
            match byte {
                b',' if self.depth == 0 => return self.take(items, false),
                b']' if self.depth == 0 => {
                    self.position = Position::After;
                    return self.take(items, true);
                }
                b'"' => self.quoted = true,
                b'[' | b'{' => self.depth += 1,
                b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        self.element.push(byte);
        Ok(())
    }

    fn take(&mut self, items: &mut Vec<Value>, last: bool) -> Decoded {
        let element = std::mem::take(&mut self.element);
        let empty = element.iter().all(u8::is_ascii_whitespace);
        if empty && last && !self.any {
            return Ok(());
        }
        self.any = true;
        items.push(serde_json::from_slice(&element).map_err(broken)?);
        Ok(())
    }
}

impl Decode for Elements {
    fn piece(&mut self, piece: &[u8], items: &mut Vec<Value>) -> Decoded {
        piece.iter().try_for_each(|byte| self.byte(*byte, items))
    }

    fn end(&mut self, _items: &mut Vec<Value>) -> Decoded {
        match self.position {
            Position::After => Ok(()),
            Position::Before => Err(NO_ITEMS.to_owned()),
            Position::Inside => Err(broken("the array has no end")),
        }
    }
}

/// The array or object that a JSON Pointer selects from a document, which is read whole.
pub(super) struct JsonPointer {
    pointer: String,
    document: Vec<u8>,
}

impl JsonPointer {
    pub(super) fn new(pointer: String) -> Self {
        JsonPointer {
            pointer,
            document: Vec::new(),
        }
    }
}

impl Decode for JsonPointer {
    fn piece(&mut self, piece: &[u8], _items: &mut Vec<Value>) -> Decoded {
        self.document.extend_from_slice(piece);
        Ok(())
    }

    fn end(&mut self, items: &mut Vec<Value>) -> Decoded {
        let mut document: Value = serde_json::from_slice(&self.document).map_err(broken)?;
        match document.pointer_mut(&self.pointer).map(Value::take) {
            Some(Value::Array(elements)) => items.extend(elements),
            Some(Value::Object(members)) => items.extend(
                members
                    .into_iter()
                    .map(|(key, value)| serde_json::json!({ "Key": key, "Value": value })),
            ),
            _ => return Err(NO_ITEMS.to_owned()),
        }
        Ok(())
    }
}

fn broken(why: impl std::fmt::Display) -> String {
    format!("The file is not a JSON array: {why}")
}

#[cfg(test)]
mod tests {
    use super::super::decode::{check, decode};
    use super::*;
    use serde_json::json;

    #[test]
    fn elements_of_any_kind() {
        let text = r#" [ {"a":[1,"],"]}, "x\"]\\", [[],{}] ,1.5, null ] "#;
        let expected = Ok(json!([{ "a": [1, "],"] }, "x\"]\\", [[], {}], 1.5, null]));
        check(Elements::default, text, expected);
        check(Elements::default, "[]", Ok(json!([])));
        check(Elements::default, "[ ]", Ok(json!([])));
        check(Elements::default, "[\"é\"]", Ok(json!(["é"])));
    }

    #[test]
    fn what_has_no_items() {
        for text in [r#"{"a":1}"#, "1", "\"[]\"", " "] {
            check(Elements::default, text, Err(NO_ITEMS));
        }
        for text in ["[1", "[1,,2]", "[1,]", "[1] x", "[x]", "[1}]"] {
            let error = decode(&mut Elements::default(), text, 9).unwrap_err();
            assert!(
                error.starts_with("The file is not a JSON array: "),
                "{text}"
            );
        }
    }

    #[test]
    fn an_item_that_nests_ten_thousand_deep_is_refused() {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        for error in [
            decode(&mut Elements::default(), &deep, 999).unwrap_err(),
            decode(&mut JsonPointer::new("/a".into()), &deep, 999).unwrap_err(),
        ] {
            assert!(error.contains("recursion limit exceeded"), "{error}");
        }
    }

    #[test]
    fn pointers_lead_to_arrays_and_objects() {
        let text = r#"{"a":{"b":[1,2],"c":{"k":"v"}}}"#;
        let pointed = |pointer: &'static str| move || JsonPointer::new(pointer.to_owned());
        check(pointed("/a/b"), text, Ok(json!([1, 2])));
        let pairs = json!([{ "Key": "k", "Value": "v" }]);
        check(pointed("/a/c"), text, Ok(pairs));
        check(pointed("/a/d"), text, Err(NO_ITEMS));
        check(pointed("/a/b/0"), text, Err(NO_ITEMS));
    }
}

//! JSON Lines: a value a line.

use serde_json::Value;

use super::decode::{Decode, Decoded};

#[derive(Default)]
pub(super) struct Lines {
    line: Vec<u8>,
}

impl Decode for Lines {
    fn piece(&mut self, piece: &[u8], items: &mut Vec<Value>) -> Decoded {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.end(items)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, items: &mut Vec<Value>) -> Decoded {
        let line = std::mem::take(&mut self.line);
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        let item = serde_json::from_slice(&line);
        items.push(item.map_err(|error| format!("The file is not JSON Lines: {error}"))?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::decode::check;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_a_line() {
        check(Lines::default, "{\"a\":1}\n2\n", Ok(json!([{ "a": 1 }, 2])));
        check(Lines::default, "1\r\n\n \n\"é\"", Ok(json!([1, "é"])));
        check(Lines::default, "", Ok(json!([])));
        assert!(super::super::decode::decode(&mut Lines::default(), "1\nx\n", 9).is_err());
    }
}

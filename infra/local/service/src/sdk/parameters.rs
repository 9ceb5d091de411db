//! Reads an operation's parameters. What is left over in the end is not supported, which Step
//! Functions reports.

use serde_json::{Map, Value};

use super::SdkError;

/// The parameters of one call.
pub struct Parameters {
    fields: Map<String, Value>,
    faults: Vec<String>,
}

impl Parameters {
    /// Returns a reader of `parameters`, an object.
    pub fn new(parameters: &Value) -> Self {
        Self {
            fields: parameters.as_object().cloned().unwrap_or_default(),
            faults: Vec::new(),
        }
    }

    /// Returns any value; `null` is as good as nothing.
    pub fn value(&mut self, name: &str) -> Option<Value> {
        self.fields
            .shift_remove(name)
            .filter(|value| !value.is_null())
    }

    /// Returns a text.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::String(text) => Some(text),
            _ => self.wrong_type(name, "a STRING"),
        }
    }

    /// Returns a text that must be there; an empty one where it is missing, which
    /// [`Parameters::finish`] reports.
    pub fn required(&mut self, name: &str) -> String {
        self.text(name).unwrap_or_else(|| {
            self.faults
                .push(format!("The field \"{name}\" is required but was missing"));
            String::new()
        })
    }

    /// Returns an integer.
    pub fn integer(&mut self, name: &str) -> Option<i32> {
        let value = self.value(name)?;
        match value.as_i64().and_then(|number| i32::try_from(number).ok()) {
            None => self.wrong_type(name, "an INTEGER"),
            number => number,
        }
    }

    /// Returns a boolean.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Bool(flag) => Some(flag),
            _ => self.wrong_type(name, "a BOOLEAN"),
        }
    }

    /// Returns the entries of an object whose values are texts.
    pub fn texts(&mut self, name: &str) -> Option<Vec<(String, String)>> {
        let Value::Object(fields) = self.value(name)? else {
            return self.wrong_type(name, "an OBJECT");
        };
        let texts = fields
            .into_iter()
            .map(|(key, value)| Some((key, value.as_str()?.to_owned())));
        match texts.collect() {
            None => self.wrong_type(name, "an OBJECT of STRINGs"),
            texts => texts,
        }
    }

    fn wrong_type<T>(&mut self, name: &str, expected: &str) -> Option<T> {
        self.faults.push(format!(
            "The value for the field '{name}' must be {expected}"
        ));
        None
    }

    /// Checks that all parameters were read and valid.
    ///
    /// # Errors
    /// Lists all problems in one text: unknown parameters, missing ones, and wrong types.
    pub fn finish(mut self) -> Result<(), SdkError> {
        let unknown = self.fields.keys();
        self.faults.extend(
            unknown.map(|name| format!("The field \"{name}\" is not supported by Step Functions")),
        );
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(SdkError::Parameters(self.faults.join(", ")))
    }
}

/// Returns the bytes of a blob parameter: its JSON, of a text too. (Recorded on AWS in November
/// 2025: PutObject with the `Body` `text data` writes eleven bytes, two of them quotes.)
pub fn blob(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_wrong_is_reported_together() {
        let mut parameters =
            Parameters::new(&json!({ "Key": 1, "Flag": true, "Other": 2, "None": null }));
        assert_eq!(parameters.required("Bucket"), "");
        assert_eq!(parameters.text("Key"), None);
        assert_eq!(parameters.flag("Flag"), Some(true));
        assert_eq!(parameters.text("None"), None);
        let text = "The field \"Bucket\" is required but was missing, The value for the field \
                    'Key' must be a STRING, The field \"Other\" is not supported by Step Functions";
        assert_eq!(
            parameters.finish(),
            Err(SdkError::Parameters(text.to_owned()))
        );
    }

    #[test]
    fn texts_lost_their_quotes_in_blobs() {
        assert_eq!(blob(&json!("text data")), b"\"text data\"");
        assert_eq!(blob(&json!({ "a": [1] })), b"{\"a\":[1]}");
        assert_eq!(blob(&json!(false)), b"false");
    }
}

//! JSON as people read it: indented, with long texts cut. What is cut can be had whole, through a
//! link.

use maud::{Markup, PreEscaped, html};
use serde_json::Value;

/// Characters of one text value, at most; then it is cut to its beginning.
const TEXT: usize = 160;
const BEGINNING: usize = 48;
/// Characters of the whole, at most.
const WHOLE: usize = 6_000;
/// Characters of a cause, at most: it may be 32,768.
const CAUSE: usize = 500;
const INDENT: &str = "  ";

/// Shows JSON text; what is none is shown as it is. `whole` is where all of it can be had.
pub(crate) fn show(text: &str, whole: &str) -> Markup {
    let mut shown = Output::default();
    match serde_json::from_str::<Value>(text) {
        Ok(value) => shown.value(&value, 0),
        Err(_) => shown.plain("", text),
    }
    html! {
        pre.json tabindex="0" { code { (PreEscaped(&shown.markup)) @if shown.full { "\n…" } } }
        @if shown.cut || shown.full {
            p.more { a href=(whole) { "Show all " (crate::text::bytes(text.len() as u64)) } }
        }
    }
}

/// Shows the cause of an error. Lambda's is JSON, whose message is what people look for.
pub(crate) fn cause(cause: &str, whole: &str) -> Markup {
    let parsed: Option<Value> = serde_json::from_str(cause).ok();
    let object = parsed.filter(Value::is_object);
    let message = object
        .as_ref()
        .and_then(|cause| cause["errorMessage"].as_str());
    let trace = object
        .as_ref()
        .is_some_and(|cause| cause["stackTrace"].is_array());
    let message_text = match (message, object.is_some()) {
        (Some(message), _) => message,
        (None, true) => return show(cause, whole),
        (None, false) => cause,
    };
    let shown: String = message_text.chars().take(CAUSE).collect();
    let cut = shown.len() < message_text.len();
    html! {
        p.cause { (shown) @if cut { "…" } }
        @if cut || trace { p.more { a href=(whole) { "Show the whole cause" } } }
    }
}

#[derive(Default)]
struct Output {
    /// Built up piece by piece: everything that is put in is escaped by `put`.
    markup: String,
    letters: usize,
    /// A text was cut.
    cut: bool,
    /// The rest was left out.
    full: bool,
}

impl Output {
    // The recursion ends with serde_json's own limit of 128 levels.
    fn value(&mut self, value: &Value, depth: usize) {
        if self.full {
            return;
        }
        match value {
            Value::Object(members) if !members.is_empty() => {
                self.put("{");
                for (at, (name, value)) in members.iter().enumerate() {
                    self.line(at, depth + 1);
                    let name = Value::from(name.as_str()).to_string();
                    self.plain("member", &name);
                    self.put(": ");
                    self.value(value, depth + 1);
                }
                self.end("}", depth);
            }
            // Scores, and what else is short, in a line.
            Value::Array(items) if items.iter().any(|item| item.is_array() || item.is_object()) => {
                self.put("[");
                for (at, item) in items.iter().enumerate() {
                    self.line(at, depth + 1);
                    self.value(item, depth + 1);
                }
                self.end("]", depth);
            }
            Value::Array(items) => {
                self.put("[");
                for (at, item) in items.iter().enumerate() {
                    self.put(if at == 0 { "" } else { ", " });
                    self.value(item, depth + 1);
                }
                self.put("]");
            }
            Value::String(text) => self.text(text),
            other => self.plain("number", &other.to_string()),
        }
    }

    fn text(&mut self, text: &str) {
        let whole = Value::from(text).to_string();
        let letters = text.chars().count();
        if letters <= TEXT {
            return self.plain("text", &whole);
        }
        self.cut = true;
        let beginning: String = text.chars().take(BEGINNING).collect();
        let beginning = Value::from(beginning).to_string();
        self.plain("text", beginning.trim_end_matches('"'));
        self.plain("faint", &format!("… {letters} characters"));
    }

    fn line(&mut self, at: usize, depth: usize) {
        self.put(if at == 0 { "\n" } else { ",\n" });
        self.put(&INDENT.repeat(depth));
    }

    fn end(&mut self, bracket: &str, depth: usize) {
        self.put("\n");
        self.put(&INDENT.repeat(depth));
        self.put(bracket);
    }

    fn plain(&mut self, class: &str, text: &str) {
        if class.is_empty() {
            return self.put(text);
        }
        if self.full {
            return;
        }
        self.markup.push_str(&format!("<span class=\"{class}\">"));
        self.put(text);
        self.markup.push_str("</span>");
    }

    fn put(&mut self, text: &str) {
        if self.full {
            return;
        }
        let room = WHOLE - self.letters;
        let letters = text.chars().count();
        self.full = letters > room;
        self.letters += letters.min(room);
        let kept: String = text.chars().take(room).collect();
        self.markup.push_str(&html! { (kept) }.into_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks what is shown, without its markup.
    fn check(text: &str, expected: &str) {
        let shown = show(text, "/whole").into_string();
        let mut plain = String::new();
        let mut inside = false;
        for letter in shown.chars() {
            match letter {
                '<' => inside = true,
                '>' => inside = false,
                _ if !inside => plain.push(letter),
                _ => {}
            }
        }
        assert_eq!(plain, expected, "{shown}");
    }

    #[test]
    fn values_are_indented_and_short_lists_stay_in_a_line() {
        check(
            r#"{"a":[0.9,0.1],"b":{"c":null},"d":[],"e":{}}"#,
            "{\n  &quot;a&quot;: [0.9, 0.1],\n  &quot;b&quot;: {\n    &quot;c&quot;: \
             null\n  },\n  &quot;d&quot;: [],\n  &quot;e&quot;: {}\n}",
        );
    }

    #[test]
    fn long_texts_are_cut_with_a_link_to_the_whole() {
        let text = format!(r#"{{"image_data":"{}"}}"#, "é".repeat(5000));
        let shown = show(&text, "/whole?arn=a&id=1").into_string();
        assert!(shown.contains("… 5000 characters"), "{shown}");
        assert!(shown.contains(r#"<a href="/whole?arn=a&amp;id=1">Show all 10.0 KB</a>"#));
        assert!(shown.len() < 700, "{}", shown.len());
        assert!(!show("{}", "/whole").into_string().contains("/whole"));
    }

    #[test]
    fn a_payload_without_end_is_cut() {
        let items: Vec<String> = (0..20_000).map(|at| format!(r#"{{"n":{at}}}"#)).collect();
        let shown = show(&format!("[{}]", items.join(",")), "/whole").into_string();
        assert!(shown.len() < 60_000, "{}", shown.len());
        assert!(shown.contains("Show all"));
    }

    #[test]
    fn a_functions_message_is_its_cause() {
        let lambda = r#"{"errorType":"E","errorMessage":"too <dark>","stackTrace":[]}"#;
        let shown = cause(lambda, "/whole").into_string();
        assert!(
            shown.contains("<p class=\"cause\">too &lt;dark&gt;</p>") && shown.contains("/whole"),
            "{shown}"
        );
        let long = cause(&"x".repeat(900), "/whole").into_string();
        assert!(
            long.len() < 640 && long.contains("…") && long.contains("/whole"),
            "{long}"
        );
        let plain = cause("it was hot", "").into_string();
        assert_eq!(plain, "<p class=\"cause\">it was hot</p>");
        assert!(cause(r#"{"a":1}"#, "").into_string().contains("<pre"));
    }

    #[test]
    fn nothing_in_a_payload_is_markup() {
        let shown = show(
            r#"{"</span><script>alert(1)</script>":"<img src=x onerror=alert(1)>"}"#,
            "",
        )
        .into_string();
        assert!(
            !shown.contains("<script") && !shown.contains("<img"),
            "{shown}"
        );
        let shown = show("<script>no JSON</script>", "").into_string();
        assert!(!shown.contains("<script"), "{shown}");
    }
}

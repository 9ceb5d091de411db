//! Tests of properties of generated paths.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::store;
use crate::jsonpath::{Budget, Path};

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC*") {
        let _ = Path::parse(&text);
    }

    #[test]
    fn near_paths_never_panic(text in r#"\$[.\[\]'"*?@()0-9:,a-c=<>&|!~/ $-]{0,40}"#) {
        if let Ok(path) = Path::parse(&text) {
            let _ = path.find(&store(), &Budget::new());
        }
    }

    #[test]
    fn paths_made_of_parts_never_panic(parts in prop::collection::vec(prop::sample::select(vec![
        "$", "@", ".book", ".price", "..", "[*]", "[0]", "[-1:]", "[?(", ")]", " == ", " in ", "[1,2]", " \
            && ", "!", "'x'",
        ".sum()", ".length()", ".append(", ")", "/a+/", " =~ ", "['title','price']", "10", "{}", " \
            empty true", " \
            size 2",
    ]), 0..14)) {
        if let Ok(path) = Path::parse(&format!("${}", parts.concat())) {
            let _ = path.find(&store(), &Budget::new());
        }
    }

    /// A path reads as the same path when written in its normal form.
    #[test]
    fn the_normal_form_parses_to_the_same_steps(
        steps in prop::collection::vec(prop_oneof![
            "[a-z]{1,3}".prop_map(|k| format!(".{k}")),
            (-3i32..9).prop_map(|i| format!("[{i}]")),
            Just("[*]".to_owned()), Just("[1:2]".to_owned()), Just("..x".to_owned()), Just("['a','b']".to_owned()),
        ], 0..6)
    ) {
        let path = Path::parse(&format!("${}", steps.concat())).unwrap();
        let again = Path::parse(&path.to_string()).unwrap();
        prop_assert_eq!(path.steps, again.steps);
    }

    /// Whatever a field is called, its name in quotes finds it.
    #[test]
    fn any_name_can_be_quoted(name in "\\PC*") {
        let escaped = name.replace('\\', "\\\\").replace('\'', "\\'");
        let mut fields = serde_json::Map::new();
        fields.insert(name, json!(1));
        let document = Value::Object(fields);
        let path = Path::parse(&format!("$['{escaped}']")).unwrap();
        prop_assert_eq!(path.find(&document, &Budget::new()).map(std::borrow::Cow::into_owned), Ok(json!(1)));
    }
}

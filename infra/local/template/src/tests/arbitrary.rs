//! Text that nobody would write.

use proptest::prelude::*;

use super::own::own_template;
use super::*;

/// Deep documents and references without end, on a test thread's 2 MB stack.
#[test]
fn no_template_takes_the_stack_or_the_memory() {
    let check = |text: &str, expected: &str| {
        let error = load_text(text).unwrap_err();
        assert!(error.ends_with(expected), "{error}");
    };
    check(&"[".repeat(100_000), "not YAML: recursion limit exceeded");
    check(&"[".repeat(200), "nests deeper than 64 levels");
    check(&format!("A: {}", "x".repeat(1_000_000)), "limit");
    let chain = |count: usize, value: fn(usize) -> String| {
        let buckets = (0..count).map(|i| {
            format!(
                "  B{i}: {{Type: AWS::S3::Bucket, Properties: {{BucketName: {}}}}}\n",
                value(i + 1)
            )
        });
        let last = format!("  B{count}: {{Type: AWS::S3::Bucket}}");
        template(&(buckets.collect::<String>() + &last), "")
    };
    check(
        &chain(1000, |next| format!("!Ref B{next}")),
        "Resource B0: nests deeper than 64 levels",
    );
    check(
        &chain(40, |next| format!("!Sub '${{B{next}}}${{B{next}}}'")),
        "its references multiply to more than the reader follows: name fewer of them here",
    );
}

/// Text that looks like a template, to get past the YAML.
fn template_like() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("Resources"),
        Just("Type"),
        Just("Properties"),
        Just("AWS::S3::Bucket"),
        Just("AWS::Serverless::Function"),
        Just("AWS::SageMaker::Endpoint"),
        Just("!Ref"),
        Just("!Sub"),
        Just("!If"),
        Just("!Join"),
        Just("!GetAtt A.Arn"),
        Just("'${A}'"),
        Just("Conditions"),
        Just("Parameters"),
        Just("Outputs"),
        Just("Events"),
        Just("A"),
        Just("Default"),
        Just(": "),
        Just("\n"),
        Just("\n  "),
        Just("\n    "),
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(", "),
        Just("- "),
    ];
    proptest::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in prop_oneof![template_like(), any::<String>()]) {
        let _ = read(&text, Path::new("/nowhere"), &BTreeMap::new(), &Identity::default(), &[]);
    }

    #[test]
    fn substitution_puts_each_value_in(pieces in proptest::collection::vec("[a-z \"{}]{0,6}", 0..6), value in "[a-z$]{0,4}") {
        let values = BTreeMap::from([("Name".to_owned(), value.clone())]);
        let expected = pieces.join(&value);
        prop_assert_eq!(state_machine::substitute(&pieces.join("${Name}"), &values), Ok(expected));
    }

    #[test]
    fn a_broken_copy_of_the_repositorys_template_never_panics(at in 0usize..9000, with in "[ \
        -~\n]{0,3}") {
        let mut text = std::fs::read_to_string(own_template()).unwrap();
        let at = at.min(text.len());
        let end = (at + with.len()).min(text.len());
        if text.is_char_boundary(at) && text.is_char_boundary(end) {
            text.replace_range(at..end, &with);
        }
        let _ = read(&text, Path::new("/nowhere"), &BTreeMap::new(), &Identity::default(), &[]);
    }
}

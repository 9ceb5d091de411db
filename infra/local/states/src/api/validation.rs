//! ValidateStateMachineDefinition.

use asl::{
    Diagnostic, InvalidDefinition, MAX_DEFINITION_BYTES, Severity, StateMachine, WorkflowType,
};
use serde_json::{Value, json};

use super::input::Input;
use crate::error::ApiError;

/// AWS's maximum number of diagnostics, which also applies to larger requests.
const MAX_DIAGNOSTICS: i64 = 100;

pub(super) fn validate(mut input: Input) -> Result<Value, ApiError> {
    let definition = input.data("definition", MAX_DEFINITION_BYTES)?;
    input.require_present("definition", definition.is_some());
    let workflow = match input.choice("type", &["STANDARD", "EXPRESS"])? {
        Some("EXPRESS") => WorkflowType::Express,
        _ => WorkflowType::Standard,
    };
    let severity = input.choice("severity", &["ERROR", "WARNING"])?;
    let max = input.number("maxResults", MAX_DIAGNOSTICS)?.unwrap_or(0);
    input.finish()?;
    let found = match StateMachine::parse_for(&definition.unwrap_or_default(), workflow) {
        Ok(machine) => machine.warnings().to_vec(),
        Err(InvalidDefinition { diagnostics }) => diagnostics,
    };
    let max = if max > 0 { max } else { MAX_DIAGNOSTICS };
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    Ok(findings(found, severity == Some("WARNING"), max))
}

fn findings(mut found: Vec<Diagnostic>, warnings: bool, max: usize) -> Value {
    found.retain(|diagnostic| warnings || diagnostic.severity == Severity::Error);
    let failed = found
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error);
    let truncated = found.len() > max;
    found.truncate(max);
    let diagnostics: Vec<Value> = found.iter().map(|diagnostic| json!(diagnostic)).collect();
    json!({
        "result": if failed { "FAIL" } else { "OK" },
        "diagnostics": diagnostics,
        "truncated": truncated,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_cut_and_sifted() {
        let one = |severity, location: Option<&str>| Diagnostic {
            severity,
            code: "SCHEMA_VALIDATION_FAILED",
            message: "m".into(),
            location: location.map(str::to_owned),
            hint: Some("not AWS's".into()),
            span: None,
        };
        let all = || {
            vec![
                one(Severity::Warning, Some("/a")),
                one(Severity::Error, None),
                one(Severity::Error, Some("/b")),
            ]
        };
        let error =
            json!({ "severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": "m" });
        assert_eq!(
            findings(all(), false, 1),
            json!({ "result": "FAIL", "diagnostics": [error], "truncated": true })
        );
        let warned = findings(all()[..1].to_vec(), true, 100);
        assert_eq!(
            (&warned["result"], &warned["truncated"]),
            (&json!("OK"), &json!(false))
        );
        assert_eq!(warned["diagnostics"][0]["location"], "/a");
        assert_eq!(findings(vec![], false, 100)["result"], "OK");
    }
}

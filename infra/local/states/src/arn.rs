//! The names and ARNs of state machines, executions and activities.
//!
//! | what                | form |
//! |---------------------|------|
//! | state machine       | `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME` |
//! | execution           | `arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME` |
//! | child execution     | `arn:aws:states:REGION:ACCOUNT:execution:MACHINE/LABEL:NAME` |
//! | map run             | `arn:aws:states:REGION:ACCOUNT:mapRun:MACHINE/LABEL:UUID` |
//! | express execution   | `arn:aws:states:REGION:ACCOUNT:express:MACHINE:NAME:UUID` |
//! | activity            | `arn:aws:states:REGION:ACCOUNT:activity:NAME` |
//!
//! Versions and aliases add `:VERSION` or `:ALIAS` to the state machine's. A version is a number,
//! and an alias has a character that is none of one, so that they can't be mistaken for each other.

use super::error::ApiError;
use service::Identity;

/// The resource part of an ARN of this service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Arn<'a> {
    /// A state machine, by name.
    Machine { name: &'a str },
    /// A version or an alias of a state machine.
    Qualified { name: &'a str, qualifier: &'a str },
    /// An execution of a STANDARD state machine.
    Execution { machine: &'a str, name: &'a str },
    /// An execution of an EXPRESS state machine.
    Express,
    /// An activity, by name.
    Activity { name: &'a str },
    /// A map run, or a kind that this service does not know.
    Other(&'a str),
}

/// The qualifier after the name of a state machine in an ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Qualifier {
    Version(i64),
    Alias(String),
}

impl Qualifier {
    /// A number is a version, all else an alias.
    pub(super) fn parse(text: &str) -> Self {
        text.parse()
            .map_or_else(|_| Qualifier::Alias(text.to_owned()), Qualifier::Version)
    }
}

impl Arn<'_> {
    /// The resource type, as it stands in the ARN.
    pub(super) fn kind(&self) -> &str {
        match self {
            Arn::Machine { .. } | Arn::Qualified { .. } => "stateMachine",
            Arn::Execution { .. } => "execution",
            Arn::Express => "express",
            Arn::Activity { .. } => "activity",
            Arn::Other(kind) => kind,
        }
    }
}

/// Parses an ARN of this service. [`is_local`] checks its account and region.
pub(super) fn parse(arn: &str) -> Result<Arn<'_>, ApiError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [prefix, _partition, service, _region, _account, resource] = parts[..] else {
        return Err(ApiError::InvalidArn(format!("Invalid ARN prefix: {arn}")));
    };
    if prefix != "arn" || service != "states" {
        return Err(ApiError::InvalidArn(format!("Invalid ARN prefix: {arn}")));
    }
    let resource: Vec<&str> = resource.split(':').collect();
    Ok(match resource[..] {
        ["stateMachine", name] => Arn::Machine { name },
        ["stateMachine", name, qualifier] => Arn::Qualified { name, qualifier },
        ["execution", machine, name] => Arn::Execution { machine, name },
        ["express", _, _, _] => Arn::Express,
        ["activity", name] => Arn::Activity { name },
        [kind, ..] => Arn::Other(kind),
        [] => Arn::Other(""),
    })
}

/// Returns true if the ARN belongs to the account and region of this stack.
pub(super) fn is_local(arn: &str, identity: &Identity) -> bool {
    let ours = identity.arn("states", "");
    arn.starts_with(&ours)
}

/// The error for an ARN of the wrong kind.
pub(super) fn wrong_kind(arn: &Arn<'_>) -> ApiError {
    let kind = arn.kind();
    ApiError::InvalidArn(format!("Resource type not valid in this context: {kind}"))
}

pub(super) fn machine(identity: &Identity, name: &str) -> String {
    identity.arn("states", &format!("stateMachine:{name}"))
}

/// A version or an alias of a state machine.
pub(super) fn qualified(
    identity: &Identity,
    name: &str,
    qualifier: impl std::fmt::Display,
) -> String {
    identity.arn("states", &format!("stateMachine:{name}:{qualifier}"))
}

pub(super) fn activity(identity: &Identity, name: &str) -> String {
    identity.arn("states", &format!("activity:{name}"))
}

pub(super) fn execution(identity: &Identity, machine: &str, name: &str) -> String {
    identity.arn("states", &format!("execution:{machine}:{name}"))
}

/// The ARN of a map run; `machine` is `MACHINE/LABEL`.
pub(super) fn map_run(identity: &Identity, machine: &str, uuid: &str) -> String {
    identity.arn("states", &format!("mapRun:{machine}:{uuid}"))
}

/// The last part of a map run's ARN.
pub(super) fn map_run_uuid(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or_default()
}

/// The ARN of an execution of the state machine, version or alias that `machine_arn` names.
pub(super) fn execution_of(machine_arn: &str, name: &str) -> Result<String, ApiError> {
    let (Arn::Machine { name: machine } | Arn::Qualified { name: machine, .. }) =
        parse(machine_arn)?
    else {
        return Err(ApiError::InvalidArn(format!(
            "Invalid State Machine Arn: {machine_arn}"
        )));
    };
    let prefix: String = machine_arn.split_inclusive(':').take(5).collect();
    Ok(format!("{prefix}execution:{machine}:{name}"))
}

pub(super) fn express(identity: &Identity, machine: &str, name: &str) -> String {
    let unique = uuid::Uuid::new_v4();
    identity.arn("states", &format!("express:{machine}:{name}:{unique}"))
}

/// The name of a state machine, an execution or an activity, without the characters that AWS
/// forbids.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html>
pub(super) fn check_name(name: &str) -> Result<(), ApiError> {
    let forbidden = |letter: char| {
        letter.is_whitespace()
            || letter.is_control()
            || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(letter)
            || matches!(letter, '\u{fffe}' | '\u{ffff}')
    };
    if name.contains(forbidden) {
        return Err(ApiError::InvalidName(name.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arn: &str, expected: &str) {
        let got = match parse(arn) {
            Ok(arn) => format!("{arn:?}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expected, "{arn}");
    }

    #[test]
    fn kinds() {
        let arn = |resource: &str| Identity::default().arn("states", resource);
        check(&arn("stateMachine:a.b"), r#"Machine { name: "a.b" }"#);
        check(
            &arn("stateMachine:a:1"),
            r#"Qualified { name: "a", qualifier: "1" }"#,
        );
        check(
            &arn("execution:a:b"),
            r#"Execution { machine: "a", name: "b" }"#,
        );
        check(&arn("express:a:b:c"), "Express");
        check(&arn("activity:a"), r#"Activity { name: "a" }"#);
        check(&arn("activity:a:b"), r#"Other("activity")"#);
        check(&arn(""), r#"Other("")"#);
    }

    #[test]
    fn what_is_no_arn_of_this_service() {
        check("nonsense", "Invalid Arn: 'Invalid ARN prefix: nonsense'");
        check(
            "arn:aws:states:us-east-1",
            "Invalid Arn: 'Invalid ARN prefix: arn:aws:states:us-east-1'",
        );
        check(
            "arn:aws:s3:::b:k",
            "Invalid Arn: 'Invalid ARN prefix: arn:aws:s3:::b:k'",
        );
    }

    #[test]
    fn other_accounts_and_regions_are_elsewhere() {
        let here = Identity::default();
        assert!(is_local(&machine(&here, "m"), &here));
        assert!(!is_local(
            "arn:aws:states:eu-west-1:123456789012:stateMachine:m",
            &here
        ));
        assert!(!is_local(
            "arn:aws:states:us-east-1:999999999999:stateMachine:m",
            &here
        ));
    }

    #[test]
    fn names() {
        for good in ["a", "a.b-c_D", "état", "(x)", "a@b!'=+"] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in [
            "a b", "a:b", "a/b", "a\u{7f}", "a\u{85}", "<", "a*", "a$", "\"", "a\\b", "a\n",
        ] {
            let error = check_name(bad).unwrap_err();
            assert_eq!(error.to_string(), format!("Invalid Name: '{bad}'"));
        }
    }
}

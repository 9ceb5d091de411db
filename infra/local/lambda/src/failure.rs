//! The failures of an invocation in the function, as the caller and the log see them.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

/// The largest answer of a function, in bytes: AWS's six megabytes, and a hundred bytes that its
/// own text adds.
pub(super) const MAX_RESPONSE: usize = 6_291_556;

/// The reason that a function returned no result.
#[derive(Debug)]
pub(super) enum Failure {
    /// The program could not be started.
    Entrypoint {
        /// The program.
        program: String,
        /// Why.
        cause: std::io::Error,
    },
    /// The runtime reported an error, of the invocation or of its own start.
    Reported {
        /// The `Lambda-Runtime-Function-Error-Type` header.
        error_type: String,
        /// The error object as the runtime wrote it; may be empty.
        body: Bytes,
    },
    /// The answer was longer than [`MAX_RESPONSE`].
    TooLarge,
    /// The process ended.
    Exit(ExitStatus),
    /// The function's timeout, which it outlived.
    TimedOut(Duration),
}

impl Failure {
    /// AWS's name for it.
    pub(super) fn error_type(&self) -> &str {
        match self {
            Self::Entrypoint { .. } => "Runtime.InvalidEntrypoint",
            Self::Reported { error_type, .. } => error_type,
            Self::TooLarge => "Function.ResponseSizeTooLarge",
            Self::Exit(_) => "Runtime.ExitError",
            Self::TimedOut(_) => "Sandbox.Timedout",
        }
    }

    /// The error object that the caller gets as the payload.
    pub(super) fn payload(&self, request_id: &str) -> Bytes {
        let message = match self {
            Self::Reported { body, .. } if !body.is_empty() => return body.clone(),
            Self::TooLarge => self.text(),
            Self::Reported { .. } => String::new(),
            _ => format!("RequestId: {request_id} Error: {}", self.text()),
        };
        let object = json!({ "errorType": self.error_type(), "errorMessage": message });
        object.to_string().into()
    }

    /// Returns the lines for the log, except those that the runtime has already written.
    pub(super) fn log_lines(&self, request_id: &str) -> Vec<String> {
        match self {
            Self::Reported { .. } => Vec::new(),
            Self::TimedOut(_) => vec![format!("{request_id} {}", self.text())],
            _ => vec![
                format!("RequestId: {request_id} Error: {}", self.text()),
                self.error_type().to_owned(),
            ],
        }
    }

    /// Returns the end of the REPORT line.
    pub(super) fn report(&self) -> String {
        match self {
            Self::TimedOut(_) => "Status: timeout".into(),
            _ => format!("Status: error\tError Type: {}", self.error_type()),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Entrypoint { program, cause } => {
                format!("fork/exec {program}: {}", lower_case(cause))
            }
            Self::Reported { error_type, .. } => error_type.clone(),
            Self::TooLarge => format!(
                "Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE} \
                 bytes)."
            ),
            Self::Exit(status) => exit_text(*status),
            Self::TimedOut(timeout) => {
                format!("Task timed out after {:.2} seconds", timeout.as_secs_f64())
            }
        }
    }
}

/// Go's words for the usual causes, which are lower case and without Rust's `(os error 2)`.
fn lower_case(cause: &std::io::Error) -> String {
    let text = cause.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

fn exit_text(status: ExitStatus) -> String {
    let reason = match (status.code(), status.signal()) {
        (Some(0), _) => return "Runtime exited without providing a reason".into(),
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal: {}", signal_name(signal)),
        (None, None) => status.to_string(),
    };
    let core = if status.core_dumped() {
        " (core dumped)"
    } else {
        ""
    };
    format!("Runtime exited with error: {reason}{core}")
}

/// The signal's name as Go prints it, since AWS's supervisor is a Go program.
fn signal_name(signal: i32) -> String {
    use rustix::process::Signal;
    let names = [
        (Signal::HUP, "hangup"),
        (Signal::INT, "interrupt"),
        (Signal::QUIT, "quit"),
        (Signal::ILL, "illegal instruction"),
        (Signal::TRAP, "trace/breakpoint trap"),
        (Signal::ABORT, "aborted"),
        (Signal::BUS, "bus error"),
        (Signal::FPE, "floating point exception"),
        (Signal::KILL, "killed"),
        (Signal::USR1, "user defined signal 1"),
        (Signal::SEGV, "segmentation fault"),
        (Signal::USR2, "user defined signal 2"),
        (Signal::PIPE, "broken pipe"),
        (Signal::ALARM, "alarm clock"),
        (Signal::TERM, "terminated"),
    ];
    let known = names.iter().find(|(known, _)| known.as_raw() == signal);
    known.map_or_else(|| format!("signal {signal}"), |(_, name)| (*name).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(failure: &Failure, payload: &str) {
        assert_eq!(failure.payload("id-1"), Bytes::from(payload.to_owned()));
    }

    /// Builds a failure from a `wait` status: the exit code in the second byte, a signal in the
    /// first.
    fn exit(status: i32) -> Failure {
        Failure::Exit(ExitStatus::from_raw(status))
    }

    #[test]
    fn errors_read_as_aws_writes_them() {
        let error =
            |kind: &str, text: &str| format!(r#"{{"errorType":"{kind}","errorMessage":"{text}"}}"#);
        let exited = |text| {
            let text = format!("RequestId: id-1 Error: Runtime exited {text}");
            error("Runtime.ExitError", text.as_str())
        };
        check(&exit(1 << 8), &exited("with error: exit status 1"));
        check(&exit(0), &exited("without providing a reason"));
        check(&exit(9), &exited("with error: signal: killed"));
        check(
            &exit(6 | 0x80),
            &exited("with error: signal: aborted (core dumped)"),
        );
        check(
            &Failure::TimedOut(Duration::from_secs(3)),
            &error(
                "Sandbox.Timedout",
                "RequestId: id-1 Error: Task timed out after 3.00 seconds",
            ),
        );
        check(
            &Failure::Entrypoint {
                program: "/bootstrap".into(),
                cause: std::io::Error::from_raw_os_error(2),
            },
            &error(
                "Runtime.InvalidEntrypoint",
                "RequestId: id-1 Error: fork/exec /bootstrap: no such file or directory",
            ),
        );
        check(
            &Failure::TooLarge,
            &error(
                "Function.ResponseSizeTooLarge",
                "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
            ),
        );
    }

    #[test]
    fn a_reported_error_passes_through_unchanged() {
        let reported = |body: &'static str| Failure::Reported {
            error_type: "Unhandled".into(),
            body: Bytes::from_static(body.as_bytes()),
        };
        check(
            &reported(r#"{"errorType":"X","a":1}"#),
            r#"{"errorType":"X","a":1}"#,
        );
        check(
            &reported(""),
            r#"{"errorType":"Unhandled","errorMessage":""}"#,
        );
    }
}

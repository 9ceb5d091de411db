//! `scones validate`: what is wrong or odd in state machine definitions.

use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use asl::{Diagnostic, DiagnosticReport, InvalidDefinition, Severity, StateMachine, WorkflowType};
use serde_json::{Value, json};
use service::Identity;

use crate::cli;

/// A definition to validate.
struct Definition {
    /// Its name in what is printed.
    name: String,
    text: String,
    workflow: WorkflowType,
}

/// Runs the verb.
pub(crate) fn run(options: &cli::Validate) -> anyhow::Result<ExitCode> {
    let color = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut out = std::io::stdout().lock();
    let (mut errors, mut warnings) = (0, 0);
    for file in &options.files {
        for definition in definitions(file, options)? {
            for diagnostic in findings(&definition) {
                match diagnostic.severity {
                    Severity::Error => errors += 1,
                    Severity::Warning => warnings += 1,
                }
                if options.json {
                    writeln!(out, "{}", as_json(&definition, &diagnostic))?;
                } else {
                    let rendered = DiagnosticReport {
                        name: &definition.name,
                        text: &definition.text,
                        diagnostic: &diagnostic,
                        color,
                    };
                    writeln!(out, "{rendered}\n")?;
                }
            }
        }
    }
    if !options.json {
        let (errors, warnings) = (counted(errors, "error"), counted(warnings, "warning"));
        writeln!(out, "{errors}, {warnings}")?;
    }
    Ok(if errors > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// `1 error`, `2 errors`
fn counted(number: u32, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}

fn definitions(file: &Path, options: &cli::Validate) -> anyhow::Result<Vec<Definition>> {
    let yaml = |end: &std::ffi::OsStr| end == "yaml" || end == "yml";
    if file.extension().is_some_and(yaml) {
        return of_template(file, options);
    }
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin()
            .read_to_string(&mut text)
            .context("standard input")?;
    } else {
        text = std::fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
    }
    Ok(vec![Definition {
        name: file.display().to_string(),
        text,
        workflow: match options.machine_type {
            cli::MachineType::Standard => WorkflowType::Standard,
            cli::MachineType::Express => WorkflowType::Express,
        },
    }])
}

/// The definitions of a template's state machines, with their substitutions put in.
fn of_template(file: &Path, options: &cli::Validate) -> anyhow::Result<Vec<Definition>> {
    let parameters = options.parameters.iter().cloned().collect();
    let application = sam_template::load(file, &parameters, &Identity::default(), &[])
        .with_context(|| format!("{}", file.display()))?;
    let machines = application.state_machines.into_iter();
    Ok(machines
        .map(|machine| Definition {
            name: format!("{} ({})", file.display(), machine.logical_id),
            text: machine.definition,
            workflow: if machine.express {
                WorkflowType::Express
            } else {
                WorkflowType::Standard
            },
        })
        .collect())
}

fn findings(definition: &Definition) -> Vec<Diagnostic> {
    match StateMachine::parse_for(&definition.text, definition.workflow) {
        Ok(machine) => machine.warnings().to_vec(),
        Err(InvalidDefinition { diagnostics }) => diagnostics,
    }
}

/// AWS's fields, and what it does not have: the file, line and column, and the hint.
fn as_json(definition: &Definition, diagnostic: &Diagnostic) -> Value {
    let mut value = json!(diagnostic);
    value["file"] = json!(definition.name);
    if let Some(position) = diagnostic.line_column(&definition.text) {
        value["line"] = json!(position.line);
        value["column"] = json!(position.column);
    }
    if let Some(hint) = &diagnostic.hint {
        value["hint"] = json!(hint);
    }
    value
}

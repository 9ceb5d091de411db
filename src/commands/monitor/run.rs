//! `scones monitor run`: compares captured traffic with the baseline, for people, scripts and
//! CloudWatch.

use std::io::IsTerminal;
use std::process::ExitCode;

use monitor::findings::{Findings, Status};
use monitor::metrics;

use super::{Session, comparison};
use crate::cli::monitor::Run;

/// Exit status where something is not as in the baseline.
const VIOLATIONS: u8 = 2;

/// Exit status where nothing could be told.
const NOTHING: u8 = 3;

pub(super) async fn run(args: &Run) -> anyhow::Result<ExitCode> {
    let session = Session::open(&args.of, args.look.variant.as_deref()).await?;
    let compared = comparison::compare(&session, &args.look).await?;
    let endpoint = &args.of.endpoint;
    let folder = session.job.publish(&compared.report(endpoint)).await?;
    // Metrics are for programs, and all else is for people.
    println!(
        "{}",
        metrics::line(endpoint, compared.window.to(), &compared.findings)
    );
    print_findings(&compared.findings);
    eprintln!("{}", session.job.bucket.uri(&folder));
    Ok(exit_code(&compared.findings))
}

fn exit_code(findings: &Findings) -> ExitCode {
    match findings.status() {
        Status::Completed => ExitCode::SUCCESS,
        Status::CompletedWithViolations => ExitCode::from(VIOLATIONS),
        Status::NothingToTest => ExitCode::from(NOTHING),
    }
}

fn print_findings(findings: &Findings) {
    eprintln!("{} answers", findings.statistics.dataset.item_count);
    for test in &findings.tests {
        match &test.outcome {
            Err(reason) => eprintln!("  {:18} not computed: {reason}", test.feature),
            Ok(outcome) => eprintln!(
                "  {:18} difference {:5.3}   probability by chance {:>5}{}",
                test.feature,
                outcome.distance,
                probability(outcome.adjusted_p_value),
                if outcome.is_violation {
                    "   VIOLATION"
                } else {
                    ""
                }
            ),
        }
    }
    for violation in &findings.violations {
        let (name, description) = (&violation.feature_name, &violation.description);
        eprintln!("{}", paragraph(&format!("{name}: {description}")));
    }
    for note in &findings.notes {
        eprintln!("{}", paragraph(note));
    }
    if findings.skipped.lines > 0 {
        eprintln!("{}", paragraph(&findings.skipped.to_string()));
    }
}

/// A sentence in lines of 80 columns on a terminal; whoever reads a file searches it by lines.
fn paragraph(text: &str) -> String {
    if std::io::stderr().is_terminal() {
        textwrap::fill(text, textwrap::Options::new(80).subsequent_indent("  "))
    } else {
        text.to_owned()
    }
}

/// A p-value with the digits that mean something.
fn probability(p: f64) -> String {
    if p < 0.001 {
        format!("{p:.0e}")
    } else {
        format!("{p:.3}")
    }
}

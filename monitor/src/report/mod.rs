//! Renders a run as one self-contained HTML file: no scripts, fonts or requests. Plots are inline
//! SVG, images inline PNG.

mod figures;
mod gallery;
mod style;
mod tables;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::baseline::Baseline;
use crate::findings::{Findings, Status};
use crate::observed::Observed;
use crate::stats::proportion::{Interval, Proportion};
use crate::window::Window;

/// A report of a run.
pub struct Report<'a> {
    /// The endpoint's name.
    pub endpoint: &'a str,
    /// The monitored window.
    pub window: Window,
    /// The baseline.
    pub baseline: &'a Baseline,
    /// The window's data.
    pub observed: &'a Observed,
    /// The findings.
    pub findings: &'a Findings,
}

/// A plot as a standalone file.
pub struct PlotFile {
    /// Its name, without an extension.
    pub name: &'static str,
    /// A caption of one line.
    pub title: &'static str,
    /// An SVG file, styled for light and dark.
    pub svg: String,
}

impl Report<'_> {
    /// Returns the plots, in the order of the report.
    pub fn figures(&self) -> Vec<PlotFile> {
        let figures = figures::all(self)
            .into_iter()
            .map(|(name, title, svg)| PlotFile {
                name,
                title,
                svg: svg.to_document(),
            });
        figures.collect()
    }

    /// Renders the report as a page.
    pub fn html(&self) -> String {
        let title = format!("{}: model monitoring", self.endpoint);
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (title) }
                    style { (PreEscaped(style::PAGE)) (PreEscaped(plots::STYLE)) }
                }
                body {
                    header {
                        h1 { (self.endpoint) }
                        p.window { (time(self.window.from())) " to " (time(self.window.to())) " UTC" }
                    }
                    main {
                        (self.verdict())
                        (self.figures_of_merit())
                        @for (_, title, svg) in figures::all(self) {
                            section { h2 { (title) } div.plot { (PreEscaped(svg.to_inline())) } }
                        }
                        (tables::tests(self))
                        (tables::quality(self))
                        (gallery::all(self))
                        (tables::small_print(self))
                    }
                }
            }
        };
        page.into_string()
    }

    /// Renders the summary at the top of the page.
    fn verdict(&self) -> Markup {
        let violations = &self.findings.violations;
        let (class, text) = match self.findings.status() {
            Status::Completed => ("good", "The model sees what it was tested on.".to_owned()),
            Status::CompletedWithViolations if violations.len() == 1 => {
                ("bad", "One thing is not as in the baseline.".to_owned())
            }
            Status::CompletedWithViolations => (
                "bad",
                format!("{} things are not as in the baseline.", violations.len()),
            ),
            Status::NothingToTest => ("unknown", "There were too few answers to tell.".to_owned()),
        };
        html! {
            section.verdict.(class) {
                p.headline { (text) }
                @if !violations.is_empty() {
                    ul { @for violation in violations {
                        li { strong { (name(&violation.feature_name)) } ": " (short(&violation.description)) "." }
                    } }
                }
                @for note in &self.findings.notes { p { (note) "." } }
            }
        }
    }

    fn figures_of_merit(&self) -> Markup {
        let observed = self.observed;
        let test = |feature: &str| {
            self.findings
                .tests
                .iter()
                .find(|test| test.feature == feature)
        };
        let outcome = |feature: &str| test(feature).and_then(|test| test.outcome.as_ref().ok());
        let before = |feature: &str| outcome(feature).and_then(|outcome| outcome.before);
        let estimated = outcome("estimated_accuracy").and_then(|outcome| outcome.now);
        let accuracy = self
            .findings
            .quality
            .as_ref()
            .map(|quality| quality.accuracy);
        let none = "no labels yet";
        html! {
            section.merits {
                (merit("answers", &group(observed.answers), &format!("{} with an image", group(observed.inputs))))
                (merit_of("pass the gate", Some(Proportion::new(observed.passed, observed.answers).interval()), before("pass_rate"), "no \
                    answers"))
                (merit_of("estimated accuracy", estimated, before("estimated_accuracy"), "not \
                    estimated"))
                (merit_of("accuracy by labels", accuracy, before("accuracy"), none))
            }
        }
    }
}

fn merit(what: &str, value: &str, more: &str) -> Markup {
    html! { div.merit { span.what { (what) } span.value { (value) } span.more { (more) } } }
}

fn merit_of(what: &str, now: Option<Interval>, before: Option<f64>, none: &str) -> Markup {
    let Some(Interval { value, low, high }) = now else {
        return merit(what, "–", none);
    };
    let before = before
        .map(|before| format!(", baseline {}", percent(before)))
        .unwrap_or_default();
    merit(
        what,
        &percent(value),
        &format!("{} to {}{before}", percent(low), percent(high)),
    )
}

/// Describes a violation without its p-value, which the table of tests has.
fn short(description: &str) -> &str {
    description
        .split_once("; by chance")
        .map_or(description, |(short, _)| short)
}

/// Returns a readable name of a feature.
fn name(feature: &str) -> String {
    match feature {
        "prediction" => "predicted classes".to_owned(),
        other => other.replace('_', " "),
    }
}

fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

/// Formats an integer with thousands separators.
fn group(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    groups.join(",")
}

fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M")
        .to_string()
}

//! The lines that Lambda itself writes to a function's log: START, END, REPORT.

use std::time::Duration;

use crate::failure::Failure;
use crate::name::LATEST;

/// The line before an invocation.
pub(super) fn start(request_id: &str) -> String {
    format!("START RequestId: {request_id} Version: {LATEST}")
}

/// The data of a REPORT line.
#[derive(Debug)]
pub(super) struct Report<'a> {
    request_id: &'a str,
    memory_mb: u32,
    duration: Duration,
    /// Set for a cold start.
    pub(super) init: Option<Duration>,
    /// The peak memory in bytes.
    pub(super) peak_memory: Option<u64>,
}

impl<'a> Report<'a> {
    pub(super) fn new(request_id: &'a str, memory_mb: u32, duration: Duration) -> Self {
        Self {
            request_id,
            memory_mb,
            duration,
            init: None,
            peak_memory: None,
        }
    }

    /// Returns the lines after an invocation. `unseen` means that it failed before the function saw
    /// it, so START has not been logged.
    pub(super) fn lines(&self, failure: Option<&Failure>, unseen: bool) -> Vec<String> {
        let id = self.request_id;
        let mut lines = Vec::new();
        if unseen {
            lines.push(start(id));
        }
        lines.extend(
            failure
                .into_iter()
                .flat_map(|failure| failure.log_lines(id)),
        );
        lines.push(format!("END RequestId: {id}"));
        lines.push(self.report(failure));
        lines
    }

    fn report(&self, failure: Option<&Failure>) -> String {
        let billed = self.duration + self.init.unwrap_or_default();
        let mut fields = vec![
            format!("REPORT RequestId: {}", self.request_id),
            format!("Duration: {:.2} ms", milliseconds(self.duration)),
            format!("Billed Duration: {:.0} ms", milliseconds(billed).ceil()),
            format!("Memory Size: {} MB", self.memory_mb),
        ];
        let peak = self.peak_memory.map(|bytes| bytes.div_ceil(1024 * 1024));
        fields.extend(peak.map(|peak| format!("Max Memory Used: {peak} MB")));
        let init = self.init.map(milliseconds);
        fields.extend(init.map(|init| format!("Init Duration: {init:.2} ms")));
        fields.extend(failure.map(Failure::report));
        fields.join("\t")
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_read_as_in_cloudwatch() {
        let report = Report {
            init: Some(Duration::from_micros(12_340)),
            peak_memory: Some(31 * 1024 * 1024 + 1),
            ..Report::new("id-1", 128, Duration::from_micros(1_500))
        };
        assert_eq!(
            report.lines(None, false),
            [
                "END RequestId: id-1",
                "REPORT RequestId: id-1\tDuration: 1.50 ms\tBilled Duration: 14 ms\tMemory Size: \
                 128 MB\tMax Memory Used: 32 MB\tInit Duration: 12.34 ms",
            ]
        );
    }

    #[test]
    fn a_timeout_is_told_before_the_end() {
        let timeout = Failure::TimedOut(Duration::from_secs(3));
        let report = Report::new("id-1", 128, Duration::from_secs(3));
        assert_eq!(
            report.lines(Some(&timeout), true),
            [
                "START RequestId: id-1 Version: $LATEST",
                "id-1 Task timed out after 3.00 seconds",
                "END RequestId: id-1",
                "REPORT RequestId: id-1\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory \
                 Size: 128 MB\tStatus: timeout",
            ]
        );
    }
}

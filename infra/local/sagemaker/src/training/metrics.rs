//! Metrics: what `MetricDefinitions` find in the log.

use jiff::Timestamp;
use regex_lite::Regex;

use super::progress::Metric;

/// The definitions, and the last value of each.
pub(super) struct Metrics<'d> {
    definitions: &'d [(String, Regex)],
    last: Vec<Option<(f64, Timestamp)>>,
}

impl<'d> Metrics<'d> {
    pub(super) fn new(definitions: &'d [(String, Regex)]) -> Self {
        Self {
            definitions,
            last: vec![None; definitions.len()],
        }
    }

    /// Looks for values in a line: a definition's first group is the value.
    ///
    /// A tab is `#011`, as in CloudWatch's logs: the definitions of AWS's built-in XGBoost are
    /// `.*\[[0-9]+\].*#011validation-rmse:(\S+)`.
    pub(super) fn read(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line).replace('\t', "#011");
        for ((_, regex), last) in self.definitions.iter().zip(&mut self.last) {
            for found in regex.captures_iter(&line) {
                let value = found.get(1).and_then(|group| group.as_str().parse().ok());
                if let Some(value) = value {
                    *last = Some((value, Timestamp::now()));
                }
            }
        }
    }

    /// Returns the FinalMetricDataList.
    pub(super) fn last(self) -> Vec<Metric> {
        let named = self.definitions.iter().zip(self.last);
        let seen = named.filter_map(|((name, _), last)| {
            let (value, at) = last?;
            Some(Metric {
                name: name.clone(),
                value,
                at,
            })
        });
        seen.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_each_counts() {
        let metric = |name: &str, regex: &str| (name.to_owned(), Regex::new(regex).unwrap());
        let definitions = [
            metric("accuracy", "accuracy=([0-9.]+)"),
            metric("loss", r"loss: (-?[0-9.]+(?:e-?\d+)?)"),
            metric(
                "validation:rmse",
                r".*\[[0-9]+\].*#011validation-rmse:(\S+)",
            ),
            metric("unseen", "never=(.*)"),
            metric("groupless", "accuracy"),
        ];
        let mut metrics = Metrics::new(&definitions);
        for line in [
            "accuracy=0.5 loss: 1e-3",
            "accuracy=0.75",
            "[0]\ttrain-rmse:1.23\tvalidation-rmse:1.34",
            "accuracy=.",
            "\u{fffd}",
        ] {
            metrics.read(line.as_bytes());
        }
        let last: Vec<(String, f64)> = metrics
            .last()
            .into_iter()
            .map(|m| (m.name, m.value))
            .collect();
        assert_eq!(
            last,
            [
                ("accuracy".to_owned(), 0.75),
                ("loss".to_owned(), 0.001),
                ("validation:rmse".to_owned(), 1.34)
            ]
        );
    }
}

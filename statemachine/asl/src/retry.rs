//! `Retry` and `Catch`: the rules, the errors that they take, and the back-off.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>

use crate::Failure;
use crate::assign::Assign;
use crate::fault::names;
use crate::input_output::ResultPath;
use crate::random::Random;
use crate::template::Template;
use crate::transition::StateId;

/// The name that stands for an error without one.
const UNNAMED: &str = "";

/// `ErrorEquals`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ErrorNames(pub(crate) Vec<Box<str>>);

/// One element of `Retry`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Retrier {
    pub(crate) errors: ErrorNames,
    pub(crate) interval_seconds: f64,
    pub(crate) max_attempts: u32,
    pub(crate) backoff_rate: f64,
    pub(crate) max_delay_seconds: Option<f64>,
    pub(crate) full_jitter: bool,
}

/// One element of `Catch`.
#[derive(Debug)]
pub(crate) struct Catcher {
    pub(crate) errors: ErrorNames,
    pub(crate) result_path: ResultPath,
    /// JSONata's `Output`.
    pub(crate) output: Option<Template>,
    pub(crate) assign: Assign,
    pub(crate) next: StateId,
}

impl ErrorNames {
    /// Returns true if a rule with these names takes `failure`. `States.Runtime` is never taken.
    pub(crate) fn match_failure(&self, failure: &Failure) -> bool {
        let error = failure.error.as_deref().unwrap_or(UNNAMED);
        error != names::RUNTIME && self.0.iter().any(|name| matches(name, error))
    }
}

fn matches(name: &str, error: &str) -> bool {
    let timeout = matches!(error, names::TIMEOUT | names::HEARTBEAT_TIMEOUT);
    match name {
        names::ALL => true,
        names::TASK_FAILED => !timeout,
        names::TIMEOUT => timeout,
        _ => name == error,
    }
}

impl Retrier {
    /// Returns the wait before the retry that follows `attempts` earlier ones by this rule.
    pub(crate) fn delay_seconds(&self, attempts: u32, random: &mut Random) -> f64 {
        let exponent = i32::try_from(attempts).unwrap_or(i32::MAX);
        let grown = self.interval_seconds * self.backoff_rate.powi(exponent);
        let capped = self.max_delay_seconds.map_or(grown, |max| grown.min(max));
        if self.full_jitter {
            capped * random.unit()
        } else {
            capped
        }
    }
}

/// Returns the index and delay of the rule that retries `failure`: the first that names it, unless
/// its attempts are used up. `attempts` counts the retries of each rule so far; a rule beyond its
/// end has none.
pub(crate) fn next_retry(
    retriers: &[Retrier],
    attempts: &[u32],
    failure: &Failure,
    random: &mut Random,
) -> Option<(usize, f64)> {
    let index = retriers
        .iter()
        .position(|r| r.errors.match_failure(failure))?;
    let (retrier, done) = (&retriers[index], attempts.get(index).copied().unwrap_or(0));
    (done < retrier.max_attempts).then(|| (index, retrier.delay_seconds(done, random)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn failure(error: &str) -> Failure {
        Failure {
            error: Some(error.into()),
            cause: None,
        }
    }

    fn retrier(names: &[&str], interval: f64, max: u32, rate: f64) -> Retrier {
        Retrier {
            errors: ErrorNames(names.iter().map(|n| (*n).into()).collect()),
            interval_seconds: interval,
            max_attempts: max,
            backoff_rate: rate,
            max_delay_seconds: None,
            full_jitter: false,
        }
    }

    #[test]
    fn names_match_as_aws_documents() {
        let check = |name: &str, error: &str, expect: bool| {
            let names = ErrorNames(vec![name.into()]);
            assert_eq!(
                names.match_failure(&failure(error)),
                expect,
                "{name} {error}"
            );
        };
        check("Boom", "Boom", true);
        check("Boom", "boom", false);
        check("States.ALL", "Boom", true);
        check("States.ALL", "States.Timeout", true);
        check("States.ALL", "States.DataLimitExceeded", true);
        check("States.ALL", "States.Runtime", false);
        check("States.Runtime", "States.Runtime", false);
        check("States.TaskFailed", "Boom", true);
        check("States.TaskFailed", "States.Timeout", false);
        check("States.TaskFailed", "States.HeartbeatTimeout", false);
        check("States.Timeout", "States.Timeout", true);
        check("States.Timeout", "States.HeartbeatTimeout", true);
        check("States.HeartbeatTimeout", "States.Timeout", false);
    }

    #[test]
    fn an_error_without_a_name_is_only_taken_by_the_wildcards() {
        let nameless = Failure::default();
        assert!(ErrorNames(vec!["States.ALL".into()]).match_failure(&nameless));
        assert!(ErrorNames(vec!["States.TaskFailed".into()]).match_failure(&nameless));
        assert!(!ErrorNames(vec!["Boom".into()]).match_failure(&nameless));
    }

    #[test]
    fn delays_grow_by_the_rate_up_to_the_cap() {
        let mut rule = retrier(&["States.ALL"], 3.0, 9, 2.0);
        let mut random = Random::new(1);
        let mut delays = |rule: &Retrier| -> Vec<f64> {
            (0..4).map(|n| rule.delay_seconds(n, &mut random)).collect()
        };
        assert_eq!(delays(&rule), [3.0, 6.0, 12.0, 24.0]);
        rule.max_delay_seconds = Some(10.0);
        assert_eq!(delays(&rule), [3.0, 6.0, 10.0, 10.0]);
        rule.backoff_rate = 1.0;
        assert_eq!(delays(&rule), [3.0, 3.0, 3.0, 3.0]);
    }

    #[test]
    fn the_first_rule_that_names_the_error_decides_alone() {
        let rules = [
            retrier(&["A"], 1.0, 1, 1.0),
            retrier(&["B"], 2.0, 3, 1.0),
            retrier(&["States.ALL"], 5.0, 3, 1.0),
        ];
        let mut random = Random::new(1);
        let mut next = |attempts: &[u32], error: &str| {
            next_retry(&rules, attempts, &failure(error), &mut random)
        };
        assert_eq!(next(&[], "A"), Some((0, 1.0)));
        assert_eq!(next(&[1], "A"), None); // not the States.ALL rule's turn
        assert_eq!(next(&[1, 2], "B"), Some((1, 2.0)));
        assert_eq!(next(&[1, 3, 0], "C"), Some((2, 5.0)));
        assert_eq!(next(&[0, 0, 3], "C"), None);
    }

    proptest! {
        #[test]
        fn jitter_stays_between_zero_and_the_delay(
            seed: u64,
            attempts in 0u32..40,
            interval in 1.0f64..100.0,
            rate in 1.0f64..4.0,
        ) {
            let mut rule = retrier(&["States.ALL"], interval, 99, rate);
            rule.max_delay_seconds = Some(1000.0);
            let whole = rule.delay_seconds(attempts, &mut Random::new(seed));
            rule.full_jitter = true;
            let part = rule.delay_seconds(attempts, &mut Random::new(seed));
            prop_assert!((0.0..=whole).contains(&part));
        }

        #[test]
        fn no_number_of_attempts_breaks_the_delay(attempts: u32) {
            let rule = retrier(&["States.ALL"], 1.0, u32::MAX, 2.0);
            let delay = rule.delay_seconds(attempts, &mut Random::new(0));
            prop_assert!(delay >= 1.0);
        }
    }
}

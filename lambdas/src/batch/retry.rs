//! Trying again inside the function, for what passes in a second: a state machine's retry would do
//! the whole batch anew.

use std::time::Duration;

/// Waits between attempts are random, up to these: together at most 3 seconds and a half.
const WAITS: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_millis(1000),
    Duration::from_millis(2000),
];

/// Makes attempts until one succeeds, fails for good, or was the last.
pub(super) async fn retry<T, E>(
    is_retryable: impl Fn(&E) -> bool,
    mut attempt: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, E> {
    for max_wait in WAITS {
        match attempt().await {
            Err(error) if is_retryable(&error) => {
                tokio::time::sleep(max_wait.mul_f64(fastrand::f64())).await;
            }
            outcome => return outcome,
        }
    }
    attempt().await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the number of attempts at work that fails with `errors` and then succeeds, and its
    /// result.
    async fn attempts(errors: &[&'static str]) -> (usize, Result<(), &'static str>) {
        let mut attempts = 0;
        let outcome = retry(
            |error| *error == "busy",
            async || {
                attempts += 1;
                errors.get(attempts - 1).map_or(Ok(()), |error| Err(*error))
            },
        );
        let outcome = outcome.await;
        (attempts, outcome)
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_four_times() {
        assert_eq!(attempts(&[]).await, (1, Ok(())));
        assert_eq!(attempts(&["busy", "busy", "busy"]).await, (4, Ok(())));
        assert_eq!(attempts(&["busy"; 4]).await, (4, Err("busy")));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_final_is_not() {
        assert_eq!(attempts(&["broken"]).await, (1, Err("broken")));
        assert_eq!(attempts(&["busy", "broken"]).await, (2, Err("broken")));
    }
}

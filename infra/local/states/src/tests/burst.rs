//! A burst of executions when Lambda throttles: each that was accepted succeeds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use tokio::sync::Semaphore;

use super::*;

/// Functions that take a moment and answer the `body` that they are called with. Lambda throttles
/// whoever comes when all are at work, and everyone while others use up the account's concurrency.
struct ThrottlingFunctions {
    busy_until: Instant,
    environments: Semaphore,
}

#[async_trait]
impl Invoke for ThrottlingFunctions {
    async fn invoke(&self, _function: &str, payload: Bytes) -> Result<Invocation, InvokeError> {
        let free = self.environments.try_acquire();
        let (true, Ok(_free)) = (Instant::now() >= self.busy_until, free) else {
            return Err(service::InvokeError {
                code: "TooManyRequestsException",
                status: 429,
                message: "Rate Exceeded.".into(),
            });
        };
        tokio::time::sleep(Duration::from_millis(10)).await;
        let event: Value = serde_json::from_slice(&payload).unwrap();
        Ok(Invocation {
            payload: event["body"].to_string().into(),
            ..Invocation::default()
        })
    }

    async fn enqueue(&self, _function: &str, _payload: Bytes) -> Result<(), InvokeError> {
        unreachable!("no state does")
    }
}

/// The three short retries that there were once gave up after 14 seconds at most.
#[tokio::test]
async fn every_accepted_execution_of_a_burst_succeeds() {
    let dir = tempfile::tempdir().unwrap();
    let functions = ThrottlingFunctions {
        busy_until: Instant::now() + Duration::from_secs(15),
        environments: Semaphore::new(8),
    };
    let reachable = ReachableServices::new(Arc::new(functions));
    let states = States::open(dir.path(), Identity::default(), reachable).unwrap();
    let f = Fixture {
        states,
        functions: Arc::default(),
        _dir: dir,
    };
    let classify = include_str!("../../../../../statemachine/classify.asl.json");
    f.machine(serde_json::from_str(classify).unwrap()).await;
    let clients = (0..200).map(|client| f.start_of("m", json!({ "client": client })));
    let accepted = join_all(clients).await;
    let ends = join_all(accepted.iter().map(|arn| f.states.wait(arn)));
    // A wait of the state machine is a minute at most, and capacity for all is there in seconds.
    let ends = tokio::time::timeout(Duration::from_secs(240), ends).await;
    for ended in ends.expect("all end") {
        let ended = ended.unwrap();
        assert_eq!(ended.status, "SUCCEEDED", "{ended:?}");
    }
}

//! Measures how many executions a second the engine alone runs, on one core, without a disk or a
//! network.
//!
//! ```text
//! cargo run --release -p asl --example rate -- DEFINITION INPUT [SECONDS]
//! ```
//! The machine may not wait for anything. It prints the rate.

use std::hint::black_box;
use std::time::{Duration, Instant};

use asl::{Execution, Identity, Outcome, StateMachine, Timestamp};
use serde_json::Value;

/// Executions between two looks at the clock.
const ROUND: u64 = 500;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (definition, input, seconds) = match arguments.as_slice() {
        [definition, input] => (definition, input, 2.0),
        [definition, input, seconds] => (definition, input, seconds.parse()?),
        _ => return Err("usage: rate DEFINITION INPUT [SECONDS]".into()),
    };
    let machine = StateMachine::parse(&std::fs::read_to_string(definition)?)?;
    let input: Value = serde_json::from_str(input)?;
    let identity = Identity {
        execution_arn: "arn:aws:states:us-east-1:123456789012:execution:m:e".into(),
        execution_name: "e".into(),
        role_arn: "arn:aws:iam::123456789012:role/r".into(),
        state_machine_arn: "arn:aws:states:us-east-1:123456789012:stateMachine:m".into(),
        state_machine_name: "m".into(),
        region: "us-east-1".into(),
        ..Identity::default()
    };
    let (begun, mut made) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs_f64(seconds) {
        for seed in made..made + ROUND {
            let at = Timestamp(1_700_000_000_000);
            let (execution, effects) =
                Execution::start(&machine, identity.clone(), input.clone(), at, seed);
            match execution.outcome() {
                Some(Outcome::Succeeded { .. }) => black_box(effects),
                other => return Err(format!("the execution did not succeed: {other:?}").into()),
            };
        }
        made += ROUND;
    }
    println!("{:.0}", made as f64 / begun.elapsed().as_secs_f64());
    Ok(())
}

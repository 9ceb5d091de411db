//! Tests of redrives: executions that go on where they failed.

use super::driver::MockTask::{Fails, Hangs, Succeeds};
use super::*;

fn task() -> Value {
    json!({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f",
        "End": true})
}

#[test]
fn a_failed_task_is_scheduled_again_and_not_entered_again() {
    let mut t = task();
    t["Retry"] = json!([{"ErrorEquals": ["Boom"], "IntervalSeconds": 1, "MaxAttempts": 1}]);
    let machine = json!({
        "StartAt": "P",
        "States": {"P": {"Type": "Pass", "Result": 7, "Next": "T"}, "T": t},
    });
    let failing = || Fails(0.0, "Boom", "c");
    TestRunner::new(&machine)
        .tasks([failing(), failing(), failing(), Succeeds(1.0, json!(9))])
        .redrive_at(10.0)
        .run()
        .tells(
            r#"
            0s 1<0 ExecutionStarted {}
            0s 2<0 PassStateEntered P {}
            0s 3<2 PassStateExited P 7
            0s 4<3 TaskStateEntered T 7
            0s 5<4 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:123456789012:function:f 7
            0s 6<5 LambdaFunctionStarted
            0s 7<6 LambdaFunctionFailed error=Boom cause=c
            1s 8<7 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:123456789012:function:f 7
            1s 9<8 LambdaFunctionStarted
            1s 10<9 LambdaFunctionFailed error=Boom cause=c
            1s 11<10 ExecutionFailed error=Boom cause=c
            10s 12<11 ExecutionRedriven redriveCount=1
            10s 13<12 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:123456789012:function:f 7
            10s 14<13 LambdaFunctionStarted
            10s 15<14 LambdaFunctionFailed error=Boom cause=c
            11s 16<15 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:123456789012:function:f 7
            11s 17<16 LambdaFunctionStarted
            12s 18<17 LambdaFunctionSucceeded 9
            12s 19<18 TaskStateExited T 9
            12s 20<19 ExecutionSucceeded 9
            "#,
        );
}

#[test]
fn only_the_branches_that_did_not_end_run_again() {
    let branch = |name: &str| {
        let mut task = task();
        task["Parameters"] = json!({"name": name});
        json!({"StartAt": name, "States": {name: task}})
    };
    let machine = json!({
        "StartAt": "S",
        "States": {"S": {"Type": "Parallel", "Branches": [branch("A"), branch("B"), branch("C")],
            "End": true}},
    });
    let mut calls = std::collections::BTreeMap::new();
    let runner = TestRunner::new(&machine)
        .script(move |request| {
            let name = request.arguments.value()["name"]
                .as_str()
                .unwrap()
                .to_owned();
            let call = calls.entry(name.clone()).or_insert(0);
            *call += 1;
            match (&*name, *call) {
                ("A", 1) => Succeeds(0.0, json!("a")),
                ("B", 1) => Fails(1.0, "Boom", "b"),
                ("C", 1) => Hangs,
                ("A", _) => panic!("A had ended"),
                (name, call) => Succeeds(0.0, json!(format!("{name}{call}"))),
            }
        })
        .redrive_at(5.0)
        .run();
    assert_eq!(runner.result(), json!(["a", "B2", "C2"]));
}

#[test]
fn a_map_goes_on_with_the_items_that_are_left() {
    let machine = json!({
        "StartAt": "M",
        "States": {"M": {
            "Type": "Map", "MaxConcurrency": 1, "End": true,
            "ItemProcessor": {"StartAt": "T", "States": {"T": task()}},
        }},
    });
    let requests = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let log = std::rc::Rc::clone(&requests);
    let runner = TestRunner::new(&machine)
        .input(json!([1, 2, 3]))
        .script(move |request| {
            let item = request.arguments.value().clone();
            log.borrow_mut().push(item.clone());
            let second = log
                .borrow()
                .iter()
                .filter(|other| **other == json!(2))
                .count()
                == 1;
            if item == json!(2) && second {
                Fails(0.0, "Boom", "2")
            } else {
                Succeeds(0.0, item)
            }
        })
        .redrive_at(5.0)
        .run();
    assert_eq!(runner.result(), json!([1, 2, 3]));
    assert_eq!(json!(*requests.borrow()), json!([1, 2, 2, 3]));
}

#[test]
fn what_was_stopped_or_too_slow_goes_on_too() {
    let machine = json!({
        "TimeoutSeconds": 10,
        "StartAt": "W",
        "States": {"W": {"Type": "Wait", "Seconds": 9, "Next": "P"},
            "P": {"Type": "Pass", "End": true}},
    });
    TestRunner::new(&machine)
        .stop_at(4.0)
        .redrive_at(20.0)
        .run()
        .tells(
            "
            0s 1<0 ExecutionStarted {}
            0s 2<0 WaitStateEntered W {}
            4s 3<0 ExecutionAborted error=Stopped
            20s 4<3 ExecutionRedriven redriveCount=1
            29s 5<4 WaitStateExited W {}
            29s 6<5 PassStateEntered P {}
            29s 7<6 PassStateExited P {}
            29s 8<7 ExecutionSucceeded {}
            ",
        );
    let slow = json!({"TimeoutSeconds": 3, "StartAt": "T", "States": {"T": task()}});
    let runner = TestRunner::new(&slow)
        .tasks([Hangs, Succeeds(2.0, json!(1))])
        .redrive_at(50.0)
        .run();
    assert_eq!(runner.result(), json!(1), "the time limit begins anew");
}

#[test]
fn the_context_object_counts_redrives() {
    let machine = json!({
        "StartAt": "T",
        "States": {"T": {
            "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f",
                "End": true,
            "Parameters": {"count.$": "$$.Execution.RedriveCount"},
        }},
    });
    let mut counts = Vec::new();
    let runner = TestRunner::new(&machine)
        .script(move |request| {
            counts.push(request.arguments.value()["count"].clone());
            match counts.len() {
                3 => Succeeds(0.0, json!(counts)),
                _ => Fails(0.0, "Boom", "c"),
            }
        })
        .redrive_at(1.0)
        .redrive_at(2.0)
        .redrive_at(3.0)
        .run();
    assert_eq!(
        runner.result(),
        json!([0, 1, 2]),
        "the third finds nothing to redrive"
    );
}

use serde_json::json;

use super::layout::{NodeBox, Picture};
use super::svg::{NodeStatus, draw};
use super::*;

fn flow(definition: &Value) -> Flow {
    Flow::of(&definition.to_string()).unwrap()
}

fn pass(next: &str) -> Value {
    json!({ "Type": "Pass", "Next": next })
}

fn end() -> Value {
    json!({ "Type": "Pass", "End": true })
}

/// No box overlaps another, none covers what is written at a line, and everything is inside the
/// picture.
fn check(picture: &Picture) {
    for (x, y, text) in picture.lines.iter().filter_map(|line| line.label.as_ref()) {
        let covers = |node_box: &&NodeBox| {
            let across = node_box.x < x + 20.0 && *x < node_box.x + node_box.width;
            across && node_box.y < *y && y - 10.0 < node_box.y + node_box.height
        };
        let covering = picture.boxes.iter().find(covers);
        assert!(
            covering.is_none(),
            "{text} is under {}",
            covering.unwrap().node.name
        );
    }
    let inside = |node_box: &NodeBox| {
        node_box.x >= -0.01
            && node_box.y >= -0.01
            && node_box.x + node_box.width <= picture.width + 0.01
            && node_box.y + node_box.height <= picture.height + 0.01
    };
    for (at, one) in picture.boxes.iter().enumerate() {
        assert!(inside(one), "{} sticks out", one.node.name);
        for other in &picture.boxes[at + 1..] {
            let is_beside =
                one.x + one.width <= other.x + 0.01 || other.x + other.width <= one.x + 0.01;
            let over = one.y + one.height <= other.y || other.y + other.height <= one.y;
            assert!(
                is_beside || over,
                "{} overlaps {}",
                one.node.name,
                other.node.name
            );
        }
        for (x, y, inner) in &one.inner {
            check(inner);
            assert!(*x >= 0.0 && x + inner.width <= one.width + 0.01);
            assert!(*y >= 40.0 && y + inner.height <= one.height + 0.01);
        }
    }
}

fn node_box<'p>(picture: &'p Picture, name: &str) -> &'p NodeBox<'p> {
    let found = picture
        .boxes
        .iter()
        .find(|node_box| node_box.node.name == name);
    found.unwrap_or_else(|| panic!("{name} is not drawn"))
}

/// The definition of the workflow itself, as the template leaves it.
fn classify() -> Flow {
    let text = include_str!("../../../statemachine/classify.asl.json");
    Flow::of(text).unwrap()
}

#[test]
fn the_workflow_goes_down_and_fits_a_phone() {
    let flow = classify();
    let picture = Picture::of(&flow);
    check(&picture);
    let tops = ["SerializeImage", "ClassifyImage", "FilterInferences"]
        .map(|name| node_box(&picture, name).y);
    assert!(tops.is_sorted(), "{tops:?}");
    assert!(picture.width < 350.0, "{}", picture.width);
    let catches = picture
        .lines
        .iter()
        .filter(|line| line.edge.way == EdgeKind::Catch);
    let titles: Vec<&str> = catches.map(|line| &*line.edge.title).collect();
    assert_eq!(titles[2], "catches ThresholdConfidenceNotMet");
}

#[test]
fn the_other_state_machines_are_laid_out_as_well() {
    for text in [
        include_str!("../../../statemachine/classify-batch.asl.json"),
        include_str!("../../../statemachine/monitor.asl.json"),
        include_str!("../../../statemachine/train-and-deploy.asl.json"),
    ] {
        check(&Picture::of(&Flow::of(text).unwrap()));
    }
}

#[test]
fn a_chain_is_a_straight_line() {
    let flow =
        flow(&json!({ "StartAt": "A", "States": { "A": pass("B"), "B": pass("C"), "C": end() } }));
    let picture = Picture::of(&flow);
    check(&picture);
    let middles: Vec<f64> = picture
        .boxes
        .iter()
        .map(|node_box| node_box.x + node_box.width / 2.0)
        .collect();
    assert!(
        middles.iter().all(|x| (x - middles[0]).abs() < 0.01),
        "{middles:?}"
    );
    assert!(picture.lines.iter().all(|line| !line.path.contains('C')));
}

#[test]
fn a_choice_tells_its_rules_once_a_state() {
    let choices = json!([
        { "Variable": "$.n", "NumericGreaterThan": 5, "Next": "B" },
        { "Condition": "{% $n < 0 %}", "Next": "C" },
        { "Not": { "Variable": "$.x", "IsNull": true }, "Next": "B" },
    ]);
    let choice = json!({ "Type": "Choice", "Choices": choices, "Default": "C" });
    let flow = flow(&json!({ "StartAt": "A", "States": { "A": choice, "B": end(), "C": end() } }));
    let titles: Vec<&str> = flow.edges[..4].iter().map(|edge| &*edge.title).collect();
    let expected = [
        "$.n NumericGreaterThan 5",
        "$n < 0",
        r#"Not {"Variable":"$.x","IsNull":true}"#,
        "if no rule holds",
    ];
    assert_eq!(titles, expected);
    let picture = Picture::of(&flow);
    check(&picture);
    let labels: Vec<&str> = picture
        .lines
        .iter()
        .filter_map(|line| line.label.as_ref())
        .map(|label| &*label.2)
        .collect();
    assert_eq!(labels, ["rules 1, 3", "2, default"]);
}

#[test]
fn parallel_and_map_hold_their_branches() {
    let branch = |name: &str| json!({ "StartAt": name, "States": { name: end() } });
    let map = json!({
        "Type": "Map", "End": true,
        "ItemProcessor": { "ProcessorConfig": { "Mode": "DISTRIBUTED" }, "StartAt": "E", "States": { "E": end() } },
    });
    let inner = json!({ "StartAt": "M", "States": { "M": map } });
    let parallel =
        json!({ "Type": "Parallel", "Branches": [branch("B"), branch("C"), inner], "End": true });
    let flow = flow(&json!({ "StartAt": "P", "States": { "P": parallel } }));
    let picture = Picture::of(&flow);
    check(&picture);
    let held = &node_box(&picture, "P").inner;
    assert_eq!(held.len(), 3);
    assert_eq!(held[2].2.boxes[0].node.caption, "Distributed Map");
    assert_eq!(held[2].2.boxes[0].inner[0].2.boxes[0].node.name, "E");
}

#[test]
fn cycles_and_states_that_lead_to_themselves() {
    let check_job = json!({ "Type": "Choice", "Choices": [{ "Variable": "$.x", "IsNull": true, "Next": "Wait" }], "Default": "Done" });
    let states = json!({ "Wait": pass("Ask"), "Ask": pass("Check"), "Check": check_job, "Done": pass("Done") });
    let flow = flow(&json!({ "StartAt": "Wait", "States": states }));
    let picture = Picture::of(&flow);
    check(&picture);
    let tops = ["Wait", "Ask", "Check", "Done"].map(|name| node_box(&picture, name).y);
    assert!(tops.is_sorted_by(|a, b| a < b), "{tops:?}");
}

#[test]
fn a_hundred_states_that_catch_into_one_share_a_lane() {
    let mut states = serde_json::Map::new();
    for at in 0..100 {
        let catch = json!([{ "ErrorEquals": ["States.ALL"], "Next": "Sorry" }]);
        let next = format!("Step{}", at + 1);
        states.insert(format!("Step{at}"), json!({ "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f", "Catch": catch, "Next": next }));
    }
    states.insert("Step100".into(), end());
    states.insert("Sorry".into(), json!({ "Type": "Fail" }));
    let flow = flow(&json!({ "StartAt": "Step0", "States": states }));
    let picture = Picture::of(&flow);
    check(&picture);
    assert!(picture.width < 350.0, "{}", picture.width);
    assert_eq!(node_box(&picture, "Step7").node.caption, "Lambda f");
}

#[test]
fn ten_thousand_states_in_a_row() {
    let mut states = serde_json::Map::new();
    for at in 0..10_000 {
        states.insert(format!("S{at}"), pass(&format!("S{}", at + 1)));
    }
    states.insert("S10000".into(), end());
    let flow = flow(&json!({ "StartAt": "S0", "States": states }));
    assert_eq!(Picture::of(&flow).boxes.len(), 10_003);
}

#[test]
fn long_names_take_two_lines_and_end_in_dots() {
    let lines = |name: &str| {
        let flow = flow(&json!({ "StartAt": name, "States": { name: end() } }));
        let picture = Picture::of(&flow);
        check(&picture);
        node_box(&picture, name).name.clone()
    };
    assert_eq!(lines("ClassifyImage"), ["ClassifyImage"]);
    assert_eq!(
        lines("NotifyTheDepartmentOfTransport"),
        ["NotifyTheDepartment", "OfTransport"]
    );
    let longest = lines(&"x".repeat(80));
    assert!(
        longest.len() == 2 && longest[1].ends_with('…'),
        "{longest:?}"
    );
    let wide = lines(&"分類".repeat(20));
    assert!(wide[1].ends_with('…'), "{wide:?}");
}

#[test]
fn drawings_escape_names_and_say_without_color_what_happened() {
    let name = "<script>alert(1)</script>";
    let flow =
        flow(&json!({ "StartAt": name, "States": { name: { "Type": "Pass", "End": true } } }));
    let mark = |_: &str| {
        Some(NodeStatus {
            class: "failed",
            sign: "!",
            words: "failed".into(),
            href: "#step-1".into(),
        })
    };
    let drawn = draw(&flow, "m", &mark).into_string();
    assert!(!drawn.contains("<script>") && drawn.contains("&lt;script&gt;"));
    assert!(drawn.contains("Pass, failed"), "{drawn}");
    let untouched = draw(&flow, "m", &|_| None).into_string();
    assert!(untouched.contains("not reached"));
}

#[test]
fn what_is_no_definition_is_not_drawn() {
    for text in ["", "{}", "[]", r#"{"States": 3}"#] {
        assert_eq!(Flow::of(text), None, "{text}");
    }
}

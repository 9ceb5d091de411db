use std::collections::BTreeMap;

use serde::Deserialize;
use tables::{Reader, Schema, Table};

use super::*;
use crate::FeatureKind;

const HOUSES: &[u8] = include_bytes!("../../../tables/data/house-prices.csv");

fn table(csv: &str, target: &str) -> Table {
    let schema = Schema::infer(csv.as_bytes())
        .unwrap()
        .with_target(target)
        .unwrap();
    Reader::new(&schema).csv(csv.as_bytes()).unwrap().table
}

fn houses() -> Table {
    table(std::str::from_utf8(HOUSES).unwrap(), "SalePrice")
}

fn rows(range: std::ops::Range<usize>) -> Vec<usize> {
    range.collect()
}

/// The rows as pandas transforms them: `fixtures/house_prices.py`.
#[derive(Deserialize)]
struct Expected {
    columns: Vec<String>,
    refused: Vec<usize>,
    sums: Vec<f64>,
    weighted: Vec<f64>,
    missing: Vec<usize>,
    rows: BTreeMap<usize, Vec<Option<f64>>>,
}

#[test]
fn the_six_steps_of_the_house_prices_are_those_of_pandas_value_for_value() {
    let expected: Expected =
        serde_json::from_str(include_str!("fixtures/house_prices.json")).unwrap();
    let houses = houses();
    let training = houses.select(&rows(0..1460));
    let pipeline = Pipeline::fit(&Recipe::house_prices(), &training).unwrap();
    let transformed = pipeline.transform_reporting(&houses).unwrap();
    let refused: Vec<usize> = transformed.errors.iter().map(|error| error.row).collect();
    assert_eq!(refused, expected.refused);
    assert_eq!(
        transformed.errors[1].to_string(),
        "row 1557, column BsmtQual: the model does not know the label \"Po\""
    );
    assert_eq!(transformed.matrix.features.len(), expected.columns.len());
    for (index, feature) in transformed.matrix.features.iter().enumerate() {
        assert_eq!(feature.name, expected.columns[index]);
        let values = || {
            let numbers = feature.values.iter().map(|value| f64::from(*value));
            transformed.rows.iter().map(|row| row + 1).zip(numbers)
        };
        let known = || values().filter(|(_, value)| !value.is_nan());
        let sum: f64 = known().map(|(_, value)| value).sum();
        let weighted: f64 = known().map(|(row, value)| row as f64 * value).sum();
        let missing = values().count() - known().count();
        assert_eq!(
            (sum, weighted, missing),
            (
                expected.sums[index],
                expected.weighted[index],
                expected.missing[index]
            ),
            "{}",
            feature.name
        );
        for (row, value) in values() {
            if let Some(row) = expected.rows.get(&row) {
                assert_eq!((!value.is_nan()).then_some(value), row[index]);
            }
        }
    }
}

#[test]
fn a_pipeline_is_plain_data_and_transforms_one_row_as_many() {
    let houses = houses();
    for recipe in [Recipe::house_prices(), Recipe::general(houses.schema())] {
        let fitted = Pipeline::fit(&recipe, &houses).unwrap();
        let json = serde_json::to_string(&fitted).unwrap();
        let pipeline: Pipeline = serde_json::from_str(&json).unwrap();
        assert_eq!(pipeline, fitted);
        let matrix = pipeline.transform(&houses).unwrap();
        for row in [0, 1, 1000, 2929] {
            let one = pipeline.transform_rows(&houses.select(&[row])).unwrap();
            let same = matrix.features.iter().zip(one).all(|(feature, value)| {
                let expected = feature.values[row];
                value == expected || (value.is_nan() && expected.is_nan())
            });
            assert!(same, "row {row}");
        }
    }
}

const SMALL: &str = "color,size,sold,price\n\
                     red,1,true,10\n\
                     blue,2,false,30\n\
                     red,NA,true,20\n\
                     NA,4,true,40\n\
                     green,5,NA,50\n";

/// Fits steps to the small table and gives `feature: values` a line.
#[track_caller]
fn check(steps: &str, expected: &str) {
    let recipe = Recipe::parse(&format!(r#"{{"steps": {steps}}}"#)).unwrap();
    let small = table(SMALL, "price");
    let pipeline = Pipeline::fit(&recipe, &small).unwrap();
    let matrix = pipeline.transform(&small).unwrap();
    let lines = matrix.features.iter().map(|feature| {
        let values: Vec<String> = feature
            .values
            .iter()
            .map(|value| format!("{value}"))
            .collect();
        let kind = if feature.kind == FeatureKind::Categorical {
            "#"
        } else {
            ""
        };
        format!("{}{kind}: {}\n", feature.name, values.join(" "))
    });
    assert_eq!(lines.collect::<String>(), expected);
}

#[test]
fn steps() {
    // Only the text columns are of interest, or only the numbers.
    check(
        r#"[{"drop": "number"}, {"categories": {"columns": "text"}}]"#,
        "color#: 2 0 2 NaN 1\nsold#: 1 0 1 1 NaN\n",
    );
    check(
        r#"[{"drop": ["size", "sold"]}, {"one_hot": {"columns": ["color"]}}]"#,
        "color=blue: 0 1 0 0 0\ncolor=green: 0 0 0 0 1\ncolor=red: 1 0 1 0 0\n",
    );
    check(
        r#"[{"drop": ["size", "sold"]},
            {"impute": {"columns": ["color"], "with": {"label": "none"}}},
            {"rank": {"columns": ["color"], "by": "mean"}}]"#,
        "color: 0 1 0 2 3\n",
    );
    check(
        r#"[{"drop": ["size", "sold"]},
            {"impute": {"columns": ["color"], "with": "most_frequent"}},
            {"rare": {"columns": ["color"], "share": 0.2, "label": "other"}},
            {"rank": {"columns": ["color"]}}]"#,
        "color: 0 1 0 0 1\n",
    );
    // (10 + 20 + 1 * 30) / 3, as Micci-Barreca has it with one row of the mean.
    check(
        r#"[{"drop": ["size", "sold"]}, {"target_encode": {"columns": "text", "smoothing": 1}}]"#,
        "color: 20 30 20 35 40\n",
    );
    let numbers = r#"{"drop": "text"}, {"impute": {"columns": "number", "with": "#;
    check(&format!(r#"[{numbers}"median"}}}}]"#), "size: 1 2 3 4 5\n");
    check(
        &format!(r#"[{numbers}"most_frequent"}}}}]"#),
        "size: 1 2 1 4 5\n",
    );
    check(
        &format!(r#"[{numbers}{{"number": 9}}}}}}]"#),
        "size: 1 2 9 4 5\n",
    );
    let filled = format!(r#"{numbers}"mean"}}}}"#);
    check(
        &format!(r#"[{filled}, {{"scale": {{"columns": "number", "to": "min_max"}}}}]"#),
        "size: 0 0.25 0.5 0.75 1\n",
    );
    // sklearn.preprocessing.StandardScaler().fit_transform([[1], [2], [3], [4], [5]])
    check(
        &format!(r#"[{filled}, {{"scale": {{"columns": "number", "to": "standard"}}}}]"#),
        "size: -1.4142135 -0.70710677 0 0.70710677 1.4142135\n",
    );
    check(
        r#"[{"drop": "text"}, {"derive": {"above": {"name": "large", "column": "size", "above": 2}}},
            {"derive": {"sum": {"name": "both", "columns": ["size", "large"]}}},
            {"log1p": {"columns": ["size"]}}]"#,
        "size: 0.6931472 1.0986123 NaN 1.609438 1.7917595\nlarge: 0 0 0 1 1\nboth: 1 2 NaN 5 6\n",
    );
}

#[track_caller]
fn check_error(steps: &str, expected: &str) {
    let recipe = Recipe::parse(&format!(r#"{{"steps": {steps}}}"#));
    let fitted = recipe
        .map_err(|error| error.to_string())
        .and_then(|recipe| {
            Pipeline::fit(&recipe, &table(SMALL, "price")).map_err(|error| error.to_string())
        });
    assert_eq!(fitted.unwrap_err(), expected);
}

#[test]
fn a_recipe_that_does_not_fit_is_refused() {
    check_error(
        r#"[{"drop": ["size"]}, {"log1p": {"columns": ["size"]}}]"#,
        "there is no column size at this step; there are color, sold",
    );
    check_error(
        r#"[{"log1p": {"columns": ["color"]}}]"#,
        "log1p needs numbers, which column color does not hold",
    );
    check_error(
        r#"[{"rank": {"columns": ["size"]}}]"#,
        "rank needs labels, which column size does not hold",
    );
    check_error(
        "[]",
        "column color still holds labels after all steps; add rank, one_hot, categories or drop",
    );
    check_error(
        r#"[{"normalize": {}}]"#,
        "the recipe can't be read: unknown variant `normalize`, expected one of `impute`, `rare`, \
         `rank`, `target_encode`, `one_hot`, `categories`, `scale`, `log1p`, `derive`, `drop` at \
         line 1 column 23",
    );
}

#[test]
fn what_the_model_does_not_know_is_named() {
    let recipe = r#"{"steps": [{"rank": {"columns": ["sold"], "unknown": "missing"}},
        {"one_hot": {"columns": ["color"]}}]}"#;
    let small = table(SMALL, "price");
    let pipeline = Pipeline::fit(&Recipe::parse(recipe).unwrap(), &small).unwrap();
    let other = table(
        "color,size,sold,price\nred,1,true,1\npink,2,false,2\nNA,3,true,3\n",
        "price",
    );
    let error = pipeline.transform(&other).unwrap_err().to_string();
    assert_eq!(
        error,
        "row 2, column color: the model does not know the label \"pink\""
    );
    let transformed = pipeline.transform_reporting(&other).unwrap();
    assert_eq!((transformed.rows, transformed.matrix.rows), (vec![0, 2], 2));
    let error = pipeline
        .transform(&table("size,price\n1,2\n", "price"))
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "column color: the model needs labels, which the table does not have"
    );
}

#[test]
fn training_rows_are_encoded_by_the_targets_of_other_rows() {
    // Each label is one row: its own target must not show.
    let csv: String = (0..100).map(|row| format!("label {row},{row}\n")).collect();
    let labels = table(&format!("label,price\n{csv}"), "price");
    let recipe = r#"{"steps": [{"target_encode": {"columns": "text", "smoothing": 1}}]}"#;
    let recipe = Recipe::parse(recipe).unwrap();
    let (pipeline, training) = Pipeline::fit_transform(&recipe, &labels).unwrap();
    let cross_fitted = &training.matrix.features[0].values;
    let mut distinct = cross_fitted.clone();
    distinct.sort_by(f32::total_cmp);
    distinct.dedup();
    assert_eq!(distinct.len(), 5, "one mean a fold");
    let plain = &pipeline.transform(&labels).unwrap().features[0].values;
    assert_eq!(plain[0], 49.5 / 2.0);
    assert_eq!(plain[99], (99.0 + 49.5) / 2.0);
}

#[test]
fn a_skewed_target_is_learned_as_its_logarithm() {
    let houses = houses();
    let pipeline = Pipeline::fit(&Recipe::general(houses.schema()), &houses).unwrap();
    assert_eq!(pipeline.target_transform(), TargetTransform::Log);
    let target = pipeline.target(&houses).unwrap();
    assert!((target[0] - 215_001_f64.ln()).abs() < 1e-12);
    assert!((pipeline.target_transform().invert(target[0]) - 215_000.0).abs() < 1e-6);
}

#[test]
fn a_broken_pipeline_is_refused() {
    let pipeline = |operation: &str, slot: usize| {
        let json = format!(
            r#"{{"inputs":[{{"name":"a","type":"text"}}],"operations":[{operation}],
            "outputs":[{{"slot":{slot},"name":"a","kind":"Numeric"}}],"target":"none"}}"#
        );
        serde_json::from_str::<Pipeline>(&json)
            .unwrap_err()
            .to_string()
    };
    for operation in [
        r#"{"log1p":{"slot":0}}"#,
        r#"{"rare":{"slot":7,"kept":[],"label":"a"}}"#,
        r#"{"encode":{"slot":0,"labels":["a"],"values":[],"missing":"error","unknown":"error"}}"#,
        r#"{"one_hot":{"slot":0,"labels":["a"],"first":900000000,"unknown":"error"}}"#,
    ] {
        let error = pipeline(operation, 0);
        assert!(
            error.starts_with("operation 0 does not fit the columns before it"),
            "{error}"
        );
    }
    let kept = r#"{"rare":{"slot":0,"kept":[],"label":"a"}}"#;
    assert!(pipeline(kept, 0).starts_with("the feature a has no values"));
    assert!(pipeline(kept, 5).starts_with("the feature a has no values"));
}

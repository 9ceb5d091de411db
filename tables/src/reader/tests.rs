use proptest::prelude::*;

use super::*;
use crate::{ColumnSchema, ColumnType, Labels, Values, write_csv, write_json_lines};

/// A number, a text that may be missing, a boolean that may be missing, and the price to predict.
fn schema() -> Schema {
    let column = |name: &str, kind, missing| ColumnSchema {
        name: name.to_owned(),
        kind,
        missing,
    };
    let columns = vec![
        column("area", ColumnType::Number, false),
        column("street", ColumnType::Text, true),
        column("pool", ColumnType::Boolean, true),
        column("price", ColumnType::Number, false),
    ];
    Schema::new(columns, Some("price".to_owned())).expect("a schema")
}

fn features() -> Reader {
    Reader::of_features(&schema())
}

fn reporting(reader: Reader) -> Reader {
    let options = ReadOptions {
        on_error: OnError::Report,
        ..reader.options
    };
    reader.with_options(options)
}

/// The rows of a table as JSON lines, or the error.
fn lines(rows: Result<Rows, Error>) -> Result<String, String> {
    let rows = rows.map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    write_json_lines(&rows.table, &mut text).expect("written");
    let errors: String = rows
        .errors
        .iter()
        .map(|error| format!("{error}\n"))
        .collect();
    Ok(String::from_utf8(text).expect("UTF-8") + &errors)
}

#[track_caller]
fn check(rows: Result<Rows, Error>, expected: Result<&str, &str>) {
    let lines = lines(rows);
    assert_eq!(lines.as_deref().map_err(|error| &**error), expected);
}

const TWO: &str = "{\"area\":60,\"street\":\"Elm, 2\",\"pool\":\"true\"}\n\
                   {\"area\":1.5,\"street\":null,\"pool\":null}\n";

#[test]
fn csv_is_read_by_name_or_by_position() {
    for csv in [
        "area,street,pool\n60,\"Elm, 2\",true\n1.5,NA,\n",
        "\u{feff}pool,area,street\r\nTRUE, 60,\"Elm, 2\"\r\n\r\n,1.5,\r\n",
        "\u{feff}\"pool\",\"area\",\"street\"\rTrue,60,\"Elm, 2\"\r,1.5,",
        "60,\"Elm, 2\",true\n1.5,,NA\n",
        "price,area,street,pool\nhigh,60,\"Elm, 2\",true\n,1.5,,\n",
        "60,\"Elm, 2\",true,200000\n1.5,,,100000\n",
    ] {
        check(features().csv(csv.as_bytes()), Ok(TWO));
    }
    check(features().csv(&b""[..]), Ok(""));
    check(features().csv(&b"area,street,pool\n"[..]), Ok(""));
    // A column that may lack values may be absent.
    check(
        features().csv(&b"area\n3\n"[..]),
        Ok("{\"area\":3,\"street\":null,\"pool\":null}\n"),
    );
    check(
        features().csv(&b"area,street\n3,\"say \"\"hi\"\"\nthere\"\n"[..]),
        Ok("{\"area\":3,\"street\":\"say \\\"hi\\\"\\nthere\",\"pool\":null}\n"),
    );
}

#[test]
fn json_is_read_in_each_of_its_shapes() {
    for json in [
        r#"[{"area":60,"street":"Elm, 2","pool":true},{"area":1.5}]"#,
        r#"[{"pool":"true","area":"60","street":"Elm, 2"},{"area":1.5,"street":"","pool":null}]"#,
        r#"[[60,"Elm, 2",true],[1.5,null,""]]"#,
        r#"[[60,"Elm, 2",true,7],[1.5,"NA","",null]]"#,
        r#"{"instances":[{"area":60,"street":"Elm, 2","pool":true},[1.5,null,null]]}"#,
        r#"{"signature_name":"x","instances":[{"features":[60,"Elm, 2",true]},{"area":1.5}]}"#,
    ] {
        check(features().json(json.as_bytes()), Ok(TWO));
    }
    let lines =
        "{\"area\":60,\"street\":\"Elm, 2\",\"pool\":true}\r\n\n{\"features\":[1.5,null,null]}";
    check(features().json_lines(lines.as_bytes()), Ok(TWO));
    check(
        features().json(br#" {"area": 3, "price": [1]} "#),
        Ok("{\"area\":3,\"street\":null,\"pool\":null}\n"),
    );
    check(features().json(b"[]"), Ok(""));
}

#[test]
fn a_value_that_can_not_be_read_is_named_by_row_and_column() {
    let csv = |row: &str| features().csv(format!("area,street,pool\n1,,\n{row}\n").as_bytes());
    for (row, expected) in [
        ("x,,", "column area: \"x\" is not a number"),
        (
            "1e999,,",
            "column area: \"1e999\" is not a finite number of 64 bits",
        ),
        (
            "NA,,",
            "column area: the value is missing; the schema allows no missing values here",
        ),
        ("1,a\0b,", "column street: the text contains a NUL byte"),
        ("1,,yes", "column pool: \"yes\" is neither true nor false"),
    ] {
        check(csv(row), Err(&format!("row 2 (line 3), {expected}")));
    }
    check(
        csv("1,a"),
        Err("row 2 (line 3): found 2 values, expected 3"),
    );
    check(
        csv("1,\"a,\n1,b,"),
        Err("row 2 (line 3): a quote is opened and never closed"),
    );
    check(
        features().csv(&b"area,street\n1,\xff\n"[..]),
        Err("row 1 (line 2), column street: the text is not UTF-8"),
    );
    check(
        features().csv(&b"1,2\n"[..]),
        Err("row 1 (line 1): found 2 values, expected 3"),
    );
    let json = |row: &str| features().json(format!("[{{\"area\":1}},{row}]").as_bytes());
    for (row, expected) in [
        (r#"{"area":"x"}"#, ", column area: \"x\" is not a number"),
        (
            r#"{"area":true}"#,
            ", column area: expected a number, found a boolean",
        ),
        (
            r#"{"area":1,"street":5}"#,
            ", column street: expected text, found a number",
        ),
        (
            r#"{"area":1,"street":[[5]]}"#,
            ", column street: expected text, found a list",
        ),
        (
            r#"{"area":{"a":1}}"#,
            ", column area: expected a number, found an object",
        ),
        (
            r#"{"area":1,"area":2}"#,
            ", column area: the column is there twice",
        ),
        (
            r#"{"area":1,"aera":2}"#,
            ", column aera: the schema has no such column",
        ),
        (
            r#"{"street":"a"}"#,
            ", column area: the value is missing; the schema allows no missing values here",
        ),
        ("[1]", ": found 1 values, expected 3"),
        ("7", ": a row must be an object or a list, found a number"),
        (
            r#"{"area":1e999}"#,
            ", column area: number out of range at line 1 column 25",
        ),
        (r#"{"area":1,}"#, ": trailing comma at line 1 column 23"),
    ] {
        check(json(row), Err(&format!("row 2{expected}")));
    }
    check(
        features().json_lines(b"{\"area\":1}\n{\"area\":1e999}\n"),
        Err("row 2 (line 2), column area: number out of range at line 1 column 13"),
    );
}

#[test]
fn what_is_no_rows_at_all_is_said() {
    let header = |header: &str| features().csv(format!("{header}\n").as_bytes());
    let unfit = "the header does not fit the schema: ";
    check(header("street,pool"), Err(&format!("{unfit}it lacks area")));
    check(
        header("aera,street"),
        Err(&format!(
            "{unfit}it lacks area; the schema does not have aera"
        )),
    );
    check(
        header("area,area"),
        Err("the header can't be read: column area is there twice; names must be unique"),
    );
    check(
        features().json(b"5"),
        Err(
            "the JSON can't be read: expected an object, a list of rows or \
             {\"instances\": […]}, found a number at line 1 column 1",
        ),
    );
    check(
        features().json(b"{\"area\":1} {}"),
        Err("the JSON can't be read: trailing characters at line 1 column 12"),
    );
    let deep = "[".repeat(100_000);
    check(
        features().json(deep.as_bytes()),
        Err("row 1: recursion limit exceeded at line 1 column 128"),
    );
}

#[test]
fn bad_rows_are_reported_and_the_others_returned() {
    let csv = b"area,street\nx,\n60,a\n1,2,3\n61,b\n";
    let expected = "{\"area\":60,\"street\":\"a\",\"pool\":null}\n\
                    {\"area\":61,\"street\":\"b\",\"pool\":null}\n\
                    row 1 (line 2), column area: \"x\" is not a number\n\
                    row 3 (line 4): found 3 values, expected 2\n";
    check(reporting(features()).csv(&csv[..]), Ok(expected));
    let rows = reporting(features()).csv(&csv[..]).expect("rows");
    assert_eq!([0, 1].map(|row| rows.table.row_number(row)), [2, 4]);
    let errors = serde_json::to_string(&rows.errors[0]).expect("JSON");
    assert_eq!(
        errors,
        r#"{"row":1,"line":2,"column":"area","reason":"\"x\" is not a number"}"#
    );
    let lines = b"{\"area\":1}\n{\"area\":\n{}\n{\"area\":2} 3\n{\"area\":4}";
    let expected = "{\"area\":1,\"street\":null,\"pool\":null}\n\
                    {\"area\":4,\"street\":null,\"pool\":null}\n\
                    row 2 (line 2), column area: EOF while parsing a value at line 1 column 8\n\
                    row 3 (line 3), column area: the value is missing; \
                    the schema allows no missing values here\n\
                    row 4 (line 4): trailing characters at line 1 column 12\n";
    check(reporting(features()).json_lines(lines), Ok(expected));
    // Where the next row begins after an open quote is unknown.
    check(
        reporting(features()).csv(&b"60,a,\n1,\"b\n2,c,\n"[..]),
        Ok("{\"area\":60,\"street\":\"a\",\"pool\":null}\n\
            row 2 (line 2): a quote is opened and never closed\n"),
    );
}

#[test]
fn a_table_has_limits() {
    let limits = Limits {
        row_bytes: 100,
        columns: 4,
        rows: 3,
    };
    let options = ReadOptions {
        limits,
        extra_columns: ExtraColumns::Ignore,
        ..ReadOptions::default()
    };
    let reader = features().with_options(options);
    let gigabyte = std::io::repeat(b'7').take(1 << 30);
    check(
        reader.csv(gigabyte),
        Err("row 1 (line 1): the row is longer than the limit of 100 bytes"),
    );
    check(
        reader.csv(std::io::repeat(b'"').take(1 << 30)),
        Err("row 1 (line 1): the row is longer than the limit of 100 bytes"),
    );
    let long = format!("1,,\n2,{},\n3,,\n", "x".repeat(101));
    check(
        reporting(reader.clone()).csv(long.as_bytes()),
        Ok("{\"area\":1,\"street\":null,\"pool\":null}\n\
            row 2 (line 2): the row is longer than the limit of 100 bytes\n"),
    );
    check(
        reader.csv(&b"1,2,3,4,5\n"[..]),
        Err("5 columns are more than the limit of 4"),
    );
    let commas = ",".repeat(99_999);
    check(
        features().csv(format!("1,,\n{commas}\n").as_bytes()),
        Err("100000 columns are more than the limit of 10000"),
    );
    check(
        reader.csv(&b"1,,\n1,,\n1,,\n1,,\n"[..]),
        Err("there are more rows than the limit of 3; split the input"),
    );
    let long = format!("{{\"area\":{}}}", "1".repeat(101));
    check(
        reader.json_lines(long.as_bytes()),
        Err("row 1 (line 1): the row is longer than the limit of 100 bytes"),
    );
}

#[test]
fn a_schema_is_inferred() {
    let csv = b"id,street,pool,alley\n1,7,TRUE,\n2,Elm,,NA\n";
    let schema = Schema::infer(&csv[..]).and_then(|schema| Ok(schema.with_target("id")?));
    assert_eq!(
        serde_json::to_string(&schema.expect("a schema")).expect("JSON"),
        r#"{"columns":[{"name":"id","type":"number","missing":false},{"name":"street","type":"text","missing":false},{"name":"pool","type":"boolean","missing":true},{"name":"alley","type":"number","missing":true}],"target":"id"}"#
    );
    let error = |csv: &[u8]| Schema::infer(csv).unwrap_err().to_string();
    assert_eq!(
        error(b""),
        "there is no header: the first line must name the columns"
    );
    assert_eq!(
        error(b"a,b\n1\n"),
        "row 1 (line 2): found 1 values, expected 2"
    );
    assert_eq!(
        error(b"a,\n"),
        "the header can't be read: column 2 has no name"
    );
}

prop_compose! {
    fn any_table()(rows in prop::collection::vec(
        (
            prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL,
            prop::option::of("[a-z\",\r\n' é]{1,6}"),
            prop::option::of(any::<bool>()),
            -1e6..1e6,
        ),
        0..8,
    )) -> Table {
        let truth = |value: &Option<bool>| value.map(|value| if value { "true" } else { "false" });
        let columns = vec![
            Values::Numbers(rows.iter().map(|row| row.0).collect()),
            Values::Labels(rows.iter().map(|row| row.1.as_deref()).collect::<Labels>()),
            Values::Labels(rows.iter().map(|row| truth(&row.2)).collect::<Labels>()),
            Values::Numbers(rows.iter().map(|row| row.3).collect()),
        ];
        Table::new(schema(), columns).expect("a table")
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_the_same(table in any_table(), header in any::<bool>()) {
        // "null", "nan" and the like are missing values in text.
        prop_assume!(!table.columns()[1].as_labels().expect("labels").texts().iter()
            .any(|text| crate::text::is_missing(text)));
        let reader = Reader::new(&schema());
        let mut csv = Vec::new();
        write_csv(&table, &mut csv, header).expect("written");
        prop_assert_eq!(&reader.csv(&csv[..]).expect("read").table, &table);
        let mut lines = Vec::new();
        write_json_lines(&table, &mut lines).expect("written");
        prop_assert_eq!(&reader.json_lines(&lines).expect("read").table, &table);
    }

    #[test]
    fn any_bytes_are_rows_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in [Format::Csv, Format::Json, Format::JsonLines] {
            let _ = reporting(features()).read(format, &bytes);
        }
        let _ = Schema::infer(&bytes[..]);
    }

    #[test]
    fn any_text_of_tables_is_rows_or_an_error(text in "[0-9a,\"\n\r{}:\\[\\]]{0,60}") {
        for format in [Format::Csv, Format::Json, Format::JsonLines] {
            if let Ok(rows) = reporting(features()).read(format, text.as_bytes()) {
                let whole = rows.table.columns().iter().all(|c| c.len() == rows.table.rows());
                prop_assert!(whole);
            }
        }
    }
}

//! A model server for the tests: `sagemaker-model MODEL_DIR PORT`, answering as `MODEL_DIR/model`
//! and the content type say.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::exit;
use std::thread;
use std::time::Duration;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let model_dir = PathBuf::from(&arguments[1]);
    let model = std::fs::read_to_string(model_dir.join("model"))?;
    if model == "exit" {
        eprintln!("no operator Frobnicate");
        exit(3);
    }
    let listener = TcpListener::bind(format!("127.0.0.1:{}", arguments[2]))?;
    for stream in listener.incoming() {
        let (model_dir, model) = (model_dir.clone(), model.clone());
        let stream = stream?;
        thread::spawn(move || serve(stream, &model_dir, &model));
    }
    Ok(())
}

/// Answers request after request on one connection.
fn serve(mut stream: TcpStream, model_dir: &Path, model: &str) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let headers = headers(&mut reader)?;
        let length = header(&headers, "content-length").parse().unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let (status, answer) = if line.starts_with("GET /execution-parameters ") {
            parameters(model)
        } else if !line.starts_with("GET /ping ") {
            answer(model_dir, model, &headers, &body)
        } else if model == "sick" {
            (503, String::new())
        } else {
            (200, String::new())
        };
        let content_type = match header(&headers, "content-type") {
            "text/csv" => "text/csv",
            kind if kind.starts_with("test/pipeline") => &format!("test/pipeline; from={model}"),
            _ => "application/json",
        };
        let response = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: \
             {}\r\nx-amzn-sagemaker-custom-attributes: from the model\r\nx-internal: \
             secret\r\n\r\n{answer}",
            answer.len()
        );
        // At once: in pieces, each would wait for the client's delayed acknowledgement.
        stream.write_all(response.as_bytes())?;
    }
}

fn headers(reader: &mut impl BufRead) -> io::Result<Vec<(String, String)>> {
    let mut headers = vec![];
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
            None => return Ok(headers),
        }
    }
}

fn header<'h>(headers: &'h [(String, String)], name: &str) -> &'h str {
    let found = headers.iter().find(|(own, _)| own == name);
    found.map_or("", |(_, value)| value)
}

fn parameters(model: &str) -> (u16, String) {
    match model {
        "single" => (
            200,
            r#"{"BatchStrategy": "SingleRecord", "MaxPayloadInMB": 1}"#.into(),
        ),
        _ => (404, String::new()),
    }
}

/// One line for each line of the body: `MODEL(LINE)`.
fn each_line(model: &str, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let lines = text.lines().map(|line| format!("{model}({line})"));
    lines.collect::<Vec<_>>().join("\n")
}

fn answer(
    model_dir: &Path,
    model: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> (u16, String) {
    if model == "refuse" {
        return (415, "no such type".into());
    }
    match header(headers, "content-type") {
        "test/crash" => exit(3),
        "test/refuse" => (400, "not an image".into()),
        "test/fail" => (500, "out of ideas".into()),
        "test/wait" => {
            std::fs::write(model_dir.join("waiting"), "").expect("the model's folder takes files");
            while !model_dir.join("go").exists() {
                thread::sleep(Duration::from_millis(5));
            }
            (200, format!("{model:?}"))
        }
        "test/headers" => {
            let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
            (200, format!("{names:?}"))
        }
        // What a container of a pipeline got, and from whom; its own content type is `a/MODEL`.
        kind if kind.starts_with("test/pipeline") => {
            let body = String::from_utf8_lossy(body);
            let accept = header(headers, "accept");
            (200, format!("{model}[{kind}|{accept}|{body}]"))
        }
        "test/long" => (200, "x".repeat((5 << 20) + 1)),
        "test/port" => (
            200,
            std::env::var("SAGEMAKER_BIND_TO_PORT").unwrap_or_default(),
        ),
        "text/csv" => (200, each_line(model, body)),
        "application/jsonlines" if model == "lines" => {
            let text = String::from_utf8_lossy(body);
            let lines = text
                .lines()
                .map(|line| format!("{{\"length\":{}}}", line.len()));
            (200, lines.collect::<Vec<_>>().join("\n"))
        }
        "test/environment" => (200, std::env::var("SETTING").unwrap_or_default()),
        _ => (200, format!("[{model:?}, {}]", body.len())),
    }
}

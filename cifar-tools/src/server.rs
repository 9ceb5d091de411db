//! A small HTTP server on 127.0.0.1 for tests: one request a connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

pub(crate) struct Request {
    pub(crate) method: String,
    /// The path with its query.
    pub(crate) target: String,
    head: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A header's value, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let split = self.head.iter().filter_map(|line| line.split_once(':'));
        split
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .next()
    }
}

pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// The value of Content-Length. If it is larger than the body, the connection breaks early.
    pub(crate) length: usize,
}

impl Response {
    pub(crate) fn new(status: u16, body: &[u8]) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.to_vec(),
            length: body.len(),
        }
    }
}

/// Serves until the process ends; gives the address, `http://127.0.0.1:PORT`.
pub(crate) fn serve(handler: impl Fn(Request) -> Response + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let handler = Arc::new(handler);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let handler = handler.clone();
            // Ignore errors of clients that disconnect.
            std::thread::spawn(move || drop(respond(stream.unwrap(), &*handler)));
        }
    });
    url
}

fn respond(stream: TcpStream, handler: &dyn Fn(Request) -> Response) -> std::io::Result<()> {
    let mut from = BufReader::new(stream.try_clone()?);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? <= 2 {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    if lines.is_empty() {
        return Ok(()); // the client disconnected without a request
    }
    let mut first = lines.remove(0);
    first.truncate(first.rfind(' ').unwrap_or(first.len()));
    let (method, target) = first.split_once(' ').unwrap();
    let mut request = Request {
        method: method.to_owned(),
        target: target.to_owned(),
        head: lines,
        body: Vec::new(),
    };
    let length = request
        .header("content-length")
        .map_or(0, |n| n.parse().unwrap());
    from.take(length).read_to_end(&mut request.body)?;
    let Response {
        status,
        headers,
        body,
        length,
    } = handler(request);
    let mut to = stream;
    write!(
        to,
        "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n"
    )?;
    headers
        .iter()
        .try_for_each(|(key, value)| write!(to, "{key}: {value}\r\n"))?;
    to.write_all(b"\r\n")?;
    to.write_all(&body)
}

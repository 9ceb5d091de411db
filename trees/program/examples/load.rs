//! Measures a server: one row a request, over connections that stay open.
//!
//!     load ADDRESS ROW [CONNECTIONS [SECONDS]]
//!
//! ROW is a file with the body of each request, CSV. It prints requests per second and percentiles
//! of the latency.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, row, rest @ ..] = &arguments[..] else {
        return Err("usage: load ADDRESS ROW [CONNECTIONS [SECONDS]]".into());
    };
    let number = |index: usize, default| rest.get(index).map_or(Ok(default), |text| text.parse());
    let (connections, seconds) = (number(0, 1)?, number(1, 5)?);
    let body = std::fs::read(row)?;
    let head = format!(
        "POST /invocations HTTP/1.1\r\nHost: {address}\r\nContent-Type: text/csv\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    let request = [head.as_bytes(), &body].concat();
    let began = Instant::now();
    let end = began + Duration::from_secs(seconds);
    let mut times = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..connections)
            .map(|_| scope.spawn(|| send_until(end, address, &request)))
            .collect();
        let mut times = Vec::new();
        for worker in workers {
            times.extend(worker.join().map_err(|_| "a connection failed")??);
        }
        Ok::<_, Failure>(times)
    })?;
    let elapsed = began.elapsed().as_secs_f64();
    times.sort_unstable();
    let percentile = |part: f64| {
        let index = ((times.len() as f64 * part) as usize).min(times.len().saturating_sub(1));
        times
            .get(index)
            .map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    };
    println!(
        "{:.0} requests/s, p50 {:.3} ms, p99 {:.3} ms",
        times.len() as f64 / elapsed,
        percentile(0.5),
        percentile(0.99)
    );
    Ok(())
}

/// Sends requests one after the other; returns how long each took.
fn send_until(end: Instant, address: &str, request: &[u8]) -> Result<Vec<Duration>, Failure> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut responses = BufReader::new(stream.try_clone()?);
    let (mut times, mut line, mut body) = (Vec::new(), String::new(), Vec::new());
    while Instant::now() < end {
        let began = Instant::now();
        stream.write_all(request)?;
        let mut length = 0;
        let mut is_first = true;
        loop {
            line.clear();
            responses.read_line(&mut line)?;
            if std::mem::take(&mut is_first) && !line.starts_with("HTTP/1.1 200") {
                return Err(format!("the response is {line}").into());
            }
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse()?;
            }
        }
        body.resize(length, 0);
        responses.read_exact(&mut body)?;
        times.push(began.elapsed());
    }
    Ok(times)
}

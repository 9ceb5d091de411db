//! Against servers that resume, do not, lie, break off, or are not there.

use super::*;
use crate::progress::quiet;
use crate::server::{Request, Response, serve};
use std::ops::ControlFlow;

fn body() -> Vec<u8> {
    (0..200_000u32).map(|at| (at * 31 % 251) as u8).collect()
}

fn expected() -> Checksum {
    let md5: String = Md5::digest(body())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Checksum { size: 200_000, md5 }
}

/// Sends what is asked for; an end beyond `cut` is not sent.
fn ranges(request: &Request, cut: usize) -> Response {
    let body = body();
    let from = request.header("range").and_then(|range| {
        range
            .strip_prefix("bytes=")?
            .strip_suffix('-')?
            .parse()
            .ok()
    });
    let start: usize = from.unwrap_or(0);
    let mut response = Response::new(
        if from.is_some() { 206 } else { 200 },
        &body[start..cut.max(start)],
    );
    response.length = body.len() - start;
    response.headers.push((
        "Content-Range",
        format!("bytes {start}-{}/{}", body.len() - 1, body.len()),
    ));
    response
}

struct Case {
    dir: tempfile::TempDir,
    url: String,
}

impl Case {
    fn new(answer: impl Fn(Request) -> Response + Send + Sync + 'static) -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            url: serve(answer),
        }
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("a.tar.gz")
    }

    fn part(&self) -> PathBuf {
        self.dir.path().join("a.tar.gz.part")
    }

    fn fetch(&self, expected: &Checksum) -> Result<FetchOutcome, String> {
        fetch(&self.url, &self.file(), expected, &mut quiet).map_err(|e| e.to_string())
    }

    fn check_done(&self, resumed_from: u64) {
        assert_eq!(
            self.fetch(&expected()),
            Ok(FetchOutcome::Downloaded { resumed_from })
        );
        assert!(fs::read(self.file()).unwrap() == body());
        assert!(!self.part().exists());
    }
}

#[test]
fn a_download_is_whole_and_a_second_one_is_none() {
    let case = Case::new(|request| ranges(&request, 200_000));
    case.check_done(0);
    assert_eq!(case.fetch(&expected()), Ok(FetchOutcome::Present));
}

#[test]
fn a_part_is_resumed() {
    let case = Case::new(|request| {
        assert_eq!(request.header("range"), Some("bytes=70000-"));
        ranges(&request, 200_000)
    });
    fs::write(case.part(), &body()[..70_000]).unwrap();
    case.check_done(70_000);
}

#[test]
fn a_server_without_ranges_sends_all_of_it() {
    let case = Case::new(|_| Response::new(200, &body()));
    fs::write(case.part(), b"something else").unwrap();
    case.check_done(0);
}

#[test]
fn a_part_that_is_too_long_is_started_again() {
    let case = Case::new(|request| ranges(&request, 200_000));
    fs::write(case.part(), vec![0; 300_000]).unwrap();
    case.check_done(0);
}

#[test]
fn a_server_that_refuses_the_range_is_asked_for_all_of_it() {
    let case = Case::new(|request| match request.header("range") {
        Some(_) => Response::new(416, b""),
        None => ranges(&request, 200_000),
    });
    fs::write(case.part(), &body()[..1000]).unwrap();
    case.check_done(0);
}

#[test]
fn a_whole_part_only_needs_its_name() {
    let case = Case::new(|_| Response::new(500, b""));
    fs::write(case.part(), body()).unwrap();
    case.check_done(200_000);
}

#[test]
fn a_connection_that_breaks_is_resumed_by_the_next_run() {
    let case = Case::new(|request| {
        let cut = if request.header("range").is_some() {
            200_000
        } else {
            120_000
        };
        ranges(&request, cut)
    });
    let error = case.fetch(&expected()).unwrap_err();
    assert!(
        error.starts_with("the download stopped after 120000 of 200000 bytes ("),
        "{error}"
    );
    assert!(
        error.ends_with("); run the same command again to resume it"),
        "{error}"
    );
    assert!(!case.file().exists());
    case.check_done(120_000);
}

#[test]
fn a_wrong_file_is_not_kept() {
    let check = |expected: Checksum, text: &str| {
        let case = Case::new(|request| ranges(&request, 200_000));
        let error = case.fetch(&expected).unwrap_err();
        let way_out = "it was removed; give another address with --url, or try again";
        assert_eq!(
            error,
            format!(
                "{} is not the published archive: {text}; {way_out}",
                case.url
            )
        );
        assert_eq!(fs::read_dir(case.dir.path()).unwrap().count(), 0);
    };
    let md5 = "0".repeat(32);
    check(
        Checksum {
            md5: md5.clone(),
            ..expected()
        },
        &format!("its MD5 is {}, not {md5}", expected().md5),
    );
    // More than a chunk too long: the rest is not even downloaded.
    let case = Case::new(|request| ranges(&request, 200_000));
    let error = case
        .fetch(&Checksum {
            size: 1000,
            ..expected()
        })
        .unwrap_err();
    assert!(
        error.contains("is not the published archive: it has ")
            && error.contains(" bytes, not 1000;"),
        "{error}"
    );
    assert!(!case.part().exists());
}

#[test]
fn a_short_file_is_not_taken_for_the_whole() {
    let case = Case::new(|_| Response::new(200, b"short"));
    let error = case.fetch(&expected()).unwrap_err();
    let text = "the download stopped after 5 of 200000 bytes (the server closed the connection); \
                run the same command again to resume it";
    assert_eq!(error, text);
}

#[test]
fn a_wrong_file_that_is_there_is_not_touched() {
    let case = Case::new(|_| Response::new(500, b""));
    fs::write(case.file(), "mine").unwrap();
    let error = case.fetch(&expected()).unwrap_err();
    let text = "is not the published archive: it has 4 bytes, not 200000; move it away, or give \
                another --out";
    assert!(error.ends_with(text), "{error}");
    assert_eq!(fs::read(case.file()).unwrap(), b"mine");
}

#[test]
fn a_status_is_shown() {
    let case = Case::new(|_| Response::new(404, b"not here"));
    let error = case.fetch(&expected()).unwrap_err();
    assert_eq!(
        error,
        format!(
            "{} answered 404 Not Found: give another address with --url",
            case.url
        )
    );
}

#[test]
fn a_host_that_is_not_there_says_what_to_do() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let dir = tempfile::tempdir().unwrap();
    let url = format!("http://{closed}/a.tar.gz");
    let error = fetch(&url, &dir.path().join("a"), &expected(), &mut quiet)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with(&format!("cannot reach {url}: ")),
        "{error}"
    );
    assert!(
        error.contains("Give another address with --url, or put cifar-100-python.tar.gz at "),
        "{error}"
    );
    assert!(
        error.ends_with(
            " yourself, or draw a stand-in that needs no network with `cifar-tools sample`"
        ),
        "{error}"
    );
}

#[test]
fn being_stopped_keeps_the_part() {
    let case = Case::new(|request| ranges(&request, 200_000));
    let mut stop = |_: Tick| ControlFlow::Break(());
    let error = fetch(&case.url, &case.file(), &expected(), &mut stop).unwrap_err();
    assert_eq!(
        error.to_string(),
        "stopped; run the same command again to resume the download"
    );
    assert!(case.part().exists() && !case.file().exists());
}

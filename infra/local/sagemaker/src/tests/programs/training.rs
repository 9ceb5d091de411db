//! A training program for the tests: `sagemaker-training ROOT`, doing as its hyperparameter `do`
//! says.

use std::io;
use std::path::{Path, PathBuf};
use std::process::exit;

use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> io::Result<()> {
    let root = PathBuf::from(std::env::args().nth(1).expect("the root"));
    let parameters = std::fs::read(root.join("input/config/hyperparameters.json"))?;
    let parameters: Value = serde_json::from_slice(&parameters)?;
    let parameter = |name: &str| parameters[name].as_str().unwrap_or_default();
    println!("epoch=1 accuracy=0.5");
    match parameter("do") {
        "fail" => {
            std::fs::write(root.join("output/failure"), "out of ideas\n")?;
            eprintln!("Traceback");
            exit(3);
        }
        "crash" => std::process::abort(),
        "connect" => drop(std::net::TcpStream::connect(parameter("address"))?),
        "wait" => {
            stopped(&root).await?;
            return save(&root, "stopped early");
        }
        "ignore" => loop {
            stopped(&root).await?;
        },
        "resume" if !root.join("checkpoints/one").exists() => {
            std::fs::write(root.join("checkpoints/one"), "of two")?;
            stopped(&root).await?;
        }
        _ => {}
    }
    for file in files(&root.join("input/data"))? {
        println!("read {file}");
    }
    println!(
        "environment {}",
        std::env::var("SETTING").unwrap_or_default()
    );
    eprint!("epoch=2 accuracy=0.75");
    if !parameter("report").is_empty() {
        std::fs::write(root.join("output/data/report"), parameter("report"))?;
    }
    save(&root, parameter("model"))
}

/// Says that it waits, and waits for SIGTERM.
async fn stopped(root: &Path) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    std::fs::write(root.join("waiting"), "")?;
    terminate.recv().await;
    Ok(())
}

fn save(root: &Path, model: &str) -> io::Result<()> {
    std::fs::write(root.join("model/model"), model)
}

/// `CHANNEL/NAME: CONTENT` of each file, sorted.
fn files(folder: &Path) -> io::Result<Vec<String>> {
    let mut found = vec![];
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path
                .strip_prefix(folder)
                .expect("below it")
                .display()
                .to_string();
            found.push(format!("{name}: {}", std::fs::read_to_string(&path)?));
        }
    }
    found.sort();
    Ok(found)
}

//! The workflow on the real photographs. Skips, and says so, where the CIFAR-100 archive is not
//! there.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::SCONES;

fn archive() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/cifar-100-python.tar.gz");
    let archive = std::env::var_os("SCONES_CIFAR_ARCHIVE").map_or(here, PathBuf::from);
    if archive.exists() {
        return Some(archive);
    }
    eprintln!(
        "SKIPPED: no CIFAR-100 archive at {}; set SCONES_CIFAR_ARCHIVE to run this test",
        archive.display()
    );
    None
}

#[test]
fn the_demo_on_real_bicycles_and_motorcycles() {
    let Some(archive) = archive() else { return };
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("demo.json");
    // Few epochs: that the whole recipe reaches its accuracy is measured by `just bench`.
    let demo = Command::new(SCONES)
        .args(["demo", "--once", "--port=0", "--epochs=6", "--archive"])
        .arg(&archive)
        .arg("--data-dir")
        .arg(dir.path().join("data"))
        .arg("--json")
        .arg(&json)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&demo.stdout),
        String::from_utf8_lossy(&demo.stderr),
    );
    assert!(demo.status.success(), "{out}\n{err}");
    let report: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    assert_eq!(report["data"]["drawn"], false);
    assert_eq!(report["data"]["staged"]["train"], 1000);
    assert_eq!(report["data"]["staged"]["test"], 200);
    assert!(
        report["model"]["accuracy"].as_f64().unwrap() > 0.7,
        "{}",
        report["model"]
    );
}

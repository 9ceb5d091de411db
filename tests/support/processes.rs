//! The stack's child processes, to be stopped and killed.

use std::process::Command;

/// The children of `parent` with `word` in their command line.
pub(crate) fn child_pids(parent: u32, word: &str) -> Vec<u32> {
    let children = Command::new("ps")
        .args(["-o", "pid=,args=", "--ppid", &parent.to_string()])
        .output()
        .unwrap();
    let children = String::from_utf8(children.stdout).unwrap();
    let matching = children
        .lines()
        .filter(|line| line.split_whitespace().any(|argument| argument == word));
    matching
        .map(|line| line.split_whitespace().next().unwrap().parse().unwrap())
        .collect()
}

/// Sends a signal, by its name without SIG.
pub(crate) fn signal(pid: u32, name: &str) {
    let status = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(pid.to_string())
        .status()
        .unwrap();
    assert!(status.success(), "kill -{name} {pid}");
}

/// Returns true if the process is running.
pub(crate) fn alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

//! The child process of an environment, and everything that it starts.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, PipeWriter};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

use crate::lambda::config::Command;
use crate::lambda::warden::Warden;

/// A process that leads a process group; the whole group is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    group: Pid,
    warden: Arc<Warden>,
}

impl Process {
    /// Starts `command` with nothing but `variables` for an environment, and both outputs into `output`.
    pub(super) fn start(
        command: &Command,
        variables: BTreeMap<String, OsString>,
        output: PipeWriter,
        warden: Arc<Warden>,
    ) -> io::Result<Self> {
        let mut start = tokio::process::Command::new(&command.program);
        start
            .args(&command.args)
            .env_clear()
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .kill_on_drop(true);
        if let Some(root) = &command.task_root {
            start.current_dir(root);
        }
        let child = start.spawn()?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let group = group.ok_or_else(|| io::Error::other("the process has no id"))?;
        warden.watch(group);
        Ok(Self {
            child,
            group,
            warden,
        })
    }

    /// Waits until the process has ended. May be dropped and called again.
    pub(super) async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Kills the process and all that it has started, and waits for it.
    pub(super) async fn kill(&mut self) {
        self.kill_group();
        if let Err(error) = self.child.wait().await {
            tracing::warn!(%error, "a function's process could not be waited for");
        }
    }

    /// The most memory that the process has held, in bytes; known on Linux only.
    pub(super) fn peak_memory(&self) -> Option<u64> {
        let path = format!("/proc/{}/status", self.group.as_raw_pid());
        let status = std::fs::read_to_string(path).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes * 1024)
    }

    fn kill_group(&self) {
        // It fails where nothing is left of the group, which is what this is for.
        let _ = kill_process_group(self.group, Signal::KILL);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill_group();
        self.warden.forget(self.group);
    }
}

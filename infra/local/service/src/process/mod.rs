//! Child processes that end with the stack: functions, model servers and training jobs, and
//! everything that they start.

mod environment;
mod watchdog;

use std::io;
use std::process::{Command, ExitStatus};
use std::sync::Arc;

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process_group, setrlimit};
use tokio::process::Child;

pub use environment::check_name;
pub use environment::{NameError, limit as limit_environment};
pub use watchdog::Watchdog;

/// Raises the limit on open files to the maximum that the system allows: every connection, database
/// and object uses one.
pub fn raise_open_files_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    let hard = Rlimit {
        current: limit.maximum,
        ..limit
    };
    if let Err(error) = setrlimit(Resource::Nofile, hard) {
        let (current, maximum) = (limit.current, limit.maximum);
        tracing::warn!(%error, ?current, ?maximum, "the limit of open files stays as it is; \
                                                    ulimit -n raises it");
    }
}

/// Protects this process's memory and environment, which hold the stack's key, from the user's
/// other processes. Afterwards only root may read `/proc/PID/environ`, trace the process or get a
/// core dump of it. Programs that it starts are not protected.
#[cfg(target_os = "linux")]
pub fn keep_others_out() -> io::Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// Does nothing: the system has no such setting.
#[cfg(not(target_os = "linux"))]
pub fn keep_others_out() -> io::Result<()> {
    Ok(())
}

/// A process that leads a process group; the whole group is killed when this is dropped, and when
/// the stack is killed.
#[derive(Debug)]
pub struct Process {
    child: Child,
    group: Pid,
    watchdog: Arc<Watchdog>,
}

impl Process {
    /// Starts `command`, under the eyes of `watchdog`. Of the stack's environment it gets `PATH`
    /// and `TMPDIR`.
    pub fn start(mut command: Command, watchdog: Arc<Watchdog>) -> io::Result<Self> {
        environment::limit(&mut command).map_err(io::Error::other)?;
        let mut command = tokio::process::Command::from(command);
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let group = group.ok_or_else(|| io::Error::other("the process has no id"))?;
        watchdog.watch(group);
        Ok(Self {
            child,
            group,
            watchdog,
        })
    }

    /// Waits until the process has ended. May be dropped and called again.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Asks the process and all that it has started to end (SIGTERM).
    pub fn terminate(&self) {
        // It fails where nothing is left of the group.
        let _ = kill_process_group(self.group, Signal::TERM);
    }

    /// Kills the process and all that it has started, and waits for it.
    pub async fn kill(&mut self) {
        self.kill_group();
        if let Err(error) = self.child.wait().await {
            tracing::warn!(%error, "a child process could not be waited for");
        }
    }

    /// The most memory that the process has held, in bytes; known on Linux only.
    pub fn peak_memory(&self) -> Option<u64> {
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
        self.watchdog.forget(self.group);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{DumpableBehavior, dumpable_behavior};

    use super::*;

    #[test]
    fn other_processes_are_kept_out_of_one_with_a_key() {
        keep_others_out().unwrap();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}

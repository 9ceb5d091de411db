//! A child process that dies with the stack, also when `kill -9` ends the stack.
//!
//! A shell reads a pipe from the stack. The end of its input means that the stack is gone, or that the child is to go:
//! it kills the child's process group. A line means that the child is gone already.

use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, Command};

const SCRIPT: &str = r#"trap '' HUP INT TERM; read -r line || kill -s KILL -- "-$0" 2>/dev/null"#;

/// A process, in a group of its own, and the shell that watches over it.
#[derive(Debug)]
pub(super) struct Leash {
    child: Child,
    shell: Child,
    pipe: ChildStdin,
}

impl Leash {
    /// Starts `command`.
    pub(super) fn start(mut command: Command) -> std::io::Result<Self> {
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        let gone = || std::io::Error::other("it ended at once");
        let group = child.id().ok_or_else(gone)?.to_string();
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, &group])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let pipe = shell.stdin.take().ok_or_else(gone)?;
        Ok(Self { child, shell, pipe })
    }

    /// Waits for the child to end by itself, and says how it ended.
    pub(super) async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        }
    }

    /// Kills the child and what it started, and waits for it.
    pub(super) async fn kill(mut self) {
        drop(self.pipe);
        // What either ended with says nothing: it was killed.
        let _ = self.shell.wait().await;
        let _ = self.child.wait().await;
    }

    /// After [`Self::ended`]: the group's number may become another's, so the shell must not kill it.
    pub(super) async fn release(mut self) {
        // A shell that is gone has nothing to forget.
        let _ = self.pipe.write_all(b"\n").await;
        let _ = self.shell.wait().await;
    }
}

//! Kills the stack's child processes when the stack itself is killed.
//!
//! `kill -9` runs no destructor, and a function that computes or hangs does not notice that its
//! Runtime API is gone. A shell reads a pipe from the stack; when the pipe closes, however the
//! stack ended, the shell kills every registered process group. (Linux's `PR_SET_PDEATHSIG` would
//! need unsafe code between fork and exec, ends the child with the *thread* that started it, and is
//! not inherited by the child's own children.)

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use rustix::process::Pid;

/// Reads `+ GROUP` and `- GROUP`; at the end of its input kills the groups that are left.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
groups=
while read -r change group; do
    case $change in
    +) groups="$groups $group" ;;
    -) rest=
       for each in $groups; do [ "$each" = "$group" ] || rest="$rest $each"; done
       groups=$rest ;;
    esac
done
for each in $groups; do kill -s KILL -- "-$each" 2>/dev/null; done
exit 0
"#;

/// The shell, and the pipe to it.
#[derive(Debug)]
pub struct Watchdog {
    shell: Mutex<(Child, Option<ChildStdin>)>,
}

impl Watchdog {
    /// Starts the shell, in a process group of its own so that a Ctrl-C at the terminal does not
    /// reach it.
    pub fn start() -> std::io::Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let input = shell.stdin.take();
        Ok(Self {
            shell: Mutex::new((shell, input)),
        })
    }

    /// Registers a group to be killed with the stack.
    pub(super) fn watch(&self, group: Pid) {
        self.send('+', group);
    }

    /// Removes an ended group, whose number the system may reuse.
    pub(super) fn forget(&self, group: Pid) {
        self.send('-', group);
    }

    fn send(&self, change: char, group: Pid) {
        let mut shell = self.shell.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(input) = &mut shell.1 else { return };
        let line = format!("{change} {}\n", group.as_raw_pid());
        if let Err(error) = input.write_all(line.as_bytes()) {
            shell.1 = None;
            tracing::warn!(%error, "the watchdog over child processes is gone; kill -9 of the \
                                    stack may leave processes behind");
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        let shell = self.shell.get_mut().unwrap_or_else(PoisonError::into_inner);
        shell.1 = None;
        // It ends at once, and must be waited for or it stays a zombie; its exit status says
        // nothing.
        let _ = shell.0.wait();
    }
}

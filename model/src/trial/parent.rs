//! The process that has a model tried, and what it makes of how that ended.

use super::child::{FOLDER, LIMITS, PANICKED};
use super::limits::Limits;
use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;

/// The bytes of a process's output that are kept.
const MAX_TEXT: u64 = 16 << 10;
/// The bytes of it that a reason quotes.
const QUOTED: usize = 512;

/// The outcome of a trial.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It can be taken.
    Passed,
    /// It can't, as loading says.
    Refused(String),
    /// It can't, as it takes too much or crashes.
    Failed(String),
}

/// Tries the model in `folder` in a process of its own.
///
/// # Errors
/// The process can't be started.
pub(super) fn try_model(folder: &Path, limits: Limits) -> io::Result<Verdict> {
    let mut command = this_program()?;
    // A model has no business with what the environment holds.
    command
        .env_clear()
        .env("MALLOC_ARENA_MAX", "1")
        .env(FOLDER, folder)
        .stdout(Stdio::null());
    run(command, limits)
}

/// Runs this program once more, with the same arguments, within limits. Its output goes where this
/// one's goes; what it says on standard error is the reason of a refusal.
///
/// # Errors
/// The process can't be started, or came to no good end.
pub(crate) fn confined(bytes: u64) -> Result<(), String> {
    let limits = Limits::for_model(bytes)?;
    let mut command = this_program().map_err(|error| error.to_string())?;
    command.args(std::env::args_os().skip(1));
    match run(command, limits).map_err(|error| error.to_string())? {
        Verdict::Passed => Ok(()),
        Verdict::Refused(said) => {
            // It begins with what the program calls its errors.
            let reason = said.split_once(": ").map(|(_, reason)| reason.to_owned());
            Err(reason.unwrap_or(said))
        }
        Verdict::Failed(reason) => Err(reason),
    }
}

fn this_program() -> io::Result<Command> {
    // The one that runs, also where another has taken its place since.
    let running = Path::new("/proc/self/exe");
    let program = if running.exists() {
        running.to_owned()
    } else {
        std::env::current_exe()?
    };
    let mut command = Command::new(program);
    command.arg0(std::env::args_os().next().unwrap_or_default());
    Ok(command)
}

fn run(mut command: Command, limits: Limits) -> io::Result<Verdict> {
    let (errors, writer) = io::pipe()?;
    let mut child = command
        .env(LIMITS, limits.to_text())
        .stdin(Stdio::null())
        .stderr(writer)
        .spawn()?;
    // Its end of the pipe goes with it: then the pipe ends when the process does.
    drop(command);
    let (sender, said) = mpsc::channel();
    thread::spawn(move || {
        // Nobody listens any more if it took too long.
        let _ = sender.send(read(errors));
    });
    let Ok(said) = said.recv_timeout(limits.time) else {
        end(&mut child)?;
        return Ok(Verdict::Failed(limits.too_slow()));
    };
    Ok(verdict(child.wait()?, &said, limits))
}

/// All that a process says, as far as it is kept.
fn read(mut errors: io::PipeReader) -> String {
    let mut text = Vec::new();
    // What can't be read is the end of it.
    let _ = errors.by_ref().take(MAX_TEXT).read_to_end(&mut text);
    let _ = io::copy(&mut errors, &mut io::sink());
    String::from_utf8_lossy(&text).trim().to_owned()
}

fn end(child: &mut Child) -> io::Result<ExitStatus> {
    // It may have ended by itself.
    let _ = child.kill();
    child.wait()
}

fn verdict(status: ExitStatus, said: &str, limits: Limits) -> Verdict {
    // The standard library's words when an allocation fails, and when a stack is full.
    let is_too_large =
        said.contains("memory allocation of") || said.contains("Cannot allocate memory");
    let is_too_deep = said.contains("has overflowed its stack");
    let too_long = rustix::process::Signal::XCPU.as_raw();
    let quoted: String = said.chars().take(QUOTED).collect();
    match (status.code(), status.signal()) {
        (Some(0), _) => Verdict::Passed,
        (Some(1), _) => Verdict::Refused(said.to_owned()),
        (_, Some(signal)) if signal == too_long => Verdict::Failed(limits.too_slow()),
        _ if is_too_large => Verdict::Failed(limits.too_large()),
        _ if is_too_deep => Verdict::Failed("its graph is nested too deeply".to_owned()),
        (Some(code), _) if code == i32::from(PANICKED) => {
            Verdict::Failed(format!("the runtime panics: {quoted}"))
        }
        _ => Verdict::Failed(format!("the runtime crashes ({status}): {quoted}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const WITHIN: Limits = Limits {
        megabytes: 100,
        time: Duration::from_secs(60),
    };

    #[track_caller]
    fn check(script: &str, expected: &Verdict) {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        assert_eq!(&run(command, WITHIN).unwrap(), expected, "{script}");
    }

    fn failed(reason: &str) -> Verdict {
        Verdict::Failed(reason.to_owned())
    }

    #[test]
    fn each_end_of_a_process_has_its_words() {
        check("exit 0", &Verdict::Passed);
        check(
            "echo 'no labels' >&2; exit 1",
            &Verdict::Refused("no labels".into()),
        );
        let too_large = failed(
            "it needs more than 100 MB of memory (set SCONES_MODEL_MEMORY_MB to allow more)",
        );
        check(
            "echo 'memory allocation of 8 bytes failed' >&2; kill -ABRT $$",
            &too_large,
        );
        let too_deep = failed("its graph is nested too deeply");
        check(
            "echo \"thread 'main' has overflowed its stack\" >&2; kill -ABRT $$",
            &too_deep,
        );
        let too_slow = "it takes more than 60 s to load and answer once (set SCONES_MODEL_SECONDS \
                        to allow more)";
        check("kill -XCPU $$", &failed(too_slow));
        check(
            "echo wrong >&2; exit 2",
            &failed("the runtime panics: wrong"),
        );
        check(
            "kill -SEGV $$",
            &failed("the runtime crashes (signal: 11 (SIGSEGV)): "),
        );
    }

    #[test]
    fn a_process_without_an_end_is_ended() {
        let limits = Limits {
            time: Duration::from_millis(50),
            ..WITHIN
        };
        let mut command = Command::new("/bin/sleep");
        command.arg("1000");
        let verdict = run(command, limits).unwrap();
        assert!(matches!(verdict, Verdict::Failed(reason) if reason.starts_with("it takes more")));
    }

    #[test]
    fn much_text_is_read_and_little_is_kept() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 1"]);
        let Verdict::Refused(said) = run(command, WITHIN).unwrap() else {
            panic!("it was refused");
        };
        assert_eq!(said.len() as u64, MAX_TEXT);
    }
}

//! `scones logs`: what functions and training jobs logged.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use service::logs::{self, Follow, Line};

use crate::cli;

/// The interval at which `--follow` polls. Any process may read the logs while the stack writes
/// them, so nobody can tell it.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Runs the verb.
pub(crate) fn run(options: &cli::Logs) -> anyhow::Result<ExitCode> {
    let function = options.function.as_deref();
    let mut follow = Follow::new(&options.data_dir, function)?;
    let lines = logs::read(&options.data_dir, function, options.lines).with_context(|| {
        format!(
            "no logs in {}: has a stack run there?",
            options.data_dir.display()
        )
    })?;
    let mut open = print(&lines, function.is_none())?;
    while open && options.follow {
        std::thread::sleep(POLL_INTERVAL);
        open = print(&follow.poll()?, function.is_none())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints lines; false when nobody reads them any more.
fn print(lines: &[Line], with_name: bool) -> anyhow::Result<bool> {
    let mut out = std::io::stdout().lock();
    let printed = lines.iter().try_for_each(|line| {
        let name = if with_name {
            format!(" {}", line.name)
        } else {
            String::new()
        };
        writeln!(out, "{}{name} {}", line.time, line.message)
    });
    match printed.and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error.into()),
    }
}

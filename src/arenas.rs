//! glibc's memory arenas, of which a stack needs one.

/// Replaces this process by one whose threads share an arena, unless the environment says how many
/// they have.
///
/// glibc gives threads arenas of their own, up to eight a core, and each keeps what its threads
/// once held: after 8,000 images a stack held 59 MB so, and 18 MB with one arena. glibc reads the
/// number, as a variable or a tunable, before `main`; its function `mallopt` takes unsafe code.
/// Another allocator is no way out: mimalloc held ten times as much, and jemalloc is built by a
/// configure script and reads its options before `main` too. Where the replacement fails, the stack
/// works as well, in more memory.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn share_one() {
    use std::os::unix::process::CommandExt;

    const ARENAS: &str = "MALLOC_ARENA_MAX";
    if std::env::var_os(ARENAS).is_some() {
        return;
    }
    if let Ok(program) = std::env::current_exe() {
        let mut arguments = std::env::args_os();
        let name = arguments.next().unwrap_or_default();
        // It returns only if it failed.
        let _failed = std::process::Command::new(program)
            .arg0(name)
            .args(arguments)
            .env(ARENAS, "1")
            .exec();
    }
}

/// Other allocators give back what is free.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn share_one() {}

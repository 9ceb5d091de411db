//! The environment variables of child processes: those that are inherited, and those that may not
//! be set.
//!
//! A child process inherits only a fixed list: the stack's environment may hold secrets of its user
//! (`AWS_SECRET_ACCESS_KEY`, `GITHUB_TOKEN`) and the stack's key.
//!
//! On AWS, an `Environment` applies to a container, which holds only the program. Here it applies
//! to a process of this machine, where some variables make any process load and run other code. A
//! caller who may create a job need not have that right.

use std::process::Command;

/// The variables that programs inherit: where to find programs and where to put temporary files.
const INHERITED: [&str; 2] = ["PATH", "TMPDIR"];

/// The dynamic linkers' and the C libraries' variables, and those of interpreters, by their
/// beginnings.
const FAMILIES: [&str; 9] = [
    "LD_",
    "DYLD_",
    "_RLD",
    "MALLOC_",
    "BASH_FUNC_",
    "PYTHON",
    "PERL",
    "RUBY",
    "LUA_",
];

/// Other variables that name programs to run, code to load, or configuration files to read.
const NAMES: [&str; 35] = [
    "AWS_CONFIG_FILE", // a profile's credential_process is a command
    "AWS_SHARED_CREDENTIALS_FILE",
    "BASHOPTS",
    "BASH_ENV",
    "CLASSPATH",
    "ENV",
    "GCONV_PATH",
    "GETCONF_DIR",
    "GLIBC_TUNABLES",
    "HOME",
    "HOSTALIASES",
    "IFS",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "LIBPATH",
    "LOCALDOMAIN",
    "LOCPATH",
    "NLSPATH",
    "NODE_OPTIONS",
    "NODE_PATH",
    "OPENSSL_CONF",
    "OPENSSL_ENGINES",
    "OPENSSL_MODULES",
    "PATH",
    "PROMPT_COMMAND",
    "PS4",
    "RESOLV_HOST_CONF",
    "RES_OPTIONS",
    "SHELL",
    "SHELLOPTS",
    "SHLIB_PATH",
    "SSLKEYLOGFILE",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "_JAVA_OPTIONS",
];

/// The reason that an environment variable is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The name is malformed: `A=B` would set `A`.
    #[error(
        "the environment variable {0:?} can't be set: a name is letters, digits and '_', and \
         begins with no digit"
    )]
    Malformed(String),
    /// The variable would affect more than the program itself.
    #[error(
        "the environment variable {0} can't be set on the local stack, where it would make \
         processes of this machine load other code or files: give the program a variable of its \
         own"
    )]
    Reserved(String),
}

/// Checks that a variable of this name may be given to a child process.
pub fn check_name(name: &str) -> Result<(), NameError> {
    let in_a_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins = name
        .bytes()
        .next()
        .is_some_and(|byte| !byte.is_ascii_digit());
    if !begins || !name.bytes().all(in_a_name) {
        return Err(NameError::Malformed(name.to_owned()));
    }
    let of_a_family = FAMILIES.iter().any(|family| name.starts_with(family));
    if of_a_family || NAMES.contains(&name) {
        return Err(NameError::Reserved(name.to_owned()));
    }
    Ok(())
}

/// Leaves `command` the variables that were set on it, and `PATH` and `TMPDIR` of this process.
///
/// # Errors
/// A variable that was set on it is refused.
pub fn limit(command: &mut Command) -> Result<(), NameError> {
    let own: Vec<_> = command
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .collect();
    for (name, _) in &own {
        check_name(&name.to_string_lossy())?;
    }
    let inherited = INHERITED.map(|name| (name, std::env::var_os(name)));
    let inherited = inherited
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    command.env_clear().envs(inherited).envs(own);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `LD_PRELOAD` of a training job ran a web page's code on the machine.
    #[test]
    fn what_makes_a_process_load_other_code_is_refused() {
        for name in [
            "LD_PRELOAD",
            "LD_LIBRARY_PATH",
            "LD_AUDIT",
            "DYLD_INSERT_LIBRARIES",
            "GLIBC_TUNABLES",
            "GCONV_PATH",
            "MALLOC_CONF",
            "PATH",
            "IFS",
            "ENV",
            "BASH_ENV",
            "PYTHONPATH",
            "PYTHONSTARTUP",
            "PERL5OPT",
            "RUBYOPT",
            "NODE_OPTIONS",
            "JAVA_TOOL_OPTIONS",
            "OPENSSL_CONF",
            "AWS_CONFIG_FILE",
            "HOME",
        ] {
            assert_eq!(check_name(name), Err(NameError::Reserved(name.to_owned())));
        }
        assert_eq!(
            check_name("LD_PRELOAD").unwrap_err().to_string(),
            "the environment variable LD_PRELOAD can't be set on the local stack, where it would \
             make processes of this machine load other code or files: give the program a variable \
             of its own"
        );
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for name in ["", "1A", "A B", "PATH=/evil:", "BASH_FUNC_x%%", "A\0", "Ä"] {
            assert_eq!(check_name(name), Err(NameError::Malformed(name.to_owned())));
        }
        assert_eq!(
            check_name("PATH=").unwrap_err().to_string(),
            "the environment variable \"PATH=\" can't be set: a name is letters, digits and '_', \
             and begins with no digit"
        );
    }

    #[test]
    fn a_programs_own_variables_are_its_own() {
        for name in [
            "SETTING",
            "_HANDLER",
            "RUST_LOG",
            "TZ",
            "LANG",
            "AWS_REGION",
            "ENVIRONMENT",
            "SM_HP_LD",
        ] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn a_command_keeps_its_own_variables_and_gets_no_others() {
        let mut command = Command::new("env");
        command.env("SETTING", "x").env_remove("PATH");
        limit(&mut command).unwrap();
        let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let names: Vec<&str> = output
            .lines()
            .filter_map(|line| line.split('=').next())
            .collect();
        assert!(
            names.contains(&"SETTING") && names.contains(&"PATH"),
            "{output}"
        );
        let known = |name: &&str| *name == "SETTING" || INHERITED.contains(name);
        assert!(names.iter().all(known), "{output}");
        assert!(limit(Command::new("env").env("LD_PRELOAD", "x")).is_err());
    }
}

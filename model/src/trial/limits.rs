//! Limits on the memory and time of a model.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::Duration;

/// Names of the environment variables that set other limits.
const MEMORY: &str = "SCONES_MODEL_MEMORY_MB";
const SECONDS: &str = "SCONES_MODEL_SECONDS";

/// The limits of a model while it is loaded and scores once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// MiB of memory.
    pub megabytes: u64,
    /// Wall-clock time; also the processor time of each core.
    pub time: Duration,
}

impl Limits {
    /// The limits of a model whose ONNX file has so many bytes: what the environment says, or what
    /// several times the weights and the activations of a large image take.
    ///
    /// # Errors
    /// A variable of the environment is no number.
    pub fn for_model(bytes: u64) -> Result<Self, String> {
        let seconds = setting(SECONDS)?.unwrap_or(30 + (bytes >> 22));
        Ok(Self {
            megabytes: setting(MEMORY)?.unwrap_or(2048 + 8 * (bytes >> 20)),
            time: Duration::from_secs(seconds),
        })
    }

    /// Limits this process, and with it all that it starts.
    pub(super) fn apply(self) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let seconds = self.time.as_secs().saturating_mul(cores as u64);
        for (resource, value) in [
            // Heap and stacks, and not the address space, of which allocators reserve much and use
            // little.
            (Resource::Data, self.megabytes.saturating_mul(1 << 20)),
            (Resource::Cpu, seconds),
            (Resource::Core, 0),
        ] {
            let maximum = getrlimit(resource).maximum;
            let value = value.min(maximum.unwrap_or(u64::MAX));
            let limit = Rlimit {
                current: Some(value),
                maximum,
            };
            // A limit can always be lowered; where a system does not know it, the time remains.
            let _ = setrlimit(resource, limit);
        }
    }

    /// For the environment of a process that is to be limited.
    pub(super) fn to_text(self) -> String {
        format!("{} {}", self.megabytes, self.time.as_secs())
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (megabytes, seconds) = text.split_once(' ')?;
        Some(Self {
            megabytes: megabytes.parse().ok()?,
            time: Duration::from_secs(seconds.parse().ok()?),
        })
    }

    /// Returns the reason for which a model that took more memory is refused.
    pub(super) fn too_large(self) -> String {
        let megabytes = self.megabytes;
        format!("it needs more than {megabytes} MB of memory (set {MEMORY} to allow more)")
    }

    /// Returns the reason for which a model that took longer is refused.
    pub(super) fn too_slow(self) -> String {
        let seconds = self.time.as_secs();
        format!(
            "it takes more than {seconds} s to load and answer once (set {SECONDS} to allow more)"
        )
    }
}

fn setting(name: &str) -> Result<Option<u64>, String> {
    let Ok(value) = std::env::var(name) else {
        return Ok(None);
    };
    match value.parse() {
        Ok(number) if number > 0 => Ok(Some(number)),
        _ => Err(format!(
            "{name} is `{value}`; expected a whole number over 0"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_grow_with_the_model_and_survive_the_environment() {
        let [small, large] = [1 << 20, 1 << 30].map(|bytes| Limits::for_model(bytes).unwrap());
        assert_eq!((small.megabytes, small.time.as_secs()), (2056, 30));
        assert_eq!((large.megabytes, large.time.as_secs()), (10240, 286));
        assert_eq!(Limits::parse(&large.to_text()), Some(large));
        assert_eq!(Limits::parse("much"), None);
    }
}

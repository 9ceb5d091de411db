# What CI runs, and the rest of what one types here. `just` alone lists the verbs.

# Arguments reach a command as they were given, spaces and all: {{ARGS}} would have the shell read them again.
set positional-arguments

_list:
    @just --list --unsorted

# All that CI checks
ci: fmt lint docs test

# The whole workflow on this machine, then stays up
demo *ARGS:
    cargo run --release -- demo "$@"

# Every test
test *ARGS:
    cargo test --workspace "$@"

# Formatting
fmt:
    cargo fmt --all --check

# Clippy, warnings denied
lint:
    cargo clippy --workspace --all-targets --locked -- -D warnings

# The API documentation, warnings denied
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

# Licences, advisories and sources of the dependencies
deny:
    cargo deny check

# The model containers: scones-model and scones-tabular in target/container, and their images where there is a Docker
image *ARGS:
    infra/container/build.sh "$@"

# The benchmarks, as ratios against their peers in the same run
bench *ARGS:
    bash benches/run.sh "$@"

# Checks the template, the state machines, the workflows and the scripts, without an AWS account
infra *ARGS:
    cargo build --package scones --package cifar-tools
    infra/check/run.sh "$@"

# Runs every fuzz target, each for MINUTES (5), or the named ones
fuzz *ARGS:
    infra/check/fuzz.sh "$@"

# Deploys the application to AWS (--dry-run prints each command, --help says more)
deploy *ARGS:
    infra/deploy/deploy.sh "$@"

# Deletes it from AWS, data included
destroy *ARGS:
    infra/deploy/destroy.sh "$@"

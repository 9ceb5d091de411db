#!/usr/bin/env bash
# Makes what the benchmarks need (a Python environment, the release binaries; all of it under target/) and runs them.
#
#     benches/run.sh [ARGUMENTS of bench.py]
#
# SCONES_BIN_DIR=DIR takes the binaries from there and builds nothing. PYTHON=FILE is another Python than python3.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    echo "benches/run.sh: $1" >&2
    exit 1
}

[ "$(uname -s)" = Linux ] || fail "the benchmarks read /proc and pin processes to a core: run them on Linux"
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || fail "$python is not Python 3.10 or later; set PYTHON"

venv=target/bench-venv
if ! cmp -s benches/requirements.txt "$venv/requirements.txt"; then
    echo "making $venv (once)" >&2
    "$python" -m venv --clear "$venv" || fail "no venv: on Debian and Ubuntu it is in the package python3-venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: -r benches/requirements.txt
    cp benches/requirements.txt "$venv/requirements.txt"
fi

if [ -z "${SCONES_BIN_DIR:-}" ]; then
    cargo build --release --locked -p scones -p cifar-tools -p lambdas -p scones-local --bins --example lambda-stack --example load
    cargo build --release --locked -p asl --example rate
    SCONES_BIN_DIR=${CARGO_TARGET_DIR:-target}/release
fi
export SCONES_BIN_DIR

# Compiled Python goes to target/ too, not beside the sources.
export PYTHONPYCACHEPREFIX=$PWD/target/bench/pycache
exec "$venv/bin/python" benches/bench.py "$@"

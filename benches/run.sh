#!/usr/bin/env bash
# Makes what the benchmarks need (a Python environment, the release binaries; all of it under target/) and runs them.
#
#     benches/run.sh [ARGUMENTS of bench.py]
#     benches/run.sh monitor [ROUNDS]    how often monitoring is wrong, which needs no Python
#     benches/run.sh tabular             boosted trees beside XGBoost's
#
# SCONES_BIN_DIR=DIR takes the binaries from there and builds nothing. PYTHON=FILE is another Python than python3.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = monitor ]; then
    shift
    exec bash benches/monitor.sh "$@"
fi

fail() {
    echo "benches/run.sh: $1" >&2
    exit 1
}

[ "$(uname -s)" = Linux ] || fail "the benchmarks read /proc and pin processes to a core: run them on Linux"
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || fail "$python is not Python 3.10 or later; set PYTHON"

# make_venv REQUIREMENTS VENV
make_venv() {
    cmp -s "$1" "$2/requirements.txt" && return
    echo "making $2 (once)" >&2
    "$python" -m venv --clear "$2" || fail "no venv: on Debian and Ubuntu it is in the package python3-venv"
    "$2/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: -r "$1"
    cp "$1" "$2/requirements.txt"
}
if [ "${1:-}" = tabular ]; then
    make_venv benches/requirements-tabular.txt target/bench-venv-tabular
    cargo build --profile deploy --locked -p trees --example boost
    exec target/bench-venv-tabular/bin/python benches/tabular.py "${CARGO_TARGET_DIR:-target}/deploy/examples/boost"
fi

venv=target/bench-venv
make_venv benches/requirements.txt "$venv"
case " $* " in *" speed "*) make_venv benches/requirements-speed.txt target/bench-venv-speed ;; esac

if [ -z "${SCONES_BIN_DIR:-}" ]; then
    build=(cargo build --profile deploy --locked)
    "${build[@]}" -p scones -p cifar-tools -p lambdas -p scones-local -p local-lambda --bins --example lambda-stack --example load
    "${build[@]}" -p asl --example rate
    "${build[@]}" -p scones-model --example forward
    SCONES_BIN_DIR=${CARGO_TARGET_DIR:-target}/deploy
fi
export SCONES_BIN_DIR

# Compiled Python goes to target/ too, not beside the sources.
export PYTHONPYCACHEPREFIX=$PWD/target/bench/pycache
exec "$venv/bin/python" benches/bench.py "$@"

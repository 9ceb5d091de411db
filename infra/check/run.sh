#!/usr/bin/env bash
# Checks the template, the state machine definitions, the workflows and the scripts, without an AWS account.
# Arguments go to pytest. Python 3.11 or newer makes its environments under target/; Node.js is used where there is one.
set -euo pipefail
cd "$(dirname "$0")"
tools="$(cd ../.. && pwd)/target/infra-check"

environment() { # NAME: a virtual environment with requirements NAME.txt, made anew when they change
  local dir="$tools/$1"
  if ! cmp -s "$1.txt" "$dir/installed"; then
    rm -rf "$dir"
    python3 -m venv "$dir"
    "$dir/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$1.txt"
    cp "$1.txt" "$dir/installed"
  fi
}

environment requirements
environment requirements-checkov
if command -v npm >/dev/null; then
  if ! cmp -s package-lock.json "$tools/npm/package-lock.json"; then
    mkdir -p "$tools/npm"
    cp package.json package-lock.json "$tools/npm/"
    npm ci --prefix "$tools/npm" --no-audit --no-fund --ignore-scripts --loglevel=error
  fi
fi

export CHECKOV="$tools/requirements-checkov/bin/checkov" NODE_MODULES="$tools/npm/node_modules"
export PATH="$tools/requirements/bin:$PATH" PYTHONDONTWRITEBYTECODE=1
exec pytest -p no:cacheprovider -W ignore "$@" .

#!/usr/bin/env bash
# Runs every fuzz target of the repository, one after the other, each for a while.
#
#     infra/check/fuzz.sh [MINUTES] [TARGET…]
#     infra/check/fuzz.sh --list
#
#     MINUTES   how long each target runs (5); 0.5 is half a minute
#     TARGET    as --list prints it, for example statemachine/asl/jsonata; all of them where none is named
#
# A target is a binary of a workspace called fuzz, wherever that is. Corpora grow in target/fuzz/corpus/TARGET. An input on which a
# target fails is kept in target/fuzz/artifacts/TARGET, the others still run, and the script fails at the end.
# Needs cargo-fuzz (cargo install cargo-fuzz), a C++ compiler, and any Rust: a stable one is told to take unstable options.
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() {
    echo "fuzz.sh: $1" >&2
    exit 1
}

# A line for each target: WORKSPACE/TARGET, where WORKSPACE is the folder above `fuzz`.
list() {
    local manifest
    find . -path ./target -prune -o -path '*/fuzz/Cargo.toml' -print | sort | while read -r manifest; do
        cargo metadata --no-deps --format-version 1 --manifest-path "$manifest" |
            jq -r --arg folder "${manifest%/fuzz/Cargo.toml}" \
                '.packages[].targets[] | select(.kind == ["bin"]) | "\($folder | ltrimstr("./"))/\(.name)"'
    done
}

command -v jq >/dev/null || fail "jq is not there: install it (apt-get install jq)"
known=$(list)
case ${1:-} in
--list)
    echo "$known"
    exit
    ;;
--help | -h)
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
    exit
    ;;
esac
minutes=5
if [[ ${1:-} =~ ^[0-9]+(\.[0-9]+)?$ ]]; then
    minutes=$1
    shift
fi
for target; do
    grep -qxF -- "$target" <<<"$known" || fail "there is no target $target: --list prints them"
done
if [ $# -gt 0 ]; then known=$(printf '%s\n' "$@"); fi
cargo fuzz --version >/dev/null 2>&1 || fail "cargo-fuzz is not there: install it (cargo install cargo-fuzz)"
export RUSTC_BOOTSTRAP=1
seconds=$(jq -n --arg minutes "$minutes" '$minutes | tonumber * 60 | ceil')
host=$(rustc -vV | sed -n 's/^host: //p')

failed=()
while read -r target; do
    name=${target##*/} corpus=target/fuzz/corpus/$target artifacts=target/fuzz/artifacts/$target
    mkdir -p "$corpus" "$artifacts"
    echo "== $target, $seconds seconds" >&2
    cargo fuzz build --fuzz-dir "${target%/*}/fuzz" --target-dir target/fuzz/build "$name" </dev/null
    # 25 seconds and 2 GiB for an input: what takes more is a failure.
    "target/fuzz/build/$host/release/$name" "$corpus" -artifact_prefix="$artifacts/" -max_total_time="$seconds" -timeout=25 \
        -rss_limit_mb=2048 -print_final_stats=1 </dev/null || failed+=("$target")
done <<<"$known"
[ ${#failed[@]} -eq 0 ] || fail "failed: ${failed[*]}; the inputs are in target/fuzz/artifacts"

#!/usr/bin/env bash
# Trains a model, evaluates it on images it has not seen, and stops where it is not good enough: what a pipeline deploys.
#
#     infra/deploy/train.sh [--archive FILE] [--out DIR]
#
#     --archive FILE    cifar-100-python.tar.gz; downloaded where it is left out
#     --out DIR         where model.tar.gz and evaluation.json go (target/pipeline)
#
# MINIMUM_ACCURACY and MAXIMUM_ECE are the gate, with the template's own defaults; EPOCHS is a hyperparameter. On the account itself
# the state machine train-and-deploy does the same, and compares with the model in service too.
set -euo pipefail

fail() {
    echo "train.sh: $1" >&2
    exit 1
}
cd "$(dirname "$0")/../.."

archive='' out=target/pipeline
while [ $# -gt 0 ]; do
    case $1 in
    --archive | --out)
        [ $# -gt 1 ] || fail "$1 needs a value"
        [ "$1" = --archive ] && archive=$2 || out=$2
        shift
        ;;
    *) fail "unknown argument $1" ;;
    esac
    shift
done

accuracy=${MINIMUM_ACCURACY:-0.88} ece=${MAXIMUM_ECE:-0.08}
for bound in "MINIMUM_ACCURACY=$accuracy" "MAXIMUM_ECE=$ece"; do
    [[ ${bound#*=} =~ ^-?[0-9]+(\.[0-9]+)?$ ]] || fail "$bound: it must be a number, for example 0.9"
done
command -v jq >/dev/null || fail "jq is not there: install it (apt-get install jq)"
cargo build --release --locked --package scones --package cifar-tools
mkdir -p "$out"
if [ -z "$archive" ]; then
    archive=$out/cifar-100-python.tar.gz
    target/release/cifar-tools fetch --out "$archive"
fi
target/release/cifar-tools stage --archive "$archive" --out "$out/data"

# The folders that SageMaker gives to a training job.
job=$out/job
rm -rf "$job"
mkdir -p "$job/input/config" "$job/input/data/train_lst" "$job/model" "$job/output"
cp -r "$out/data/train" "$job/input/data/train"
cp "$out/data/train.lst" "$job/input/data/train_lst/"
jq --arg epochs "${EPOCHS:-}" 'if $epochs == "" then . else . + {epochs: $epochs} end' \
    "$out/data/hyperparameters.json" >"$job/input/config/hyperparameters.json"
target/release/scones model train --root "$job"
tar --force-local -czf "$out/model.tar.gz" -C "$job/model" .

target/release/scones model evaluate --model "$out/model.tar.gz" --images "$out/data/test" --lst "$out/data/test.lst" \
    --json "$out/evaluation.json"
if ! jq --exit-status --argjson accuracy "$accuracy" --argjson ece "$ece" '.accuracy >= $accuracy and .ece <= $ece' \
    "$out/evaluation.json" >/dev/null; then
    echo "train.sh: the model is not good enough: accuracy must be at least $accuracy, and ece at most $ece; it has" >&2
    jq '{accuracy, ece}' "$out/evaluation.json" >&2
    exit 2
fi

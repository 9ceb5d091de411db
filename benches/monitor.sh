#!/usr/bin/env bash
# How often monitoring is wrong, measured on real images: `just bench monitor`.
#
# Stages CIFAR-100's bicycles and motorcycles (SCONES_CIFAR_ARCHIVE, or ../shared/data), trains a model, and deals the test
# images to baseline and traffic, again and again. Everything is under target/bench/monitor.
set -euo pipefail
cd "$(dirname "$0")/.."
archive=${SCONES_CIFAR_ARCHIVE:-../shared/data/cifar-100-python.tar.gz}
[ -f "$archive" ] || { echo "benches/monitor.sh: no archive at $archive: set SCONES_CIFAR_ARCHIVE" >&2; exit 1; }
root=target/bench/monitor
cargo build --release --locked -p scones -p cifar-tools --bins --example monitor-power
bin=${CARGO_TARGET_DIR:-target}/release
if [ ! -d "$root/model" ]; then
    rm -rf "$root"
    mkdir -p "$root/input/config" "$root/input/data" "$root/model"
    "$bin/cifar-tools" stage --archive "$archive" --out "$root/staged"
    cp "$root/staged/hyperparameters.json" "$root/input/config/"
    for split in train:train test:validation; do
        ln -s "$PWD/$root/staged/${split%:*}" "$root/input/data/${split#*:}"
        mkdir "$root/input/data/${split#*:}_lst"
        cp "$root/staged/${split%:*}.lst" "$root/input/data/${split#*:}_lst/"
    done
    "$bin/scones" model train --root "$root"
fi
"$bin/examples/monitor-power" "$root/model" "$root/staged/test" "$root/staged/test.lst" "$@"

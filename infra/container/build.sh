#!/usr/bin/env bash
# Builds the model container's program as a static binary, target/container/scones-model, and the image scones-model:latest
# of it, where there is a Docker.
#
#     infra/container/build.sh [--binary-only]
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() {
    echo "infra/container/build.sh: $1" >&2
    exit 1
}

# Static against the C library that is there: no other target, and nothing to install.
target=$(rustc -vV | sed -n 's/^host: //p')
case $target in
*-linux-gnu | *-linux-musl) ;;
*) fail "SageMaker's containers are Linux, and this is $target: build on Linux" ;;
esac
folder=target/container
RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static" \
    cargo build --profile deploy --locked -p scones-model --bin scones-model --target "$target" --target-dir "$folder/build"
cp "$folder/build/$target/deploy/scones-model" "$folder/scones-model"
# A static program is "not a dynamic executable", and "statically linked" if its place in memory is open.
if ! ldd "$folder/scones-model" 2>&1 | grep -qE 'not a dynamic executable|statically linked'; then
    fail "$folder/scones-model is not static: install the C library's static files (libc6-dev on Debian and Ubuntu)"
fi
ls -l "$folder/scones-model"

[ "${1:-}" = --binary-only ] && exit
command -v docker >/dev/null || fail "there is no docker to build the image with; the program is in $folder"
docker build --tag scones-model:latest --file infra/container/Dockerfile "$folder"

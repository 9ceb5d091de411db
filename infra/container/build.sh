#!/usr/bin/env bash
# Builds the programs of the model containers as static binaries, scones-model (images) and scones-tabular (tables) in
# target/container, and the images scones-model:latest and scones-tabular:latest of them, where there is a Docker.
#
#     infra/container/build.sh [--binary-only] [PROGRAM...]
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() {
    echo "infra/container/build.sh: $1" >&2
    exit 1
}

binary_only=
if [ "${1:-}" = --binary-only ]; then
    binary_only=1
    shift
fi
[ $# -gt 0 ] || set -- scones-model scones-tabular

# Static against the C library that is there: no other target, and nothing to install.
target=$(rustc -vV | sed -n 's/^host: //p')
case $target in
*-linux-gnu | *-linux-musl) ;;
*) fail "SageMaker's containers are Linux, and this is $target: build on Linux" ;;
esac
folder=target/container
for program; do
    RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static" \
        cargo build --profile deploy --locked -p "$program" --bin "$program" --target "$target" --target-dir "$folder/build"
    cp "$folder/build/$target/deploy/$program" "$folder/$program"
    # A static program is "not a dynamic executable", and "statically linked" if its place in memory is open.
    if ! ldd "$folder/$program" 2>&1 | grep -qE 'not a dynamic executable|statically linked'; then
        fail "$folder/$program is not static: install the C library's static files (libc6-dev on Debian and Ubuntu)"
    fi
    ls -l "$folder/$program"
done

[ -z "$binary_only" ] || exit 0
command -v docker >/dev/null || fail "there is no docker to build the images with; the programs are in $folder"
for program; do
    docker build --tag "$program:latest" --target "$program" --file infra/container/Dockerfile "$folder"
done

#!/bin/sh
# Installs what is missing, builds the command line, and shows two carriers, one of which dies: sh examples/demo.sh
set -eu

cd "$(dirname "$0")/.."
# shellcheck source=tests/packages.sh
. tests/packages.sh

packages_need gcc meson ninja-build pkg-config libc6-dev libre-dev libjansson-dev zlib1g-dev libssl-dev

build="build-demo"
log=$build/demo-build.log

mkdir -p "$build"
echo "Building in $build ..."
if ! { [ -f "$build/build.ninja" ] || packages_meson setup "$build" -Dtests=false --buildtype=release; } >"$log" 2>&1 ||
        ! packages_meson compile -C "$build" >>"$log" 2>&1; then
    cat "$log" >&2
    echo "The build has failed; the lines above say why." >&2
    exit 1
fi
echo

exec "$build/examples/trunkha" demo

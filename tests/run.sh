#!/bin/sh
# Installs what is missing, builds with warnings as errors, and runs every suite plain and under the sanitizers:
# sh tests/run.sh. Ends with "N passed, N failed, N skipped".
set -eu

cd "$(dirname "$0")/.."
# shellcheck source=tests/packages.sh
. tests/packages.sh

packages_need gcc g++ meson ninja-build pkg-config libc6-dev libre-dev libjansson-dev zlib1g-dev libssl-dev libpsl-dev check python3 \
    binutils sip-tester kamailio kamailio-tls-modules dnsmasq-base openssl iproute2 valgrind

build="build-tests"
mkdir -p "$build"
totals="$build/totals"
at_once=$(($(nproc) * 2)) # most of a test's time it waits
: >"$totals"

# note_counts FILE: what meson says at the end of a run
note_counts()
{
    awk -F: '/^(Ok|Expected Fail|Skipped):/ { n[$1] = $2 } /^(Fail|Unexpected Pass|Timeout):/ { bad += $2 }
             END { print n["Ok"] + n["Expected Fail"], bad + 0, n["Skipped"] + 0 }' "$1" >>$totals
}

# show: a run, without what is of no matter in it
show()
{
    grep -vE '^(ninja|Entering|Full log|\[[0-9]+/[0-9]+\]|$)' || true
}

# suite NAME MESON-TEST-ARGUMENTS -- MESON-SETUP-ARGUMENTS: builds what these tests need in a folder of its own, runs them, and
# notes the counts
suite()
{
    name=$1
    tests=
    shift
    while [ "$1" != -- ]; do
        tests="$tests $1"
        shift
    done
    shift
    echo
    echo "== $name"
    if [ ! -f "$build/$name/build.ninja" ]; then
        packages_meson setup "$build/$name" --werror "$@" >"$build/$name.log" 2>&1 || { cat "$build/$name.log"; exit 1; }
    fi
    # shellcheck disable=SC2086 # the list is meant to be split into words
    packages_meson test -C "$build/$name" --timeout-multiplier 10 --num-processes "$at_once" --print-errorlogs $tests \
        >"$build/$name.out" 2>&1 || true # what has failed is counted
    show <"$build/$name.out"
    grep -q '^Ok:' "$build/$name.out" || exit 1
    note_counts "$build/$name.out"
}

# other_libre VERSION: the suites that use libre with another one, which the machine need not have
other_libre()
{
    name=libre-$1
    ended=0
    echo
    echo "== $name"
    sh tests/libre.sh "$1" >"$build/$name.out" 2>&1 || ended=$?
    show <"$build/$name.out"
    if [ $ended -eq 77 ]; then
        echo 0 0 1 >>$totals
    elif grep -q '^Ok:' "$build/$name.out"; then
        note_counts "$build/$name.out"
    else
        exit 1
    fi
}

suite plain --no-suite tsan -- --buildtype=debugoptimized
suite shared-libre --suite adapter --suite abi -- -Dlibre=shared
other_libre 2.0.1
suite sanitized --no-suite oom --no-suite tsan --no-suite abi -- -Db_sanitize=address,undefined -Db_lundef=false --buildtype=debug
suite threads --suite tsan -- -Db_sanitize=thread -Db_lundef=false --buildtype=debugoptimized

echo
awk '{ passed += $1; failed += $2; skipped += $3 }
     END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit failed > 0 || passed == 0 }' $totals

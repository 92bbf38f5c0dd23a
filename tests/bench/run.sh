#!/bin/sh
# Runs every benchmark and closes with a table of what was measured against its goal.
#
#     tests/bench/run.sh [BUILD_DIRECTORY]      without it: build-bench, configured for speed if it is not there
#
# Exit code: 0 = every goal reached, 1 = one was missed or could not be measured. On a machine that is busy with something
# else the figures say little.
set -eu

source_dir=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
build=${1:-$source_dir/build-bench}
log=$build/meson-logs/benchmarks.txt

if [ ! -d "$build" ]; then
    meson setup "$build" "$source_dir" --buildtype=release
fi
meson compile -C "$build"

failed=0
meson test -C "$build" --benchmark --no-rebuild --num-processes 1 --verbose >"$log" 2>&1 || failed=1
cat "$log"

echo
echo "load of the machine: $(cut -d' ' -f1-3 /proc/loadavg)"
awk '
    match($0, /[^ ].* \(ratio [0-9.]+, goal [0-9.e+]+\) (ok|MISSED)$/) {
        line = substr($0, RSTART)
        name = substr(line, 1, index(line, ": ") - 1)
        rest = substr(line, index(line, ": ") + 2)
        split(rest, part, " \\(ratio |, goal |\\) ")
        if (!rows++)
            printf "%-52s %-22s %8s %8s  %s\n", "what", "measured", "ratio", "goal", "verdict"
        printf "%-52s %-22s %8s %8s  %s\n", name, part[1], part[2], part[3], part[4]
    }' "$log"

exit $failed

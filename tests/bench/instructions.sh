#!/bin/sh
# User instructions of an answered probe, counted by callgrind. Two runs of different length; their difference has no
# start-up in it:  (I(long) - I(short)) / (probes(long) - probes(short)).  Goal: 6,000.
#
#     instructions.sh LOAD [VALGRIND]      LOAD is the program built from load.c
set -eu

load=$1
valgrind=${2:-valgrind}
goal=6000
targets=10000
interval=5
short=15
long=35

if ! command -v "$valgrind" >/dev/null; then
    echo "instructions: skipped, valgrind is not installed"
    exit 77
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# count SECONDS: prints "instructions probes" of one run
count() {
    "$valgrind" --tool=callgrind --callgrind-out-file="$dir/out" --quiet "$load" $targets $interval "$1" >"$dir/answers"
    echo "$(awk '/^(summary|totals):/ { print $2; exit }' "$dir/out") $(awk '/^answered/ { print $2 }' "$dir/answers")"
}

echo "$(count $short) $(count $long)" | awk -v goal=$goal '{
    if ($4 <= $2) {
        print "instructions: skipped, the longer run answered no more probes"
        exit 77
    }
    each = ($3 - $1) / ($4 - $2)
    missed = each > goal
    printf "user instructions per answered probe: %.0f instructions (ratio %.2f, goal %d) %s\n", each, each / goal, goal,
           missed ? "MISSED" : "ok"
    printf "probes counted: %d probes\n", $4 - $2
    exit missed
}'

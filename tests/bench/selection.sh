#!/bin/sh
# User instructions of a selection or a look-up, counted by callgrind: the difference of two runs has no start-up in it.
#
#     selection.sh PROGRAM [VALGRIND [WHAT [GOAL]]]     PROGRAM COUNT does it as often; WHAT: "selection", GOAL: 300
set -eu

program=$1
valgrind=${2:-valgrind}
what=${3:-selection}
goal=${4:-300}
short=10000
long=110000

if ! command -v "$valgrind" >/dev/null; then
    echo "$what: skipped, valgrind is not installed"
    exit 77
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# count TIMES: prints the instructions of one run
count() {
    "$valgrind" --tool=callgrind --callgrind-out-file="$dir/out" --quiet "$program" "$1"
    awk '/^(summary|totals):/ { print $2; exit }' "$dir/out"
}

few=$(count $short)
many=$(count $long)
awk -v few="$few" -v many="$many" -v goal=$goal -v more=$((long - short)) -v what="$what" 'BEGIN {
    each = (many - few) / more
    missed = each > goal
    printf "user instructions per %s: %.0f instructions (ratio %.2f, goal %d) %s\n", what, each, each / goal, goal,
           missed ? "MISSED" : "ok"
    exit missed
}'

#!/bin/sh
# User instructions of a selection, counted by callgrind: the difference of two runs has no start-up in it. Goal: 300.
#
#     selection.sh SELECT [VALGRIND]      SELECT is the program built from select.c
set -eu

select=$1
valgrind=${2:-valgrind}
goal=300
short=10000
long=110000

if ! command -v "$valgrind" >/dev/null; then
    echo "selection: skipped, valgrind is not installed"
    exit 77
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# count SELECTIONS: prints the instructions of one run
count() {
    "$valgrind" --tool=callgrind --callgrind-out-file="$dir/out" --quiet "$select" "$1"
    awk '/^(summary|totals):/ { print $2; exit }' "$dir/out"
}

few=$(count $short)
many=$(count $long)
awk -v few="$few" -v many="$many" -v goal=$goal -v more=$((long - short)) 'BEGIN {
    each = (many - few) / more
    missed = each > goal
    printf "user instructions per selection: %.0f instructions (ratio %.2f, goal %d) %s\n", each, each / goal, goal,
           missed ? "MISSED" : "ok"
    exit missed
}'

#!/bin/sh
# SPDX-License-Identifier: MIT
# What one search has learned, for the next: of a run, of a model file, of the program's own; killed and resumed; refused
# where it is of another level, damaged, or of other elements.
. "$(dirname "$0")/common.inc"
si=data/hosts/Si.POSCAR
search() { # FOLDER OPTION...
    folder=$1
    shift
    "$shakedown" search $si --potential sw --supercell 2 --distortions=-0.4,-0.2,0.3 --surrogate on --saddles no \
        -o "$work/$folder" "$@"
}
labels() { sed -n 's/^.*: \([0-9]*\) labels in .*/\1/p' "$work/$1.err"; }

search first -d v_Si >"$work/first.out" 2>"$work/first.err"
check "a first search starts from nothing" test "$(grep -c '^surrogate' "$work/first.out")" = 0
check "and leaves its labels" test -s "$work/first/learned.model.gz"
search second -d v_Si --charges=-1 --learned-from "$work/first" >"$work/second.out" 2>"$work/second.err"
check "a second one says from what it starts" grep -q "^surrogate  starts from $work/first, [0-9]* labels" "$work/second.out"
check "another charge state needs at most two thirds of the labels ($(labels second) of $(labels first))" \
    test $((3 * $(labels second))) -le $((2 * $(labels first)))
check "its own file holds both" test "$(gzip -dc "$work/second/learned.model.gz" | sed -n 's/^labels //p')" -gt \
    "$(gzip -dc "$work/first/learned.model.gz" | sed -n 's/^labels //p')"
"$shakedown" rank "$work/second" >"$work/second.table"

# The same from the file, killed in the middle and resumed.
: >"$work/third.now"
(exec "$shakedown" search $si --potential sw --supercell 2 --distortions=-0.4,-0.2,0.3 --surrogate on --saddles no \
    -o "$work/third" -d v_Si --charges=-1 --learned-from "$work/first/learned.model.gz") >"$work/out" 2>"$work/third.now" &
victim=$!
until [ "$(wc -l <"$work/third.now")" -ge 1 ] || ! kill -0 $victim 2>/dev/null; do sleep 0.005; done
kill -9 $victim 2>/dev/null || true
wait $victim 2>/dev/null || true
third() { search third -d v_Si --charges=-1 --learned-from "$1"; }
check "killed, the same command goes on" test "$(code third "$work/first/learned.model.gz")" = 0
"$shakedown" rank "$work/third" >"$work/third.table"
check "to the same table" cmp "$work/second.table" "$work/third.table"
check "without those labels it is another search" test "$(code third none)" = 2
check "in one line" says "holds another search"

# Refusals.
refused() { # WHAT LIST TEXT OPTION...
    name=$1 list=$2 text=$3
    shift 3
    check "$name" test "$(code search bad -d v_Si --learned-from "$list" "$@")" = 2
    check "$name: in one line ($(cat "$work/err"))" test "$(wc -l <"$work/err")" = 1
    check "$name: it says why" says "$text"
}
gzip -dc "$work/first/learned.model.gz" | sed '$s/.$/7/' | sed '$s/.7$/27/' >"$work/damaged.model"
refused "a damaged file" "$work/damaged.model" "damaged or truncated"
refused "a file that is none" $si "not a model file"
refused "a file that is not there" "$work/none.model" "No such file"
refused "another level" data/models/CdTe.model.gz "its labels are of 'gfn1', this search is one with 'sw'"
refused "a search that learns nothing" "$work/first" "learns nothing" --surrogate off

exit $failed

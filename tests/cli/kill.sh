#!/bin/sh
# SPDX-License-Identifier: MIT
# kill -9 at ten random moments of a search, then the same command again: the table of an undisturbed
# search, byte for byte, and no finished relaxation repeated. Then a search that is killed again and again.
set -eu
shakedown=${SHAKEDOWN:-./shakedown}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
check() { # WHAT CONDITION...
    what=$1
    shift
    if "$@"; then echo "ok   $what"; else
        echo "FAIL $what"
        failed=1
    fi
}
search() { # FOLDER; exec, so that the killed process is the search itself
    exec "$shakedown" search data/hosts/Si.POSCAR --defect v_Si --potential sw --supercell 2 -o "$1"
}
now() { date +%s%N; }
# What a search said: names of the starts it relaxed; how many it found done; how many there are.
relaxed() { sed -n 's@^[0-9]*/[0-9]* \([^ ]* [^ ]*\): .* after .*@\1@p' "$1"; }
found_done() { sed -n 's/^resumed *\([0-9]*\) of .*/\1/p' "$1"; }

begin=$(now)
(search "$work/whole") >"$work/whole.out" 2>"$work/whole.err"
length=$((($(now) - begin) / 1000)) # microseconds
"$shakedown" rank "$work/whole" >"$work/table"
total=$(relaxed "$work/whole.err" | wc -l)
check "an undisturbed search relaxes its starts ($total of them)" test "$total" -gt 5

# Interrupts `search FOLDER` after that many microseconds; what it said is added to FOLDER.err.
interrupt() {
    search "$1" >"$1.out" 2>>"$1.err" &
    victim=$!
    sleep "$(awk -v us="$2" 'BEGIN {printf "%.6f", us / 1e6}')"
    kill -9 $victim 2>/dev/null || true
    wait $victim 2>/dev/null || true
}

moments=$(awk -v t="$length" 'BEGIN {srand(20251121); for (i = 0; i < 10; i++) printf "%d\n", t * (i + rand()) / 10}')
for moment in $moments; do
    run=$work/run_$moment
    label="killed after $((moment / 1000)) of $((length / 1000)) ms"
    interrupt "$run" "$moment"
    (search "$run") >"$run.out" 2>"$run.again" || check "$label: the same command succeeds ($(tail -n 1 "$run.again"))" false
    "$shakedown" rank "$run" >"$run.table"
    check "$label: same table" cmp "$work/table" "$run.table"
    before=$(found_done "$run.out")
    again=$(relaxed "$run.again" | wc -l)
    check "$label: ${before:-0} done before and $again relaxed now make $total" test $((${before:-0} + again)) = "$total"
    # a start may be announced a moment before it is on disk: at most that one is relaxed again
    relaxed "$run.err" | sort >"$run.first"
    relaxed "$run.again" | sort >"$run.second"
    check "$label: no finished relaxation repeated" test "$(comm -12 "$run.first" "$run.second" | wc -l)" -le 1
    rm -rf "$run"
done

run=$work/often
for i in 1 2 3 4 5 6; do
    interrupt "$run" $((length * 2 / 5 + i * 1000))
done
(search "$run") >"$run.out" 2>>"$run.err"
"$shakedown" rank "$run" >"$run.table"
check "killed six times in one folder: same table" cmp "$work/table" "$run.table"
repeats=$(($(relaxed "$run.err" | wc -l) - total))
check "killed six times in one folder: $repeats relaxations repeated, at most one a kill" test "$repeats" -le 6
exit $failed

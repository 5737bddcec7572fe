#!/bin/sh
# SPDX-License-Identifier: MIT
# kill -9 at ten random moments of a search, then the same command again: the table of an undisturbed
# search, byte for byte, and no finished relaxation repeated. Then a search that is killed again and again.
. "$(dirname "$0")/common.inc"
search() { # FOLDER; exec, so that the killed process is the search itself
    exec "$shakedown" search data/hosts/Si.POSCAR --defect v_Si --potential sw --supercell 2 -o "$1"
}
# What a search said: names of the starts it relaxed; how many it found done; how many there are.
relaxed() { sed -n 's@^[0-9]*/[0-9]* \([^ ]* [^ ]*\): .* after .*@\1@p' "$1"; }
found_done() { sed -n 's/^resumed *\([0-9]*\) of .*/\1/p' "$1"; }

(search "$work/whole") >"$work/whole.out" 2>"$work/whole.err"
"$shakedown" rank "$work/whole" >"$work/table"
total=$(relaxed "$work/whole.err" | wc -l)
check "an undisturbed search relaxes its starts ($total of them)" test "$total" -gt 5

# Interrupts `search FOLDER` so many milliseconds after it has relaxed n starts (or ended); what it said is
# added to FOLDER.err.
interrupt() { # folder, n, milliseconds
    : >"$1.now"
    search "$1" >"$1.out" 2>"$1.now" &
    victim=$!
    until [ "$(wc -l <"$1.now")" -ge "$2" ] || ! kill -0 $victim 2>/dev/null; do sleep 0.005; done
    sleep "$(awk -v ms="$3" 'BEGIN {printf "%.3f", ms / 1000}')"
    kill -9 $victim 2>/dev/null || true
    wait $victim 2>/dev/null || true
    cat "$1.now" >>"$1.err"
}

# The first while starting up, the others anywhere in the relaxations; afterwards (ranking) comes by itself.
moments=$(awk -v n="$total" 'BEGIN {
    srand(20251121)
    print 0 ":" int(150 * rand())
    for (i = 1; i < 10; i++) print int((n + 1) * (i - 1 + rand()) / 9) ":" int(40 * rand()) }')
for moment in $moments; do
    run=$work/run
    label="killed ${moment#*:} ms after start ${moment%:*}"
    interrupt "$run" "${moment%:*}" "${moment#*:}"
    (search "$run") >"$run.out" 2>"$run.again" || check "$label: the same command succeeds ($(tail -n 1 "$run.again"))" false
    "$shakedown" rank "$run" >"$run.table"
    check "$label: same table" cmp "$work/table" "$run.table"
    before=$(found_done "$run.out")
    again=$(relaxed "$run.again" | wc -l)
    check "$label: ${before:-0} done before and $again relaxed now make $total" test $((${before:-0} + again)) = "$total"
    # what was said to be relaxed is on disk by then
    relaxed "$run.err" | sort >"$run.first"
    relaxed "$run.again" | sort >"$run.second"
    check "$label: no finished relaxation repeated" test "$(comm -12 "$run.first" "$run.second" | wc -l)" = 0
    rm -rf "$run" "$run".*
done

run=$work/often
for i in 1 2 3 4 5 6; do
    interrupt "$run" 3 $((7 * i))
done
(search "$run") >"$run.out" 2>>"$run.err"
"$shakedown" rank "$run" >"$run.table"
check "killed six times in one folder: same table" cmp "$work/table" "$run.table"
repeats=$(($(relaxed "$run.err" | wc -l) - total))
check "killed six times in one folder: no finished relaxation repeated" test "$repeats" -le 0
exit $failed

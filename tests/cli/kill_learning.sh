#!/bin/sh
# SPDX-License-Identifier: MIT
# kill -9 at several moments of a search that learns (while it starts, labels, relaxes, between two defects, in the last
# relaxations), then the same command again: all labels are there, none is asked for twice, the same table.
. "$(dirname "$0")/common.inc"
search() { # FOLDER; exec, so that the killed process is the search itself
    exec "$shakedown" search data/hosts/Si.POSCAR --defect v_Si --potential sw:lambda=15 --supercell 2 --charges=0,-1 \
        --distortions=-0.4 --neighbours 4 --no-rattle --force-max 0.02 --surrogate on --threads 2 --saddles no -o "$1"
}
# What the teacher was asked for in all, by the rows of run.db.
asked() { "$shakedown" rank "$1" --json | awk '/"teacher"/ { on = 1 } on { gsub(/[",]/, ""); print $1, $2 } /}/ { on = 0 }'; }
# Kills process $1 and waits for it.
end() {
    kill -9 "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}
pause() { sleep "$(awk -v ms="$1" 'BEGIN { printf "%.3f", ms / 1000 }')"; }
same() { # WHEN RUN
    "$shakedown" rank "$2" >"$2.table"
    asked "$2" >"$2.asked"
    check "$1: same table" cmp "$work/table" "$2.table"
    check "$1: the same questions, none twice" cmp "$work/asked" "$2.asked"
    rm -rf "$2" "$2".*
}

(search "$work/whole") >"$work/whole.out" 2>"$work/whole.err"
"$shakedown" rank "$work/whole" >"$work/table"
asked "$work/whole" >"$work/asked"
check "an undisturbed search labels its frames" test "$(awk '/^labels/ { print $2 }' "$work/asked")" -ge 5
check "and relaxes" test "$(awk '/^relaxations/ { print $2 }' "$work/asked")" -ge 2
check "and leaves a model for the next" test -s "$work/whole/learned.model.gz"

# Killed so many milliseconds after its n-th line.
for moment in 0:60 2:30 4:20 9:3; do
    run=$work/run
    : >"$run.now"
    search "$run" >"$run.out" 2>"$run.now" &
    victim=$!
    until [ "$(wc -l <"$run.now")" -ge "${moment%:*}" ] || ! kill -0 $victim 2>/dev/null; do sleep 0.005; done
    pause "${moment#*:}"
    end $victim
    when="killed ${moment#*:} ms after line ${moment%:*}"
    (search "$run") >"$run.out" 2>"$run.again" || check "$when: the same command succeeds ($(tail -n 1 "$run.again"))" false
    same "$when" "$run"
done

# One search killed again and again, each time a little later, until it ends: every stage is interrupted somewhere.
run=$work/often
kills=0
for ms in 60 140 240 360 500 700 1000 1500 2500; do
    search "$run" >"$run.out" 2>"$run.err" &
    victim=$!
    pause $ms
    kill -0 $victim 2>/dev/null || break
    end $victim
    kills=$((kills + 1))
done
(search "$run") >"$run.out" 2>"$run.err" || check "it ends ($(tail -n 1 "$run.err"))" false
check "killed many times ($kills)" test $kills -ge 3
same "killed $kills times" "$run"
exit $failed

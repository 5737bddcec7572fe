#!/bin/sh
# SPDX-License-Identifier: MIT
# kill -9 at several moments of a search that learns (while it starts, labels, relaxes, between two defects), then the
# same command again: all labels are there, none is asked for twice, the same table.
. "$(dirname "$0")/common.inc"
search() { # FOLDER; exec, so that the killed process is the search itself
    exec "$shakedown" search data/hosts/Si.POSCAR --defect v_Si --potential sw --supercell 2 --charges=0,-1 \
        --distortions=-0.4,0.3 --surrogate on --threads 2 --saddles no -o "$1"
}
# Rows of labels in run.db; how many of them are of different frames.
python3 --version >/dev/null 2>&1 || exit 77 # it reads the database
labels() { python3 - "$1/run.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
rows = [r for r in db.execute("select positions, charge, data, key_value_pairs from systems") if '"label"' in r[3]]
print(len(rows), len({(r[0], r[1], '"began"' in str(r[2])) for r in rows}))
PY
}

(search "$work/whole") >"$work/whole.out" 2>"$work/whole.err"
"$shakedown" rank "$work/whole" >"$work/table"
want=$(labels "$work/whole")
check "an undisturbed search labels its frames ($want)" test "${want% *}" -ge 5
check "and leaves a model for the next" test -s "$work/whole/learned.model.gz"

# Killed so many milliseconds after its n-th line.
for moment in 0:60 1:5 2:30 3:1 4:20 9:3; do
    run=$work/run
    : >"$run.now"
    search "$run" >"$run.out" 2>"$run.now" &
    victim=$!
    until [ "$(wc -l <"$run.now")" -ge "${moment%:*}" ] || ! kill -0 $victim 2>/dev/null; do sleep 0.005; done
    sleep "$(awk -v ms="${moment#*:}" 'BEGIN {printf "%.3f", ms / 1000}')"
    kill -9 $victim 2>/dev/null || true
    wait $victim 2>/dev/null || true
    when="killed ${moment#*:} ms after line ${moment%:*}"
    (search "$run") >"$run.out" 2>"$run.again" || check "$when: the same command succeeds ($(tail -n 1 "$run.again"))" false
    "$shakedown" rank "$run" >"$run.table"
    check "$when: same table" cmp "$work/table" "$run.table"
    check "$when: the same labels, none twice ($(labels "$run"))" test "$(labels "$run")" = "$want"
    rm -rf "$run" "$run".*
done
exit $failed

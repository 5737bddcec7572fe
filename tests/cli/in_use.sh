#!/bin/sh
# SPDX-License-Identifier: MIT
# Two searches in one folder: the second is told so and changes nothing; the table of a running search can
# be printed.
. "$(dirname "$0")/common.inc"
# a search that never converges: there until it is stopped
search() {
    exec "$shakedown" search data/hosts/Si.POSCAR --defect v_Si --potential sw --supercell 2 --force-mean 0 \
        --max-steps 10000000 -o "$work/run"
}

search >"$work/first.out" 2>"$work/first.err" &
first=$!
until grep -qs '^starts' "$work/first.out" || ! kill -0 $first 2>/dev/null; do sleep 0.05; done
code=0
(search) >/dev/null 2>"$work/second.err" || code=$?
check "the second search fails (exit code $code)" test $code = 1
check "it says why: $(cat "$work/second.err")" grep -q "run.db: in use by another process (number $first)" "$work/second.err"
ranks() { "$shakedown" rank "$work/run" >/dev/null; }
check "the running search can be ranked" ranks
kill $first 2>/dev/null || true
code=0
wait $first || code=$?
check "the first search was there till then, and was interrupted (exit code $code)" test $code = 130
check "its lock is gone" test ! -e "$work/run/run.db.lock"
exit $failed

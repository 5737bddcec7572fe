#!/bin/sh
# SPDX-License-Identifier: MIT
# Two processes on one scan under random kill -9, for some seconds; tests/bench/scan_kills.sh does it for minutes.
. "$(dirname "$0")/common.inc"
command -v python3 >/dev/null || { echo "skipped: no python3 to look into the database"; exit 0; }
. "$(dirname "$0")/scan_kills.inc"
kill_scan 4

"$shakedown" scan "$work/kills.plan" -o "$work/stopped" --processes 2 >/dev/null 2>"$work/err" &
victim=$!
until [ -s "$work/err" ] || ! kill -0 $victim 2>/dev/null; do sleep 0.02; done
kill -TERM $victim
ended=0
wait $victim || ended=$?
check "interrupted: exit code 130" test $ended = 130
check "its processes have ended, and hold nothing" test \
    "$("$shakedown" status "$work/stopped" | grep -c -e ' 0 in work' -e '^workers    0 ')" = 2
(scan_once "$work/stopped") >/dev/null 2>&1
"$shakedown" scan-report "$work/stopped" --csv >"$work/stopped.table"
check "the same command ends it: same table" cmp "$work/table" "$work/stopped.table"
exit $failed

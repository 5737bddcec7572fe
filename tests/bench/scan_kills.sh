#!/bin/sh
# SPDX-License-Identifier: MIT
# scan_kills.sh MINUTES: two processes on one scan under random kill -9, scan after scan.
[ -n "$1" ] || { echo "skipped: give it minutes"; exit 0; }
. "$(dirname "$0")/../cli/common.inc"
. "$(dirname "$0")/../cli/scan_kills.inc"
kill_scan $((60 * $1))
echo "$round scans of $tasks tasks"
exit $failed

#!/bin/sh
# SPDX-License-Identifier: MIT
# Two processes on one scan under random kill -9, for some seconds; tests/bench/scan_kills.sh does it for minutes.
. "$(dirname "$0")/common.inc"
command -v python3 >/dev/null || { echo "skipped: no python3 to look into the database"; exit 0; }
. "$(dirname "$0")/scan_kills.inc"
kill_scan 4
exit $failed

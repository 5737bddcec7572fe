#!/bin/sh
# SPDX-License-Identifier: MIT
# bench_scan.sh - a scan of 10,000 tasks with a cheap potential: what a task costs beside its relaxation, memory, how long
# `status` takes, how well two processes share the work; and the store alone. TASKS=1000 for less.
. "$(dirname "$0")/../cli/common.inc"
tasks=${TASKS:-10000}
cells=$(((tasks + 31) / 32))
cat >"$work/plan" <<EOF
hosts: data/hosts/CdTe.POSCAR
alloy:
  substitute: Te:Se=0.5
  size: 2
  count: $cells
  vegard: Te=6.48,Se=6.05
sites: all
defect: v_Cd
supercell: 1
potential: lj:epsilon=0.2,sigma=2.4
kinds: unperturbed
force-max: 10
saddles: no
far-field: free
EOF
# processor seconds of a command, and its largest memory in MB
cpu() {
    command -v python3 >/dev/null || { echo "skipped: no python3" && exit 0; }
    python3 - "$@" <<'EOF'
import resource, subprocess, sys, time
begun = time.time()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
use = resource.getrusage(resource.RUSAGE_CHILDREN)
print("%.3f %.1f %.2f %d" % (use.ru_utime + use.ru_stime, use.ru_maxrss / 1024, time.time() - begun, code))
EOF
}
field() { echo "$2" | cut -d' ' -f"$1"; }
per() { awk -v s="$1" -v n="$2" 'BEGIN {printf "%.2f", 1000 * s / n}'; }

small=$(sed "s/count: $cells/count: 4/" "$work/plan" >"$work/few" && cpu "$shakedown" scan "$work/few" -o "$work/small" --processes 1)
one=$(cpu "$shakedown" scan "$work/plan" -o "$work/one" --processes 1)
n=$("$shakedown" status "$work/one" | sed -n 's/.* of \([0-9]*\) done.*/\1/p')
status=$(cpu "$shakedown" status "$work/one")
again=$(cpu "$shakedown" scan "$work/plan" -o "$work/one" --processes 1)
echo "$n tasks, $cells hosts of 64 atoms; one start of one evaluation, its symmetry and fingerprint in each"
echo "all in all: $(per "$(field 1 "$one")" "$n") ms of processor time a task, host checks and expansion included"
echo "memory: $(field 2 "$one") MB, of a scan of four hosts $(field 2 "$small") MB"
echo "status: $(field 1 "$status") s of processor time, $(field 3 "$status") s"
echo "the same command when all is done: $(field 1 "$again") s"
echo "store: $(du -k "$work/one/scan.db" | awk '{print $1 / 1024}') MB"
"${BUILD:-build}/tests/bench/bench_scan" "$work"
awk -v s="$(field 1 "$status")" 'BEGIN {exit !(s < 1)}' || { echo "MISSED: status in a second"; exit 1; }
awk -v a="$(field 2 "$one")" -v b="$(field 2 "$small")" 'BEGIN {exit !(a < b + 20)}' || { echo "MISSED: flat memory"; exit 1; }

#!/bin/sh
# SPDX-License-Identifier: MIT
# slurm.sh - a scan as a job array of Slurm (Debian's, with its daemons started here): one slice is killed by the system,
# one is requeued in the middle; at the end nothing is missing and the table is that of one process.
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || {
    echo "skip Slurm: its daemons want root"
    exit 0
}
tests/deps.sh slurmctld slurmd slurm-client munge || exit 1
. tests/cli/common.inc
slurm_dir=$work/slurm
. tests/peers/_slurm_up.sh
trap 'slurm_down; sleep 1; rm -rf "$work"' EXIT
check "a cluster of one machine is up" sh -c 'sinfo -h -o %T | grep -q idle'

for scale in 0.98 1 1.02 1.04; do
    sed "2s/.*/$scale/" data/hosts/Si.POSCAR >"$work/Si_$scale.POSCAR"
done
cat >"$work/plan.yaml" <<END
hosts: $work/Si_*.POSCAR
defect: v_Si, Si_i
potential: sw
supercell: 2
max-steps: ${STEPS:-200}
END
table() { # FOLDER: without seconds, and without the line that names the folder
    "$shakedown" scan "$work/plan.yaml" -o "$1" -q -P 1 | awk 'NF > 8 { NF-- } !/^wrote/'
}
ended() { [ -z "$(squeue -h)" ]; }
wait_for() { # CONDITION...
    tries=0
    until "$@" || [ $((tries += 1)) -gt 1200 ]; do sleep 0.1; done
}

"$shakedown" scan "$work/plan.yaml" -o "$work/alone" -q -P 1 >"$work/out" 2>"$work/err" || [ $? = 3 ]
table "$work/alone" >"$work/alone.txt" || :

"$shakedown" scan "$work/plan.yaml" -o "$work/array" -q --slurm 4 >"$work/submitted"
cat "$work/submitted"
job=$(sed -n 's/submitted job array \([0-9]*\).*/\1/p' "$work/submitted")
wait_for test -f "$work/array/slice-3-of-4.db"
sleep 0.5
pkill -9 -f -- "--slice 2/4" && echo "slice 2 killed"
scontrol requeue "${job}_3" && echo "slice 3 requeued"
wait_for ended
check "all jobs came to an end" ended
"$shakedown" scan "$work/plan.yaml" -o "$work/array" -q --slurm 4 >"$work/submitted" # goes on with what is missing
wait_for ended
table "$work/array" >"$work/array.txt" || :
check "the joined table is that of one process" cmp -s "$work/alone.txt" "$work/array.txt"
check "with all 12 tasks" grep -q '^12 of 12 tasks done' "$work/array.txt"
check "the job behind the array joined the four stores" grep -q 'joined 4 stores' "$work"/array/merge-*.out
cat "$work/array.txt"
exit $failed

#!/bin/sh
# SPDX-License-Identifier: MIT
# scan_mpi.sh - a scan over MPI: the same table for any number of ranks, and nothing lost when one is killed.
. "$(dirname "$0")/common.inc"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl_base_warn_component_unused=0
ranks() { # N ARGUMENT...
    n=$1
    shift
    mpirun --oversubscribe -n "$n" "$shakedown" scan "$@"
}
table() { # FOLDER: without seconds, and without the line that names the folder
    "$shakedown" scan "$work/plan.yaml" -o "$1" -q -P 1 | awk 'NF > 8 { NF-- } !/^wrote/'
}

if ! command -v mpirun >/dev/null || ! ldd "$shakedown" | grep -q libmpi; then
    echo "skip scans over MPI: no mpirun, or the program is built without MPI"
    exit 0
fi
for scale in 0.98 1 1.02 1.04; do
    sed "2s/.*/$scale/" data/hosts/Si.POSCAR >"$work/Si_$scale.POSCAR"
done
cat >"$work/plan.yaml" <<END
hosts: $work/Si_*.POSCAR
defect: v_Si, Si_i
potential: sw
supercell: 2
max-steps: 20
END

"$shakedown" scan "$work/plan.yaml" -o "$work/alone" -q -P 1 >"$work/out" 2>"$work/err" || [ $? = 3 ]
table "$work/alone" >"$work/alone.txt" || :
check "the scan has 12 tasks, all done" grep -q '^12 of 12 tasks done, 0 failed' "$work/alone.txt"
for n in 2 4; do
    ranks $n "$work/plan.yaml" -o "$work/over_$n" -q >"$work/out" 2>"$work/err" || [ $? = 3 ]
    table "$work/over_$n" >"$work/over_$n.txt" || :
    check "$n ranks: the same table as one process" cmp -s "$work/alone.txt" "$work/over_$n.txt"
done
check "one table is printed, not one a rank" [ "$(grep -c '^task' "$work/out")" = 1 ]

# a rank that is killed takes the others with it
ranks 3 "$work/plan.yaml" -o "$work/killed" -q >"$work/out" 2>"$work/err" &
launcher=$!
tries=0
until "$shakedown" status "$work/killed" 2>/dev/null | grep -q '^tasks *[1-9]' || [ $((tries += 1)) -gt 200 ]; do
    sleep 0.1
done
victim=$(pgrep -f "scan $work/plan.yaml -o $work/killed" | grep -v "^$launcher\$" | sort -n | tail -n 1)
kill -9 "$victim" 2>/dev/null || :
wait "$launcher" && ended=0 || ended=$?
check "it was at work when a rank was killed" [ "$tries" -le 200 ]
check "the scan ends when a rank is killed" [ "$ended" != 0 ]
ranks 2 "$work/plan.yaml" -o "$work/killed" -q >"$work/out" 2>"$work/err" || [ $? = 3 ]
table "$work/killed" >"$work/killed.txt" || :
check "started again, it comes to the same table" cmp -s "$work/alone.txt" "$work/killed.txt"

check "slices do not go with mpirun: exit 2" \
    [ "$(code ranks 2 "$work/plan.yaml" -o "$work/none" --slice 1/2)" = 2 ]
check "... and the text says so" says "does not go with mpirun"
exit $failed

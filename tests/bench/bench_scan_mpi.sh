#!/bin/sh
# SPDX-License-Identifier: MIT
# A scan of 72 tasks (vacancies and interstitials in stretched silicon, Stillinger-Weber) by one process and by as many
# MPI ranks as there are cores, on the wall's clock: parallel efficiency. Wanted: 0.9. Wants an idle machine; how much of
# the processors the scan got is said beside it.
set -eu
shakedown=${SHAKEDOWN:-./shakedown}
host=$(dirname "$0")/../../data/hosts/Si.POSCAR
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
command -v mpirun >/dev/null && ldd "$shakedown" | grep -q libmpi || { echo "  no MPI"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for k in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24; do
    sed "2s/.*/0.99$k/" "$host" >"$work/Si_$k.POSCAR"
done
printf 'hosts: %s/Si_*.POSCAR\ndefect: v_Si, Si_i\npotential: sw\nsupercell: 2\n' "$work" >"$work/plan.yaml"

timed() { # NAME COMMAND...: wall and processor seconds to $work/NAME
    name=$1
    shift
    begin=$(date +%s%N)
    times >"$work/before"
    "$@" >"$work/out" 2>"$work/err" || [ $? = 3 ]
    times >"$work/after"
    end=$(date +%s%N)
    # the second line of `times`: user and system time of children
    for when in before after; do
        sed -n 2p "$work/$when" | tr 'ms' '  ' | awk '{print $1 * 60 + $2 + $3 * 60 + $4}' >"$work/$when.s"
    done
    echo "$(((end - begin) / 1000000)) $(cat "$work/before.s" "$work/after.s" | tr '\n' ' ')" |
        awk '{print $1 / 1e3, $3 - $2}' >"$work/$name.time"
}
ranks=$(nproc)
timed one "$shakedown" scan "$work/plan.yaml" -o "$work/one" -q -P 1
timed many mpirun -n "$ranks" "$shakedown" scan "$work/plan.yaml" -o "$work/many" -q
cat "$work/one.time" "$work/many.time" | awk -v n="$ranks" '
    { wall[NR] = $1; used[NR] = $2 }
    END {
        printf "  one process  %6.2f s on the wall, %6.2f s of processor (%.0f %% of one core)\n", wall[1], used[1],
            100 * used[1] / wall[1]
        printf "  %d ranks      %6.2f s on the wall, %6.2f s of processor (%.0f %% of them)\n", n, wall[2], used[2],
            100 * used[2] / wall[2] / n
        printf "  efficiency   %.2f (wanted: 0.9); processor time of %d ranks against one: %.2f\n",
            wall[1] / wall[2] / n, n, used[2] / used[1]
        exit !(wall[1] / wall[2] / n >= 0.9)
    }'

#!/bin/sh
# SPDX-License-Identifier: MIT
# Starts for one defect (v_Cd in CdTe, 63 atoms) in three charge states: shakedown against
# ShakeNBreak's `snb generate`, both as whole commands in the same run. The Python side's import time
# is shown too, so that one can see what it would be without.
set -eu
python=${PEERS_PYTHON:-build/peers/bin/python}
shakedown=$(realpath "${SHAKEDOWN:-./shakedown}")
golden=$(realpath "${SHAKEDOWN_SHARED:-../shared}/data/snb/CdTe_golden")
snb=$(realpath "$(dirname "$python")/snb-generate")
python=$(realpath -s "$python")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cp "$golden/CdTe_V_Cd_POSCAR" defect.POSCAR
cp "$golden/CdTe_Bulk_Supercell_POSCAR" bulk.POSCAR

# seconds NAME COMMAND...: median of five runs after a warm-up, each in a fresh folder; none is removed before the end,
# since a file system may search long among names just deleted (ext4 does)
seconds() {
    name=$1
    shift
    for run in 0 1 2 3 4 5; do
        mkdir "$name.$run"
        (
            cd "$name.$run"
            cp ../*.POSCAR .
            begin=$(date +%s%N)
            "$@" >../"$name.log" 2>&1 || {
                cat ../"$name.log" >&2
                exit 1
            }
            end=$(date +%s%N)
            [ "$run" = 0 ] || echo $(((end - begin) / 1000))
        ) >>"$name.times" || exit 1
    done
    sort -n "$name.times" | sed -n 3p | awk '{printf "%.4f", $1 / 1e6}'
}

ours=$(seconds ours "$shakedown" distort --defect defect.POSCAR --bulk bulk.POSCAR --charges -1..1 \
    --compat shakenbreak -o .)
ours_n=$(find ours.5 -path '*_*/POSCAR' | wc -l)
theirs=$(seconds theirs "$snb" -d defect.POSCAR -b bulk.POSCAR --min-charge -1 --max-charge 1)
theirs_n=$(find theirs.5 -path '*_*/POSCAR' | wc -l)
import=$(seconds import "$python" -c 'import shakenbreak.cli')
awk -v o="$ours" -v t="$theirs" -v i="$import" -v on="$ours_n" -v tn="$theirs_n" 'BEGIN {
    printf "starts, v_Cd in CdTe, 3 charge states, whole command, median of 5\n"
    printf "  shakedown distort   %8.4f s  %d POSCARs\n", o, on
    printf "  snb generate        %8.4f s  %d POSCARs (of which import %.4f s)\n", t, tn, i
    printf "  ratio               %8.1f x  (wanted: 100 x)\n", t / o
    printf "  without its import  %8.1f x\n", (t - i) / o
    exit t < 100 * o
}'

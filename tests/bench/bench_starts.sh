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

# timed NAME COMMAND...: medians of wall-clock and of processor seconds of five runs after a warm-up, each in a fresh
# folder; none is removed before the end, since a file system may search long among names just deleted (ext4 does)
timed() {
    name=$1
    shift
    for run in 0 1 2 3 4 5; do
        mkdir "$name.$run"
        cp ./*.POSCAR "$name.$run"
        "$python" "$clock" "$name.$run" "$@" >"$name.once" 2>"$name.log" || {
            cat "$name.log" >&2
            exit 1
        }
        [ "$run" = 0 ] || cat "$name.once" >>"$name.times"
    done
    for column in 1 2; do
        cut -d ' ' -f $column "$name.times" | sort -n | sed -n 3p
    done
}
# wall-clock and processor seconds of one command
clock=$work/clock.py
cat >"$clock" <<'END'
import resource, subprocess, sys, time
begin = time.perf_counter()
subprocess.run(sys.argv[2:], cwd=sys.argv[1], stdout=sys.stderr, check=True)
end, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
print(end - begin, used.ru_utime + used.ru_stime)
END

ours=$(timed ours "$shakedown" distort --defect defect.POSCAR --bulk bulk.POSCAR --charges -1..1 \
    --compat shakenbreak -o .)
ours_n=$(find ours.5 -path '*_*/POSCAR' | wc -l)
theirs=$(timed theirs "$snb" -d defect.POSCAR -b bulk.POSCAR --min-charge -1 --max-charge 1)
theirs_n=$(find theirs.5 -path '*_*/POSCAR' | wc -l)
import=$(timed import "$python" -c 'import shakenbreak.cli')
echo $ours $theirs $import "$ours_n" "$theirs_n" | awk '{
    printf "starts, v_Cd in CdTe, 3 charge states, whole command, median of 5\n"
    printf "                      wall-clock   processor\n"
    printf "  shakedown distort   %8.4f s  %8.4f s  %d POSCARs\n", $1, $2, $7
    printf "  snb generate        %8.4f s  %8.4f s  %d POSCARs\n", $3, $4, $8
    printf "  its import alone    %8.4f s  %8.4f s\n", $5, $6
    printf "  ratio               %8.1f x  %8.1f x  (wanted: 100 x)\n", $3 / $1, $4 / $2
    printf "  without its import  %8.1f x  %8.1f x\n", ($3 - $5) / $1, ($4 - $6) / $2
    exit $3 < 100 * $1
}'

#!/bin/sh
# SPDX-License-Identifier: MIT
# Our starts against those of ShakeNBreak from PyPI, side by side: same folders, files equal to 1e-9 Å, same
# metadata; and the time both take.
#   usage: starts_vs_shakenbreak.sh SHAKEDOWN BULK DEFECT CHARGES PYTHON_BIN_FOLDER
#   e.g.   starts_vs_shakenbreak.sh ./shakedown CdTe_Bulk_Supercell_POSCAR CdTe_V_Cd_POSCAR -1,0,1 ~/venv/bin
set -eu
program=$(realpath "$1") bulk=$(realpath "$2") defect=$(realpath "$3") charges=$4 python=$(realpath "$5")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/theirs"
low=$(echo "$charges" | tr , '\n' | sort -n | head -1)
high=$(echo "$charges" | tr , '\n' | sort -n | tail -1)

seconds() { # command...: its wall time
    start=$(date +%s.%N)
    "$@" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
    echo "$start $(date +%s.%N)" | awk '{printf "%.3f", $2 - $1}'
}
cd "$work/theirs"
echo "import of shakenbreak   $(seconds "$python/python" -c 'import shakenbreak.cli') s"
echo "snb generate            $(seconds "$python/snb-generate" -d "$defect" -b "$bulk" -min "$low" -max "$high") s"
echo "shakedown distort       $(seconds "$program" distort --defect "$defect" --bulk "$bulk" --charges="$charges" \
    --compat shakenbreak -q -o "$work/ours") s"

"$python/python" - "$work/theirs" "$work/ours" << 'END'
import glob, json, os, sys
import numpy as np
from ase.io import read

theirs, ours = sys.argv[1:]
t = json.load(open(theirs + "/distortion_metadata.json"))
o = json.load(open(ours + "/distortion_metadata.json"))
(long,), (short,) = t["defects"], o["defects"]  # ShakeNBreak writes the full name, v_Cd_Td_Te2.83
o["defects"] = {long: o["defects"][short]}
same_metadata = t == o
worst, n, comments = 0.0, 0, 0
for path in sorted(glob.glob(theirs + "/*/*/POSCAR")):
    mine = path.replace(theirs + "/" + long, ours + "/" + short, 1)
    a, b = read(path, format="vasp"), read(mine, format="vasp")
    assert a.get_chemical_symbols() == b.get_chemical_symbols(), mine
    d = a.get_scaled_positions(wrap=False) - b.get_scaled_positions(wrap=False)
    worst = max(worst, np.abs((d - np.round(d)) @ a.cell.array).max())
    comments += open(path).readline().strip() == open(mine).readline().strip()
    n += 1
folders = len(glob.glob(ours + "/*/*/POSCAR"))
print(f"{n} files ({folders} of ours), {comments} equal comments, largest difference {worst:.1e} Å, "
      f"metadata {'equal' if same_metadata else 'DIFFER'}")
sys.exit(not (n == folders == comments and worst < 1e-9 and same_metadata))
END

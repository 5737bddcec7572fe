#!/bin/sh
# SPDX-License-Identifier: MIT
# gfn1_vacancy.sh - the whole search of the cadmium vacancy in CdTe with GFN1-xTB (63 atoms, lattice constant of HSE06,
# q = -2..0), two minutes of one core. Published with HSE06: Te-Te dimer 2.75 Å, -0.755 eV.
#     tests/bench/gfn1_vacancy.sh [options of search]
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
awk 'NR == 2 { print "6.543384" } NR >= 3 && NR <= 5 { print (NR == 3) + 0, (NR == 4) + 0, (NR == 5) + 0 }
     NR == 1 || NR > 5' "$here/data/hosts/CdTe.POSCAR" >"$work/CdTe.POSCAR"
time "$here/shakedown" search "$work/CdTe.POSCAR" --defect v_Cd --charges -2..0 --supercell 2 --surrogate off -q \
    -o "$work/run" "$@"

#!/bin/sh
# SPDX-License-Identifier: MIT
# The cadmium vacancy of CdTe with GFN1-xTB, 63 atoms at the lattice constant of HSE06, from a few starts: unperturbed
# minimum, Te-Te dimer and a Te that jumps into the vacancy at q = 0; at q = -2 a dimer gains nothing.
# tests/bench/gfn1_vacancy.sh is the whole search.
. "$(dirname "$0")/common.inc"

cat >"$work/CdTe.POSCAR" <<END
CdTe
6.543384
1 0 0
0 1 0
0 0 1
Cd Te
4 4
direct
0 0 0
0.5 0.5 0
0.5 0 0.5
0 0.5 0.5
0.25 0.25 0.25
0.75 0.75 0.25
0.75 0.25 0.75
0.25 0.75 0.75
END
check "the search" test "$(code "$shakedown" search "$work/CdTe.POSCAR" --defect v_Cd --charges -2,0 --supercell 2 \
    --surrogate off --cross-charges none --far-field free --distortions -0.4 --dimer always --epsilon 10.3 -q \
    -o "$work/run")" = 0
# within CHARGE LOW HIGH SYMMETRY BONDS: a family with that energy (eV, against the unperturbed), symmetry and new bond
within() {
    awk -v q="$1" -v low="$2" -v high="$3" -v symmetry="$4" -v bond="$5" '
        /^v_Cd_/ { here = $1 == "v_Cd_" q ":" }
        here && $1 ~ /^[0-9]+$/ && $2 >= low && $2 <= high && $0 ~ " " symmetry " " && $0 ~ bond { found = 1 }
        END { exit !found }' "$work/out"
}
check "q = 0: the unperturbed minimum" within 0 -0.01 0.01 Td " - "
check "q = 0: the dimer" within 0 -0.59 -0.49 C2v "Te-Te 2[.](7[5-9]|8[0-5])"
check "q = 0: a Te in the vacancy" within 0 -2.94 -2.74 C3v "Te-Te"
check "q = -2: the unperturbed minimum" within -2 -0.01 0.01 Td " - "
check "q = -2: a dimer that was put in gains nothing to speak of" sh -c \
    "! sed -n '/^v_Cd_-2/,/^v_Cd_0/p' '$work/out' | awk '/Te-Te/ && \$2 < -0.1 { found = 1 } END { exit !found }'"
check "the charged cell says its background" says "Charge -2: the cell is neutralised by a uniform background"
check "and what its images would add" says "(epsilon 10.3) +0.6062 eV, not in the energies"
check "why they are ranked so" test "$(code "$shakedown" rank "$work/run" --why)" = 0
check "probabilities, and what they rest on" says "known at GFN1-xTB and DFT"
check "the choice of --top auto" says "--top auto: rank"
check "inputs of what holds the lowest with 95 %" \
    test "$(code "$shakedown" verify "$work/run" --code cp2k -o "$work/dft")" = 0
check "they include the dimer" sh -c "ls '$work/dft/points/v_Cd_0' | grep -qE 'Dimer|-40'"
check "and say how sure that is" says "families hold the lowest with"
exit $failed

#!/bin/sh
# SPDX-License-Identifier: MIT
# Self-interstitials in silicon, 512 + 1 atoms, Stillinger-Weber: a search over all sites ends at or below the
# split-<110> at 4.434 eV, with the tetrahedral site at 4.957 eV as another family. The bond centre at 5.628 eV
# (a special position, so --wyckoff) is a saddle: Unperturbed stays there, a rattle of 0.02 Å falls to the
# split-<110>. So is the hexagonal site: a rattle of 0.02 Å leaves it for the tetrahedral one. Then what is asked
# for by name, and what cannot be.
. "$(dirname "$0")/common.inc"

search() { "$shakedown" search data/hosts/Si.POSCAR --potential sw --supercell 4 --charges 0 -q "$@"; }
# energy DEFECT START: formation energy (eV) of the family that the start fell into
energy() {
    awk -v defect="$1:" -v start="$2" '$1 ~ /_0:$/ {found = $1 == defect} found && $1 ~ /^[0-9]+$/ && $0 ~ start {
        print $3; exit}' "$table"
}
lowest() { awk '$1 == 1 {print $3}' "$table" | sort -g | head -n 1; }
near() { awk -v a="$1" -v b="$2" 'BEGIN {d = a - b; exit !(d <= 0.001 && d >= -0.001)}'; }
at_most() { awk -v a="$1" -v b="$2" 'BEGIN {exit !(a != "" && a <= b)}'; }

search --defect Si_i --distortions=-0.5,-0.2,0.2 -o "$work/run" >"$work/out"
table=$work/run/ranking.txt
check "two sites: tetrahedral and hexagonal" test "$(grep -c '^defect ' "$work/out")" = 2
check "the tetrahedral site is a minimum at 4.957 eV" near "$(energy Si_i_Td_0 Unperturbed)" 4.9574
check "the search ends at or below the split-<110> (found $(lowest))" at_most "$(lowest)" 4.4350
check "the split-<110> at 4.434 eV is a family" grep -q '4\.434[0-9] ' "$table"

search --defect Si_i_D3d --wyckoff --distortions=0 --stdev 0.02 -o "$work/saddle" >"$work/out"
table=$work/saddle/ranking.txt
check "the bond centre stays at 5.628 eV by symmetry" near "$(energy Si_i_D3d_Si1.18_0 Unperturbed)" 5.6276
check "a small rattle of it falls to the split-<110>" near "$(energy Si_i_D3d_Si1.18_0 Rattled)" 4.4345
# stop column of a start's family
stop() { awk -v defect="$1:" -v start="$2" '$1 ~ /_0:$/ {found = $1 == defect} found && $1 ~ /^[0-9]+$/ && $0 ~ start {
    print $NF; exit}' "$table"; }
check "it is marked as a saddle" test "$(stop Si_i_D3d_Si1.18_0 Unperturbed)" = saddle
check "what it falls to is not" test "$(stop Si_i_D3d_Si1.18_0 Rattled)" = force_mean
"$shakedown" rank "$work/saddle" >"$work/table"
check "rank knows it from the store" cmp -s "$work/table" "$table"
hexagonal=$("$shakedown" relax "$work/saddle/Si_i_D3d_Si2.25_0/Unperturbed/POSCAR" --potential sw --force-mean 0 \
    --force-max 1e-3 --method lbfgs -q | awk '$1 == "energy" {printf "%.3f", $2 + 513 * 4.3366}')
check "the hexagonal site is stationary at 6.547 eV ($hexagonal)" near "$hexagonal" 6.547
check "a small rattle of it falls to the tetrahedral site" near "$(energy Si_i_D3d_Si2.25_0 Rattled)" 4.9574

distort() { code "$shakedown" distort data/hosts/CdTe.POSCAR -o "$work/starts" "$@"; }
defects() { grep '^defect ' "$work/out" | awk '{printf "%s ", $2}'; }
check "one site by name" test "$(distort --defect Te_i_Td_Te2.81) $(defects)" = "0 Te_i_Td_Te2.81 "
check "all sites of an element" test "$(distort --defect Cd_i) $(defects)" = "0 Cd_i_Td_Cd2.81 Cd_i_Td_Te2.81 Cd_i_C3v "
check "of a foreign one" test "$(distort --defect Cl_i_C3v) $(defects)" = "0 Cl_i_C3v "
check "all defects: those of the host too" test "$(distort; defects | wc -w)" = "0
10"
check "but not if none are wanted" test "$(distort --interstitials none; defects)" = "0
v_Cd v_Te Cd_Te Te_Cd "
check "none and some contradict each other" test "$(distort --interstitials none --defect Cd_i)" = 2
check "and it says so" says "--interstitials none contradicts --defect Cd_i"
check "no such site" test "$(distort --defect Cd_i_Oh)" = 2
check "and it says which there are" says "this host has no 'Cd_i_Oh'; it has"
check "unknown element" test "$(distort --interstitials Xx)" = 2
printf 'dense copper\n1.7\n1 0 0\n0 1 0\n0 0 1\nCu\n4\nDirect\n0 0 0\n0 .5 .5\n.5 0 .5\n.5 .5 0\n' >"$work/Cu.POSCAR"
check "no room" test "$(code "$shakedown" distort "$work/Cu.POSCAR" --defect Cu_i --supercell 3 -o "$work/starts")" = 2
check "and it says so" says "no room for Cu_i: every point of the host lies within 0.9 Å of an atom"
exit $failed

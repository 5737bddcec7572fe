#!/bin/sh
# SPDX-License-Identifier: MIT
# two_levels_dft.sh - what searches with CP2K on top of GFN1-xTB left (V_Cd in CdTe and Mg_O in MgO, PBE), read without
# CP2K: the tables in README.md are those runs', and their labels those of the fixtures.
. "$(dirname "$0")/common.inc"

here=$(dirname "$0")
golden=$here/../golden/two_levels
mkdir "$work/run"
gzip -dc "$golden/v_Cd_PBE.db.gz" >"$work/run/run.db"
check "rank" test "$(code "$shakedown" rank "$work/run")" = 0
check "PBE has the undimerised vacancy first" sh -c "grep -q '^   1  +0.0000 .*Unperturbed' '$work/out'"
sed 's/^    //' "$here/../../README.md" >"$work/readme"
grep -E '^(rank|   [0-9]|Gradients)' "$work/out" >"$work/rows"
check "a table of four families" test "$(wc -l <"$work/rows")" = 6
while read -r row; do
    check "in README.md: $(echo "$row" | cut -c 1-30)" grep -qF -e "$row" "$work/readme"
done <"$work/rows"
check "as JSON" test "$(code "$shakedown" rank "$work/run" --json)" = 0
check "25 labels, at most 45" sh -c "grep -A4 '\"teacher\"' '$work/out' | grep -q '\"calls\":.*25'"

check "labels" test "$(code "$shakedown" export "$work/run" --labels "$work/labels.xyz")" = 0
gzip -dc "$golden/v_Cd_PBE.xyz.gz" >"$work/golden.xyz"
check "they are the fixture's" cmp -s "$work/labels.xyz" "$work/golden.xyz"
check "each says its level and where it came from" test \
    "$(grep -c 'level="cp2k:functional=PBE,.*origin="CP2K 2023.1, ' "$work/golden.xyz")" = 25

check "a teacher of these labels" test \
    "$(code "$shakedown" eval "$work/golden.xyz" -p "labels:$golden/v_Cd_PBE.xyz.gz" -o "$work/again.xyz")" = 0
energies() { sed -n 's/.* energy=\([-0-9.]*\).*/\1/p' "$1"; }
check "the same energies" test "$(energies "$work/golden.xyz" | md5sum)" = "$(energies "$work/again.xyz" | md5sum)"

# the antisite of MgO, 64 atoms, likewise: where GFN1-xTB has one family, on the site, PBE has Mg off it, and lower
mkdir -p "$work/mgo"
gzip -dc "$golden/Mg_O_PBE.db.gz" >"$work/mgo/run.db"
check "rank of Mg_O" test "$(code "$shakedown" rank "$work/mgo")" = 0
check "the lowest is off the site" grep -q '^   1  -0\.9.* C3v .*1\.2' "$work/out"
check "the other is on it" grep -q '^   2  +0\.0000 .*Unperturbed.* Oh ' "$work/out"
grep -E '^(rank|   [0-9]|Gradients)' "$work/out" >"$work/rows"
while read -r row; do
    check "in README.md: $(echo "$row" | cut -c 1-30)" grep -qF -e "$row" "$work/readme"
done <"$work/rows"
check "labels of Mg_O" test "$(code "$shakedown" export "$work/mgo" --labels "$work/mgo.xyz")" = 0
gzip -dc "$golden/Mg_O_PBE.xyz.gz" >"$work/mgo_golden.xyz"
check "they are the fixture's" cmp -s "$work/mgo.xyz" "$work/mgo_golden.xyz"
check "each says its level and where it came from" test \
    "$(grep -c 'level="cp2k:functional=PBE,.*origin="CP2K 2023.1, ' "$work/mgo_golden.xyz")" = \
    "$(grep -c Lattice "$work/mgo_golden.xyz")"

# HSE06 single points of its three confirmed families, by Quantum ESPRESSO with the same GTH potentials, 40 Ry
check "single points of three families" test "$(code "$shakedown" verify "$work/run" --code espresso --top 3 \
    --input-file "$golden/hse06.pwi" --pseudopotentials Cd=Cd.gth,Te=Te.gth)" = 0
points=$work/run/verify/points/v_Cd_0
for rank in 1:Unperturbed 2:Bond_Distortion_60.0%_at_gfn1 3:Bond_Distortion_-30.0%_at_gfn1; do
    gzip -dc "$golden/hse06_${rank%%:*}.pwo.gz" >"$points/${rank#*:}/espresso.pwo"
done
check "a teacher's level is no base of a correction: collect asks no CP2K" test "$(code "$shakedown" collect "$work/run")" = 0
check "no correction" test ! -e "$work/run/verify/corrected.model.gz"
grep -E '^(rank|   [0-9])|^(Both|Lowest)' "$work/out" >"$work/rows"
check "a table of three families and two sentences" test "$(wc -l <"$work/rows")" = 6
while read -r row; do
    check "in README.md: $(echo "$row" | cut -c 1-30)" grep -qF -e "$row" "$work/readme"
done <"$work/rows"

# the published geometries (HSE06, 63 atoms) by the same program and potentials, in ShakeNBreak's folders: PBE, whose
# cycle goes before that of HSE06 in each output, has the dimer 0.32 eV above the undimerised vacancy, HSE06 below it
for name in Unperturbed Bond_Distortion_-40.0%; do
    mkdir -p "$work/tree/v_Cd_0/$name"
    gzip -dc "$golden/hse06_63_$name.pwo.gz" >"$work/tree/v_Cd_0/$name/espresso.out"
done
pbe() { awk '/^! *total energy/ {print $5; exit}' "$work/tree/v_Cd_0/$1/espresso.out"; }
check "PBE: the dimer lies higher" awk "BEGIN {d = 13.605693 * ($(pbe Bond_Distortion_-40.0%) - $(pbe Unperturbed)); exit !(d > 0.31 && d < 0.34)}"
check "HSE06: analyse" test "$(code "$shakedown" analyse --path "$work/tree" --code espresso)" = 0
check "the dimer is lower" grep -q '^v_Cd_0: -40.0% is 0.558 eV below Unperturbed; 1 of 1 distortions' "$work/out"
check "a bond of two Te" grep -q 'bonds of like atoms, new: Te[0-9]*-Te[0-9]* 2.7' "$work/out"
exit $failed

#!/bin/sh
# SPDX-License-Identifier: MIT
# The silicon vacancy, 216 atoms, Stillinger-Weber: the whole search from the command line, with the
# energies that are known. Unperturbed 4.3366 eV is an exact local minimum; the reconstruction at
# 2.6942 eV is reached by contractions of -20 % and beyond, of two or of four neighbours.
. "$(dirname "$0")/common.inc"

"$shakedown" search data/hosts/Si.POSCAR --defect v_Si --potential sw --supercell 3 -q -o "$work/run" >"$work/out"
table=$work/run/ranking.txt
column() { awk -v rank="$1" -v c="$2" '$1 == rank {print $c; exit}' "$table"; }
near() { awk -v a="$1" -v b="$2" 'BEGIN {d = a - b; exit !(d <= 0.001 && d >= -0.001)}'; }
origins() { "$shakedown" rank "$work/run" --json | awk -v rank="$1" '
    $1 == "\"rank\":" {r = $2 + 0} /"starts":/ && r == rank {print; exit}'; }

check "216-atom supercell" grep -q "supercell  216 atoms" "$work/out"
check "rank 1 at 2.6942 eV (found $(column 1 3))" near "$(column 1 3)" 2.6942
unperturbed=$(awk '/Unperturbed/ && $1 ~ /^[0-9]+$/ {print $3; exit}' "$table")
check "unperturbed vacancy at 4.3366 eV (found $unperturbed)" near "${unperturbed:-0}" 4.3366
first=$(origins 1)
for x in -60.0% -50.0% -40.0% -30.0% -20.0%; do
    check "rank 1 is reached from $x of two and of four neighbours" \
        test "$(echo "$first" | grep -o "Bond_Distortion_$x" | wc -l)" = 2
done
check "rank 1 is missed by Unperturbed" test -z "$(echo "$first" | grep -o Unperturbed)"
check "rank 1 is missed by the 10 % rattle" test -z "$(echo "$first" | grep -o Rattled)"
"$shakedown" rank "$work/run" >"$work/again"
check "rank prints the table of the search" cmp -s "$table" "$work/again"
for format in poscar xyz cif; do
    "$shakedown" export "$work/run" --top 2 --format $format -o "$work/export" >/dev/null
done
check "export wrote POSCARs, XYZ and CIF" test "$(find "$work/export" -type f | wc -l)" = 5
exit $failed

#!/bin/sh
# SPDX-License-Identifier: MIT
# own_starts.sh - search --starts: the starts that `distort` wrote lead to the table of a search that makes them itself.
. "$(dirname "$0")/common.inc"
set_="--supercell 2 --distortions=-0.4,0.3"
search() { # FOLDER OPTIONS...
    folder=$1
    shift
    "$shakedown" search data/hosts/Si.POSCAR --defect v_Si --potential sw $set_ --threads 1 -q -o "$work/$folder" "$@"
}
"$shakedown" distort data/hosts/Si.POSCAR --defect v_Si --charges=0,-1 $set_ -o "$work/tree" >"$work/out"
# Energies and symmetries; the starts' names only where the kinds are known.
table() { awk '$1 ~ /^[0-9]+$/ { print $2, $4 } /families/' "$work/$1/ranking.txt"; }

search made --charges=0,-1 >"$work/out"
check "own starts of two charges" test "$(code search own --charges=0,-1 --starts "$work/tree")" = 0
table made >"$work/a"
table own >"$work/b"
check "the same table" cmp "$work/a" "$work/b"
check "the same command goes on" test "$(code search own --charges=0,-1 --starts "$work/tree")" = 0
check "a folder of one state's starts" test "$(code search one --starts "$work/tree/v_Si_0")" = 0
check "they are all there" says "6 of 6 starts"
check "and with a surrogate" test "$(code search learned --starts "$work/tree/v_Si_0" --surrogate on)" = 0

refused() { # WHAT WORDS FOLDER OPTIONS...
    what=$1 words=$2 from=$3
    shift 3
    check "$what is refused" test "$(code search bad --starts "$from" "$@")" = 2
    check "$what: $words" says "$words"
    check "$what in one line" test "$(wc -l <"$work/err")" = 1
}
refused "a folder that is not there" "no folder with a POSCAR" "$work/nothing"
mkdir "$work/empty"
refused "an empty folder" "no folder with a POSCAR" "$work/empty"
refused "two states from one's folder" "no folder with a POSCAR" "$work/tree/v_Si_0" --charges=0,-1
cp -r "$work/tree/v_Si_0" "$work/strange"
sed -i '1,8s/Si/Ge/' "$work/strange/Unperturbed/POSCAR"
refused "another element" "0 Si; expected 63" "$work/strange"
cp "$work/tree/v_Si_0/Unperturbed/POSCAR" "$work/strange/Unperturbed/POSCAR"
cp data/hosts/Si.POSCAR "$work/strange/Rattled/POSCAR" 2>/dev/null || cp data/hosts/Si.POSCAR "$work/strange/Unperturbed/POSCAR"
refused "another number of atoms" "expected 63" "$work/strange"
rm -r "$work/strange"
cp -r "$work/tree/v_Si_0" "$work/strange"
sed -i '3s/10\./11./' "$work/strange/Unperturbed/POSCAR"
refused "another cell" "lattice vector 1" "$work/strange"
exit $failed

#!/bin/sh
# SPDX-License-Identifier: MIT
# Inequivalent sites of an alloy from the command line, the choice among them, and how search and distort take them.
. "$(dirname "$0")/common.inc"

cell=$work/CdSeTe.POSCAR
"$shakedown" alloy data/hosts/CdTe.POSCAR -x Te:Se=0.5 --size 2 -q -o "$cell" >"$work/out"
sites() { code "$shakedown" sites "$cell" "$@"; }
classes() { awk '$1 ~ /^[0-9]+$/ {n++; total += $2} END {print n, total}' "$work/out"; }
next() { sed -n 's/^Next: .* --site //p' "$work/out"; }

check "five first shells of four anions" test "$(sites -d v_Cd) $(classes)" = "0 5 32"
check "words for them" says "Se2Te2, Cd12  2 Se(Cd3), 2 Te(Cd3)"
check "every class has a representative" test "$(next | tr ',' '\n' | wc -l | tr -d ' ')" = 5
chosen=$(next)
check "anions: by which neighbour has which" test "$(sites -d v_Te) $(classes | awk '{print ($1 > 5), $2}')" = "0 1 16"
all=$(classes)
check "composition alone tells fewer apart" test "$(sites -d v_Te --composition) $(classes | awk -v a="$all" '{
    split(a, v); print ($1 < v[1]), $2}')" = "0 1 16"
check "one shell fewer still" test "$(sites -d v_Te --shells 1) $(classes)" = "0 1 16"
check "never more than asked" test "$(sites -d v_Cd --max-sites 3; next | tr ',' '\n' | wc -l | tr -d ' ')" = "0
3"
check "the most frequent class first" test "$(next | cut -d, -f1)" = \
    "$(awk '$1 ~ /^[0-9]+$/ && $2 > most {most = $2; atom = $3} END {print atom}' "$work/out")"
first=$(next)
sites -d v_Cd --max-sites 3 -j 1 >"$work/code"
check "whatever the threads" test "$(next)" = "$first"
check "geometry: a large threshold splits nothing" test "$(sites -d v_Cd --soap 2) $(classes)" = "0 5 32"
check "a small one does" test "$(sites -d v_Cd --soap 1e-5) $(classes | awk '{print ($1 > 5), $2}')" = "0 1 32"
check "JSON: each candidate in one class" test "$(sites -d v_Cd --json; tr -d ' \n\t' <"$work/out" |
    grep -o '"atoms":\[[0-9,]*\]' | tr -c '0-9\n' '\n' | grep -c .)" = "0
32"

starts() { code "$shakedown" distort "$cell" --supercell 1 --charges 0 -o "$work/starts" "$@"; }
names() { awk '$1 == "defect" {printf "%s ", $2}' "$work/out"; }
check "distort takes the representatives" test "$(starts -d v_Cd --site "$chosen") $(names)" = \
    "0 $(echo "$chosen" | sed 's/\([0-9]*\),*/v_Cd_s\1 /g')"
check "with a folder each" test "$(find "$work/starts" -name Unperturbed | wc -l | tr -d ' ')" = 5
removed=$(sed -n "$((8 + ${chosen%%,*}))p" "$cell")
check "the atom that is missing is the one named" test "$(grep -cF -e "$removed" "$cell")" = 1
check "(gone from the start)" test "$(grep -cF -e "$removed" \
    "$work/starts/v_Cd_s${chosen%%,*}_0/Unperturbed/POSCAR")" = 0
check "equivalent atoms count once" test "$(code "$shakedown" distort data/hosts/CdTe.POSCAR -d v_Cd --site 1,2 \
    --charges 0 -o "$work/perfect") $(names)" = "0 v_Cd_s1 "
check "search does too" test "$(code "$shakedown" search data/hosts/Si.POSCAR --potential sw --supercell 2 -d v_Si --site 3 \
    --distortions=-0.3 --charges 0 -q -o "$work/run")" = 0
check "under that name" test -d "$work/run/v_Si_s3_0"

refused() { # WORDS COMMAND...: exit code 2, one line that says so
    words=$1
    shift
    check "refused: $*" test "$(code "$shakedown" "$@") $(wc -l <"$work/err" | tr -d ' ')" = "2 1"
    check "because: $words" says "$words"
}
refused "needs --defect" sites "$cell"
refused "found 'Cd'" sites "$cell" -d Cd
refused "found 'v_Xx'" sites "$cell" -d v_Xx
refused "the cell has no Si" sites "$cell" -d v_Si
refused "interstitials sit on no" sites "$cell" -d Cd_i
refused "--shells" sites "$cell" -d v_Cd --shells 9
refused "found '65'" distort "$cell" --site 65 -o "$work/starts"
refused "where no defect asked for sits" distort "$cell" -d v_Cd --site 1,64 -o "$work/starts"
refused "goes without --complex" distort "$cell" --site 1 --complex v_Cd+v_Te -o "$work/starts"
refused "goes without --interstitials" distort "$cell" --site 1 --interstitials Cd -o "$work/starts"
exit $failed

#!/bin/sh
# SPDX-License-Identifier: MIT
# Cells of alloys from the command line: shares, regions, lattice constants, special quasi-random cells, all distinct
# configurations, and what cannot be.
. "$(dirname "$0")/common.inc"

alloy() { code "$shakedown" alloy data/hosts/CdTe.POSCAR -x "$@"; }
symbols() { sed -n 6,7p "$1" | tr -s ' \n' ' '; }
lines() { wc -l <"$work/$1" | tr -d ' '; }

check "a random cell" test "$(alloy Te:Se=0.3 --size 2x2x1 -o "$work/a.POSCAR") $(symbols "$work/a.POSCAR")" = \
    "0 Cd Te Se 16 11 5 "
check "it says the share that came of it" says "16 of 16 Te: 11 Te (0.6875), 5 Se (0.3125)"
alloy Te:Se=0.3 --size 2x2x1 -o "$work/b.POSCAR" >/dev/null
check "the same seed gives the same cell" cmp -s "$work/a.POSCAR" "$work/b.POSCAR"
alloy Te:Se=0.3 --size 2x2x1 --seed 2 -o "$work/b.POSCAR" >/dev/null
check "another one another" test "$(cmp -s "$work/a.POSCAR" "$work/b.POSCAR" && echo same)" = ""
check "several cells, on standard output" test "$(alloy Te:Se=0.5 --count 3 -o -) $(grep -c '^8$' "$work/out")" = "0 3"
check "64 atoms" test "$(alloy Te:Se=0.5 --atoms 64) $(awk '$1 == "cell" {print $2}' "$work/out")" = "0 64"

alloy Te:Se=1 --size 1x1x4 --layers c=0..0.5 -o "$work/slab.POSCAR" >/dev/null
check "a slab: selenium below, tellurium above" test "$(awk 'NR == 6 {split($0, s)} NR == 7 {for (k in s) n[k] = $k}
    NR > 8 {e = NR - 8 <= n[1] ? s[1] : NR - 8 <= n[1] + n[2] ? s[2] : s[3]; if (e != "Cd") {
    if ((e == "Se") != ($3 < 0.5)) bad++; seen++}} END {print seen, bad + 0}' "$work/slab.POSCAR")" = "16 0"
alloy Te:Se=1 --size 3 --domain 8 -o "$work/domain.POSCAR" >/dev/null
check "a domain: the four anions in the middle" says "4 of 108 Te"
alloy Te:Se=0.5 --size 2 --vegard Te=6.482,Se=6.052 -o "$work/v.POSCAR" >/dev/null
check "half way between the end members" awk 'NR == 3 {exit !($1 > 12.5329 && $1 < 12.5340)}' "$work/v.POSCAR"

check "special quasi-random" test "$(alloy Te:Se=0.5 --size 2 --sqs)" = 0
check "its first shell of pairs is perfect" says "error of the first pair shell 0.000000"
check "its table" test "$(grep -cE '^(pair|triplet) ' "$work/out")" = 6
check "objective at other shares, below that of a random cell" test "$(alloy Te:Se=0.3 --size 2 --sqs --steps 5000)
$(awk '/^objective/ {sub(/.*random occupation: /, " " $2 " "); split($0, v, /[ )]+/); print v[2] < 0.5 * v[3]}' "$work/out")" = "0
1"

printf 'Cu\n3.6\n0 .5 .5\n.5 0 .5\n.5 .5 0\nCu\n1\nDirect\n0 0 0\n' >"$work/Cu.POSCAR"
code "$shakedown" alloy "$work/Cu.POSCAR" -x Cu:Au --enumerate --cells 8 -o "$work/all.xyz" >/dev/null
check "binary fcc structures by size" test "$(awk 'NR > 1 && NF == 5 {printf "%s ", $4}' "$work/out")" = \
    "2 2 6 19 28 80 104 390 "
check "each is written" test "$(grep -c Lattice= "$work/all.xyz")" = 631
alloy Te:Se=0.25 --enumerate --size 1x1x2 -o "$work/e.xyz" >/dev/null
check "two of eight anions: four ways of the double cell" test "$(grep -c 'Lattice=' "$work/e.xyz")" = 4
check "the multiplicities make all 28" test "$(sed -n 's/.*multiplicity \([0-9]*\).*/\1/p' "$work/e.xyz" |
    awk '{n += $1} END {print n}')" = 28

refused() { # WORDS OPTIONS...: exit code 2, one line that says so
    words=$1
    shift
    check "refused: alloy $*" test "$(code "$shakedown" alloy data/hosts/CdTe.POSCAR "$@") $(lines err)" = "2 1"
    check "because: $words" says "$words"
}
refused "needs --substitute"
refused "found 'Te'" -x Te
refused "found 'Te:Se'" -x Te:Se
refused "found 'Te:Se=1.5'" -x Te:Se=1.5
refused "found 'Te:Xx=0.5'" -x Te:Xx=0.5
refused "to all substitutions or to none" -x Te:Se,Cd:Zn=1 --enumerate
refused "the host has no such atoms" -x Si:Ge=0.5
refused "exceed 1" -x Te:Se=0.6,Te:S=0.6
refused "found '2x2'" -x Te:Se=0.5 --size 2x2
refused "either --size or --atoms" -x Te:Se=0.5 --size 2 --atoms 64
refused "found 'd=0..1'" -x Te:Se=0.5 --layers d=0..1
refused "no site to substitute" -x Te:Se=0.5 --domain 0.2
refused "no lattice constant for Se" -x Te:Se=0.5 --vegard Te=6.48
refused "goes without --enumerate" -x Te:Se=0.5 --sqs --enumerate
refused "whole atoms of these shares" -x Te:Se=0.3 --enumerate
refused "at most 5e+07" -x Te:Se=0.5 --enumerate --size 3
check "more configurations than can be kept" test "$(code "$shakedown" alloy data/hosts/Sb2Se3.POSCAR -x Se:Te --enumerate \
    --size 2x1x1 -o "$work/many.xyz") $(lines err)" = "2 1"
check "and it says so, and writes nothing" says "more than 100000 configurations to write"
refused "name a .xyz file" -x Te:Se=0.5 --count 2 -o "$work/two.POSCAR"
exit $failed

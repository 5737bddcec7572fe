#!/bin/sh
# SPDX-License-Identifier: MIT
# cluster: the same structure written in other ways is one family, another is not; published relaxed
# vacancies and antisites fall into their families (where ../shared/data is present).
. "$(dirname "$0")/common.inc"
snb=$shared/snb
members() { awk '$1 ~ /^[0-9]+$/ && $2 ~ /^[0-9]+$/ && NF > 5 { printf "%s%s", sep, $2; sep = " " }' "$work/out"; }

# An 8-atom cell with an atom off its place; the same shifted as a whole; moved the other way; moved less.
printf '%s\n' 'cell' 1 '5.4 0 0' '0 5.4 0' '0 0 5.4' 'Mg O' '4 4' Direct >"$work/head"
atoms() { # X SHIFT: rock salt whose first Mg is moved by X along x, and all by SHIFT
    awk -v x="$1" -v s="$2" 'BEGIN {
        split("0 0 0 .5 .5 0 .5 0 .5 0 .5 .5 .5 .5 .5 0 0 .5 0 .5 0 .5 0 0", f, " ")
        for (i = 0; i < 8; i++) printf "%.6f %.6f %.6f\n", f[3*i+1] + s + (i ? 0 : x), f[3*i+2] + s, f[3*i+3] + s
    }'
}
write() { # FILE X SHIFT
    { cat "$work/head" && atoms "$2" "$3"; } >"$work/$1.vasp"
}
write a 0.1 0
write b 0.1 0.37
write c -0.1 0
write d 0.02 0
check "one family however it is written" test "$(code "$shakedown" cluster "$work/a.vasp" "$work/b.vasp" "$work/c.vasp")" = 0
check "one family of three" says "3 structures, 1 family"
check "another structure is apart" test "$(code "$shakedown" cluster "$work/a.vasp" "$work/d.vasp" "$work/b.vasp")" = 0
check "another structure: two families" test "$(members)" = "2 1"
check "density does as well" test "$(code "$shakedown" cluster --method density "$work/a.vasp" "$work/d.vasp" "$work/b.vasp")" = 0
check "density: two families" test "$(members)" = "2 1"
printf '%s\n' '# eV' 'a -5.0' 'b -4.0' >"$work/energies"
check "other energies, other families" test "$(code "$shakedown" cluster --energies "$work/energies" \
    --energy-threshold 0.1 "$work/a.vasp" "$work/b.vasp")" = 0
check "other energies: two families" test "$(members)" = "1 1"
check "an energy too few is refused" test "$(code "$shakedown" cluster --energies "$work/energies" "$work/a.vasp" \
    "$work/b.vasp" "$work/c.vasp")" = 2
check "an energy too few: how many" says "2 energies for 3 structures"
check "an unknown method is refused" test "$(code "$shakedown" cluster --method fuzzy "$work/a.vasp")" = 2
check "JSON" test "$(code "$shakedown" cluster --json "$work/a.vasp" "$work/d.vasp")" = 0
check "JSON: the families" test "$(grep -c '"representative"' "$work/out")" = 2

if [ -d "$snb" ]; then
    check "25 cadmium vacancies" test "$(code "$shakedown" cluster "$snb"/CdTe_v_Cd_0/Bond*/CONTCAR)" = 0
    check "25 cadmium vacancies: 11 and 14" test "$(members)" = "11 14"
    for row in 0:11,1,1 +1:11,1,1 +2:12,1 +3:11,1,1 +4:1,1; do
        charge=${row%%:*}
        code "$shakedown" cluster "$snb/MgO_Mg_O/Mg_O_$charge"/*/CONTCAR >"$work/code"
        check "magnesium on oxygen, charge $charge" test "$(members | tr ' ' ,)" = "${row#*:}"
    done
fi
exit $failed

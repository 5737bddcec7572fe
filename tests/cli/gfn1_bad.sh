#!/bin/sh
# SPDX-License-Identifier: MIT
# GFN1-xTB on cells that make no sense, through eval, relax and search: a number, or one clear line and exit code 1 or
# 2; never a hang.
. "$(dirname "$0")/common.inc"

cell() { # NAME EDGE ELEMENT POSITION...
    file=$work/$1.vasp edge=$2 element=$3
    shift 3
    { printf '%s\n1\n%s 0 0\n0 %s 0\n0 0 %s\n%s\n%s\nDirect\n' "$element" "$edge" "$edge" "$edge" "$element" $#
      printf '%s\n' "$@"; } >"$file"
}
one_line() { test ! -s "$work/out" && test "$(wc -l <"$work/err")" = 1; }
refused() { # WHAT CODE WORDS command...
    what=$1 wanted=$2 words=$3
    shift 3
    check "$what: exit code $wanted" test "$(code timeout 60 "$shakedown" "$@")" = "$wanted"
    check "$what: one line" one_line
    check "$what: it says '$words'" says "$words"
}

cell twice 5 Mg "0 0 0" "0 0 0.000001"
cell tiny 1 Li "0 0 0"
cell vacuum 30 H "0 0 0" "0 0 0.025"
cell near 5 Cd "0 0 0" "0 0 0.06"
cell atom 30 Cl "0.5 0.5 0.5"
cell nan 5 Mg "0 0 nan"
cell heavy 3 U "0 0 0"
for verb in eval relax; do
    refused "$verb, two atoms in one place" 2 "Å apart" $verb "$work/twice.vasp"
    refused "$verb, more charge than electrons" 2 "electrons" $verb "$work/vacuum.vasp" --charge 7
    refused "$verb, more electrons than orbitals" 2 "orbitals" $verb "$work/vacuum.vasp" --charge -50
    refused "$verb, not a number" 2 "nan" $verb "$work/nan.vasp"
    for odd in tiny near; do
        check "$verb, $odd: a number or a line" sh -c "timeout 60 '$shakedown' $verb '$work/$odd.vasp' \
            >'$work/out' 2>'$work/err'; test \$? -le 3 && test \$(wc -l <'$work/err') -le 1"
    done
    check "$verb, a molecule in a large cell" test "$(code timeout 60 "$shakedown" $verb "$work/vacuum.vasp")" = 0
done
check "an atom alone" test "$(code timeout 60 "$shakedown" eval "$work/atom.vasp" --gap)" = 0
check "without forces" grep -qE '  [0-9.]+e-(0[6-9]|[1-9][0-9]) ' "$work/out"
refused "search, a host with two atoms in one place" 2 "Å apart" search "$work/twice.vasp" --defect v_Mg -o "$work/a"
refused "search, not a number" 2 "nan" search "$work/nan.vasp" --defect v_Mg -o "$work/b"
refused "search, beyond radon" 2 "Rn" search "$work/heavy.vasp" --defect v_U -o "$work/c"
exit $failed

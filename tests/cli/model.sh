#!/bin/sh
# SPDX-License-Identifier: MIT
# model.sh - learned models from the command line: train, info, eval, relax, validate, merge, and damaged files.
. "$(dirname "$0")/common.inc"

# 6 labelled frames: a silicon cell, rattled by moving along a relaxation from a distorted start
cat >"$work/si.xyz" <<'EOF'
8
Lattice="5.5 0 0 0 5.4 0 0 0 5.43" Properties=species:S:1:pos:R:3
Si 0.3 0.1 0
Si 0 2.715 2.615
Si 2.715 0.1 2.715
Si 2.615 2.715 0.2
Si 1.3575 1.3575 1.2575
Si 1.3575 4.0725 4.1725
Si 4.1725 1.2575 4.0725
Si 4.0725 4.0725 1.3575
EOF
"$shakedown" relax "$work/si.xyz" -p sw -m fire --max-steps 15 -t "$work/t.xyz" -q >"$work/out" 2>&1 || true
model() { code "$shakedown" model "$@"; }

check "train" test "$(model train --frames "$work/t.xyz" --n-max 4 --l-max 2 --host Si --level sw -o "$work/m.model")" = 0
check "train says what came of it" says "16 of 16 labels"
check "info" test "$(model info "$work/m.model")" = 0
check "info names host and level" says "level        sw"
check "eval" test "$(code "$shakedown" eval "$work/t.xyz" -p "model:$work/m.model")" = 0
check "the same bits again" sh -c "
    '$shakedown' eval '$work/t.xyz' -p 'model:$work/m.model' --json >'$work/a' &&
    '$shakedown' model train --frames '$work/t.xyz' --n-max 4 --l-max 2 -o '$work/n.model.gz' >'$work/out' &&
    '$shakedown' eval '$work/t.xyz' -p 'model:$work/n.model.gz' --json >'$work/b' &&
    sed 's/n.model.gz/m.model/' '$work/b' | cmp -s - '$work/a'"
# twice the model and once sw: energies and forces add up
check "a sum with a model" sh -c "
    '$shakedown' eval '$work/si.xyz' -p 'model:$work/m.model' --json >'$work/a' &&
    '$shakedown' eval '$work/si.xyz' -p sw --json >'$work/b' &&
    '$shakedown' eval '$work/si.xyz' -p 'model:$work/m.model+sw+model:$work/m.model' --json >'$work/c' &&
    cat '$work/a' '$work/b' '$work/c' | sed -n 's/.*\"energy\": *\([-0-9.e]*\).*/\1/p' |
    awk '{ e[NR] = \$1 } END { d = 2 * e[1] + e[2] - e[3]; exit !(NR == 3 && d < 1e-5 && d > -1e-5) }'"
check "relax" test "$(code "$shakedown" relax "$work/si.xyz" -p "model:$work/m.model" --max-steps 5 -q)" = 3
check "search" test "$(code "$shakedown" search data/hosts/Si.POSCAR --defect v_Si -p "model:$work/m.model" --supercell 1 \
    --distortions=-0.2 --no-rattle --far-field free -o "$work/run")" != 2
check "its level in the table" says "potential  model:$work/m.model, host "
check "its minima" says "v_Si_0: 3 of 4 starts relaxed"
check "validate" test "$(model validate "$work/m.model" --frames "$work/t.xyz" --center 0,0,0 -o "$work/v")" = 0
check "errors of forces" says "force on Si"
check "errors around a center" says "force, defect"
check "pictures" test -s "$work/v_force_parity.svg" -a -s "$work/v_force_errors.svg" -a -s "$work/v_energy_parity.svg"
check "errors are small" test "$(model validate "$work/m.model" --frames "$work/t.xyz" --json)" = 0
check "JSON is whole" grep -q '"spearman"' "$work/out"
check "merge" test "$(model merge "$work/m.model" "$work/n.model.gz" -o "$work/both.model.gz")" = 0
check "labels are pooled" says "32 of 32 labels"

check "another charge" test "$(code "$shakedown" eval "$work/si.xyz" -p "model:$work/m.model" --charge 1)" = 2
check "says so" says "charge +1"
sed 's/^Si 4.0725 4.0725/Ge 4.0725 4.0725/' "$work/si.xyz" >"$work/ge.xyz"
check "another element" test "$(code "$shakedown" eval "$work/ge.xyz" -p "model:$work/m.model")" = 2
check "names the atom" says "atom 8 is Ge"
check "no energies" test "$(model train --frames "$work/si.xyz" -o "$work/x.model")" = 2
check "names the frame" says "frame 1: no energy"
check "no file is left" test ! -e "$work/x.model"

# damaged files: each refused in one line, exit code 2
refused() { # WHAT FILE WORDS
    check "$1 is refused" test "$(model info "$2")" = 2
    check "$1 in one line" test "$(wc -l <"$work/err")" = 1
    check "$1: $3" says "$3"
}
sed 's/^cutoff: 6/cutoff: 4/' "$work/m.model" >"$work/flipped.model"
refused "a changed setting" "$work/flipped.model" "damaged or truncated"
head -c 3000 "$work/m.model" >"$work/cut.model"
refused "a truncated file" "$work/cut.model" "damaged or truncated"
head -c 2000 "$work/n.model.gz" >"$work/cut.model.gz"
refused "truncated gzip" "$work/cut.model.gz" "end too early"
# a byte of the gzipped file becomes another, at 40 places: refused, or (where gzip keeps name and time) the same model
"$shakedown" model info "$work/n.model.gz" | tail -n +2 >"$work/whole"
bytes=$(wc -c <"$work/n.model.gz")
flips=0 caught=0 harmless=0
while [ $flips -lt 40 ]; do
    cp "$work/n.model.gz" "$work/flip.model.gz"
    at=$((flips * bytes / 40))
    byte=$(od -An -tu1 -j $at -N 1 "$work/n.model.gz")
    # shellcheck disable=SC2059 # the octal escape is the format
    printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$work/flip.model.gz" bs=1 seek=$at conv=notrunc 2>/dev/null
    flips=$((flips + 1))
    case $(model info "$work/flip.model.gz") in
    2) [ "$(wc -l <"$work/err")" = 1 ] && caught=$((caught + 1)) ;;
    0) tail -n +2 "$work/out" | cmp -s - "$work/whole" && harmless=$((harmless + 1)) ;;
    esac
done
check "flipped bits of gzip are refused ($caught of $flips) or harmless ($harmless)" \
    test $((caught + harmless)) = 40 -a $caught -ge 35
sed '1s/1/2/' "$work/m.model" >"$work/version.model"
refused "another version" "$work/version.model" "version '2'"
refused "a structure" "$work/si.xyz" "not a model file"
: >"$work/empty.model"
refused "an empty file" "$work/empty.model" "not a model file"
refused "no file" "$work/none.model" "No such file"
exit $failed

#!/bin/sh
# SPDX-License-Identifier: MIT
# Minima of one charge state as starts of the others: a small cell (7 atoms; its physics is of no interest) where the
# exchange goes two rounds. Killed in the second one, the same command goes on to the same bytes.
. "$(dirname "$0")/common.inc"
search() { # FOLDER OPTIONS...; exec, so that the killed process is the search itself
    folder=$1
    shift
    exec "$shakedown" search data/hosts/ZnS.POSCAR --defect v_Zn --potential gfn1 --supercell 1 --charges=-1..0 \
        --distortions=-0.3,0.3 --force-max 0.1 --surrogate off -o "$folder" "$@"
}
# All that a run holds, but for the times and ids in run.db: the folders, and every row through rank and export.
contents() {
    "$shakedown" rank "$1" --json >"$1.json"
    "$shakedown" export "$1" --top 100 --format xyz -o "$1.xyz" >/dev/null
    (cd "$1" && find . -type f ! -name run.db | sort | xargs cksum) >"$1.files"
    cat "$1.json" "$1.xyz"/*.xyz "$1.files"
}

(search "$work/whole") >"$work/whole.out" 2>"$work/whole.err"
contents "$work/whole" >"$work/whole.all"
check "the exchange is announced" grep -q "^exchange  *minima of one charge state" "$work/whole.out"
rounds=$(grep -c "of other charge states as starts" "$work/whole.err")
check "it goes at least two rounds (found $rounds)" test "$rounds" -ge 2
imports=$(find "$work/whole/v_Zn_0" "$work/whole/v_Zn_-1" -name "Bond_Distortion_*_from_*" | wc -l)
said=$(sed -n 's/^\([0-9]*\) minim.* of other charge states.*/\1/p' "$work/whole.err" | awk '{n += $1} END {print n}')
check "as many folders ..._from_.. as said ($said)" test "$imports" = "$said"
check "a folder is named as ShakeNBreak's" test -s "$work/whole/v_Zn_-1/Bond_Distortion_-30.0%_from_0/POSCAR"
check "the yaml has it, too" grep -q "^  -30.0%_from_0: -" "$work/whole/v_Zn_-1/v_Zn_-1.yaml"
sed 1d "$work/whole/v_Zn_-1/Bond_Distortion_-30.0%_from_0/POSCAR" >"$work/import"
sed 1d "$work/whole/v_Zn_0/Bond_Distortion_-30.0%/CONTCAR" >"$work/origin"
check "the start is the other state's minimum" cmp -s "$work/import" "$work/origin"
check "the table counts them" grep -q "(. from other charge states)" "$work/whole/ranking.txt"
"$shakedown" rank "$work/whole" >"$work/table"
check "rank prints the same table" cmp -s "$work/table" "$work/whole/ranking.txt"

# Killed as soon as the second round has begun, and after each relaxation of it.
last=$(grep -c " after .* steps" "$work/whole.err")
first=$(awk '/of other charge states/ && ++n == 2 {print seen} / after .* steps/ {seen++}' "$work/whole.err")
for n in $(seq "$first" "$last"); do
    run=$work/run
    : >"$run.err"
    (search "$run") >"$run.out" 2>"$run.err" &
    victim=$!
    until [ "$(grep -c " after .* steps" "$run.err" 2>/dev/null || true)" -ge "$n" ] &&
        [ "$(grep -c "of other charge states as" "$run.err")" -ge 2 ] || ! kill -0 $victim 2>/dev/null; do :; done
    kill -9 $victim 2>/dev/null || true
    wait $victim 2>/dev/null || true
    (search "$run") >"$run.out" 2>"$run.err"
    again=$(grep -c " after .* steps" "$run.err" || true)
    contents "$run" >"$run.all"
    check "killed after $n relaxations of $last: $again done again, same bytes" sh -c \
        "sed 's@$run@$work/whole@g' '$run.all' | cmp - '$work/whole.all' && test $((n + again)) -le $last"
    rm -rf "$run" "$run".*
done

# None without being asked, nor where the charge does nothing; ShakeNBreak's rule takes only ground states.
(search "$work/none" --cross-charges none) >"$work/out" 2>"$work/err"
check "none: no start from another state" test -z "$(find "$work/none" -name '*_from_*')"
"$shakedown" search data/hosts/Si.POSCAR --defect v_Si --potential sw --supercell 2 --charges 0..1 \
    --distortions=-0.4 -q -o "$work/sw" >"$work/out"
check "a potential without charge: no start from another state" test -z "$(find "$work/sw" -name '*_from_*')"
(search "$work/compat" --compat shakenbreak) >"$work/out" 2>"$work/err"
check "ShakeNBreak's rule: only ground states, at most one a round and state" test \
    "$(find "$work/compat/v_Zn_0" -name '*_from_-1' | wc -l)" -le 2
check "a wrong word is refused" test "$(code "$shakedown" search data/hosts/Si.POSCAR --defect v_Si --potential sw \
    --cross-charges yes -o "$work/bad")" = 2
check "it says what was expected" says "--cross-charges: expected auto or none; found 'yes'"
check "the kind is in the list" sh -c "'$shakedown' distort --list-kinds | grep -A1 '^cross_charge' | grep -q 'search of several charge states'"
check "distort refuses it" test "$(code "$shakedown" distort data/hosts/Si.POSCAR --kinds cross_charge -o "$work/d")" = 2

# A run database of another layout.
python3 --version >/dev/null 2>&1 || exit $failed
python3 - "$work/none/run.db" <<'EOF'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE information SET value = replace(value, '\"layout\":', '\"lay\":') WHERE name = 'metadata'")
db.commit()
EOF
check "rows of an older version are refused" test "$(code "$shakedown" rank "$work/none")" = 2
check "in one line" says "run.db: expected the rows of this version"

# The exchange by hand: regenerate puts the starts into the run, the same command relaxes them.
(search "$work/byhand" --cross-charges none) >/dev/null 2>&1
check "regenerate in a run" test "$(code "$shakedown" regenerate "$work/byhand")" = 0
check "the start that the search itself would have made" says "v_Zn_-1/Bond_Distortion_-30.0%_from_0"
check "it lies in its folder" cmp -s "$work/byhand/v_Zn_-1/Bond_Distortion_-30.0%_from_0/POSCAR" \
    "$work/whole/v_Zn_-1/Bond_Distortion_-30.0%_from_0/POSCAR"
check "not again before it is relaxed" test "$(code "$shakedown" regenerate "$work/byhand")" = 2
check "in one line" says "are not relaxed yet; run the same search command first"
(search "$work/byhand" --cross-charges none) >"$work/out" 2>"$work/err"
check "the same command relaxes it" grep -q "^  -30.0%_from_0: -" "$work/byhand/v_Zn_-1/v_Zn_-1.yaml"
exit $failed

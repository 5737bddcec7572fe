#!/bin/sh
# SPDX-License-Identifier: MIT
# two_levels.sh - a search at a dear level on top of a cheap one: both tables, both levels side by side, few evaluations
# of the dear one, and what a killed search goes on with. The levels are two silicons.
. "$(dirname "$0")/common.inc"

prior=sw:epsilon=1.9,sigma=2.13,lambda=26
search() { # OPTIONS...
    code "$shakedown" search "$(dirname "$0")/../../data/hosts/Si.POSCAR" --defect v_Si -s 2 --no-rattle \
        --distortions=-0.4,-0.2,0.2,0.4 -j 2 "$@"
}
check "search" test "$(search --teacher sw --prior $prior --confirm 0.03 -o "$work/a")" = 0
check "the prior level's own table" test "$(grep -c '^rank' "$work/out")" = 2
check "the dear level's head" says "teacher    sw; a family is confirmed by a label with forces below 0.03 eV/Å"
check "both levels side by side" says "dE prior"
cp "$work/out" "$work/a.out"
check "few evaluations of the dear level" sh -c \
    "sed -n 's/^v_Si_0: \([0-9]*\) labels in .*/\1/p' '$work/err' | awk '{ exit !(\$1 < 15) }'"
check "it relaxes nothing" says "0 calls in final relaxations"
check "the ground state of the dear level" says "-1.50"

check "rank" test "$(code "$shakedown" rank "$work/a")" = 0
check "rank prints the same table" sh -c "grep -A4 '^rank' '$work/out' >'$work/t'; grep -qF -f '$work/t' '$work/a.out'"
check "rank of the prior level" test "$(code "$shakedown" rank "$work/a/prior")" = 0
check "as JSON" test "$(code "$shakedown" rank "$work/a" --json)" = 0
check "JSON has both levels" sh -c "grep -q relative_prior_eV '$work/out' && grep -q '\"prior\":' '$work/out'"
check "export" test "$(code "$shakedown" export "$work/a" --top 1 -o "$work/e")" = 0
check "report" test "$(code "$shakedown" report "$work/a" -o "$work/r.html")" = 0
check "report has both levels" grep -q "dE prior" "$work/r.html"
check "plot" test "$(code "$shakedown" plot "$work/a" -o "$work/p")" = 0

# killed at some moments in either search, the same command comes to the same table
for t in 0.1 0.3 0.5 0.8 1.2; do
    timeout -s KILL $t "$shakedown" search "$(dirname "$0")/../../data/hosts/Si.POSCAR" --defect v_Si -s 2 --no-rattle \
        --distortions=-0.4,-0.2,0.2,0.4 -j 2 --teacher sw --prior $prior --confirm 0.03 -o "$work/b" -q >/dev/null 2>&1 || true
done
check "killed and repeated" test "$(search --teacher sw --prior $prior --confirm 0.03 -o "$work/b")" = 0
check "the same ranking" cmp -s "$work/a/ranking.txt" "$work/b/ranking.txt"
check "the same ranking of the prior level" cmp -s "$work/a/prior/ranking.txt" "$work/b/prior/ranking.txt"
check "another prior is another search" test "$(search --teacher sw --prior sw:lambda=24 --confirm 0.03 -o "$work/b")" = 2

check "without a prior level" test "$(search --teacher sw --prior none --confirm 0.03 -o "$work/c")" = 0
check "one table" test "$(grep -c '^rank' "$work/out")" = 1
check "the same ground state" says "-1.50"

# what little a correction knows at first must not drive a start that is far from rest where labels teach nothing
check "rattled starts" test "$(code "$shakedown" search "$(dirname "$0")/../../data/hosts/Si.POSCAR" --defect v_Si -s 2 \
    --distortions=-0.6,-0.4,0.4,0.6 --stdev 0.25 -j 2 --teacher sw --prior $prior --confirm 0.03 -o "$work/w")" = 0
check "the same ground state of rattled starts" says "-1.50"
check "their labels" test "$(code "$shakedown" export "$work/w" --labels "$work/w.xyz")" = 0
check "no label lies far above the lowest" sh -c "sed -n 's/.* energy=\([-0-9.]*\).*/\1/p' '$work/w.xyz' | sort -n |
    awk 'NR == 1 { low = \$1 } { high = \$1 } END { exit !(NR > 5 && high - low < 10) }'"

for bad in "--prior sw" "--confirm 0.1" "--teacher sw --potential sw" "--teacher sw --prior swx" "--teacher swx" \
    "--teacher sw --host relaxed" "--teacher sw --confirm 0"; do
    # shellcheck disable=SC2086
    check "refused: $bad" test "$(search $bad -o "$work/d")" = 2
    check "in one line: $bad" test "$(wc -l <"$work/err")" = 1
done
exit $failed

#!/bin/sh
# SPDX-License-Identifier: MIT
# eval --charges --gap --orbitals --epsilon: tables and JSON, one and several frames, odd electrons, what is refused.
. "$(dirname "$0")/common.inc"

check "charges, gap and orbitals" test "$(code "$shakedown" eval data/hosts/MgO.POSCAR --charges --gap --orbitals \
    --levels 2)" = 0
check "a table of charges with shells" grep -qE '^ +1 +O +-0\.[0-9]{4} +2s [+-]' "$work/out"
check "charges of a neutral cell sum to zero" \
    awk '$2 == "O" || $2 == "Mg" { if ($3 + 0 == $3) { sum += $3; n++ } } END { exit !(n == 8 && sum < 1e-3 && sum > -1e-3) }' \
    "$work/out"
check "one row for both spins" grep -qE '^ +1 +both +32 ' "$work/out"
check "how it converged" says Newton
check "two levels on either side" test "$(grep -cE 'HOMO|LUMO' "$work/out")" = 5 # and the heading of the gap
check "a neutral cell says nothing of a background" sh -c "! grep -q background '$work/out'"

check "an odd number of electrons" test "$(code "$shakedown" eval data/hosts/MgO.POSCAR --gap --orbitals --charge 1 \
    --epsilon 9.8)" = 0
check "a gap for either spin" grep -qE '^ +1 +down +15 ' "$work/out"
check "a singly occupied level" says SOMO
check "the background is stated" says "neutralised by a uniform background"
edge=$(awk 'NR == 2 { scale = $1 } NR == 3 { printf "%.10f", scale * $1 }' data/hosts/MgO.POSCAR)
check "the correction is that of a simple cubic lattice" says \
    "$(awk -v a="$edge" 'BEGIN { printf "%.6f", 2.8372974795 * 14.3996454785 / (2 * 9.8 * a) }')"
energy() { awk '$2 == "OMg" { print $4 }' "$work/out"; }
with=$(energy)
check "without the correction" test "$(code "$shakedown" eval data/hosts/MgO.POSCAR --charge 1)" = 0
check "the energy is the same" test "$with" = "$(energy)"

cat >"$work/two.xyz" <<END
3
Properties=species:S:1:pos:R:3 pbc="F F F"
O 0 0 0.12
H 0 0.76 -0.47
H 0 -0.76 -0.47
2
Properties=species:S:1:pos:R:3 pbc="F F F"
H 0 0 0
H 0 0 0.74
END
check "several frames" test "$(code "$shakedown" eval "$work/two.xyz" --charges --gap --orbitals -j 2)" = 0
check "each has its table" says "structure 2: Mulliken charges"
check "JSON of several frames" test "$(code "$shakedown" eval "$work/two.xyz" --charges --gap --orbitals --json -j 1)" = 0
check "JSON: all there is" test "$(grep -cE '"(charges|shell_charges|spins|scc_cycles|orbitals)"' "$work/out")" = 10
check "--epsilon of a molecule is refused" test "$(code "$shakedown" eval "$work/two.xyz" --charge 1 --epsilon 2)" = 2
check "in one line" test "$(wc -l <"$work/err")" = 1
check "a potential without electrons is refused" test "$(code "$shakedown" eval data/hosts/Si.POSCAR -p sw --gap)" = 2
check "in one line that says so" says "potential sw has no electrons"
cat >"$work/dense.vasp" <<END
Ba2
1
2.71 0.1588 0
0 2.846 0.1058
0.0529 0 2.575
Ba
2
Cartesian
1.549 2.361 1.1938
2.670 1.094 1.1953
END
check "a dense cell of barium" test "$(code "$shakedown" eval "$work/dense.vasp" --gap)" = 0
check "functions left out are counted" says "of the basis left out"
cat >"$work/drawn.vasp" <<END
Ce Sb Ba
1
4.39640 0.15875 0
0 4.61623 0.10584
0.05292 0 4.17658
Ce Sb Ba
1 1 1
Cartesian
2.26387 0.03561 2.23509
2.63679 0.08498 4.33937
4.33561 0.19617 0.03900
END
check "where electrons would fall into an atom" test "$(code "$shakedown" eval "$work/drawn.vasp" --gap)" = 0
check "the third order is bounded, and it says so" says "the third order of the energy is bounded on"
exit $failed

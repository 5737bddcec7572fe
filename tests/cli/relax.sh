#!/bin/sh
# SPDX-License-Identifier: MIT
# eval and relax: known energies, the named ends and their exit codes, trajectory, restart, kill -9.
. "$(dirname "$0")/common.inc"
frames() { grep -c Lattice "$1"; }

# An 8-atom silicon cell whose fifth atom is displaced.
awk 'NR == 13 { print "0.29 0.26 0.23"; next } { print }' data/hosts/Si.POSCAR >"$work/start.vasp"

check "eval knows silicon" test "$(code "$shakedown" eval data/hosts/Si.POSCAR -p sw --stress)" = 0
check "eval: -2 epsilon an atom" says -4.336600
check "eval names an atom it cannot treat" test "$(code "$shakedown" eval data/hosts/MgO.POSCAR -p sw)" = 2
check "eval: which one" says "potential sw is for Si only; atom 1 is"
check "eval without a potential is GFN1-xTB" test "$(code "$shakedown" eval data/hosts/Si.POSCAR --json)" = 0
check "eval: it says so" says '"potential":	"gfn1"'
check "eval writes forces" test "$(code "$shakedown" eval "$work/start.vasp" -p sw -o "$work/forces.xyz")" = 0
check "eval: a column of forces" grep -q "forces:R:3" "$work/forces.xyz"

check "relax converges" test "$(code "$shakedown" relax "$work/start.vasp" -p sw -o "$work/end.vasp" \
    -t "$work/way.xyz")" = 0
check "relax names the end" says "force_mean after"
code "$shakedown" eval "$work/end.vasp" -p sw >"$work/code"
check "relax: the energy of the crystal" says -34.692800
check "relax: a frame for the start and one a step" \
    test "$(frames "$work/way.xyz")" = $(($(sed -n 's/.* step=\([0-9]*\) .*/\1/p' "$work/way.xyz" | tail -n 1) + 1))
check "out of steps is exit code 3" test "$(code "$shakedown" relax "$work/start.vasp" -p sw --max-steps 4 \
    -t "$work/short.xyz")" = 3
check "out of steps: five frames" test "$(frames "$work/short.xyz")" = 5
check "restart from the trajectory alone" test "$(code "$shakedown" relax "$work/short.xyz" --restart)" = 0
check "restart: steps go on without a gap" \
    test "$(sed -n 's/.* step=\([0-9]*\) .*/\1/p' "$work/short.xyz" | awk '$1 != NR - 1' | wc -l)" = 0
check "restart of something else is refused" test "$(code "$shakedown" relax "$work/forces.xyz" -p sw --restart)" = 2
check "a cell under pressure" test "$(code "$shakedown" relax "$work/start.vasp" -p sw --cell --pressure 5 -m lbfgs)" = 0
check "a cell under pressure: 5 GPa inside" says "pressure    5.00"
check "pressure needs --cell" test "$(code "$shakedown" relax "$work/start.vasp" -p sw --pressure 5)" = 2
check "an unknown method is refused" test "$(code "$shakedown" relax "$work/start.vasp" -p sw -m newton)" = 2
check "an output of no known format is refused" test "$(code "$shakedown" relax "$work/start.vasp" -p sw -o x.foo)" = 2

# Killed while relaxing without end, then continued: only whole frames, and it goes on.
"$shakedown" relax "$work/start.vasp" -p lj:cutoff=30 --force-mean 0 --max-steps 10000000 -t "$work/killed.xyz" -q &
victim=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -s "$work/killed.xyz" ] && break
    sleep 1
done
kill -9 $victim 2>/dev/null || true
wait $victim 2>/dev/null || true
before=$(frames "$work/killed.xyz")
check "a killed relaxation leaves frames" test "$before" -gt 1
check "and goes on from them" test "$(code "$shakedown" relax "$work/start.vasp" --restart -t "$work/killed.xyz" \
    --force-mean 0 --max-steps $((before + 2)) -q)" = 3
check "with three more" test "$(frames "$work/killed.xyz")" = $((before + 3))
exit $failed

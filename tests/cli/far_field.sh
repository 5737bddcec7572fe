#!/bin/sh
# SPDX-License-Identifier: MIT
# Far fields from the command line, and the check of the host: once a folder, told everywhere. Silicon with
# Stillinger-Weber returns; with one sublattice shifted it is no minimum.
. "$(dirname "$0")/common.inc"
search() { "$shakedown" search "$@" --defect v_Si -p sw --supercell 2 --distortions=-0.4 -q; }

check "a free far field where the host returns" test "$(code search data/hosts/Si.POSCAR -o "$work/free")" = 0
check "it says so" says "rattled    the host returns: rms 0.00 Å"
check "and what follows" says "far field  free"
check "nothing to be noted" test -z "$(grep -E 'Note|Far field' "$work/free/ranking.txt")"

check "frozen beyond 5 Å" test "$(code search data/hosts/Si.POSCAR --far-field frozen:5 -o "$work/frozen")" = 0
check "the table tells how many and the force on them" says "Far field frozen beyond 5 Å: 35 of 63 atoms, force on them up to 0.68"
"$shakedown" rank "$work/frozen" >"$work/again"
check "rank prints the same" cmp "$work/frozen/ranking.txt" "$work/again"
"$shakedown" rank "$work/frozen" --json >"$work/json"
check "JSON: mode" grep -q '"mode":.*"frozen"' "$work/json"
check "JSON: the forces" grep -q '"held_force_eV_per_A":.*0.6' "$work/json"
check "JSON: the host" grep -q '"returns":.*true' "$work/json"

"$shakedown" export "$work/frozen" --top 2 --selective -o "$work/out_s" >/dev/null
check "export --selective flags them" test "$(grep -c 'F F F Si' "$work/out_s/v_Si_0/Unperturbed/POSCAR")" = 35
# of the 35, not one differs between the unperturbed defect and the reconstruction
grep -h 'F F F' "$work"/out_s/v_Si_0/*/POSCAR | sort | uniq -c | awk '$1 != 2' >"$work/moved"
check "atoms beyond R are where the crystal has them" test ! -s "$work/moved"
"$shakedown" export "$work/frozen" --top 1 -o "$work/plain" >/dev/null
"$shakedown" export "$work/frozen" --top 1 --selective --code vasp -o "$work/vasp" >/dev/null
check "and in the inputs of VASP" test "$(grep -c 'F F F Si' "$work"/vasp/v_Si_0/*/POSCAR)" = 35
check "not in those of others" test "$(code "$shakedown" export "$work/frozen" --selective --code cp2k -o "$work/cp2k")" = 2
check "without --selective there are no flags" test -z "$(grep -rl Selective "$work/plain")"

check "the same command again" test "$(code search data/hosts/Si.POSCAR --far-field frozen:5 -o "$work/frozen")" = 0
check "does not check the host again" says "(found before)"
check "nor relax anything" says "resumed    4 of 4 starts were done before"
check "another far field is another search" test "$(code search data/hosts/Si.POSCAR --far-field frozen:4 -o "$work/frozen")" = 2

# every second atom by 0.4 Å: the crystal falls back, 0.2 Å from the mean drift
awk 'NR > 8 && NR <= 12 { $1 += 0.0737 } { print }' data/hosts/Si.POSCAR >"$work/shifted.vasp"
check "a host that is no minimum" test "$(code search "$work/shifted.vasp" -o "$work/drifts")" = 0
check "the drift is measured" says "it ends rms 0.20 Å"
check "and the far field frozen" says "far field  frozen beyond 6 Å, as the host is no minimum"
check "the table notes it" grep -q "Note: the host is no minimum at this level" "$work/drifts/ranking.txt"
check "free if told so" test "$(code search "$work/shifted.vasp" --far-field free -o "$work/drifts_free")" = 0
check "with a warning" says "lower energies may be its own"

# a strained crystal, relaxed first: the lattice of the potential, and candidates back in the strained one
sed 's/5.4309500000000002/5.54/' data/hosts/Si.POSCAR >"$work/strained.vasp"
for time in first second; do
    check "host relaxed, $time time" test "$(code search "$work/strained.vasp" --host relaxed -o "$work/relaxed")" = 0
    check "$time time: the lattice is told" says "relaxed    supercell 10.862 10.862 10.862 Å instead of 11.080 11.080 11.080"
done
check "the second time nothing is repeated" says "resumed    4 of 4 starts were done before"
check "the table says so" grep -q "^Host relaxed at this level" "$work/relaxed/ranking.txt"
check "the energies are those of the unstrained crystal" \
    test "$(awk '$1 == 1 {print $2, $3}' "$work/relaxed/ranking.txt")" = "$(awk '$1 == 1 {print $2, $3}' "$work/free/ranking.txt")"
"$shakedown" export "$work/relaxed" --top 2 -o "$work/back" >/dev/null
"$shakedown" export "$work/free" --top 2 -o "$work/same" >/dev/null
check "export: the given lattice" test "$(sed -n 3p "$work/back/v_Si_0/Unperturbed/POSCAR" | awk '{print $1 + 0}')" = 11.08
coordinates() { sed -n '9,$p' "$1/v_Si_0/Unperturbed/POSCAR" | awk '{printf "%.6f %.6f %.6f\n", $1 % 1, $2 % 1, $3 % 1}'; }
coordinates "$work/back" >"$work/a"
coordinates "$work/same" >"$work/b"
check "export: fractions of the cell are kept" cmp "$work/a" "$work/b"
check "--host takes given or relaxed" test "$(code search data/hosts/Si.POSCAR --host none -o "$work/bad")" = 2

for bad in frozen:1 frozen:30 frozen tethered:x free:3 never; do
    check "--far-field $bad is refused" test "$(code search data/hosts/Si.POSCAR --far-field $bad -o "$work/bad")" = 2
    check "in one line, with nothing written" test "$(wc -l <"$work/err")" = 1 -a ! -e "$work/bad"
done

start="$work/frozen/v_Si_0/Bond_Distortion_-40.0%/POSCAR"
for method in fire fire2 lbfgs; do
    check "relax, $method" test "$(code "$shakedown" relax "$start" -p sw -m $method --far-field frozen:5 \
        --around 0.5,0.5,0.5 -o "$work/end.xyz")" = 0
    check "relax, $method: the energy of the search" says "-270.136"
    check "relax, $method: forces on frozen atoms are told" says "35 of 63 atoms, force on them up to 6.79e-01"
done
check "relax: springs" test "$(code "$shakedown" relax "$start" -p sw --far-field tethered:5 --around .5,.5,.5)" = 0
check "relax: their energy apart" says "eV in the springs"
check "relax: not with --cell" test "$(code "$shakedown" relax "$start" -p sw --far-field frozen:5 --around 1 --cell)" = 2
check "relax: needs a centre" test "$(code "$shakedown" relax "$start" -p sw --far-field frozen:5)" = 2
check "relax: has no host for auto" test "$(code "$shakedown" relax "$start" -p sw --far-field auto)" = 2
check "relax: an atom that is not there" test "$(code "$shakedown" relax "$start" -p sw --far-field frozen:5 --around 64)" = 2
exit $failed

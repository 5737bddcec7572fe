#!/bin/sh
# SPDX-License-Identifier: MIT
# parse, analyse, groundstate, regenerate in a tree as ShakeNBreak makes it: a small one made here, and published
# relaxations (where ../shared/data is present).
. "$(dirname "$0")/common.inc"
case $shakedown in /*) ;; *) shakedown=$PWD/$shakedown ;; esac
case $shared in /*) ;; *) shared=$PWD/$shared ;; esac

run() { # FOLDER X ENERGY: rock salt whose first Mg is moved by X, with an OUTCAR
    mkdir -p "$work/tree/$1"
    awk -v x="$2" 'BEGIN {
        print "cell\n1\n5.4 0 0\n0 5.4 0\n0 0 5.4\nMg O\n4 4\nDirect"
        split("0 0 0 .5 .5 0 .5 0 .5 0 .5 .5 .5 .5 .5 0 0 .5 0 .5 0 .5 0 0", f, " ")
        for (i = 0; i < 8; i++) printf "%.6f %.6f %.6f\n", f[3*i+1] + (i ? 0 : x), f[3*i+2], f[3*i+3]
    }' >"$work/tree/$1/CONTCAR"
    [ -z "$3" ] || printf '%s\n' '  energy  without entropy=  -9.0  energy(sigma->0) =   -9.0' \
        "  energy  without entropy=  $3  energy(sigma->0) =   $3" ' reached required accuracy' >"$work/tree/$1/OUTCAR"
}
run X_O_0/Unperturbed 0 -50.0
run X_O_0/Bond_Distortion_-40.0% 0.1 -50.75
run X_O_0/Bond_Distortion_0.0% 0.001 -50.001
run X_O_0/Rattled 0.1 -50.751
run X_O_0/Bond_Distortion_-50.0%_High_Energy 0.1 900
run X_O_+1/Unperturbed 0 -49.0
run X_O_+1/Rattled 0.0005 -49.001
echo "NSW = 300" >"$work/tree/X_O_+1/Unperturbed/INCAR"

check "parse" test "$(code "$shakedown" parse "$work/tree")" = 0
printf '%s\n' distortions: '  -0.4: -50.75' '  0.0: -50.001' '  Rattled: -50.751' 'Unperturbed: -50.0' >"$work/yaml"
check "parse: the energies" cmp "$work/yaml" "$work/tree/X_O_0/X_O_0.yaml"
check "parse: the lowest" says "X_O_0: Rattled is 0.751 eV below Unperturbed; 2 of 3"
check "parse: no gain" says "X_O_+1: no distortion more than 0.05 eV below Unperturbed"
rm "$work/tree/X_O_0/Rattled/OUTCAR"
check "parse again, an output gone" test "$(code "$shakedown" parse -p "$work/tree" -d X_O_0)" = 0
check "parse: its energy is kept" cmp "$work/yaml" "$work/tree/X_O_0/X_O_0.yaml"
echo '  energy  without entropy=  -49.2  energy(sigma->0) =   -49.2' >"$work/tree/X_O_+1/Rattled/OUTCAR"
check "a run that goes on: 3" test "$(code "$shakedown" parse "$work/tree")" = 3
check "a run that goes on: which" says "X_O_+1: Rattled is not fully relaxed"
check "the earlier energies are kept aside" test "$(ls "$work/tree/X_O_+1" | grep -c '^X_O_+1_.*yaml')" = 1
run X_O_+1/Rattled 0.0005 -49.001

check "analyse" test "$(cd "$work/tree/X_O_0" && code "$shakedown" analyse)" = 0
check "analyse: the table" test "$(sed -n 2,5p "$work/tree/X_O_0/X_O_0.csv" | cut -d, -f2,5 | tr '\n' ' ')" = \
    "-0.4,-0.75 0.0,-0.0 Rattled,-0.75 Unperturbed,0.0 " -o "$(sed -n 2,5p "$work/tree/X_O_0/X_O_0.csv" | cut -d, -f2,5 |
        tr '\n' ' ')" = "-0.4,-0.75 0.0,0.0 Rattled,-0.75 Unperturbed,0.0 "
check "analyse: symmetry" says "symmetry: Oh → C4v, 24 equivalent ways"
check "analyse: another reference" test "$(code "$shakedown" analyse "$work/tree" -d X_O_0 -ref -0.4)" = 0
check "analyse: itself has not moved" test "$(sed -n 2p "$work/tree/X_O_0/X_O_0.csv")" = "0,-0.4,0.0,0.0,-0.75"
check "analyse: no such reference" test "$(code "$shakedown" analyse "$work/tree" -ref Dimer)" = 2

check "groundstate" test "$(code "$shakedown" groundstate "$work/tree")" = 0
check "groundstate: of the lowest" cmp "$work/tree/X_O_0/Rattled/CONTCAR" "$work/tree/X_O_0/Groundstate/POSCAR"
check "groundstate: other names" test "$(code "$shakedown" groundstate -p "$work/tree" -d vasp_std -gsf GS -nv)" = 0
check "groundstate: there" test -f "$work/tree/X_O_0/vasp_std/GS"
check "groundstate: silent" test ! -s "$work/out"

check "regenerate" test "$(code "$shakedown" regenerate "$work/tree")" = 0
check "regenerate: one start" says "1 new start"
check "regenerate: the structure" test -f "$work/tree/X_O_+1/Rattled_from_0/POSCAR"
check "regenerate: its inputs" test -f "$work/tree/X_O_+1/Rattled_from_0/INCAR"
check "regenerate again" test "$(code "$shakedown" regenerate "$work/tree")" = 0
check "regenerate: taken for tested" says "0 new starts"
check "a threshold" test "$(code "$shakedown" regenerate "$work/tree" -min 5)" = 0
check "not a tree" test "$(code "$shakedown" parse "$work/tree/X_O_0/Rattled")" = 2
check "an unknown code" test "$(code "$shakedown" parse "$work/tree" --code tea)" = 2

if [ -d "$shared/snb" ]; then
    mkdir "$work/cdte"
    cp -r "$shared/snb/CdTe_v_Cd_0" "$work/cdte/v_Cd_0"
    cp -r "$shared/snb/MgO_Mg_O" "$work/mgo"
    chmod -R u+w "$work/cdte" "$work/mgo"
    mv "$work/cdte/v_Cd_0/energies.yaml" "$work/cdte/v_Cd_0/v_Cd_0.yaml"
    check "cadmium vacancy" test "$(code "$shakedown" analyse "$work/cdte")" = 0
    check "cadmium vacancy: 14 of 25" says "is 0.755 eV below Unperturbed; 14 of 25"
    check "cadmium vacancy: the dimer" says "Te33-Te52 2.75 Å"
    check "cadmium vacancy: -40 %" grep -q '^8,-0.4,5.76,0.808,-0.75$' "$work/cdte/v_Cd_0/v_Cd_0.csv"
    check "cadmium vacancy: -20 %" grep -q '^16,-0.2,0.0,0.024,0.0$' "$work/cdte/v_Cd_0/v_Cd_0.csv"
    check "magnesium on oxygen" test "$(code "$shakedown" regenerate "$work/mgo")" = 0
    check "magnesium on oxygen: five starts" test "$(cd "$work/mgo" && ls -d ./*/*_from_* | sort | tr '\n' ' ')" = \
        "$(cd "$work/mgo" && printf '%s ' './Mg_O_+1/Rattled_from_+4' './Mg_O_+2/Rattled_from_+4' \
            './Mg_O_+3/Rattled_from_+4' './Mg_O_+4/Bond_Distortion_60.0%_from_+3' './Mg_O_0/Rattled_from_+4')"
fi
exit $failed

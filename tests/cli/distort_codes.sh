#!/bin/sh
# SPDX-License-Identifier: MIT
# Inputs of the codes from the command line: the files of every code, charge and spin in them, the user's
# templates, settings and potentials, a config file as ShakeNBreak's, and bad requests.
. "$(dirname "$0")/common.inc"
host=data/hosts/CdTe.POSCAR
start='v_Cd_-1/Bond_Distortion_-40.0%'
distort() { "$shakedown" distort -q "$host" -s 2 -d v_Cd --distortions=-0.4 "$@"; }
lines() { grep -cE "$1" "$2" || true; }

for row in 'vasp INCAR KPOINTS POSCAR' 'espresso espresso.pwi' 'cp2k cp2k_input.inp structure.cif' \
    'castep castep.cell castep.param' 'fhi-aims control.in geometry.in' 'abinit abinit.abi'; do
    set -- $row
    code=$1
    shift
    distort --charge=-1 --code "$code" -o "$work/$code" </dev/null
    check "$code: $* and nothing else" test "$(ls "$work/$code/$start" | tr '\n' ' ')" = "$* "
    check "$code: metadata at the top and of the defect" test -f "$work/$code/distortion_metadata.json" -a \
        -f "$work/$code/v_Cd_-1/distortion_metadata.json"
    check "$code: no placeholder is left" test "$(grep -rlE '@[a-z_0-9]+@' "$work/$code" | wc -l)" = 0
done
check "CP2K: the charge" grep -q '^ *CHARGE -1$' "$work/cp2k/$start/cp2k_input.inp"
check "CP2K: 63 atoms in the CIF" test "$(lines '^(Cd|Te)[0-9]+ ' "$work/cp2k/$start/structure.cif")" = 63
check "aims: 63 atoms" test "$(lines '^atom ' "$work/fhi-aims/$start/geometry.in")" = 63
check "castep: 63 atoms" test "$(lines '^(Cd|Te) ' "$work/castep/$start/castep.cell")" = 63
distort --charge=-1 -o "$work/plain"
check "VASP's POSCAR is the one written without --code" cmp -s "$work/plain/$start/POSCAR" "$work/vasp/$start/POSCAR"
check "names of codes as ShakeNBreak takes them" distort --code FHI_AIMS --charge 0 -o "$work/alias"

mkdir -p "$work/potcar/Cd" "$work/potcar/Te" "$work/templates" "$work/species"
printf 'PAW_PBE Cd\n POMASS = 112.4; ZVAL   =   12.000\n' >"$work/potcar/Cd/POTCAR"
printf 'PAW_PBE Te\n POMASS = 127.6; ZVAL   =    6.000\n' >"$work/potcar/Te/POTCAR"
distort --charges=-1,0 --code vasp --potcar "$work/potcar" -o "$work/paw"
check "POTCAR of both elements" test "$(lines '^PAW' "$work/paw/$start/POTCAR")" = 2
check "NELECT 31 x 12 + 32 x 6 + 1" grep -qx 'NELECT = 565' "$work/paw/$start/INCAR"
check "no NELECT where the cell is neutral" test "$(lines NELECT "$work/paw/v_Cd_0/Unperturbed/INCAR")" = 0
PMG_VASP_PSP_DIR=$work/potcar distort --charge=-1 --code vasp -o "$work/env"
check "the library of pymatgen's variable" cmp -s "$work/env/$start/POTCAR" "$work/paw/$start/POTCAR"
echo 'species Cd' >"$work/species/48_Cd_default"
echo 'species Te' >"$work/species/52_Te_default"
distort --charge 0 --code aims --potcar "$work/species" -o "$work/aims"
check "species blocks in control.in" test "$(lines '^species' "$work/aims/v_Cd_0/Unperturbed/control.in")" = 2

printf 'q = @charge@, @natoms@ atoms\n' >"$work/templates/espresso.pwi"
distort --charge=-1 --code qe --templates "$work/templates" -o "$work/own"
check "the user's template" grep -qx 'q = -1, 63 atoms' "$work/own/$start/espresso.pwi"
printf 'ENCUT = 250\nKPAR = 4\n' >"$work/settings"
distort --charge 0 --code vasp --input_file "$work/settings" -o "$work/set"
check "the user's settings replace ours" \
    test "$(lines '^(ENCUT = 250|KPAR = 4)$' "$work/set/v_Cd_0/Unperturbed/INCAR")" = 2
check "and leave the others" grep -qx 'EDIFFG = -0.01' "$work/set/v_Cd_0/Unperturbed/INCAR"

cat >"$work/config.yaml" <<'END'
# as ShakeNBreak's example
oxidation_states:
  Cd: 2
  Te: -2
distortion_increment: 0.1
bond_distortions: [-0.4, Dimer]
dict_number_electrons_user:
  v_Cd:
    1
stdev: 0.2  # Å
active_atoms: None
seed: 42
min_charge: -1
max_charge: 0
code: espresso
POTCAR: {Cd: Cd}
pseudopotentials:
  Cd: Cd_pbe_v1.uspp.F.UPF
END
"$shakedown" distort "$host" -s 2 -d v_Cd --config "$work/config.yaml" -o "$work/config" >"$work/out"
check "config: N by the user's electrons, rattle" says 'v_Cd_-1                  3 starts, N = 0, rattle 0.2000 Å' ||
    says 'rattle 0.2000'
check "config: charges" test -d "$work/config/v_Cd_0" -a -d "$work/config/v_Cd_-1"
check "config: code and pseudopotentials" grep -q '^Cd 112.414 Cd_pbe_v1.uspp.F.UPF$' \
    "$work/config/v_Cd_0/Unperturbed/espresso.pwi"
check "config: Dimer among the distortions" test -d "$work/config/v_Cd_0/Dimer"
"$shakedown" distort -q "$host" -s 2 -d v_Cd --config "$work/config.yaml" --code castep -o "$work/over"
check "the command line goes before it" test -f "$work/over/v_Cd_0/Dimer/castep.param"

vacancy=$work/plain/v_Cd_-1/Unperturbed/POSCAR
awk 'NR == 7 {print 32, 32; next} {print} NR == 8 {print 0.5, 0.5, 0.5, "Cd"}' "$vacancy" >"$work/bulk"
pair() { "$shakedown" distort -d "$vacancy" -b "$work/bulk" -c 0 --distortions=-0.4 "$@" >"$work/out"; }
pair --name my_vacancy --defect-index 0 -o "$work/pair"
check "a pair of files: name" test -f "$work/pair/my_vacancy_0/Unperturbed/POSCAR"
check "a pair of files: site by the bulk's atom" says 'at [0.500 0.500 0.500]'
pair --defect_coords '0.5 0.5 0.5' -o "$work/pair"
check "a pair of files: site by coordinates" says 'at [0.500 0.500 0.500]'
printf 'defects:\n  my_v:\n    charges: [0]\n    defect_index: 0\nname: my_v\n' >"$work/pair.yaml"
"$shakedown" distort -q -d "$vacancy" -b "$work/bulk" --config "$work/pair.yaml" -o "$work/pair"
check "a pair of files: site, name and charge by a config file" test -d "$work/pair/my_v_0"

"$shakedown" distort -q "$host" -s 2 -d Te_Cd -c 0 --distortions=-0.4 -o "$work/antisite"
mkdir -p "$work/all/sub_1_Te_on_Cd"
cp "$vacancy" "$work/all/vac_1_Cd_POSCAR"
cp "$work/antisite/Te_Cd_0/Unperturbed/POSCAR" "$work/all/sub_1_Te_on_Cd/POSCAR"
cp "$work/bulk" "$work/all/bulk_POSCAR"
echo "no structure" >"$work/all/notes.txt"
cat >"$work/all.yaml" <<'END'
bond_distortions: [-0.4]
defects:
  vac_1_Cd:
    charges: [0, -1, -2]
    defect_coords: [0.5, 0.5, 0.5]
  sub_1_Te_on_Cd:
    charge: +1
END
"$shakedown" distort -q -d "$work/all" -b "$work/bulk" --config "$work/all.yaml" --code castep -o "$work/pair_all"
check "a folder of defects: names, charges" test "$(cd "$work/pair_all" && echo */)" = \
    'sub_1_Te_on_Cd_+1/ vac_1_Cd_-1/ vac_1_Cd_-2/ vac_1_Cd_0/'
cp "$vacancy" "$work/all/sub_1_Te_on_Cd/POSCAR_2"
check "two structures in one folder are refused" \
    test "$(code "$shakedown" distort -d "$work/all" -b "$work/bulk" -o "$work/bad")" = 2
check "and named" grep -q "sub_1_Te_on_Cd: expected one structure" "$work/err"
check "no such atom" test "$(code pair --defect-index 64 -o "$work/bad")" = 2
check "it says which there are" grep -q 'from 0 to 63' "$work/err"

bad() { # MESSAGE option...: exit 2 and the message
    message=$1
    shift
    check "refused: $message" test "$(code distort -o "$work/bad" "$@")" = 2
    says "$message" || { echo "FAIL it says: $(cat "$work/err")"; failed=1; }
}
bad "--code: expected one of vasp, espresso, cp2k, castep, fhi-aims, abinit; found 'gaussian'" --code gaussian
bad "--templates needs --code" --templates "$work/templates"
bad "--templates: $work/species holds no 'INCAR'" --code vasp --templates "$work/species"
bad "--potcar: cp2k needs no such folder" --code cp2k --potcar "$work/potcar"
bad "no potential 'Cd' of Cd" --code vasp --charge 0 --potcar "$work/species"
bad "--pseudopotentials: expected pairs like 'Cd=Cd.upf'; found 'Cd'" --code qe --pseudopotentials Cd
bad "--name needs --defect FILE --bulk FILE" --name x
echo 'sttdev: 0.1' >"$work/bad.yaml"
bad "$work/bad.yaml:1: unknown key 'sttdev'" --config "$work/bad.yaml"
printf 'seed: 1\nstdev: much\n' >"$work/bad.yaml"
bad "$work/bad.yaml:2: --stdev: expected a real number; found 'much'" --config "$work/bad.yaml"
printf 'a:\n\tb: 1\n' >"$work/bad.yaml"
bad "$work/bad.yaml:2: a tab in the indentation" --config "$work/bad.yaml"
check "nothing was written" test ! -e "$work/bad"
exit $failed

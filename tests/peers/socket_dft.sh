#!/bin/sh
# SPDX-License-Identifier: MIT
# socket_dft.sh - pw.x (--ipi) and CP2K (RUN_TYPE DRIVER) as clients of the socket teacher, in cells of two atoms that
# are not those of their inputs: energy, forces and pressure against the same programs alone. Each is skipped where it
# is not installed.
set -u
program=$(cd "$(dirname "${SHAKEDOWN:-./shakedown}")" && pwd)/shakedown
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0
same() { # WHAT GOT WANTED TOLERANCE
    if awk -v a="$2" -v b="$3" -v t="$4" 'BEGIN { exit !(a != "" && b != "" && a - b < t && b - a < t) }'; then
        echo "ok   $1: $2, alone $3"
    else
        echo "FAIL $1: '$2', alone '$3'"
        failed=1
    fi
}
# FRAME SPEC: energy (eV), largest force (eV/Å) and pressure (GPa) into $1, $2, $3
ask() {
    "$program" eval "$1" --threads 1 --stress -p "$2" >out.txt 2>err.txt || cat err.txt
    set -- $(awk '$2 == "Si" || $2 == "H" { print $4, $6 } NF == 8 && $1 == 1 { print $8 }' out.txt)
    energy=${1:-} force=${2:-} pressure=${3:-}
}

# ---- pw.x ------------------------------------------------------------------------------------------
pseudo=/usr/share/espresso/pseudo
espresso_input() { # folder, lattice and second atom: the input
    cat <<END
&control calculation='scf', pseudo_dir='$pseudo', outdir='$1', tprnfor=.true., tstress=.true. /
&system ibrav=0, nat=2, ntyp=1, ecutwfc=12, nosym=.true. /
&electrons conv_thr=1e-9 /
ATOMIC_SPECIES
Si 28.086 Si.pz-vbc.UPF
K_POINTS gamma
CELL_PARAMETERS angstrom
$2
ATOMIC_POSITIONS angstrom
Si 0 0 0
Si $3
END
}
if command -v pw.x >/dev/null && [ -e $pseudo/Si.pz-vbc.UPF ]; then
    espresso_input one "0 2.7 2.7
2.7 0 2.7
2.7 2.7 0" "1.35 1.35 1.35" >client.in
    espresso_input two "0 2.7 2.75
2.7 0 2.7
2.7 2.7 0.1" "1.3 1.4 1.35" >alone.in
    printf '2\nLattice="0 2.7 2.75 2.7 0 2.7 2.7 2.7 0.1" Properties=species:S:1:pos:R:3 pbc="T T T"\n%s\n%s\n' \
        "Si 0 0 0" "Si 1.3 1.4 1.35" >si.xyz
    ask si.xyz "socket:unix=skd_pw_$$,timeout=200,launch=pw.x --ipi {socket}:UNIX -in client.in"
    pw.x -in alone.in >alone.out 2>&1
    same "pw.x, energy" "$energy" "$(awk '/^!/ { printf "%.6f", $5 * 13.605693122994 }' alone.out)" 2e-5
    same "pw.x, largest force" "$force" \
        "$(awk '/type  1   force/ { printf "%.6f", 25.711043 * sqrt($7^2 + $8^2 + $9^2); exit }' alone.out)" 2e-3
    same "pw.x, pressure" "$pressure" "$(awk '/P=/ { print $NF / 10 }' alone.out)" 0.02
else
    echo "skipped: no pw.x"
fi

# ---- CP2K ------------------------------------------------------------------------------------------
cp2k_input() { # run type, cell, second atom: the input
    cat <<END
&GLOBAL
  PROJECT h2
  RUN_TYPE $1
  PRINT_LEVEL LOW
&END
&MOTION
  &DRIVER
    UNIX
    HOST skd_cp2k_$$
  &END
&END
&FORCE_EVAL
  METHOD QS
  STRESS_TENSOR ANALYTICAL
  &DFT
    BASIS_SET_FILE_NAME GTH_BASIS_SETS
    POTENTIAL_FILE_NAME GTH_POTENTIALS
    &MGRID
      CUTOFF 300
    &END
    &SCF
      EPS_SCF 1e-7
    &END
    &XC
      &XC_FUNCTIONAL PADE
      &END
    &END
  &END
  &SUBSYS
    &CELL
      ABC $2
    &END
    &COORD
      H 0 0 0
      H $3
    &END
    &KIND H
      BASIS_SET SZV-GTH
      POTENTIAL GTH-PADE-q1
    &END
  &END
  &PRINT
    &FORCES ON
    &END
    &STRESS_TENSOR ON
    &END
  &END
&END
END
}
if command -v cp2k.psmp >/dev/null; then
    cp2k_input DRIVER "5.4 5.4 5.4" "0 0 0.8" >client.inp
    cp2k_input ENERGY_FORCE "5.3 5.2 5.6" "0.1 0 0.85" >alone.inp
    printf '2\nLattice="5.3 0 0 0 5.2 0 0 0 5.6" Properties=species:S:1:pos:R:3 pbc="T T T"\n%s\n%s\n' \
        "H 0 0 0" "H 0.1 0 0.85" >h2.xyz
    ask h2.xyz "socket:unix=skd_cp2k_$$,timeout=200,launch=cp2k.psmp -i client.inp"
    cp2k.psmp -i alone.inp >alone.out 2>&1
    same "CP2K, energy" "$energy" "$(awk '/Total FORCE_EVAL/ { printf "%.6f", $NF * 27.211386245988 }' alone.out)" 2e-5
    same "CP2K, largest force" "$force" \
        "$(awk '$3 == "H" && NF == 6 { printf "%.6f", 51.4220674763 * sqrt($4^2 + $5^2 + $6^2); exit }' alone.out)" 2e-3
    same "CP2K, pressure" "$pressure" "$(awk '/1\/3 Trace/ { print $NF }' alone.out)" 0.01
else
    echo "skipped: no cp2k.psmp"
fi
exit $failed

#!/bin/sh
# SPDX-License-Identifier: MIT
# dft_inputs.sh - the codes themselves read what `shakedown distort --code` writes: V_Cd in CdTe, 63 atoms,
# charge -1. CP2K and Quantum ESPRESSO (Debian packages) compute one SCF step, ABINIT reads its input
# (--dry-run). Only level and effort are made small, by a template and by settings of the user's; the keys,
# the structure, charge and spin are ours. VASP's INCAR is compared with the one ShakeNBreak writes.
cd "$(dirname "$0")/../.." || exit 1
tests/deps.sh cp2k cp2k-data quantum-espresso abinit abinit-data || exit 1
. tests/cli/common.inc
start='v_Cd_-1/Bond_Distortion_-40.0%'
export OMP_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
distort() { # CODE options...
    name=$1
    shift
    "$shakedown" distort -q data/hosts/CdTe.POSCAR --supercell 2 --defect v_Cd --charges=-1 --distortions=-0.4 \
        --code "$name" -o "$work/$name" "$@"
}
in_output() { grep -q "$2" "$work/$1/$start/out"; }
until_says() { # SECONDS PATTERN COMMAND...: runs it, with its output in ./out, until that says PATTERN, and ends it
    seconds=$1
    pattern=$2
    shift 2
    "$@" >out 2>&1 &
    while [ "$seconds" -gt 0 ] && kill -0 $! 2>/dev/null && ! grep -q "$pattern" out; do
        sleep 1
        seconds=$((seconds - 1))
    done
    kill $! 2>/dev/null
    wait $! 2>/dev/null
}
in_input() { grep -q "$2" "$work/$1/$start/$3"; }

echo "CP2K:"
distort cp2k
(cd "$work/cp2k/$start" && timeout 300 cp2k.psmp -c cp2k_input.inp >out 2>&1) || true
check "CP2K parses the input as written" in_output cp2k 'SUCCESS, the input could be parsed'
(cd "$work/cp2k/$start" && until_says 900 HFX_MEM_INFO cp2k.psmp cp2k_input.inp) || true # hybrid: too slow for more
check "CP2K starts the SCF on the input as written, exact exchange and all" in_output cp2k 'HFX_MEM_INFO'
mkdir "$work/templates" # no exact exchange, least basis set, one step
sed -e 's/GEO_OPT$/ENERGY/; s/DZVP-MOLOPT-PBE/SZV-MOLOPT-SR/; s/MOLOPT_UZH/MOLOPT/' \
    -e 's/CUTOFF 400/CUTOFF 120/; s/REL_CUTOFF 50/REL_CUTOFF 30/' \
    -e 's/MAX_SCF [0-9]*/MAX_SCF 1/; s/SCALE_X 0.75/SCALE_X 1.0/; /AUX_FIT/d; /&HF$/,/&END HF$/d' \
    -e '/&MOTION/,/&END MOTION/d; /&AUXILIARY/,/&END AUXILIARY/d' \
    data/templates/cp2k_input.inp >"$work/templates/cp2k_input.inp"
distort cp2k --templates "$work/templates"
(cd "$work/cp2k/$start" && timeout 300 cp2k.psmp cp2k_input.inp >out 2>&1) || true
check "CP2K reads the 63 atoms of structure.cif" in_output cp2k '^ *- Atoms: *63$'
check "CP2K has the charge and the spin" in_input cp2k 'CHARGE -1' cp2k_input.inp
check "CP2K counts 565 electrons, one unpaired" in_output cp2k 'Number of electrons: *28[23]'
check "CP2K does an SCF step" in_output cp2k '^ *1 OT DIIS'
check "CP2K ends as it should" in_output cp2k 'PROGRAM ENDED'

echo "Quantum ESPRESSO:"
for element in 'Cd 48 5p0 0.00 2.60 2.80' 'Te 52 5p4 4.00 2.30 2.50'; do # no package holds potentials of these
    set -- $element
    printf '%s\n' "&input title='$1', zed=$2, rel=1, config='[Kr] 4d10 5s2 $3', iswitch=3, dft='PBE' /" \
        "&inputp lloc=1, pseudotype=1, file_pseudopw='$work/$1.UPF', tm=.true. /" \
        2 "5S 1 0 2.00 0.00 $5 $5 0.0" "5P 2 1 $4 0.00 $6 $6 0.0" >"$work/$1.in"
    (cd "$work" && ld1.x <"$1.in" >"$1.out" 2>&1) || true
done
cat >"$work/settings" <<'END'
&SYSTEM
  ecutwfc = 12.0
  input_dft = 'PBE'
/
&ELECTRONS
  electron_maxstep = 1
/
END
distort espresso --input-file "$work/settings" --pseudo-dir "$work"
(cd "$work/espresso/$start" && timeout 300 pw.x -in espresso.pwi >out 2>&1) || true
check "pw.x reads 63 atoms" in_output espresso 'number of atoms/cell *= *63$'
check "pw.x counts 255 electrons: 128 up, 127 down" in_output espresso 'electrons *= *255.00 (up: 128.00, down: 127.00)'
check "pw.x does an SCF step" in_output espresso 'iteration # *1'
check "pw.x finds no convergence within one step and ends" in_output espresso 'convergence NOT achieved after *1'
check "what was not given is as before" in_input espresso "calculation *= 'relax'" espresso.pwi

echo "ABINIT:"
psp=$(dirname "$(find /usr/share/abinit -name '48cd.2.hgh' | head -1)")
distort abinit --pseudo-dir "$psp" --pseudopotentials Cd=48cd.2.hgh,Te=52te.6.hgh
(cd "$work/abinit/$start" && timeout 300 abinit abinit.abi --dry-run >out 2>&1) || true
check "ABINIT reads 63 atoms" grep -q 'natom *63$' "$work/abinit/$start/abinit.abo"
check "ABINIT has the charge" grep -q 'cellcharge *-1.0' "$work/abinit/$start/abinit.abo"
check "ABINIT finds no error in it" test "$(grep -c '!ERROR' "$work/abinit/$start/out")" = 0

echo "VASP:"
"$shakedown" distort -q data/hosts/CdTe.POSCAR --supercell 2 --defect v_Cd --charges=0 --code vasp -o "$work/vasp"
"${PEERS_PYTHON:-python3}" tests/peers/_incar.py "$work/vasp/v_Cd_0/Unperturbed" "$work/snb" >"$work/out" 2>&1 || true
check "the INCAR has ShakeNBreak's keys and values" says 'INCAR equal'
check "the KPOINTS are ShakeNBreak's" says 'KPOINTS equal'

echo "config files:"
find_spec='import importlib.util as u; print(*u.find_spec("shakenbreak").submodule_search_locations)'
examples=$("${PEERS_PYTHON:-python3}" -c "$find_spec")
golden=$shared/snb/CdTe_golden
mkdir -p "$work/all/Int_Cd_2"
cp "$golden/CdTe_V_Cd_POSCAR" "$work/all/vac_1_Cd_POSCAR"
cp "$golden/CdTe_Int_Cd_2_POSCAR" "$work/all/Int_Cd_2/POSCAR"
"$shakedown" distort -d "$work/all" -b "$golden/CdTe_Bulk_Supercell_POSCAR" \
    --config "$examples/SnB_input_files/example_generate_all_config.yaml" --code vasp -o "$work/example" \
    >"$work/out" 2>&1 || true
check "ShakeNBreak's own example of generate_all is read as it stands" says 'Int_Cd_2_+2'
check "with its charges, seed and rattle" test "$(ls -d "$work/example"/*_*/ | wc -l)" = 6 -a \
    "$(grep -c 'rattle 0.2500' "$work/out")" = 6
[ $failed = 0 ] || cat "$work/out"
exit $failed

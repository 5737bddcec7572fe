#!/bin/sh
# SPDX-License-Identifier: MIT
# teacher_espresso.sh - Quantum ESPRESSO (Debian) as a command that teaches: energy and forces as ASE reads them from the
# same output, and the vacancy in 8-atom silicon searched to the end. Level and effort are small.
cd "$(dirname "$0")/../.." || exit 1
tests/deps.sh quantum-espresso quantum-espresso-data || exit 1
. tests/cli/common.inc
case $shakedown in /*) ;; *) shakedown=$PWD/$shakedown ;; esac
host=$PWD/data/hosts/Si.POSCAR
export OMP_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
cd "$work"
cat >si.pwi <<'END'
&CONTROL
  calculation = 'scf'
  tprnfor = .true.
  pseudo_dir = '@pseudo_dir@'
/
&SYSTEM
  ibrav = 0
  nat = @natoms@
  ntyp = @nspecies@
  ecutwfc = 8
  occupations = 'smearing'
  smearing = 'mv'
  degauss = 0.01
  nosym = .true.
  tot_charge = @charge@
/
&ELECTRONS
  conv_thr = 1e-8
/
ATOMIC_SPECIES
@each species
@symbol@ @mass@ @pseudo@
@end
K_POINTS gamma
CELL_PARAMETERS angstrom
@each lattice
@x@ @y@ @z@
@end
ATOMIC_POSITIONS angstrom
@each atom
@symbol@ @x@ @y@ @z@
@end
END
teacher() { # VERB ARGUMENTS...
    "$shakedown" "$@" --teacher command --code espresso --input-file si.pwi --pseudopotentials Si=Si.pz-vbc.UPF \
        --pseudo-dir /usr/share/espresso/pseudo --teacher-command 'pw.x -in {input} >espresso.out'
}
"$PEERS_PYTHON" - "$host" <<'END'
import sys
from ase.io import read, write
atoms = read(sys.argv[1], format="vasp")
atoms.rattle(0.1, seed=1)
write("rattled.xyz", atoms)
END
check "pw.x answers" test "$(code teacher eval rattled.xyz -o answer.xyz)" = 0
check "energy and forces are those that ASE reads" "$PEERS_PYTHON" - <<'END'
import glob, sys
import numpy as np
from ase.io import read
(path,) = glob.glob("teacher/*/espresso.out")
theirs, ours = read(path), read("answer.xyz")
# pw.x's energy with cold smearing is a free energy; ASE reads the same line
de = theirs.get_potential_energy() - ours.get_potential_energy()
df = np.abs(theirs.get_forces() - ours.get_forces()).max()
print("energy differs by %.1e eV, forces by %.1e eV/A" % (de, df))
sys.exit(not (abs(de) < 0.05 and df < 1e-6))
END
check "a search ends" test "$(code teacher search "$host" --defect v_Si --supercell 1,1,1 --prior gfn1 \
    --far-field free --distortions=-0.4,0.4 --confirm 0.2 --labels 12 -o run)" -le 3
"$shakedown" rank run
check "its level names code and settings" grep -q "espresso.*settings" out
check "labels go out with program and input" test "$(code "$shakedown" export run --labels labels.xyz)" = 0 -a \
    "$(grep -c 'origin=.*PWSCF\|origin=.*Quantum ESPRESSO' labels.xyz)" -gt 0
head -2 labels.xyz | tail -1
exit $failed

# SPDX-License-Identifier: MIT
"""_incar.py OURS SCRATCH - compares the INCAR and KPOINTS of the folder OURS with those that ShakeNBreak
writes for the same vacancy. NUPDOWN is left out where ShakeNBreak leaves it out: it wants POTCARs for it."""
import os
import sys
import warnings

warnings.simplefilter("ignore")
from pymatgen.core import Structure
from pymatgen.io.vasp.inputs import Incar, Kpoints
from shakenbreak.input import Distortions, _get_defect_entry_from_defect, identify_defect

ours, scratch = sys.argv[1:]
bulk = Structure.from_file("data/hosts/CdTe.POSCAR") * (2, 2, 2)
vacancy = Structure.from_file(f"{ours}/POSCAR")
defect = identify_defect(vacancy, bulk)
defect.user_charges = [0]
entry = _get_defect_entry_from_defect(defect, 0)
os.makedirs(scratch)
Distortions({"v_Cd": [entry]}, bond_distortions=[-0.4]).write_vasp_files(output_path=scratch, verbose=False)
theirs = f"{scratch}/v_Cd_0/Unperturbed"


def settings(folder):
    """Keys and values without the remarks that ShakeNBreak puts into both."""
    incar = Incar.from_file(f"{folder}/INCAR")
    plain = {k: str(v).split("#")[0].strip().lower() for k, v in incar.items() if not k.startswith("#")}
    return {k: float(v) if v.replace(".", "").replace("-", "").isdigit() else v for k, v in plain.items()}


mine, peer = settings(ours), settings(theirs)
if "NUPDOWN" not in peer and mine.pop("NUPDOWN") != 0:
    print("NUPDOWN of an even number of electrons must be 0")
for key in sorted(mine.keys() | peer.keys()):
    if mine.get(key) != peer.get(key):
        print(f"{key}: ours {mine.get(key)}, theirs {peer.get(key)}")
if mine == peer:
    print(f"INCAR equal: {len(mine)} keys")
a, b = Kpoints.from_file(f"{ours}/KPOINTS"), Kpoints.from_file(f"{theirs}/KPOINTS")
if (a.kpts, a.style) == (b.kpts, b.style):
    print("KPOINTS equal")

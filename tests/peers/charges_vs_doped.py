# SPDX-License-Identifier: MIT
"""charges_vs_doped.py - names and charge states of vacancies, antisites and two foreign atoms on every site of 20
hosts, side by side with doped's DefectsGenerator. (Interstitials, which take doped minutes, are in
tests/test_distortions_charges.c with the values doped gave.)"""
import contextlib
import glob
import os
import subprocess
import sys
import tempfile

from doped.generation import DefectsGenerator
from pymatgen.core import Structure

SHARED = os.environ.get("SHAKEDOWN_SHARED", "../shared") + "/data/hosts/"
HOSTS = [  # file name up to the source, foreign atoms
    ("CdTe_sg216", "Cl,As"), ("OMg_sg225", "Al,N"), ("OZn_sg186", "Ga,N"), ("NGa_sg186", "Mg,Si"),
    ("GaAs_sg216", "Si,Mn"), ("O2Ti_sg136", "Nb,F"), ("O2Sn_sg136", "Sb,F"), ("O3TiSr_sg221", "La,Fe"),
    ("O3Al2_sg167", "Cr,Ti"), ("O2Ce_sg225", "Gd,Zr"), ("NaCl_sg225", "Ca,Tl"), ("Si_sg227", "P,B"),
    ("Cl3CsPb_sg221", "Bi,Ag"), ("Cs2SnBr6_sg225", "Sb,I"), ("I2Pb_sg164", "Cu,Cs"), ("S2CuGa_sg122", "Zn,Ge"),
    ("GeSe_sg62", "Ag,Sb"), ("S2InTl_sg194", "Sn,O"), ("SiP2Zn_sg122", "B,H"), ("ZrO2_sg14", "Y,N"),
]


def dopeds(path, extrinsic):
    """{"v_Cd": {-2, -1, 0, 1}, ...}"""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        generator = DefectsGenerator(Structure.from_file(path), extrinsic=extrinsic.split(","),
                                     interstitial_gen_kwargs=False, processes=1)
    charges = {}
    for entry in generator.defect_entries:
        name, charge = entry.rsplit("_", 1)
        charges.setdefault(name, set()).add(int(charge))
    return charges


def ours(path, extrinsic):
    with tempfile.TemporaryDirectory() as folder:
        text = subprocess.run([os.environ["SHAKEDOWN"], "distort", path, "--extrinsic", extrinsic, "--interstitials",
                               "none", "--distortions", "0.3", "-o", folder], capture_output=True, text=True, check=True)
        made = {tuple(name.rsplit("_", 1)) for name in os.listdir(folder) if os.path.isdir(f"{folder}/{name}")}
    charges = {}
    for name, charge in made:
        charges.setdefault(name, set()).add(int(charge))
    return charges if text.stdout else {}


def main():
    if not os.path.isdir(SHARED):
        print("skipped: no", SHARED)
        return 0
    failed = 0
    for host, extrinsic in HOSTS:
        (path,) = glob.glob(SHARED + host + "_*.POSCAR")
        want, got = dopeds(path, extrinsic), ours(path, extrinsic)
        different = sorted(name for name in want.keys() | got.keys() if want.get(name) != got.get(name))
        failed += bool(different)
        print("FAIL" if different else "ok", f"{host} with {extrinsic}: {len(want)} defects,",
              f"{sum(map(len, want.values()))} charge states equal" if not different else "")
        for name in different:
            print(f"     {name}: {sorted(got.get(name, ()))}, doped {sorted(want.get(name, ()))}")
    return failed > 0


sys.exit(main())

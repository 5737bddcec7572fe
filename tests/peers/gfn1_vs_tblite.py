# SPDX-License-Identifier: MIT
"""gfn1_vs_tblite.py - our GFN1-xTB (mode=library) side by side with tblite 0.8.0 on rattled, strained, charged and
odd-electron cells: energies, forces, stress and charges. Faults of the library: its halogen bonds of periodic
cells with Br, I or At next to N, O, P or S are wrong by tens of Hartree (our library mode has the same fault, BiSI
shows it; the converged mode has not); BaZrS3 and In2O3 it cannot do at all, because it ends their overlap at 40 bohr;
and it leaves the background of charged cells out of the energy, which `background` puts back."""
import json
import os
import subprocess
import sys
import tempfile
from math import erfc

import numpy as np
from ase.io import read
from tblite.interface import Calculator

HARTREE, BOHR = 27.21138505, 0.52917721090  # those of our program
SHARED = os.environ.get("SHAKEDOWN_SHARED", "../shared") + "/data/hosts/"
CASES = [  # host, rattle in Å, strain, charge
    ("CdTe_sg216", 0.10, 0.02, 0), ("CdTe_sg216", 0.15, 0.00, -1), ("OMg_sg225", 0.10, 0.00, 0),
    ("OMg_sg225", 0.10, 0.03, 1), ("NaCl_sg225", 0.20, 0.00, 0), ("SZn_sg216", 0.10, 0.02, -2),
    ("O2Ti_sg136", 0.05, 0.00, 0), ("O2Ti_sg136", 0.10, 0.02, 1), ("GaAs_sg216", 0.10, 0.00, -1),
    ("CsPbI3_cubic", 0.15, 0.02, 0), ("Cs2SnBr6_sg225", 0.10, 0.00, 1), ("Se3Sb2_sg62", 0.10, 0.00, 0),
    ("SeCd_sg186", 0.10, 0.02, 0), ("Si_sg227", 0.10, 0.03, 3), ("BiSI_sg62", 0.05, 0.00, 0),
]


def structure(case, number):
    host, rattle, strain, _ = case
    name = next(f for f in sorted(os.listdir(SHARED)) if f.startswith(host) and f.endswith(".POSCAR"))
    atoms = read(SHARED + name, format="vasp")
    random = np.random.RandomState(number)
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + strain * random.uniform(-1, 1, (3, 3))), scale_atoms=True)
    atoms.positions += rattle * random.normal(size=atoms.positions.shape)
    return atoms


def background(cell, charge):
    """pi Q^2/(2 alpha^2 V), Hartree, with the splitting alpha that the library finds by halving and doubling."""
    volume = abs(np.linalg.det(cell))
    short = np.linalg.norm(cell, axis=1).min()
    wave = np.linalg.norm(2 * np.pi * np.linalg.inv(cell).T, axis=1).min()
    tolerance = 2.0**-26

    def difference(alpha):
        def far(g):
            return 4 * np.pi * np.exp(-g * g / (4 * alpha * alpha)) / (volume * g * g)

        def near(r):
            return erfc(alpha * r) / r

        return far(4 * wave) - far(5 * wave) - near(2 * short) + near(3 * short)

    alpha = tolerance
    while difference(alpha) < -tolerance:
        alpha *= 2
    low = alpha / 2
    while difference(alpha) < tolerance:
        alpha *= 2
    high = alpha
    alpha = 0.5 * (low + high)
    for _ in range(31):
        if abs(difference(alpha)) <= tolerance:
            break
        low, high = (alpha, high) if difference(alpha) < 0 else (low, alpha)
        alpha = 0.5 * (low + high)
    return np.pi * charge**2 / (2 * alpha**2 * volume)


def theirs(atoms, charge):
    calculator = Calculator("GFN1-xTB", atoms.numbers, atoms.positions / BOHR, charge=float(charge),
                            lattice=atoms.cell.array / BOHR, periodic=np.array([True] * 3))
    calculator.set("verbosity", 0)
    calculator.set("accuracy", 0.01)
    calculator.set("max-iter", 500)
    result = calculator.singlepoint()
    missing = -background(atoms.cell.array / BOHR, charge)
    virial = np.array(result.get("virial")) - missing * np.eye(3)
    return {"energy": (float(result.get("energy")) + missing) * HARTREE,
            "forces": -np.array(result.get("gradient")) * HARTREE / BOHR,
            "stress": 0.5 * (virial + virial.T) * HARTREE / atoms.get_volume(), "charges": np.array(result.get("charges"))}


def ours(atoms, charge):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "cell.xyz")
        with open(path, "w", encoding="ascii") as out:
            lattice = " ".join(f"{x:.14f}" for x in atoms.cell.array.ravel())
            out.write(f'{len(atoms)}\nLattice="{lattice}" Properties=species:S:1:pos:R:3 pbc="T T T"\n')
            for symbol, r in zip(atoms.get_chemical_symbols(), atoms.positions):
                out.write(f"{symbol} {r[0]:.14f} {r[1]:.14f} {r[2]:.14f}\n")
        text = subprocess.run([os.environ["SHAKEDOWN"], "eval", path, "-p", "gfn1:mode=library,accuracy=0.001", "--charge",
                               str(charge), "--charges", "--json"], capture_output=True, text=True, check=True).stdout
    result = json.loads(text)["structures"][0]
    xx, yy, zz, yz, xz, xy = result["stress"]
    return {"energy": result["energy"], "forces": np.array(result["forces"]),
            "stress": np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]), "charges": np.array(result["charges"])}


def deviations(a, b):
    return {key: np.abs(a[key] - b[key]).max() for key in a}


def main():
    limits = {"energy": 1e-6, "forces": 1e-5, "stress": 1e-6, "charges": 1e-5}  # eV, eV/Å, eV/Å^3, e
    worst = dict.fromkeys(limits, 0.0)
    print(f"{'host':16s} atoms charge   energy/eV  forces/(eV/Å)  stress/(eV/Å^3)  charges/e")
    failed = False
    for number, case in enumerate(CASES):
        atoms, charge = structure(case, number), case[3]
        there = theirs(atoms, charge)
        here = ours(atoms, charge)
        off = deviations(here, there)
        print(f"{case[0]:16s} {len(atoms):5d} {charge:+6d}  {off['energy']:10.1e}  {off['forces']:13.1e}  {off['stress']:15.1e}"
              f"  {off['charges']:9.1e}", flush=True)
        for key, value in off.items():
            worst[key] = max(worst[key], value)
            failed = failed or not value <= limits[key]
    for key, limit in limits.items():
        print(f"largest difference of {key}: {worst[key]:.1e} (allowed {limit:.0e})")
    print("not ok  GFN1-xTB differs from tblite" if failed else "ok  GFN1-xTB is that of tblite on 15 random structures")
    return failed


sys.exit(main())

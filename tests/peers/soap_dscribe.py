# SPDX-License-Identifier: MIT
"""SOAP power spectra next to dscribe's, number by number after normalisation: many shapes of cell, both
cut-off modes, several basis sizes. Run by tests/peers/run.sh, which sets BUILD."""
import os
import subprocess
import sys
import tempfile

import ase.io
import numpy as np
from ase import Atoms
from dscribe.descriptors import SOAP

BUILD = os.environ.get("BUILD", "build")
TOLERANCE = 1e-6  # of the largest component of a normalised spectrum
failures = 0

# n_max, l_max, r_cut, sigma
SIZES = [(4, 3, 4.0, 0.5), (8, 6, 5.0, 1.0), (10, 10, 5.0, 1.0), (8, 6, 5.0, 0.5), (1, 0, 3.0, 0.4), (6, 14, 4.5, 0.7)]
SHAPES = {
    "block": np.diag([4.1, 4.7, 5.3]),
    "needle": np.diag([13.0, 2.6, 2.9]),
    "pancake": np.diag([7.0, 8.0, 2.3]),
    "skewed": np.array([[4.0, 0.2, 0.1], [3.1, 3.9, -0.4], [-5.2, 1.8, 4.2]]),
    "left-handed": np.array([[0.0, 4.4, 0.3], [4.1, 0.0, 0.2], [0.1, 0.4, 5.0]]),
    "molecule": None,
}


def structure(shape, rng):
    lattice = SHAPES[shape]
    if lattice is None:
        return Atoms("Cd2Te3", positions=rng.uniform(-3, 3, (5, 3)), cell=np.eye(3) * 30, pbc=False)
    n = rng.integers(1, 7)
    return Atoms(rng.choice([48, 52, 8], n), scaled_positions=rng.uniform(0, 1, (n, 3)), cell=lattice, pbc=True)


def ours(atoms, size, smooth, folder):
    n, l, r_cut, sigma = size
    path = os.path.join(folder, "frame.xyz")
    ase.io.write(path, atoms, format="extxyz")
    command = [f"{BUILD}/tests/peers/soap_print", path, str(r_cut), str(n), str(l), str(sigma), str(int(smooth))]
    raw = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return np.frombuffer(raw).reshape(len(atoms), -1)


def theirs(atoms, size, smooth):
    n, l, r_cut, sigma = size
    weighting = {"function": "poly", "r0": r_cut, "c": 1, "m": 2} if smooth else None
    soap = SOAP(species=sorted(set(atoms.numbers)), r_cut=r_cut, n_max=n, l_max=l, sigma=sigma,
                periodic=bool(atoms.pbc.any()), weighting=weighting)
    return soap.create(atoms)


def difference(atoms, size, smooth, folder):
    # what the file holds: extended XYZ has 8 decimals
    atoms = atoms.copy()
    atoms.positions = np.round(atoms.positions, 8)
    a, b = ours(atoms, size, smooth, folder), theirs(atoms, size, smooth)
    a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b))
    return np.abs(a - b).max() / np.abs(b).max() if a.shape == b.shape else np.inf


def main():
    global failures
    rng = np.random.default_rng(11)
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            for smooth in (False, True):
                worst = max(difference(structure(shape, rng), size, smooth, folder) for shape in SHAPES for _ in range(2))
                good = worst < TOLERANCE
                failures += not good
                print(f"{'ok' if good else 'not ok'} - n_max {size[0]}, l_max {size[1]}, r_cut {size[2]}, sigma {size[3]}, "
                      f"{'smooth' if smooth else 'hard'}: 12 structures, off by at most {worst:.1e}")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())

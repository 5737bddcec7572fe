# SPDX-License-Identifier: MIT
"""learned_vs_pypolymlp.py [--all] - the surrogate and pypolymlp (PyPI) on published DFT data with the same labels to
learn from and the same to be tested on: mlearn's Si and Ge (their own split; J. Phys. Chem. A 124, 731 (2020)),
pypolymlp's MgO and SrTiO3 (every tenth is the test). Root mean square errors of forces and of energies, processor time
of one evaluation on one thread in the same run; each in several sizes. Every model of pypolymlp must have one of ours
that takes no longer and has no larger force error.
Then the surrogate alone on charged defects (BEEF-vdW; GaN, PbI2): per charge from the smaller cells to the largest.
--all: more sizes, and all of those defects. Without pypolymlp only ours are shown."""
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # before numpy starts its threads

import numpy as np
from ase.io import read, write

try:
    from pypolymlp.calculator.properties import Properties
    from pypolymlp.core.data_format import PolymlpStructure
    from pypolymlp.mlp_dev.pypolymlp import Pypolymlp
except ImportError:
    Pypolymlp = None

BUILD = os.environ.get("BUILD", "build")
FOLDER = os.environ.get("SHAKEDOWN_SHARED", "../shared") + "/data/dft/"
ALL = "--all" in sys.argv

# how far their radial functions reach, what they couple, and up to which power
THEIRS = [dict(feature_type="pair", model_type=2, max_p=2),
          dict(gtinv_order=2, gtinv_maxl=(4,), model_type=4, max_p=2),
          dict(gtinv_order=3, gtinv_maxl=(4, 2), model_type=3, max_p=2),
          dict(gtinv_order=3, gtinv_maxl=(4, 2), model_type=4, max_p=2)]
THEIRS_ALL = THEIRS + [dict(gtinv_order=3, gtinv_maxl=(4, 4), model_type=4, max_p=2)]
ELEMENTS = {"GaN_": ("Ga", "N"), "PbI2": ("I", "Pb")}
CHEAP = ["cutoff=5", "taper=1.5", "n_max=5", "l_max=3"]
# frames, elements, file, theirs, ours, force error that pypolymlp's own tests expect (their split, cut-off 8 Å)
SPLITS = [("mlearn Si", ("Si",), "mlearn_SiGe/mlearn_Si_", THEIRS, [CHEAP, [], ["body=4"]], None),
          ("mlearn Ge", ("Ge",), "mlearn_SiGe/mlearn_Ge_", THEIRS, [CHEAP, [], ["body=4"]], None),
          ("MgO", ("Mg", "O"), "pypolymlp/MgO_train1", THEIRS[::2],
           [CHEAP, [], ["body=4", "n_triplet=2", "l_triplet=2", "force_noise=0.005"]], 0.0048),
          ("SrTiO3", ("O", "Sr", "Ti"), "pypolymlp/SrTiO3_300", THEIRS[::2],
           [CHEAP, ["n_max=5", "l_max=3"],
            ["n_max=5", "l_max=3", "body=4", "n_triplet=2", "l_triplet=3", "most=5000", "force_noise=0.02", "width=0.4"]],
           0.0275)]


def load(name):
    if name.endswith("_"):
        return [read(f"{FOLDER}{name}{part}.xyz.gz", ":") for part in ("training", "test")]
    frames = read(f"{FOLDER}{name}.xyz.gz", ":")
    return [a for i, a in enumerate(frames) if i % 10], frames[::10]


def ours(train, test, charge, options):
    with tempfile.TemporaryDirectory() as folder:
        paths = [folder + "/train.xyz", folder + "/test.xyz"]
        for path, frames in zip(paths, (train, test)):
            write(path, frames, format="extxyz")
        command = [BUILD + "/tests/peers/learned_print", *paths, str(charge), *options]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def structure(atoms, elements):
    symbols = atoms.get_chemical_symbols()
    order = np.argsort([elements.index(s) for s in symbols], kind="stable")
    symbols = [symbols[i] for i in order]
    return PolymlpStructure(axis=np.array(atoms.cell).T, positions=atoms.get_scaled_positions()[order].T,
                            n_atoms=[symbols.count(e) for e in elements], elements=symbols,
                            types=[elements.index(s) for s in symbols]), order


def unpack(frames, elements):
    structures, forces = [], []
    for atoms in frames:
        s, order = structure(atoms, elements)
        structures.append(s)
        forces.append(atoms.get_forces()[order].T)
    return structures, np.array([a.get_potential_energy() for a in frames]), forces


def atomic_energies(frames, elements):
    """Those of crystals that are bound by 4 eV an atom: pypolymlp weighs less what lies above free atoms."""
    counts = np.array([[a.get_chemical_symbols().count(e) for e in elements] for a in frames], dtype=float)
    return list(np.linalg.lstsq(counts, [a.get_potential_energy() for a in frames], rcond=1e-8)[0] + 4.0)


def theirs(train, test, elements, options):
    """They choose their ridge by the error on the test."""
    begin = time.process_time()
    polymlp = Pypolymlp()
    alone = atomic_energies(train, elements)
    polymlp.set_params(elements=elements, include_stress=False, atomic_energy=alone, cutoff=6.0, **options)
    s, e, f = unpack(train, elements)
    s2, e2, f2 = unpack(test, elements)
    polymlp.set_datasets_structures(s, s2, e, e2, f, f2)
    polymlp.run()
    fitted = time.process_time() - begin
    calculator = Properties(params=polymlp.parameters, coeffs=polymlp.coeffs)
    off, energy, step = [], [], 0.0
    for frame, e0, f0 in zip(s2, e2, f2):
        times = []
        for _ in range(2):
            begin = time.process_time()
            e1, f1, _ = calculator.eval(frame)
            times.append(time.process_time() - begin)
        step += min(times)
        off.append((f1 - f0).ravel())
        energy.append((e1 + np.dot(frame.n_atoms, alone) - e0) / len(frame.elements))
    atoms = sum(len(frame.elements) for frame in s2)
    return {"features": len(polymlp.coeffs), "force": np.sqrt(np.mean(np.concatenate(off) ** 2)),
            "energy": np.sqrt(np.mean(np.square(energy))), "step_atom": step / atoms, "fit": fitted}


def show(who, r, fit):
    print(f"    {who:62s} {r['features']:5d} features: force {r['force']:.4f} eV/Å, energy {1e3 * r['energy']:6.2f} "
          f"meV/atom, {1e6 * r['step_atom']:6.1f} us an atom, fit {fit:5.1f} s", flush=True)


def compare(name, elements, path, settings, sizes, published):
    train, test = load(path)
    print(f"{name}: {len(train)} to learn from, {len(test)} to be tested on", flush=True)
    mine, their = [], []
    for options in sizes:
        r = ours(train, test, 0, ["slope=0", "energy_slope=0"] + options)
        show("ours " + (" ".join(options) or "(default)"), r, r["add"] + r["solve"])
        mine.append(r)
    for options in (THEIRS_ALL if ALL else settings) if Pypolymlp else []:
        r = theirs(train, test, elements, options)
        show("pypolymlp " + " ".join(f"{k}={v}".replace(" ", "") for k, v in options.items()), r, r["fit"])
        their.append(r)
    good = 0
    for t in their:
        good += any(r["step_atom"] <= t["step_atom"] and r["force"] <= t["force"] for r in mine)
    if published:
        print(f"    published by pypolymlp: force {published:.4f} eV/Å", flush=True)
    if their:
        print(f"{'ok' if good == len(their) else 'not ok'} {name}: {good} of {len(their)} models of pypolymlp have one of "
              "ours that is as fast and as good", flush=True)


def transfer(path):
    """Each charge by itself: both learn from its own labels in the smaller cells, ours also from all charges' (a label
    of another charge then weighs a fifth)."""
    name, frames = os.path.basename(path)[:-7], read(path, ":")
    largest = max(len(a) for a in frames) - 3
    train = [a for a in frames if len(a) < largest]
    test = [a for a in frames if len(a) >= largest and a.info.get("defect") != "bulk"]
    good = []
    for charge in sorted({int(a.info["charge"]) for a in test}):
        few = [a for a in test if a.info["charge"] == charge][::1 if ALL else 3]
        learn = [a for a in train if a.info["charge"] == charge]
        if not learn:
            continue
        size = np.sqrt(np.mean(np.concatenate([a.get_forces().ravel() for a in few]) ** 2))
        mine = [ours(*what)["force"] for what in ((learn, few, charge, CHEAP), (learn, few, charge, []),
                                                  (train, few, charge, []))]
        their = [theirs(learn, few, ELEMENTS[name[:4]], o)["force"] for o in THEIRS[:3:2] if Pypolymlp]
        good += [min(mine) <= min(their, default=np.inf)]
        print(f"    {name:10s} {charge:+d}: {len(learn):3d} labels of fewer atoms, {len(few):2d} frames of {len(few[0])}, "
              f"whose forces are {size:.4f} eV/Å: ours {mine[0]:.4f} (small) {mine[1]:.4f} {mine[2]:.4f} (all charges); "
              f"pypolymlp {' '.join(f'{t:.4f}' for t in their) or 'not run'}", flush=True)
    print(f"    {name:10s} ours is not the worse in {sum(good)} of {len(good)} charges", flush=True)


def main():
    if not os.path.isdir(FOLDER):
        print("skipped: no " + FOLDER)
        return 0
    if not Pypolymlp:
        print("no pypolymlp (pip install pypolymlp): ours alone, and no comparison")
    for split in SPLITS if Pypolymlp or ALL else []:
        compare(*split)
    print("charged defects, from smaller cells to the largest:")
    names = ["GaN_V_N", "PbI2_V_I"] if not ALL else ["GaN_*", "PbI2_*"]
    for path in sorted(p for name in names for p in glob.glob(f"{FOLDER}BEEF_charged_defects/{name}.xyz.gz")):
        transfer(path)
    return 0


sys.exit(main())

# SPDX-License-Identifier: MIT
"""learned_vs_chgnet.py [--store] [STARTS] - time of energy and forces for the 63 atoms of the Cd vacancy in CdTe, CHGNet (PyPI:
torch, chgnet) and the surrogate at default options, one thread, processor time, same run; then STARTS (default 3) of
the ShakeNBreak starts relaxed by ASE FIRE + CHGNet to 0.05 eV/Å: time, energies, shortest Te-Te distance, families
(the same energy within 0.05 eV and the same distance within 0.1 Å); --store writes the sum to
tests/golden/direct/snb_chgnet.json, for learned_vs_direct.py (all 26 starts: half an hour of one core). The surrogate
is fitted to CHGNet's own labels of the rattled starts. Skipped where chgnet is not installed."""
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
from ase.io import read, write
from ase.optimize import FIRE

try:
    import torch
    from chgnet.model.dynamics import CHGNetCalculator
except ImportError:
    print("skipped: no chgnet")
    sys.exit(0)

BUILD = os.environ.get("BUILD", "build")
FOLDER = os.environ.get("SHAKEDOWN_SHARED", "../shared") + "/data/snb/CdTe_v_Cd_0/"
STORE = "--store" in sys.argv
NUMBERS = [int(a) for a in sys.argv[1:] if a != "--store"]
N_STARTS = NUMBERS[0] if NUMBERS else 3
GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "direct", "snb_chgnet.json")


def tellurium_bond(atoms):
    te = [i for i, z in enumerate(atoms.numbers) if z == 52]
    d = atoms.get_all_distances(mic=True)[np.ix_(te, te)]
    return d[np.triu_indices(len(te), 1)].min()


def labels(calculator, starts, path):
    random = np.random.RandomState(1)
    frames = []
    for number in range(24):
        atoms = starts[number % len(starts)].copy()
        atoms.positions += 0.05 * random.normal(size=atoms.positions.shape)
        atoms.calc = calculator
        atoms.get_forces()
        frames.append(atoms)
    write(path, frames, format="extxyz")


def chgnet_step(calculator, atoms):
    times = []
    for _ in range(6):
        atoms = atoms.copy()
        atoms.positions += 0.001
        atoms.calc = calculator
        begin = time.process_time()
        atoms.get_potential_energy()
        atoms.get_forces()
        times.append(time.process_time() - begin)
    return min(times)


def relax(calculator, starts):
    """Families, by energy: [energy, Te-Te, starts]; steps and seconds in all."""
    families, steps, seconds = [], 0, 0.0
    for name, start in starts:
        atoms = start.copy()
        atoms.calc = calculator
        begin = time.process_time()
        optimiser = FIRE(atoms, logfile=None)
        converged = optimiser.run(fmax=0.05, steps=400)
        spent, energy, bond = time.process_time() - begin, float(atoms.get_potential_energy()), tellurium_bond(atoms)
        print(f"    {name:28s} {optimiser.nsteps:4d} steps{'' if converged else ' (not converged)'}, "
              f"{spent:6.1f} s, {energy:9.3f} eV, Te-Te {tellurium_bond(start):.2f} -> {bond:.2f} Å", flush=True)
        steps, seconds = steps + optimiser.nsteps, seconds + spent
        like = [f for f in families if abs(f[0] - energy) < 0.05 and abs(f[1] - bond) < 0.1]
        if like:
            like[0][2] += 1
        else:
            families.append([round(energy, 4), round(float(bond), 2), 1])
    return sorted(families), steps, seconds


def main():
    torch.set_num_threads(1)
    paths = sorted(glob.glob(FOLDER + "*/POSCAR"))
    if not paths:
        print("skipped: no starts in " + FOLDER)
        return 0
    starts = [(path.split("/")[-2], read(path)) for path in paths]
    calculator = CHGNetCalculator(use_device="cpu")
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/labels.xyz"
        labels(calculator, [s for _, s in starts], path)
        out = subprocess.run([BUILD + "/tests/peers/learned_print", path, path, "0"], check=True, capture_output=True,
                             text=True, env=dict(os.environ, OMP_NUM_THREADS="1")).stdout
    ours = json.loads(out)
    theirs = chgnet_step(calculator, starts[-1][1])
    print(f"    energy and forces, {len(starts[-1][1])} atoms: CHGNet {1e3 * theirs:.1f} ms, "
          f"ours {1e3 * ours['step']:.2f} ms ({ours['features']} features): ratio {theirs / ours['step']:.0f}")
    print(f"    fitted to {ours['train']} labels of CHGNet: force RMSE {ours['force']:.3f} eV/Å")
    spread = [starts[i] for i in np.unique(np.linspace(0, len(starts) - 1, N_STARTS).astype(int))]
    families, steps, seconds = relax(calculator, spread)
    print(f"    {len(families)} families in {steps} steps, {seconds:.0f} s: " +
          "; ".join(f"{e - families[0][0]:.3f} eV, Te-Te {bond:.2f} Å, {n} starts" for e, bond, n in families))
    if STORE:
        json.dump({"starts": len(spread), "steps": steps, "seconds": round(seconds),
                   "ms_a_step": round(1e3 * theirs), "families_eV_A_starts": families}, open(GOLDEN, "w"), indent=1)
    good = theirs > ours["step"]
    print(("ok" if good else "not ok") + " step time below CHGNet's")
    return 0 if good else 1


sys.exit(main())

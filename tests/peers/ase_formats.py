# SPDX-License-Identifier: MIT
"""A real search's run.db in `ase db`, its exports in ase.io.read, and every host of the shared data converted to
each format by us and read by ASE, and the other way round. Run by tests/peers/run.sh."""
import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import ase.db
import ase.io
import numpy as np

warnings.simplefilter("ignore")
SHARED = Path(os.environ.get("SHAKEDOWN_SHARED", "../shared")).absolute() / "data"
SHAKEDOWN = os.path.abspath(os.environ.get("SHAKEDOWN", "./shakedown"))
SILICON = os.path.abspath("data/hosts/Si.POSCAR")
FORMATS = {"poscar": "vasp", "xyz": "extxyz", "cif": "cif"}  # ours: ASE's
failures = 0


def check(name, good, said=""):
    global failures
    failures += not good
    print(f"{'ok' if good else 'not ok'} - {name}{'' if good else ': ' + str(said)[-600:]}")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else "failed: " + done.stderr


def ase_db(*arguments):
    return run(sys.executable, "-m", "ase", "db", *map(str, arguments))


def difference(a, b):
    """Å between two structures with atoms in the same order, the orientation of the cell aside; inf if they do
    not have the same atoms."""
    if a.get_chemical_symbols() != b.get_chemical_symbols():
        return np.inf
    lattice = np.abs(a.cell.cellpar() - b.cell.cellpar()).max()
    d = a.get_scaled_positions(wrap=False) - b.get_scaled_positions(wrap=False)
    return max(lattice, np.linalg.norm((d - np.round(d)) @ a.cell.array, axis=1).max())


def lists_the_search(folder):
    """`ase db si_run/run.db`; returns the rows."""
    path = folder / "si_run" / "run.db"
    rows = list(ase.db.connect(path).select())
    text = ase_db(path, "-L", 0)
    check("ase db lists all rows of a search", text.count("|Si63 ") == len(rows) - 1 and "|Si64 " in text, text)
    minima = [row for row in rows if row.get("energy") is not None and row.natoms == 63]
    limit = min(row.energy for row in minima) + 0.5
    text = ase_db(path, f"natoms=63,energy<{limit:.9f}", "-n")
    count = sum(row.energy < limit for row in minima)
    check("ase db selects its minima by energy", text.startswith(f"{count} row"), text)
    text = ase_db(path, minima[0].id, "-l")
    check("ase db shows one in full", "Si63" in text and "fmax" in text, text)
    check("its forces are below 0.05 eV/Å in ASE's eyes", max(row.fmax for row in minima) < 0.05)
    return minima


def lowest_is_rank_1(folder, minima):
    ranked = json.loads(run(SHAKEDOWN, "rank", folder / "si_run", "--json"))
    text = json.dumps(ranked)
    lowest = min(row.energy for row in minima)
    unperturbed = [row.energy for row in minima if row.get("start") == "Unperturbed"]
    found = [number for number in numbers_in(ranked) if abs(number - (lowest - unperturbed[0])) < 1e-6]
    check("the lowest row of ASE is rank 1 of `shakedown rank`", found and unperturbed, text)


def numbers_in(tree):
    if isinstance(tree, dict):
        tree = tree.values()
    elif not isinstance(tree, list):
        return [tree] if isinstance(tree, float) else []
    return [x for part in tree for x in numbers_in(part)]


def reads_the_exports(folder, minima):
    frames = {}
    for ours, theirs in FORMATS.items():
        files = [line.split("  (")[0] for line in
                 run(SHAKEDOWN, "export", folder / "si_run", "--format", ours, "-o", folder / ours).splitlines()]
        files = [f for f in files if f.startswith(str(folder))]
        frames[ours] = [atoms for f in files for atoms in ase.io.read(f, ":", format=theirs)]
        check(f"ASE reads the exported {ours}", len(frames[ours]) >= 2, files)
    worst = max(difference(a, b) for a, b in zip(frames["poscar"] + frames["cif"], 2 * frames["xyz"]))
    check("the three formats hold the same structures", worst < 1e-9, worst)
    energies = [row.energy for row in minima]
    good = all(min(abs(atoms.get_potential_energy() - e) for e in energies) == 0 for atoms in frames["xyz"])
    check("the XYZ frames hold energies of the database", good)
    good = all(np.linalg.norm(atoms.get_forces(), axis=1).max() < 0.05 for atoms in frames["xyz"])
    check("and its forces", good)


def hosts_through_us(folder):
    """POSCARs of the shared data -> our converter -> ASE."""
    hosts = sorted((SHARED / "hosts").glob("*.POSCAR"))
    for ours, theirs in FORMATS.items():
        wrong = []
        for host in hosts:
            out = folder / f"host.{ours}"
            said = run(SHAKEDOWN, "convert", host, out, "--to", ours)
            d = np.inf if said.startswith("failed") else difference(ase.io.read(out, format=theirs),
                                                                    ase.io.read(host, format="vasp"))
            wrong += [(host.name, d, said)] if d > 1e-9 else []
        check(f"ASE reads {len(hosts)} hosts that we wrote as {ours}", len(hosts) > 50 and not wrong, wrong[:3])


def hosts_through_ase(folder):
    """The same, written by ASE and read by us."""
    hosts = sorted((SHARED / "hosts").glob("*.POSCAR"))
    for ours, theirs in FORMATS.items():
        wrong, limit = [], {"xyz": 2e-8, "cif": 1e-3}.get(ours, 1e-9)  # ASE's decimals
        for host in hosts:
            want = ase.io.read(host, format="vasp")
            ase.io.write(folder / "theirs", want, format=theirs)
            said = run(SHAKEDOWN, "convert", folder / "theirs", folder / "back.xyz", "--from", ours)
            d = np.inf if said.startswith("failed") else difference(ase.io.read(folder / "back.xyz"), want)
            wrong += [(host.name, d, said)] if d > limit else []
        check(f"we read {len(hosts)} hosts that ASE wrote as {ours}", len(hosts) > 50 and not wrong, wrong[:3])


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        said = run(SHAKEDOWN, "search", SILICON, "--defect", "v_Si", "--potential", "sw", "--supercell", "2",
                   "-o", folder / "si_run")
        check("a search of the vacancy in silicon", "28 of 28 starts relaxed" in said, said)
        minima = lists_the_search(folder)
        lowest_is_rank_1(folder, minima)
        reads_the_exports(folder, minima)
        hosts_through_us(folder)
        hosts_through_ase(folder)
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())

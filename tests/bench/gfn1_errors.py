# SPDX-License-Identifier: MIT
"""Makes data/tables/gfn1_errors.tsv anew: energy differences between structures of one defect and charge, by DFT (the
published frames in ../shared/data) and by GFN1-xTB. Minima of one defect, relaxed by GFN1-xTB from there where the cell
is small; of each relaxation its highest, middle and lowest frame as they are. Some minutes on one core; killed, the same
command goes on after the last defect in TABLE, so remove TABLE to have all of it anew.

usage: gfn1_errors.py TABLE [SHAKEDOWN] [--points]
--points: only cells of at most 83 atoms, and nothing is relaxed by GFN1-xTB."""
import collections
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import ase.io

SHARED = os.environ.get("SHAKEDOWN_SHARED", "../shared") + "/data"
POINTS = "--points" in sys.argv
TABLE, SHAKEDOWN = ([a for a in sys.argv[1:] if a != "--points"] + ["./shakedown"])[:2]
SAME, FAR = 0.02, 3.0  # eV: closer by DFT than this are one; pairs farther than that are no choice of anybody's
SMALL = 83  # atoms, at most, of cells that are relaxed
ATOMS = SMALL if POINTS else 140  # at most

HEAD = """\
# Energy differences (eV) between two structures of one defect and charge: by DFT, and by GFN1-xTB.
# Made by tests/bench/gfn1_errors.py@. what: 'minima', each relaxed at either level; 'points', minima of DFT as they are;
# 'relaxation', frames of a relaxation by DFT as they are; 'noted', as measured when GFN1-xTB was chosen (minima of
# either level; for the Te that jumps into the vacancy of CdTe, against the dimer, single points of PBE).
# Sources of the DFT structures: SOURCES.md (BEEF, doped, ShakeNBreak, pymatgen-analysis-defects).
# host\tdefect\tcharge\ttarget\twhat\tdft\tgfn1"""

NOTED = [("CdTe", "v_Cd", 0, "semilocal", "noted", 0.6, -2.3),  # the jumped Te against the dimer
         ("layered sulphide", "S_i", 0, "hybrid", "noted", -1.75, -1.62),
         ("layered sulphide", "S_i", 0, "hybrid", "noted", -1.41, -1.76)]


def energy_of(atoms):
    return atoms.info["energy"] if "energy" in atoms.info else atoms.get_potential_energy()


def frames(path):
    for atoms in ase.io.read(f"{SHARED}/dft/{path}", ":"):
        name = atoms.info["defect"]
        if "bulk" not in name and "phase" not in name:
            yield name, int(float(atoms.info["charge"])), atoms, energy_of(atoms)


def relaxations(host, target, path):
    """Of each relaxation of at least 0.05 eV the lowest, middle and highest frame, the lowest first."""
    by = collections.OrderedDict()
    for name, charge, atoms, energy in frames(path):
        key = (name, charge, len(atoms), str(atoms.info.get("supercell", "")), str(atoms.info.get("src", "")))
        by.setdefault(key, []).append((energy, atoms))
    done = set()
    for (name, charge, n, _, _), steps in by.items():
        steps.sort(key=lambda s: s[0])
        span = steps[-1][0] - steps[0][0]
        if n > SMALL or span < 0.05 or (name, charge) in done:
            continue
        done.add((name, charge))
        middle = min(steps, key=lambda s: abs(s[0] - steps[0][0] - 0.5 * span))
        yield host, name, charge, target, "relaxation", [steps[0], middle, steps[-1]]


def minima(host, target, path, wanted, name):
    """Ends of relaxations of different interstitials and sites, one charge each."""
    by = collections.OrderedDict()
    for defect, charge, atoms, energy in frames(path):
        if re.match(wanted, defect):
            best = by.setdefault(charge, collections.OrderedDict())
            if defect not in best or energy < best[defect][0]:
                best[defect] = (energy, atoms)
    for charge, ends in by.items():
        yield host, name, charge, target, "minima", distinct(list(ends.values()))


def distinct(ends):
    """One structure of each energy, the lowest first."""
    kept = []
    for end in sorted(ends, key=lambda e: e[0]):
        if not kept or end[0] - kept[-1][0] > SAME:
            kept.append(end)
    return kept


def shakenbreak(host, target, folder, name, charge, energies):
    ends = []
    for line in open(energies, encoding="utf8"):
        found = re.match(r"\s*'?([-\w.]+)'?: (-?\d+\.\d+)", line)
        if found:
            label = found[1]
            place = f"Bond_Distortion_{float(label):.1%}" if re.match(r"-?\d", label) else label
            if os.path.exists(f"{folder}/{place}/CONTCAR"):
                ends.append((float(found[2]), ase.io.read(f"{folder}/{place}/CONTCAR")))
    yield host, name, charge, target, "minima", distinct(ends)


def groups():
    for path in sorted(glob.glob(f"{SHARED}/dft/BEEF*/*.gz")):
        yield from relaxations(os.path.basename(path).split("_")[0], "semilocal", os.path.relpath(path, f"{SHARED}/dft"))
    for name in ("GaN_Mg_Ga", "GaN_v_N"):
        yield from relaxations("GaN", "semilocal", f"pymatgen_analysis_defects/{name}_PBEsol_32.xyz.gz")
    cd_i = "doped_vasp/CdTe_Cd_i_q0_HSE34.5.xyz.gz"
    yield from relaxations("CdTe", "hybrid", cd_i)
    yield from minima("CdTe", "hybrid", cd_i, "Cd_i", "Cd_i")
    ends = "doped_relaxed_defects"
    yield from minima("CdTe", "hybrid", f"{ends}/CdTe_LZ_thermo_wout_meta.xyz.gz", "Cd_i", "Cd_i (other set)")
    yield from minima("SrTiO3", "hybrid", f"{ends}/STO_wo_Al_thermo.xyz.gz", "Int_Ti", "Ti_i")
    yield from minima("V2O5", "semilocal", f"{ends}/V2O5_example_thermo.xyz.gz", "v_O", "v_O")
    snb = f"{SHARED}/snb"
    yield from shakenbreak("CdTe", "hybrid", f"{snb}/CdTe_v_Cd_0", "v_Cd", 0, f"{snb}/CdTe_v_Cd_0/energies.yaml")


def relaxed(atoms, charge):
    with tempfile.TemporaryDirectory() as work:
        ase.io.write(f"{work}/POSCAR", ase.Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=True))
        said = subprocess.run([SHAKEDOWN, "relax", f"{work}/POSCAR", "--charge", str(charge), "-q", "-o", f"{work}/end.xyz"],
                              capture_output=True, text=True, check=False)
        return ase.io.read(f"{work}/end.xyz") if said.returncode == 0 else None


def gfn1(structures, charge):
    if None in structures:
        return None
    with tempfile.TemporaryDirectory() as work:
        plain = []
        for atoms in structures:
            plain.append(ase.Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=True))
        ase.io.write(f"{work}/x.xyz", plain)
        said = subprocess.run([SHAKEDOWN, "eval", f"{work}/x.xyz", "--charge", str(charge), "-j", "1", "--json"],
                              capture_output=True, text=True, check=False)
    return [s["energy"] for s in json.loads(said.stdout)["structures"]] if said.returncode == 0 else None


def done_before():
    """Rows of TABLE as they stand there."""
    if not os.path.exists(TABLE):
        return []
    with open(TABLE, encoding="utf8") as f:
        return [tuple(line.rstrip("\n").split("\t")) for line in f if not line.startswith("#")]


def rows(before):
    """Of each defect and charge its new rows."""
    done, seen = {row[:5] for row in before}, set(before)
    for host, name, charge, target, what, ends in groups():
        ends = [e for e in ends if e[0] - ends[0][0] < FAR]
        points = what == "minima" and (POINTS or len(ends[0][1]) > SMALL)
        if (host, name, str(charge), target, "points" if points else what) in done:
            continue
        if len(ends) < 2 or len(ends[0][1]) > ATOMS: # MgO's 216: Mg_O is no minimum of GFN1-xTB but on its site
            continue
        structures = [atoms for _, atoms in ends]
        if points:
            what = "points"
        elif what == "minima":
            structures = [relaxed(atoms, charge) for atoms in structures]
        energies = gfn1(structures, charge)
        if energies is None:
            print(f"no GFN1-xTB for {host} {name} {charge}", file=sys.stderr)
            continue
        new = []
        for (dft, _), low in zip(ends[1:], energies[1:]):
            row = (host, name, charge, target, what, round(dft - ends[0][0], 3), round(low - energies[0], 3))
            new += [tuple(map(str, row))] if row[5] >= SAME else []
        yield list(dict.fromkeys(row for row in new if row not in seen))
        seen.update(new)
    yield [row for row in (tuple(map(str, row)) for row in NOTED) if row not in seen]


def main():
    before = done_before()
    with open(TABLE, "a", encoding="utf8") as table:
        if not before:
            table.write(HEAD.replace("@", " --points" if POINTS else "") + "\n")
        for group in rows(before):
            table.write("".join("\t".join(row) + "\n" for row in group))
            table.flush()


main()

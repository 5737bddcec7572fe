# SPDX-License-Identifier: MIT
"""Starts next to ShakeNBreak's: bulk and defect POSCARs of hosts from cubic to monoclinic go through `snb
generate` and through `shakedown distort --compat shakenbreak`; every folder name, comment line (it holds N),
atom (to 1e-4 Å) and metadata field must be equal. Run by tests/peers/run.sh; `... NAME` does only what contains
NAME."""
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from pymatgen.core import Structure

warnings.simplefilter("ignore")
from shakenbreak.cli import generate  # noqa: E402 (it warns)

SHARED = Path(os.environ.get("SHAKEDOWN_SHARED", "../shared")).absolute()
SHAKEDOWN = os.path.abspath(os.environ.get("SHAKEDOWN", "./shakedown"))
SAME = 1e-4  # Å

# host: file, supercell, space group
HOSTS = {
    "CdTe": ("CdTe_sg216_mp-406_PBEsol_phononDB", (2, 2, 2), "F-43m"),
    "MgO": ("OMg_sg225_mp-1265_PBEsol_phononDB", (2, 2, 2), "Fm-3m"),
    "SrTiO3": ("O3TiSr_sg221_mp-5229_PBEsol_phononDB", (3, 3, 3), "Pm-3m"),
    "GaN": ("NGa_sg186_mp-804_PBEsol_phononDB", (3, 3, 2), "P6_3mc"),
    "PbI2": ("I2Pb_sg164_mp-22893_PBEsol_phononDB", (3, 3, 2), "P-3m1"),
    "TiO2": ("O2Ti_sg136_mp-2657_PBEsol_phononDB", (2, 2, 3), "P4_2/mnm"),
    "Sb2S3": ("S3Sb2_sg62_mp-2809_PBEsol_phononDB", (1, 3, 1), "Pnma"),
    "ZrO2": ("ZrO2_sg14_mp-2858_PBEsol_phononDB", (2, 2, 2), "P2_1/c"),
    "Al2O3": ("O3Al2_sg167_mp-1143_PBEsol_phononDB", (2, 2, 1), "R-3c"),
    "AgGaS2": ("S2GaAg_sg122_mp-5342_PBEsol_phononDB", (2, 2, 1), "I-42d"),
    "SnSe": ("SeSn_sg62_mp-691_PBEsol_phononDB", (1, 3, 3), "Pnma"),
    "SbSI": ("SSbI_sg62_mp-23041_PBEsol_phononDB", (1, 3, 1), "Pnma"),
    "Se": ("Se_sg148_mp-147_PBEsol_phononDB", (1, 1, 2), "R-3"),
    "Ga2O3": ("O3Ga2_sg12_mp-886_PBEsol_phononDB", (1, 3, 2), "C2/m"),
}

# host, removed, which of its atoms, added, lowest and highest charge
DEFECTS = [
    ("CdTe", "Cd", 0, "", -2, 1), ("CdTe", "Te", 0, "", 0, 2), ("CdTe", "Cd", 5, "Te", 0, 2), ("CdTe", "", 0, "Te", -2, 0),
    ("CdTe", "Te", 3, "Cl", 0, 1),
    ("MgO", "O", 0, "", 0, 2), ("MgO", "O", 7, "Mg", 2, 4), ("MgO", "", 0, "Mg", 0, 2),
    ("SrTiO3", "O", 0, "", 0, 2), ("SrTiO3", "Ti", 2, "Sr", -2, -1), ("SrTiO3", "Sr", 4, "La", 0, 1),
    ("GaN", "N", 0, "", 0, 1), ("GaN", "Ga", 3, "Mg", -1, 0), ("GaN", "Ga", 0, "", -3, -2), ("GaN", "", 0, "N", -1, 0),
    ("PbI2", "I", 0, "", 0, 1), ("PbI2", "Pb", 1, "I", -1, 0),
    ("TiO2", "O", 0, "", 0, 2), ("TiO2", "Ti", 4, "Nb", 0, 1), ("TiO2", "", 0, "H", 0, 1),
    ("Sb2S3", "S", 0, "", 0, 1), ("Sb2S3", "Sb", 5, "S", 0, 1), ("Sb2S3", "Sb", 9, "", -1, 0), ("Sb2S3", "", 0, "Cu", 0, 1),
    ("ZrO2", "O", 3, "", 0, 2), ("ZrO2", "Zr", 2, "Y", -1, 0), ("ZrO2", "", 0, "O", -2, -1),
    ("SrTiO3", "Sr", 0, "", -2, -1), ("SrTiO3", "Ti", 0, "", -1, 0), ("Sb2S3", "S", 13, "", 0, 1), ("Sb2S3", "S", 35, "", 0, 1),
    ("Al2O3", "O", 0, "", 0, 1), ("Al2O3", "Al", 5, "", -3, -2), ("AgGaS2", "S", 2, "", 0, 1), ("AgGaS2", "Ga", 0, "Ag", -2, -1),
    ("SnSe", "Sn", 0, "", -2, 0), ("SnSe", "Se", 3, "", 0, 0), ("SbSI", "I", 0, "", 0, 1), ("SbSI", "S", 1, "", 0, 0),
    ("Se", "Se", 0, "", -1, 1), ("Se", "Se", 3, "Te", 0, 0), ("TiO2", "Ti", 0, "", -1, 0), ("ZrO2", "Zr", 0, "", -1, 0),
    ("ZrO2", "O", 40, "", 0, 0), ("Ga2O3", "Ga", 20, "", -1, -1), ("PbI2", "Pb", 0, "", -2, 0),
    ("Ga2O3", "O", 1, "", 0, 1), ("Ga2O3", "Ga", 0, "Si", 0, 1), ("Ga2O3", "Ga", 20, "", -3, -2),
]


def host(name):
    file, supercell, _ = HOSTS[name]
    bulk = Structure.from_file(SHARED / "data" / "hosts" / (file + ".POSCAR"))
    bulk.make_supercell(np.diag(supercell))
    return bulk.get_sorted_structure(key=lambda site: bulk.symbol_set.index(site.specie.symbol))


def largest_void(bulk):
    """The point of a 24 x 24 x 24 grid of the whole cell that is farthest from all atoms (fractional)."""
    steps = np.arange(24) / 24
    points = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3)
    distance = np.full(len(points), np.inf)
    for k in range(0, len(points), 1728):
        distance[k:k + 1728] = bulk.lattice.get_all_distances(points[k:k + 1728], bulk.frac_coords).min(1)
    return points[np.argmax(np.round(distance, 4))]


def make_defect(bulk, removed, which, added):
    cell = bulk.copy()
    if not removed:
        cell.append(added, largest_void(bulk))
        return cell
    site = [i for i, s in enumerate(bulk) if s.specie.symbol == removed][which]
    if added:
        cell.replace(site, added)
    else:
        cell.remove_sites([site])
    return cell


def run_theirs(folder, low, high):
    (folder / "theirs").mkdir()
    before = os.getcwd()
    os.chdir(folder / "theirs")
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            generate.main(["-d", "../defect.POSCAR", "-b", "../bulk.POSCAR", "-min", str(low), "-max", str(high)],
                          standalone_mode=False)
    finally:
        os.chdir(before)


def run_ours(folder, low, high):
    subprocess.run([SHAKEDOWN, "distort", "--defect", folder / "defect.POSCAR", "--bulk", folder / "bulk.POSCAR",
                    f"--charges={low}..{high}", "--compat", "shakenbreak", "-q", "-o", folder / "ours"], check=True)


def compare_poscars(ours, theirs):
    """What differs: nothing, or one short text."""
    if ours.read_text().splitlines()[0].strip() != theirs.read_text().splitlines()[0].strip():
        return "comment line"
    a, b = (Structure.from_file(path) for path in (ours, theirs))
    if [s.specie.symbol for s in a] != [s.specie.symbol for s in b]:
        return "order of the atoms"
    if np.abs(a.lattice.matrix - b.lattice.matrix).max() > SAME:
        return "lattice"
    d = a.frac_coords - b.frac_coords
    worst = np.linalg.norm((d - np.round(d)) @ b.lattice.matrix, axis=1).max()
    return f"atoms up to {worst:.3f} Å apart" if worst > SAME else ""


def compare_json(a, b, where=""):
    """The fields that differ, as paths."""
    if isinstance(a, dict) and isinstance(b, dict):
        return [w for k in sorted(a.keys() | b.keys())
                for w in (compare_json(a[k], b[k], f"{where}/{k}") if k in a and k in b else [f"{where}/{k}"])]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [w for k, (x, y) in enumerate(zip(a, b)) for w in compare_json(x, y, f"{where}/{k}")]
    if isinstance(a, float) and isinstance(b, float):
        return [] if abs(a - b) <= 1e-9 else [where]
    return [] if a == b and type(a) is type(b) else [where]


def files_below(folder, name):
    return {str(path.relative_to(folder)) for path in folder.glob("**/" + name)}


def differences(folder):
    ours, theirs = folder / "ours", folder / "theirs"
    found = []
    mine, yours = files_below(ours, "POSCAR"), files_below(theirs, "POSCAR")
    found += [f"{path}: only ours" for path in sorted(mine - yours)]
    found += [f"{path}: only theirs" for path in sorted(yours - mine)]
    for path in sorted(mine & yours):
        what = compare_poscars(ours / path, theirs / path)
        found += [f"{path}: {what}"] if what else []
    mine, yours = (files_below(f, "distortion_metadata.json") for f in (ours, theirs))
    found += [f"{path}: not of both" for path in sorted(mine ^ yours)]
    for path in sorted(mine & yours):
        a, b = (json.loads((f / path).read_text()) for f in (ours, theirs))
        found += [f"{path}: {where}" for where in compare_json(a, b)]
    return found, len(files_below(theirs, "POSCAR"))


def title(row):
    host_name, removed, which, added, low, high = row
    name = f"{added or 'v'}_{removed or 'i'}"
    return f"{name} in {host_name} ({HOSTS[host_name][2]}), charges {low} to {high}"


def check(row, folder):
    """Prints one line; true if it is as expected."""
    host_name, removed, which, added, low, high = row
    text = title(row)
    bulk = host(host_name)
    bulk.to(folder / "bulk.POSCAR", fmt="poscar")
    make_defect(bulk, removed, which, added).to(folder / "defect.POSCAR", fmt="poscar")
    run_theirs(folder, low, high)
    run_ours(folder, low, high)
    found, n = differences(folder)
    print(f"{'not ok' if found else 'ok'} - {text}: {n} POSCARs{'' if found else ' equal, with metadata'}")
    for line in found[:6]:
        print("    " + line)
    return not found


def main():
    rows = [row for row in DEFECTS if len(sys.argv) < 2 or sys.argv[1] in title(row)]
    good = True
    for row in rows:
        with tempfile.TemporaryDirectory() as folder:
            good &= check(row, Path(folder))
            sys.stdout.flush()
    return not good


if __name__ == "__main__":
    sys.exit(main())

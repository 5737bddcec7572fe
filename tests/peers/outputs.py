# SPDX-License-Identifier: MIT
"""`shakedown frames` on raw outputs of codes, next to ASE and pymatgen and to the published frames that came from such
files: cell, positions, energy, forces, stress within 1e-6 (relative to values above 1), convergence flags. Run by
tests/peers/run.sh."""
import gzip
import os
import re
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import ase.io
import ase.units
import numpy as np

warnings.simplefilter("ignore")
SHARED = Path(os.environ.get("SHAKEDOWN_SHARED", "../shared")).absolute() / "data"
RAW, DFT, GOLDEN = SHARED / "parsers", SHARED / "dft", Path("tests/golden/outputs").absolute()
SHAKEDOWN = os.path.abspath(os.environ.get("SHAKEDOWN", "./shakedown"))
failures = 0


def check(name, good, said=""):
    global failures
    failures += not good
    print(f"{'ok' if good else 'not ok'} - {name}{'' if good else ': ' + str(said)[-600:]}")


def ours(path, *options):
    """Frames read by shakedown, as ASE reads them from extended XYZ."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.xyz"
        done = subprocess.run([SHAKEDOWN, "frames", str(path), "-q", "-o", str(out), *options], capture_output=True, text=True)
        if done.returncode not in (0, 3):
            raise RuntimeError(done.stderr)
        return ase.io.read(out, ":", format="extxyz")


def off(a, b):
    """Largest difference, relative where values exceed 1."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    return np.inf if a.shape != b.shape else (np.abs(a - b) / np.maximum(1, np.abs(b))).max(initial=0.0)


def differences(a, b, scale=None):
    """What of two frames differs, by name. scale: factors of the units of b."""
    s = {"length": 1, "energy": 1, "force": 1, "stress": 1, **(scale or {})}
    said = {"species": float(list(a.numbers) != list(b.numbers)), "cell": off(a.cell.array, b.cell.array * s["length"])}
    d = np.linalg.solve(a.cell.array.T, (a.positions - b.positions * s["length"]).T).T
    said["positions"] = np.abs((d - np.round(d)) @ a.cell.array).max()
    mine, theirs = a.calc.results, b.calc.results
    if "energy" in theirs:
        said["energy"] = off(mine["energy"], theirs["energy"] * s["energy"])
    if "free_energy" in theirs and "free_energy" in mine:
        said["free energy"] = off(mine["free_energy"], theirs["free_energy"] * s["energy"])
    if "forces" in theirs:
        said["forces"] = off(mine["forces"], theirs["forces"] * s["force"])
    if "stress" in theirs:
        said["stress"] = off(mine["stress"], theirs["stress"] * s["stress"])
    return said


def compare(name, mine, theirs, scale=None, tolerance=1e-6, skip=()):
    worst = {}
    if len(mine) == len(theirs):
        for a, b in zip(mine, theirs):
            for key, value in differences(a, b, scale).items():
                worst[key] = max(worst.get(key, 0.0), value)
    good = len(mine) == len(theirs) > 0 and all(v <= tolerance for k, v in worst.items() if k not in skip)
    figures = ", ".join(f"{k} {v:.0e}" for k, v in worst.items())
    check(f"{name}: {len(mine)} frames ({figures})", good, f"{len(mine)} and {len(theirs)} frames, {worst}")


# CODATA 2018 (ours) over what ASE 3.29 converts pw.x (2006) and ABINIT, aims and the rest (2014) with
def units(year):
    u = ase.units.create_units(year)
    bohr, hartree = 0.529177210903 / u["Bohr"], 27.211386245988 / u["Hartree"]
    return {"length": bohr, "energy": hartree, "force": hartree / bohr, "stress": hartree / bohr**3}


def vasp_xml():
    from pymatgen.io.vasp import Vasprun

    for path in sorted(RAW.glob("*.vasprun.xml.gz")) + sorted(GOLDEN.glob("*.vasprun.xml.gz")):
        name, mine = path.name.split(".")[0], ours(path)
        if path.parent == RAW:
            with gzip.open(path) as f, tempfile.NamedTemporaryFile(suffix=".xml") as plain:
                plain.write(f.read())
                plain.flush()
                theirs = ase.io.read(plain.name, ":", format="vasp-xml")
            if "partial" in name:  # the step that the file ends in has no energy yet
                theirs = [a for a in theirs if "forces" in a.calc.results][: len(mine)]
            compare(f"{name} vasprun.xml and ASE", mine, theirs)
        if path.parent != RAW or "partial" in name:
            continue
        run = Vasprun(path, parse_dos=False, parse_eigen=False, parse_potcar_file=False)
        steps = run.ionic_steps
        check(f"{name}: sigma->0 energies and forces of pymatgen",
              len(steps) == len(mine) and all(
                  off(a.calc.results["energy"], s["electronic_steps"][-1]["e_0_energy"]) <= 1e-6 and
                  off(a.calc.results["forces"], s["forces"]) <= 1e-6 and
                  off(a.get_stress(voigt=False), -np.array(s["stress"]) * 0.1 * ase.units.GPa) <= 1e-6
                  for a, s in zip(mine, steps)))
        last = mine[-1].info
        check(f"{name}: convergence and electrons of pymatgen",
              last["scf_converged"] == run.converged_electronic and
              last.get("ionic_converged", True) == run.converged_ionic and
              off(last["electrons"], run.parameters["NELECT"]) == 0)
        moment(name, mine[-1], path)


def total_moment(frame):
    return frame.calc.results.get("magmom", frame.info.get("magmom"))


def moment(name, mine, path):
    """The file does not say it; doped adds up the occupations too. The OUTCAR of a run has the integral of the density."""
    from doped.utils.parsing import get_magnetization_from_vasprun
    from pymatgen.io.vasp import Vasprun

    run = Vasprun(path, parse_dos=False, parse_potcar_file=False)
    theirs = get_magnetization_from_vasprun(run) if run.is_spin else None
    got = total_moment(mine)
    good = got is None if theirs is None else abs(got - theirs) < 1e-6
    outcar = [p for p in RAW.glob(name + ".OUTCAR*")] if theirs is not None else []
    other = [total_moment(ours(p)[-1]) for p in outcar]
    check(f"{name}: moment of doped" + "".join(f", OUTCAR {o - got:+.1e}" for o in other),
          good and all(abs(got - o) < 1e-4 for o in other), (got, theirs, other))


def outcar():
    from pymatgen.io.vasp import Outcar

    for path in sorted(RAW.glob("*.OUTCAR*")):
        name, mine = path.name, ours(path)
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / "OUTCAR"
            data = path.read_bytes()
            plain.write_bytes(gzip.decompress(data) if path.suffix == ".gz" else data)
            compare(f"{name} and ASE", mine, ase.io.read(plain, ":", format="vasp-out"))
            theirs = Outcar(plain)
        magmom = theirs.total_mag
        check(f"{name}: energy, magnetisation and electrons of pymatgen",
              off(mine[-1].calc.results["energy"], theirs.final_energy) <= 1e-6 and
              off(mine[-1].info["electrons"], theirs.nelect) < 1e-3 and
              (magmom is None or off(total_moment(mine[-1]), magmom) <= 1e-6))


def espresso():
    for path in [RAW / "espresso_relax.pwo.gz", GOLDEN / "n2.pwo.gz", GOLDEN / "si.pwo.gz"]:
        if not path.exists():
            continue
        with gzip.open(path) as f, tempfile.NamedTemporaryFile(suffix=".pwo") as plain:
            plain.write(f.read())
            plain.flush()
            theirs = [a for a in ase.io.read(plain.name, ":", format="espresso-out") if a.calc is not None and
                      "energy" in a.calc.results]
        mine = ours(path)
        # Positions and cells printed in Å carry no constant: of each kind the nearer comparison counts.
        compare(f"{path.name} and ASE, its constants of 2006 over to 2018", mine, theirs,
                {**units("2006"), "length": 1}, 2e-6)
    text, xml = ours(GOLDEN / "n2.pwo.gz"), ours(GOLDEN / "n2.xml.gz")
    compare("n2: .pwo and XML of the same run (six decimals)", text, xml, tolerance=2e-6)


def abinit():
    for name in ("h2.abo.gz", "vc.abo.gz"):
        mine = ours(GOLDEN / name)
        with gzip.open(GOLDEN / name) as f, tempfile.NamedTemporaryFile(suffix=".abo") as plain:
            plain.write(f.read())
            plain.flush()
            try:
                theirs = ase.io.read(plain.name, ":", format="abinit-out")
            except Exception as error:  # pragma: no cover - depends on the version of ASE
                check(f"{name} read by ASE", False, error)
                continue
        # ASE reads the echo at the end, the last step, and takes rprim without acell for the cell
        compare(f"{name} (last step) and ASE, but for the cell", mine[-1:], theirs[-1:], units("2014"), skip=("cell",))


def abinit_documents():
    """All steps, next to the YAML documents in the same output, which is what abipy reads; they have nine digits."""
    import yaml

    hartree, bohr = 27.211386245988, 0.529177210903
    for name in ("h2.abo.gz", "vc.abo.gz"):
        mine = ours(GOLDEN / name)
        with gzip.open(GOLDEN / name, "rt") as f:
            text = f.read()
        theirs = [yaml.safe_load(d.split("\n", 1)[1].replace("...", ""))
                  for d in re.findall(r"^--- !ResultsGS(.*?^\.\.\.)", text, re.M | re.S)]
        moments = [float(m) for m in re.findall(r"exact up - dn\): *(\S+)", text)]
        said = {"energy": 0.0, "forces": 0.0, "stress": 0.0, "cell": 0.0, "magmom": 0.0}
        for i, (a, d) in enumerate(zip(mine, theirs)):
            rows = [[float(x) for x in row[:3]] for row in d["cartesian_forces"]]
            said["energy"] = max(said["energy"], off(a.calc.results["energy"], d["etotal"] * hartree))
            said["forces"] = max(said["forces"], off(a.calc.results["forces"], np.array(rows) * hartree / bohr))
            said["stress"] = max(said["stress"], off(a.get_stress(voigt=False),
                                                     np.array(d["cartesian_stress_tensor"]) * hartree / bohr**3))
            said["cell"] = max(said["cell"], off(a.cell.array, np.array(d["lattice_vectors"]) * bohr))
            if moments:
                said["magmom"] = max(said["magmom"], off(total_moment(a), moments[i]))
        converged = all(a.info["scf_converged"] for a in mine) and "scprqt:  WARNING" not in text
        relaxed = not mine[-1].info["ionic_converged"] and "not enough Broyd/MD steps" in text
        figures = ", ".join(f"{k} {v:.0e}" for k, v in said.items())
        check(f"{name}: {len(mine)} steps and its YAML documents ({figures}); convergence",
              len(mine) == len(theirs) and max(said.values()) <= 1e-6 and converged and relaxed,
              (len(mine), len(theirs), said, converged, relaxed))


def others():
    # hand-written samples: that ASE reads them too says that their layout is right
    compare("Si.castep and ASE", ours(GOLDEN / "Si.castep"),
            ase.io.read(GOLDEN / "Si.castep", ":", format="castep-castep"))
    theirs = ase.io.read(GOLDEN / "Si.aims.out", ":", format="aims-output")
    # ASE's energy is the uncorrected or the free one, by whether it takes the material for a metal
    compare("Si.aims.out and ASE", ours(GOLDEN / "Si.aims.out")[: len(theirs)], theirs, skip=("energy", "free energy"))


def cp2k():
    mine = ours(GOLDEN / "geo.out.gz")
    with gzip.open(GOLDEN / "geo-pos-1.xyz.gz", "rt") as f:
        theirs = ase.io.read(f, ":", format="xyz")
    check("geo.out: positions of its trajectory", len(mine) == 4 and len(theirs) == 3 and all(
        off(a.positions, b.positions) <= 1e-9 for a, b in zip(mine[1:], theirs)))


def database():
    """A database that ASE wrote."""
    import ase.db

    frames = ours(GOLDEN / "GaN.vasprun.xml.gz")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.db"
        with ase.db.connect(path) as db:
            for a in frames:
                db.write(a)
        compare("ASE's database", ours(path), frames)


def published():
    for raw, xyz, wanted in (
        ("GaN_Mg_Ga_q0.vasprun.xml.gz", DFT / "pymatgen_analysis_defects/GaN_Mg_Ga_PBEsol_32.xyz.gz",
         lambda i: i["defect"] == "Mg_Ga" and i["charge"] == 0),
        ("GaN_Mg_Ga_q0.OUTCAR.gz", DFT / "pymatgen_analysis_defects/GaN_Mg_Ga_PBEsol_32.xyz.gz",
         lambda i: i["defect"] == "Mg_Ga" and i["charge"] == 0),
        ("CdTe_Cd_i_0.vasprun.xml.gz", DFT / "doped_vasp/CdTe_Cd_i_q0_HSE34.5.xyz.gz", lambda i: True),
        ("MgO_Mg_O_+2.OUTCAR.gz", DFT / "doped_vasp/MgO_Mg_O_PBEsol_216.xyz.gz", lambda i: True),
        ("MgO_Mg_O_0_partial.vasprun.xml.gz", DFT / "doped_vasp/MgO_Mg_O_PBEsol_216.xyz.gz", lambda i: True),
        ("espresso_relax.pwo.gz", DFT / "BEEF_charged_defects/C_V_C.xyz.gz", lambda i: True),
    ):
        if not (RAW / raw).exists():
            continue
        mine = ours(RAW / raw)
        pool = [a for a in ase.io.read(xyz, ":", format="extxyz") if wanted(a.info) and len(a) == len(mine[0])]
        nearest = [min((differences(a, b) for b in pool), key=lambda d: d["positions"] + d["forces"], default=None)
                   for a in mine]
        known = [d for d in nearest if d and d["positions"] < 1e-5 and d["forces"] < 1e-5]
        keys = ("cell", "positions", "energy" if "pwo" in raw else "free energy", "forces", "stress")
        worst = {key: max((d.get(key, np.inf) for d in known), default=0.0) for key in keys}
        figures = ", ".join(f"{k} {v:.0e}" for k, v in worst.items())
        check(f"{raw}: {len(known)} of {len(mine)} frames are in {xyz.name} ({figures})",
              len(known) == len(mine) and all(v <= (6e-6 if "OUTCAR" in raw else 1e-6) for v in worst.values()), worst)
        # an OUTCAR has positions to five decimals


for part in (vasp_xml, outcar, espresso, abinit, abinit_documents, others, cp2k, database, published):
    if part in (vasp_xml, outcar, published) and not RAW.exists():
        continue
    part()
sys.exit(failures > 0)

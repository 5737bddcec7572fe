# SPDX-License-Identifier: MIT
"""All vacancies and antisites of a cell without symmetry: CdTe, 216 atoms, each atom moved at random by 0.05 Å,
so that all of its 216 sites differ. `shakedown distort` (whole command, every start written) against doped's
DefectsGenerator (interstitials off; it always makes antisites too, and no starts) and, for some of the vacancies,
ShakeNBreak's starts. Promised: 100 times faster.

doped needs half an hour, so it is stopped after P1_LIMIT seconds (100), which gives a lower bound; the total is
then estimated from its own progress bar. P1_LIMIT=0 lets it finish. Run by tests/bench/run.sh."""
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ase.io

SHARED = Path(os.environ.get("SHAKEDOWN_SHARED", "../shared")).absolute() / "data"
SHAKEDOWN = os.path.abspath(os.environ.get("SHAKEDOWN", "./shakedown"))
LIMIT = float(os.environ.get("P1_LIMIT", 100))
WANTED = 100
SAMPLE = 4  # vacancies given to ShakeNBreak

DOPED = """
import sys, time, warnings
warnings.simplefilter("ignore")
from doped.generation import DefectsGenerator
from pymatgen.core import Structure
if __name__ == "__main__":
    print("ready", flush=True)
    DefectsGenerator(Structure.from_file(sys.argv[1]), interstitial_gen_kwargs=False, generate_supercell=False)
"""

SHAKENBREAK = """
import contextlib, io, sys, time, warnings
warnings.simplefilter("ignore")
from pymatgen.core import Structure
from shakenbreak.input import Distortions, _get_defect_entry_from_defect, identify_defect
bulk = Structure.from_file(sys.argv[1])
begin = time.perf_counter()
for site in range(0, 216, 216 // int(sys.argv[2])):
    cell = bulk.copy()
    cell.remove_sites([site])
    entry = _get_defect_entry_from_defect(identify_defect(cell, bulk), 0)
    with contextlib.redirect_stdout(io.StringIO()):
        Distortions({f"v_{site}": [entry]}).write_vasp_files(verbose=False)
print(time.perf_counter() - begin)
"""


def write_cell(path):
    atoms = ase.io.read(SHARED / "hosts" / "CdTe_sg216_mp-406_PBEsol_phononDB.POSCAR", format="vasp") * (3, 3, 3)
    atoms = atoms[atoms.numbers.argsort(kind="stable")]
    atoms.rattle(0.05, seed=7)
    ase.io.write(path, atoms, format="vasp", direct=True)


def ours(folder):
    """Seconds (best of three) and number of starts."""
    best = 1e9
    for k in range(3):
        begin = time.perf_counter()
        subprocess.run([SHAKEDOWN, "distort", folder / "POSCAR", "--supercell", "1", "--charges", "0", "--interstitials",
                        "none", "-q", "-o", folder / f"ours{k}"], check=True, stdout=subprocess.DEVNULL)
        best = min(best, time.perf_counter() - begin)
    return best, sum(1 for _ in (folder / "ours0").glob("*/*/POSCAR"))


def doped(folder):
    """Seconds from the end of the imports until it finished or was stopped, the estimate for the whole, and what that is."""
    process = subprocess.Popen([sys.executable, "-c", DOPED, folder / "POSCAR"], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    begin, entries_begin, text, finished = time.perf_counter(), None, "", False
    seconds = first = 0.0
    while not (LIMIT and seconds > LIMIT):
        if select.select([process.stdout], [], [], 1.0)[0]:
            chunk = os.read(process.stdout.fileno(), 65536).decode(errors="replace")
            if not chunk:
                finished = process.wait() == 0
                break
            begin = time.perf_counter() if "ready" in chunk and "ready" not in text else begin
            text += chunk
        seconds = time.perf_counter() - begin if "ready" in text else 0.0
        progress = re.findall(r"Generating DefectEntry objects[^|]*?([\d.]+)%", text)
        if progress and entries_begin is None:
            entries_begin, first = seconds, float(progress[-1])
    seconds = time.perf_counter() - begin
    if not finished:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if finished:
        return seconds, seconds, "measured"
    if not progress or float(progress[-1]) <= first:
        return seconds, seconds, "at least: stopped before its progress bar moved"
    return seconds, entries_begin + (seconds - entries_begin) * (100 - first) / (float(progress[-1]) - first), \
        f"estimated by its progress bar; stopped after {seconds:.0f} s"


def shakenbreak(folder):
    """Seconds a vacancy."""
    done = subprocess.run([sys.executable, "-c", SHAKENBREAK, folder / "POSCAR", str(SAMPLE)], cwd=folder, check=True,
                          capture_output=True, text=True)
    return float(done.stdout.split()[-1]) / SAMPLE


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        write_cell(folder / "POSCAR")
        seconds, n = ours(folder)
        print(f"CdTe, 216 atoms, P1: 216 vacancies and 216 antisites, one charge state\n"
              f"  shakedown distort     {seconds:8.2f} s  all defects and their {n} starts, written")
        each = shakenbreak(folder)
        print(f"  ShakeNBreak's starts  {each * 432:8.0f} s  (measured: {each:.2f} s for each of {SAMPLE} vacancies)")
        stopped, whole, said = doped(folder)
        print(f"  doped's defects       {whole:8.0f} s  ({said})")
    print(f"  ratio, doped alone    {whole / seconds:8.0f} x  (at least {stopped / seconds:.0f} x; wanted: {WANTED} x)\n"
          f"  ratio, with starts    {(whole + each * 432) / seconds:8.0f} x")
    return whole < WANTED * seconds


if __name__ == "__main__":
    sys.exit(main())

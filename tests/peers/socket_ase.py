# SPDX-License-Identifier: MIT
"""socket_ase.py - ASE's SocketClient as the teacher, over unix and inet sockets, started by the program or by hand:
energies, forces and stresses of EMT (Cu, a sheared cell) against ASE itself; the vacancy of Cu (31 atoms, EMT) and of
Cd in CdTe (31 atoms, CHGNet; skipped where it is not installed) searched to the end, every minimum in the run's
database computed again by ASE, and the unperturbed one relaxed by ASE."""
import os
import subprocess
import sys
import tempfile

import numpy as np
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.db import connect
from ase.io import read, write
from ase.optimize import LBFGS

try:
    import _socket_client
except ImportError:
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import _socket_client

HERE = os.path.dirname(os.path.abspath(__file__))
SHAKEDOWN = os.path.abspath(os.environ.get("SHAKEDOWN", "./shakedown"))
CLIENT = [sys.executable, os.path.join(HERE, "_socket_client.py")]
bad = 0


def check(what, good, says=""):
    global bad
    bad += not good
    print(("ok  " if good else "FAIL") + " " + what + (": " + says if says else ""), flush=True)


def shakedown(*words):
    done = subprocess.run([SHAKEDOWN, *words], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("FAIL shakedown %s: %s" % (" ".join(words), done.stderr[-2000:]))
    return done.stdout + done.stderr


def launch(calculator):
    return "launch=" + " ".join("'%s'" % word for word in CLIENT) + " %s {init}" % calculator


# ---- one structure ----------------------------------------------------------------------------------


def sheared_copper():
    atoms = bulk("Cu") * (2, 2, 3)
    atoms.set_cell(atoms.cell @ (np.eye(3) + [[0.01, 0.02, 0], [0, -0.01, 0.03], [0.01, 0, 0.02]]), scale_atoms=True)
    atoms.rattle(0.1, seed=1)
    return atoms


def check_single_points():
    atoms = sheared_copper()
    write("Cu.xyz", atoms)
    atoms.calc = EMT()
    for what, address in (("unix", "unix=shakedown_peers_%d" % os.getpid()), ("inet", "port=0")):
        shakedown("eval", "Cu.xyz", "-p", "socket:%s,%s" % (address, launch("emt")), "-o", "out.xyz")
        got = read("out.xyz")
        off = (
            abs(got.get_potential_energy() - atoms.get_potential_energy()),
            abs(got.get_forces() - atoms.get_forces()).max(),
            abs(got.get_stress() - atoms.get_stress()).max(),
        )
        check("EMT, %s socket" % what, max(off) < 1e-6, "energy, forces, stress differ by %.1e, %.1e, %.1e" % off)


# ---- searches to the end ------------------------------------------------------------------------------


def minima_of(run):
    """Those that the teacher relaxed itself: one for each family, at least."""
    rows = connect(run + "/run.db").select(stage="minimum", stop="force_max")
    return [row for row in rows if row.get("forces") is not None]


def check_search(what, run, calculator, tolerance, flat):
    rows = minima_of(run)
    worst_energy = worst_force = 0.0
    for row in rows:
        atoms = row.toatoms()
        atoms.calc = calculator
        worst_energy = max(worst_energy, abs(atoms.get_potential_energy() - row.energy))
        worst_force = max(worst_force, abs(atoms.get_forces() - row.forces).max())
    check(
        "%s: %d minima computed again by ASE" % (what, len(rows)),
        len(rows) > 0 and worst_energy < tolerance and worst_force < 10 * tolerance,
        "energies differ by at most %.1e eV, forces %.1e eV/Å" % (worst_energy, worst_force),
    )
    start = next(connect(run + "/run.db").select(stage="start", start="Unperturbed")).toatoms()
    found = next(connect(run + "/run.db").select(stage="minimum", start="Unperturbed"))
    start.calc = calculator
    LBFGS(start, logfile=None).run(fmax=0.02, steps=500)
    off = found.energy - start.get_potential_energy()
    check("%s: unperturbed, relaxed by ASE" % what, abs(off) < flat, "differs by %+.1f meV" % (1e3 * off))


def count_frames(run):
    calls = sum(1 for _ in connect(run + "/run.db").select(stage="label"))
    return "%d labels in the database" % calls


def search_copper():
    write("Cu.POSCAR", bulk("Cu", cubic=True), format="vasp")
    name = "shakedown_search_%d" % os.getpid()
    client = subprocess.Popen([*CLIENT, "emt", "cu/teacher", "20"])
    words = ["search", "Cu.POSCAR", "--defect", "v_Cu", "--supercell", "2", "-o", "cu", "--threads", "1"]
    shakedown(*words, "--potential", "socket:unix=%s,level=EMT,wait=60" % name)
    check("v_Cu, EMT by unix socket, client started by hand: to the end", os.path.exists("cu/ranking.txt"),
          count_frames("cu"))
    client.wait(timeout=60)
    check("that client ends when there is no server any more", client.returncode == 0)
    check_search("v_Cu", "cu", EMT(), 1e-6, 3e-3)


def search_cadmium_telluride():
    try:
        calculator = _socket_client.chgnet()
    except ImportError:
        print("skipped: no chgnet")
        return
    host = os.path.join(HERE, "../../data/hosts/CdTe.POSCAR")
    shakedown("search", host, "--defect", "v_Cd", "--supercell", "2,0,0,0,2,0,0,0,1", "-o", "cdte", "--threads", "1",
              "--potential", "socket:port=0,level=CHGNet 0.3.0,wait=120," + launch("chgnet"))
    check("v_Cd, CHGNet by inet socket, client started by the program: to the end", os.path.exists("cdte/ranking.txt"),
          count_frames("cdte"))
    check_search("v_Cd", "cdte", calculator, 1e-4, 1e-2)  # two walks down to 0.02 eV/Å in a soft crystal
    print(open("cdte/ranking.txt").read())


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    check_single_points()
    search_copper()
    search_cadmium_telluride()
sys.exit(bad > 0)

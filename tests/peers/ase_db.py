# SPDX-License-Identifier: MIT
"""The run database as ASE sees it: every number bit for bit, the derived columns, queries, `ase db`,
ase.io.read, and a file that both programs have written. Run by tests/peers/run.sh, which sets BUILD."""
import json
import os
import subprocess
import sys
import tempfile

import ase.db
import ase.io
import numpy as np

BUILD = os.environ.get("BUILD", "build")
failures = 0


def check(name, good, said=""):
    global failures
    failures += not good
    print(f"{'ok' if good else 'not ok'} - {name}{'' if good else ': ' + str(said)}")


def voigt(stress):
    s = np.reshape(stress, (3, 3))
    return np.array([s[0, 0], s[1, 1], s[2, 2], s[1, 2], s[0, 2], s[0, 1]])


def same_row(row, want):
    """Names of what differs."""
    wrong = []
    for name, shape in (("positions", (-1, 3)), ("cell", (3, 3)), ("forces", (-1, 3))):
        if name in want and not np.array_equal(row.get(name), np.reshape(want[name], shape)):
            wrong.append(name)
        if name not in want and row.get(name) is not None:
            wrong.append(name + " (should be absent)")
    if list(row.numbers) != want["numbers"]:
        wrong.append("numbers")
    if [int(x) for x in row.pbc] != want["pbc"]:
        wrong.append("pbc")
    if row.get("energy") != (want["energy"] if want["has_energy"] else None):
        wrong.append("energy")
    if "stress" in want and not np.array_equal(row.stress, voigt(want["stress"])):
        wrong.append("stress")
    if row.charge != want["charge"]:
        wrong.append("charge")
    if row.key_value_pairs != want["key_value_pairs"] or dict(row.data) != want["data"]:
        wrong.append("key_value_pairs or data")
    if abs(row.mtime * 31557600.0 + 946681200.0 - want["time"]) > 1 and want["id"] > 3:
        wrong.append("mtime")
    return wrong


def same_columns(path, row):
    """The columns of the file against what ASE computes from the arrays."""
    import sqlite3

    fmax, smax, volume, mass, charge, natoms = sqlite3.connect(path).execute(
        "SELECT fmax, smax, volume, mass, charge, natoms FROM systems WHERE id=?", (row.id,)).fetchone()
    pairs = [(volume, row.volume, 1e-12), (mass, row.mass, 1e-3), (charge, row.charge, 0), (natoms, row.natoms, 0)]
    pairs += [(fmax, row.fmax, 1e-15)] if row.get("forces") is not None else [(fmax is None, True, 0)]
    pairs += [(smax, row.smax, 1e-15)] if row.get("stress") is not None else [(smax is None, True, 0)]
    return [p for p in pairs if not abs(float(p[0]) - float(p[1])) <= p[2] * abs(float(p[1]))]


def cli(*arguments):
    done = subprocess.run([sys.executable, "-m", "ase", "db", *arguments], capture_output=True, text=True)
    return done.stdout + done.stderr


def check_rows(path, want):
    db = ase.db.connect(path)
    rows = list(db.select())
    check("ase.db: as many rows", len(rows) == len(want), (len(rows), len(want)))
    wrong = [(r.id, same_row(r, w)) for r, w in zip(rows, want) if same_row(r, w)]
    check("ase.db: every number the same", not wrong, wrong[:3])
    wrong = [(r.id, same_columns(path, r)) for r in rows if same_columns(path, r)]
    check("ase.db: derived columns as ASE computes them", not wrong, wrong[:3])
    check("ase.db: metadata", db.metadata == {"title": "shakedown", "command": "it's a test"}, db.metadata)
    check("ase.db: unique ids", len({r.unique_id for r in rows}) == len(rows))


def check_queries(path, want):
    db = ase.db.connect(path)

    def ids(*args, **kw):
        return sorted(r.id for r in db.select(*args, **kw))

    def wanted(test):
        return [w["id"] for w in want if test(w)]

    energies = sorted(w["energy"] for w in want if w["has_energy"])
    middle = 0.5 * (energies[9] + energies[10])
    element = want[5]["numbers"][0]
    fmax = {w["id"]: np.sqrt((np.reshape(w["forces"], (-1, 3)) ** 2).sum(1).max()) for w in want if "forces" in w}
    table = [
        ("text key", ids(stage="minimum"), wanted(lambda w: w["key_value_pairs"]["stage"] == "minimum")),
        ("number key", ids("steps>300"), wanted(lambda w: w["key_value_pairs"]["steps"] > 300)),
        ("energy", ids(f"energy<{middle!r}"), wanted(lambda w: w["has_energy"] and w["energy"] < middle)),
        ("fmax", ids("fmax>2"), wanted(lambda w: fmax.get(w["id"], 0) > 2)),
        ("charge", ids("charge=-2"), wanted(lambda w: w["charge"] == -2)),
        ("natoms", ids("natoms=3"), wanted(lambda w: len(w["numbers"]) == 3)),
        ("element", ids(ase.data.chemical_symbols[element]), wanted(lambda w: element in w["numbers"])),
        ("presence of a key", ids("steps"), wanted(lambda w: True)),
        ("calculator", ids(calculator="sw"), wanted(lambda w: w["has_energy"])),
    ]
    for name, got, expected in table:
        check(f"ase.db: select by {name}", got == expected and got, (got, expected))
    order = [r.energy for r in db.select(stage="minimum", sort="energy")]
    check("ase.db: sort by energy", order == energies)


def check_tools(path, want):
    text = cli(path, "-c", "++")
    lines = [line for line in text.splitlines() if "|" in line]
    check("ase db: lists the rows with keys as columns",
          "stage" in lines[0] and "start" in lines[0] and "fmax" in lines[0] and len(lines) >= 21, text[:600])
    text = cli(path, "id=2", "-l")
    check("ase db: long view", "Bond_Distortion" in text and "Error" not in text, text[-600:])
    text = cli(path, "stage=minimum", "-n")
    check("ase db: counts a selection", text.strip().startswith("20 row"), text)
    frames = ase.io.read(path + "@:")
    good = all(np.array_equal(a.positions, np.reshape(w["positions"], (-1, 3))) for a, w in zip(frames, want))
    check("ase.io.read: structures", good and len(frames) == len(want))
    minima = [(a, w) for a, w in zip(frames, want) if w["has_energy"]]
    check("ase.io.read: energies and forces, no constraint", all(
        a.get_potential_energy() == w["energy"] and not a.constraints
        and np.array_equal(a.get_forces(), np.reshape(w["forces"], (-1, 3))) for a, w in minima))


def check_ase_may_write_too(path):
    with ase.db.connect(path) as db:
        db.update(2, seen=1, data={"mine": np.arange(3.0)})
        new = db.write(ase.Atoms("Si2", [[0, 0, 0], [1, 1, 1]], cell=[3, 3, 3], pbc=True), stage="by ASE")
    db = ase.db.connect(path)
    check("ase.db: rows can be added and changed", new == 41 and db.get(2).seen == 1 and db.get(2).data.mine[2] == 2.0)


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "run.db")
    written = subprocess.run([os.path.join(BUILD, "tests/peers/ase_db_write"), path], capture_output=True, text=True)
    check("a database is written", written.returncode == 0, written.stderr)
    if written.returncode == 0:
        want = json.loads(written.stdout)
        check_rows(path, want)
        check_queries(path, want)
        check_tools(path, want)
        check_ase_may_write_too(path)
sys.exit(failures > 0)

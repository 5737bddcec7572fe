# SPDX-License-Identifier: MIT
"""`shakedown alloy --enumerate` and `shakedown sites` next to brute force.

Binary fcc structures of 1 to 10 atoms: all superlattices from integer matrices, told apart by rotating them in space;
for each, its rotations and translations as permutations of Cartesian positions; all 2^n labels, the least image of each
under all permutations. Counts up to exchange of the two elements must be those of Hart and Forcade (2008).

Sites for a vacancy in 20 random cells Cd(Se,Te) of 64 atoms, and their anion sites: networkx decides whether the
graphs of bonds around two sites, out to 1, 2 and 3 bonds, are isomorphic. Run by tests/peers/run.sh."""
import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import ase.io
import networkx
import numpy as np
from ase.neighborlist import neighbor_list
from networkx.algorithms.isomorphism import categorical_node_match
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.io.ase import AseAtomsAdaptor

SHAKEDOWN = os.path.abspath(os.environ.get("SHAKEDOWN", "./shakedown"))
HOST = os.path.abspath("data/hosts/CdTe.POSCAR")
LARGEST = int(os.environ.get("ALLOY_LARGEST", 10))
HART_FORCADE = [0, 2, 3, 12, 14, 50, 52, 229, 252, 685]  # fcc, binary, n = 1..10; the elements may be exchanged
FCC = np.array([[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])


def cubic_rotations():
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            yield np.eye(3)[list(order)] * np.array(signs)[:, None]


ROTATIONS = list(cubic_rotations())


def superlattices(n):
    """One of each kind, Cartesian rows."""
    kept = []
    for a, d in itertools.product(range(1, n + 1), repeat=2):
        if n % (a * d):
            continue
        f = n // (a * d)
        for b, c, e in itertools.product(range(d), range(f), range(f)):
            rows = np.array([[a, b, c], [0, d, e], [0, 0, f]]) @ FCC
            inverse = np.linalg.inv(rows)
            same = lambda other: any(whole(other @ rotation @ inverse) for rotation in ROTATIONS)
            if not any(same(other) for other in kept):
                kept.append(rows)
    return kept


def whole(matrix):
    return np.abs(matrix - np.rint(matrix)).max() < 1e-6


def points(rows, n):
    """The n lattice points in the cell, Cartesian."""
    inverse = np.linalg.inv(rows)
    grid = np.array(list(itertools.product(range(n), repeat=3))) @ FCC
    return np.unique(np.rint(grid @ inverse * n) % n, axis=0) / n @ rows  # fractions are whole n-ths


def permutations(rows, sites):
    """Of the sites, by all rotations that keep the superlattice and all translations; translations first."""
    inverse = np.linalg.inv(rows)
    n = len(sites)
    code = lambda r: (np.rint(r @ inverse * n).astype(int) % n) @ np.array([1, n, n * n])
    index = {c: i for i, c in enumerate(code(sites))}
    found = []
    kept = [r for r in ROTATIONS if whole(rows @ r @ inverse)]
    for rotation in sorted(kept, key=lambda r: not np.allclose(r, np.eye(3))):
        for shift in sites - sites[0]:
            found.append([index[c] for c in code(sites @ rotation + shift)])
    return np.array(found)


def count(n):
    """Structures with a smallest cell of n atoms: as they are, and up to exchange of the elements."""
    total = exchanged = 0
    labels = np.arange(2**n)
    bits = (labels[:, None] >> np.arange(n)) & 1
    for rows in superlattices(n):
        sites = points(rows, n)
        assert len(sites) == n
        all_ = permutations(rows, sites)
        primitive = np.ones(2**n, bool)
        for p in all_[:n]:
            if (p != np.arange(n)).any():
                primitive &= (bits[:, p] != bits).any(axis=1)
        least = labels.copy()
        for p in all_:
            np.minimum(least, bits[:, p] @ (1 << np.arange(n)), out=least)
        total += len(np.unique(least[primitive]))
        either = np.minimum(least, least[2**n - 1 - labels])
        exchanged += len(np.unique(either[primitive]))
    return total, exchanged


def run(*words):
    return subprocess.run([SHAKEDOWN, *map(str, words)], check=True, capture_output=True, text=True).stdout


def check_enumeration(folder):
    (folder / "Cu.POSCAR").write_text("Cu\n3.6\n0 .5 .5\n.5 0 .5\n.5 .5 0\nCu\n1\nDirect\n0 0 0\n")
    said = run("alloy", folder / "Cu.POSCAR", "-x", "Cu:Au", "--enumerate", "--cells", LARGEST)
    ours = [int(line.split()[3]) for line in said.splitlines() if line.split() and line.split()[0].isdigit()]
    failures = 0
    print("fcc binary: atoms, distinct structures: ours, brute force; up to exchange: brute force, Hart and Forcade")
    for n in range(1, LARGEST + 1):
        total, exchanged = count(n)
        good = ours[n - 1] == total and (n == 1 or n > 10 or exchanged == HART_FORCADE[n - 1])
        failures += not good
        literature = HART_FORCADE[n - 1] if 1 < n <= 10 else "-"
        print(f"  {n:2d}  {ours[n - 1]:5d} {total:5d}   {exchanged:5d} {literature:>5}  {'' if good else 'DIFFERENT'}")
    return failures


def check_structures(folder):
    """The files hold what was counted: no two alike by pymatgen's StructureMatcher, none with a smaller cell."""
    run("alloy", folder / "Cu.POSCAR", "-x", "Cu:Au", "--enumerate", "--cells", 6, "-o", folder / "all.xyz")
    structures = [AseAtomsAdaptor.get_structure(a) for a in ase.io.read(folder / "all.xyz", ":")]
    matcher = StructureMatcher(primitive_cell=False, scale=False, attempt_supercell=False)
    groups = matcher.group_structures(structures)
    reducible = sum(len(s.get_primitive_structure()) < len(s) for s in structures)
    print(f"files: {len(structures)} structures of up to 6 atoms, {len(groups)} different, {reducible} with a smaller cell")
    return (len(groups) != len(structures)) + reducible


def ball(atoms, bonds, centre, shells):
    graph = networkx.Graph()
    start = (centre, 0, 0, 0)
    depth = {start: 0}
    front = [start]
    for shell in range(1, shells + 1):
        found = []
        for i, *shift in front:
            for j, by in bonds[i]:
                node = (j, *(np.array(shift) + by))
                if node not in depth:
                    depth[node] = shell
                    found.append(node)
        front = found
    for node, d in depth.items():
        graph.add_node(node, kind=(atoms.numbers[node[0]], d))
    for i, *shift in depth:
        for j, by in bonds[i]:
            node = (j, *(np.array(shift) + by))
            if node in depth:
                graph.add_edge((i, *shift), node)
    return graph


def classes(atoms, element, shells):
    """Sets of atoms, counted from 1."""
    bonds = [[] for _ in atoms]
    for i, j, by in zip(*neighbor_list("ijS", atoms, 3.2)):
        bonds[i].append((int(j), by))
    kept = []
    for i in np.flatnonzero(atoms.symbols == element):
        graph = ball(atoms, bonds, int(i), shells)
        key = networkx.weisfeiler_lehman_graph_hash(graph, node_attr="kind", iterations=4)
        for other_key, other, members in kept:
            if key == other_key and networkx.is_isomorphic(graph, other, categorical_node_match("kind", None)):
                members.append(int(i) + 1)
                break
        else:
            kept.append((key, graph, [int(i) + 1]))
    return {tuple(members) for _, _, members in kept}


def check_sites(folder):
    run("alloy", HOST, "-x", "Te:Se=0.4", "--size", 2, "--count", 20, "-o", folder / "cells.xyz")
    failures, n_cells, n_classes = 0, 0, 0
    for k, atoms in enumerate(ase.io.read(folder / "cells.xyz", ":")):
        atoms.rattle(0.05, seed=k)
        ase.io.write(folder / "cell.POSCAR", atoms, format="vasp", direct=True)
        for element, shells in itertools.product(("Cd", "Te", "Se"), (1, 2, 3)):
            said = json.loads(run("sites", folder / "cell.POSCAR", "-d", f"v_{element}", "--shells", shells, "--json"))
            ours = {tuple(c["atoms"]) for c in said["classes"]}
            wanted = classes(atoms, element, shells)
            n_classes += len(wanted)
            if ours != wanted:
                failures += 1
                print(f"  cell {k}, {element}, {shells} shells: {len(ours)} classes, {len(wanted)} by networkx: DIFFERENT")
        n_cells += 1
    print(f"sites: {n_cells} cells of 64 atoms, Cd, Te and Se, 1 to 3 shells: {n_classes} classes, {failures} differences")
    return failures


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        return check_enumeration(folder) + check_structures(folder) + check_sites(folder) > 0


if __name__ == "__main__":
    sys.exit(main())

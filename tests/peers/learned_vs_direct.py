#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The search that learns against the search that relaxes every start with the teacher (GFN1-xTB) itself.

    learned_vs_direct.py [--store] [--keep DIR] [SHAKEDOWN [DATA/HOSTS [CASE...]]]

CASE: a row's name, "snb" or "large"; default: MgO, or all but "large" where a program is named. Per defect and charge
state one learned search, which knows the labels of the states of this host before it and nothing else (so the first
one begins from nothing). What the direct search finds, and what it costs, is in tests/golden/direct/HOST.json; states
that are not there are searched directly now, and written there with --store. Printed: families of the direct search
within 1 eV of its lowest and how many of them the learned one has (energies within 0.02 eV), the same for all
families, calls of the teacher, labels against the host's first state. A family of the direct search that falls when it
is nudged (a saddle point) is not counted, but named. Learned searches take a minute or two a state on one core, direct
ones several; results are kept in DIR (default ./learned_vs_direct) and not computed twice.

snb: the 26 starts of the Cd vacancy in 63 atoms of CdTe that ShakeNBreak made (../shared), also the structures
compared, and ASE FIRE + CHGNet beside them as learned_vs_chgnet.py found it. large: that vacancy in 216 atoms from the
model of 64 (of the case CdTe, if that is in DIR): about half an hour."""
import itertools, json, os, re, shutil, sqlite3, subprocess, sys, tempfile, time

CASES = [  # name, host file, defects, charges, supercell or None
    ("CdTe", "CdTe.POSCAR", "v_Cd,v_Te,Te_Cd,Cd_i_Td_Te2.81", "0..1", "2"),
    ("MgO", "MgO.POSCAR", "v_O", "0..1", "2"),
    ("ZnS", "ZnS.POSCAR", "v_S,Zn_i_Td_S2.32", "0..1", "2"),
    ("GaN", "GaN.POSCAR", "v_Ga", "-1..0", "3,3,2"),
    ("CsPbCl3", "CsPbCl3.POSCAR", "v_Cl", "0..1", "2"),
    ("Sb2Se3", "Sb2Se3.POSCAR", "v_Se_Cs_Sb2.63", "0..1", None),
]
SAME = 0.02    # eV
SADDLE = 0.01  # eV that a nudged saddle point falls by
MOVED = 0.02   # Å, between copies of one minimum
MOST_CALLS, MOST_FURTHER = 120, 20  # snb: of the teacher; large: labels
SHARED = os.environ.get("SHAKEDOWN_SHARED", "../shared") + "/data/snb/"
KEEP = "learned_vs_direct"
GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "direct")


def run(folder, arguments):
    """The search's JSON, its messages and processor time; from the folder of an earlier call if it is there."""
    path = os.path.join(KEEP, folder + ".result.json")
    if os.path.exists(path):
        return json.load(open(path))
    before = os.times()
    done = subprocess.run(arguments + ["-o", os.path.join(KEEP, folder), "--json"], capture_output=True, text=True)
    after = os.times()
    if done.returncode not in (0, 3):
        raise SystemExit(f"{folder}: exit {done.returncode}: {done.stderr.strip().splitlines()[-1]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    result = {"table": json.loads(done.stdout), "said": done.stderr, "cpu": cpu}
    json.dump(result, open(path, "w"))
    return result


def entry(job):
    return f'{job["defect"]}_{job["charge"]:+d}'.replace("+0", "0")


def families(table):
    """state -> [family], by energy."""
    return {entry(job): [{"energy_eV": round(f["energy_eV"], 4), "symmetry": f["symmetry"],
                          "from": f["candidate"], "starts": len(f["starts"]),
                          "saddle": (f.get("nudged_fall_eV") or 0.0) > SADDLE} for f in job["families"]]
            for job in table["defects"]}


def calls_learned(said):
    out = {}
    for m in re.finditer(r"^(\S+): (\d+) labels in (\d+) rounds, (\d+) calls", said, re.M):
        out[m[1]] = [a + b for a, b in zip(out.get(m[1], [0, 0]), [int(m[2]), int(m[4])])]
    return out


def calls_direct(folder, name):
    total = 0
    for keys, data in sqlite3.connect(os.path.join(KEEP, folder, "run.db")).execute(
            "select key_value_pairs, data from systems"):
        if json.loads(keys).get("stage") == "minimum" and json.loads(keys).get("defect") == name:
            text = data.decode("latin-1") if isinstance(data, bytes) else data
            total += int(re.search(r'"calls":\s*(\d+)', text)[1])
    return total


def direct(name, base, state, options, store):
    """What the golden file says of a state, or a direct search; the latter's folder."""
    path = os.path.join(GOLDEN, name + ".json")
    golden = json.load(open(path)) if os.path.exists(path) else {}
    folder = f"{name}_{state}_direct"
    if state in golden:
        return golden[state], os.path.join(KEEP, folder)
    result = run(folder, base + options + ["--surrogate", "off", "--saddles", "yes"])
    table = families(result["table"])
    answer = {"calls": calls_direct(folder, state), "seconds": round(result["cpu"]), "families": table[state]}
    if store:
        golden[state] = answer
        os.makedirs(GOLDEN, exist_ok=True)
        with open(path, "w") as out:
            print("{\n" + ",\n".join(f' "{s}": ' + json.dumps(a).replace('{"energy', '\n  {"energy')
                                     for s, a in golden.items()) + "\n}", file=out)
    return answer, os.path.join(KEEP, folder)


def found(want, have):
    return [f for f in want if any(abs(f["energy_eV"] - h["energy_eV"]) < SAME for h in have)]


def row(name, state, answer, learned, first):
    """Prints a state's line; what the sums need. first: labels of the host's first state, None for that itself."""
    want = [f for f in answer["families"] if not f["saddle"]]
    near = [f for f in want if f["energy_eV"] < want[0]["energy_eV"] + 1.0]
    got, (labels, finish) = families(learned["table"])[state], calls_learned(learned["said"])[state]
    print(f'{name:8s} {state:19s} {len(near):3d} {len(found(near, got)):5d} {len(want):6d} '
          f'{len(found(want, got)):5d} {len(got):7d} {got[0]["energy_eV"] - want[0]["energy_eV"]:+9.3f} '
          f'{labels:6d} {finish:6d} {answer["calls"]:6d}  ' + (f"{labels / first:.2f}" if first else "-"), flush=True)
    for f in answer["families"]:
        if f not in found(answer["families"], got):
            print(f'{"":12s}{"saddle point" if f["saddle"] else "missed"}: '
                  f'{f["energy_eV"] - want[0]["energy_eV"]:.3f} eV, {f["symmetry"]}, from {f["from"]}')
    return {"near": len(near), "near_found": len(found(near, got)), "all": len(want), "all_found": len(found(want, got)),
            "labels": labels, "calls": labels + finish, "direct": answer["calls"], "seconds": answer["seconds"],
            "cpu": learned["cpu"], "first": first, "missed": got[0]["energy_eV"] - want[0]["energy_eV"] > SAME}


def case(program, hosts, store, name, host, defects, charges, supercell):
    base = [program, "search", os.path.join(hosts, host), "--cross-charges", "none"]
    base += ["--supercell", supercell] if supercell else []
    known, rows = "none", []
    low, high = (int(q) for q in charges.split(".."))
    for defect in defects.split(","):
        for charge in range(low, high + 1):
            state = f"{defect}_{charge:+d}".replace("+0", "0")
            options = ["--defect", defect, f"--charges={charge}"]
            answer, _ = direct(name, base, state, options, store)
            learned = run(f"{name}_{state}", base + options + ["--surrogate", "on", "--learned-from", known])
            known = os.path.join(KEEP, f"{name}_{state}")
            rows.append(row(name, state, answer, learned, rows[0]["labels"] if rows else None))
    print(f"{name:8s} processor time of the learned searches: {sum(r['cpu'] for r in rows):.0f} s", flush=True)
    return rows


# ---- the starts of ShakeNBreak --------------------------------------------------------------------


def farthest(a, b):
    """Å: largest displacement between two structures in one cubic cell, the defect at its origin, after the best
    operation of the cube; infinite if their atoms do not match."""
    import numpy as np
    side, best = a.cell[0, 0], float("inf")
    for axes in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            d = a.positions[:, None, :] - (b.positions[:, axes] * signs)[None, :, :]
            d -= side * np.round(d / side)
            r = np.linalg.norm(d, axis=2) + 100.0 * (a.numbers[:, None] != b.numbers[None, :])
            near = r.argmin(axis=1)
            if len(set(near)) == len(a):
                move = d[np.arange(len(a)), near]
                best = min(best, np.linalg.norm(move - move.mean(axis=0), axis=1).max())
    return best


def structures(folder, state, list_of):
    from ase.io import read
    return [read(os.path.join(folder, state, f["from"], "CONTCAR"), format="vasp") for f in list_of]


def snb(program, store):
    from ase.io import read, write
    if not os.path.isdir(SHARED):
        print("snb: skipped, no " + SHARED)
        return []
    state, start = "v_Cd_0", SHARED + "CdTe_v_Cd_0"
    base = [program, "search", "--bulk", SHARED + "CdTe_golden/CdTe_Bulk_Supercell_POSCAR", "--defect",
            start + "/Unperturbed/POSCAR", "--name", "v_Cd", "--starts", start, "--cross-charges", "none"]
    answer, folder = direct("snb", base, state, [], store)
    path = os.path.join(GOLDEN, "snb_v_Cd_0.xyz")
    if store and os.path.isdir(folder):
        write(path, structures(folder, state, answer["families"]), format="extxyz")
    want = read(path, index=":") if os.path.exists(path) else structures(folder, state, answer["families"])
    learned = run("snb_" + state, base + ["--surrogate", "on", "--learned-from", "none"])
    sums = row("snb", state, answer, learned, None)
    got = families(learned["table"])[state]
    have, off = structures(os.path.join(KEEP, "snb_" + state), state, got), 0.0
    for f, cell in zip(answer["families"], want):
        for h, other in zip(got, have):
            if abs(f["energy_eV"] - h["energy_eV"]) < SAME and f["energy_eV"] < answer["families"][0]["energy_eV"] + 1:
                apart = farthest(cell, other)
                off = max(off, apart)
                print(f'{"":12s}{f["energy_eV"]:.4f} eV and {h["energy_eV"]:.4f} eV: {apart:.4f} Å apart')
    print(f'{"":12s}direct: {len(answer["families"])} families, {answer["calls"]} calls, {answer["seconds"]} s; '
          f'learned: {len(got)} families, {sums["calls"]} calls, {learned["cpu"]:.0f} s')
    other = os.path.join(GOLDEN, "snb_chgnet.json")
    if os.path.exists(other):
        c = json.load(open(other))
        print(f'{"":12s}ASE FIRE + CHGNet: {len(c["families_eV_A_starts"])} families from {c["starts"]} starts, '
              f'{c["steps"]} steps, {c["seconds"]} s: ' + "; ".join(
                  f'{e - c["families_eV_A_starts"][0][0]:.2f} eV, Te-Te {d:.2f} Å' for e, d, _ in
                  c["families_eV_A_starts"]))
    sums["missed"] |= not off < MOVED or sums["calls"] > MOST_CALLS
    return [sums]


# ---- another cell size ----------------------------------------------------------------------------


def large(program, hosts):
    """216 atoms from the model of 64: no direct search, which would take hours."""
    state = "v_Cd_0"
    base = [program, "search", os.path.join(hosts, "CdTe.POSCAR"), "--cross-charges", "none", "--defect", "v_Cd",
            "--surrogate", "on"]
    known = os.path.join(KEEP, "CdTe_" + state)
    run("CdTe_" + state, base + ["--supercell", "2", "--learned-from", "none"])
    result = run("large_" + state, base + ["--supercell", "3", "--learned-from", known])
    frames = os.path.join(KEEP, "large.xyz")
    model = os.path.join(KEEP, "large.model.gz")
    subprocess.run([program, "model", "merge", os.path.join(known, "learned.model.gz"), "-o", model], check=True,
                   capture_output=True)
    subprocess.run([program, "export", os.path.join(KEEP, "large_" + state), "--labels", frames], check=True,
                   capture_output=True)
    said = subprocess.run([program, "model", "validate", model, "--frames", frames], check=True, capture_output=True,
                          text=True).stdout
    labels, finish = calls_learned(result["said"])[state]
    print(f'large    {state}: {labels} labels and {finish} calls in 216 atoms, {len(families(result["table"])[state])} '
          f'families, {result["cpu"]:.0f} s; on these labels the model of 64 atoms:')
    print("".join(f"{'':12s}{line}\n" for line in said.splitlines()), end="", flush=True)
    return labels <= MOST_FURTHER


def main():
    global KEEP
    arguments, store = sys.argv[1:], "--store" in sys.argv
    arguments = [a for a in arguments if a != "--store"]
    if "--keep" in arguments:
        at = arguments.index("--keep")
        KEEP = arguments[at + 1]
        del arguments[at:at + 2]
    program = arguments[0] if arguments else os.environ.get("SHAKEDOWN", "./shakedown")
    hosts = arguments[1] if len(arguments) > 1 else "data/hosts"
    wanted = arguments[2:] if arguments else ["MgO"]
    if not arguments:
        KEEP = tempfile.mkdtemp()
    os.makedirs(KEEP, exist_ok=True)
    begun = time.time()
    print("host     defect state        <1eV found   all  found learned   lowest labels finish direct  of first")
    rows = [r for c in CASES if not wanted or c[0] in wanted for r in case(program, hosts, store, *c)]
    if not wanted or "snb" in wanted:
        rows += snb(program, store)
    good = large(program, hosts) if "large" in wanted else True
    total = {k: sum(r[k] for r in rows) for k in ("near", "near_found", "all", "all_found", "calls", "direct", "seconds",
                                                  "missed")}
    if not arguments:
        shutil.rmtree(KEEP)
    print(f"within 1 eV: {total['near_found']} of {total['near']} families; all: {total['all_found']} of {total['all']}; "
          f"calls {total['calls']} against {total['direct']}; lowest missed in {total['missed']} of {len(rows)} states; "
          f"direct searches {total['seconds']} s, this {time.time() - begun:.0f} s")
    warm = [r for r in rows if r["first"]]
    print(f"second charge states and defects of a host: at most half the labels of its first in "
          f"{sum(2 * r['labels'] <= r['first'] for r in warm)} of {len(warm)}; in all "
          f"{sum(r['labels'] for r in warm)} labels, {sum(r['first'] for r in warm)} if each cost what the first did")
    sys.exit(0 if good and total["missed"] == 0 and total["near_found"] >= 0.95 * total["near"] else 1)


if __name__ == "__main__":
    main()

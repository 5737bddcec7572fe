#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The search that learns against the search that relaxes every start with the teacher (GFN1-xTB) itself.

    learned_vs_direct.py [--store] [--keep DIR] SHAKEDOWN DATA/HOSTS [CASE...]     CASE: a row's name; default: all

Per defect and charge state one learned search, which knows the labels of the states of this host before it and nothing
else (so the first one begins from nothing). What the direct search finds, and what it costs, is in tests/golden/direct/HOST.json; states that
are not there are searched directly now, and written there with --store. Printed: families of the direct search
within 1 eV of its lowest and how many of them the learned one has (energies within 0.02 eV), the same for all
families, calls of the teacher. A family of the direct search that falls when it is nudged (a saddle point) is not
counted, but named. Learned searches take a minute or two a state on one core, direct ones several; results are kept in
DIR (default ./learned_vs_direct) and not computed twice."""
import json, os, re, sqlite3, subprocess, sys, time

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


def direct(name, base, defect, charge, store):
    """What the golden file says of a state, or a direct search."""
    state = f"{defect}_{charge:+d}".replace("+0", "0")
    path = os.path.join(GOLDEN, name + ".json")
    golden = json.load(open(path)) if os.path.exists(path) else {}
    if state in golden:
        return state, golden[state]
    folder = f"{name}_{state}_direct"
    result = run(folder, base + ["--defect", defect, f"--charges={charge}", "--surrogate", "off", "--saddles", "yes"])
    table = families(result["table"])
    state = next(iter(table))
    answer = {"calls": calls_direct(folder, state), "seconds": round(result["cpu"]), "families": table[state]}
    if store:
        golden[state] = answer
        os.makedirs(GOLDEN, exist_ok=True)
        with open(path, "w") as out:
            print("{\n" + ",\n".join(f' "{s}": ' + json.dumps(a).replace('{"energy', '\n  {"energy')
                                     for s, a in golden.items()) + "\n}", file=out)
    return state, answer


def found(want, have):
    return [f for f in want if any(abs(f["energy_eV"] - h["energy_eV"]) < SAME for h in have)]


def case(program, hosts, store, name, host, defects, charges, supercell):
    base = [program, "search", os.path.join(hosts, host), "--cross-charges", "none"]
    base += ["--supercell", supercell] if supercell else []
    known, cpu = "none", 0.0
    low, high = (int(q) for q in charges.split(".."))
    for defect in defects.split(","):
        for charge in range(low, high + 1):
            state, answer = direct(name, base, defect, charge, store)
            learned = run(f"{name}_{state}", base + ["--defect", defect, f"--charges={charge}", "--surrogate", "on",
                                                     "--learned-from", known])
            known, cpu = os.path.join(KEEP, f"{name}_{state}"), cpu + learned["cpu"]
            want = [f for f in answer["families"] if not f["saddle"]]
            near = [f for f in want if f["energy_eV"] < want[0]["energy_eV"] + 1.0]
            got, (labels, finish) = families(learned["table"])[state], calls_learned(learned["said"])[state]
            print(f'{name:8s} {state:19s} {len(near):3d} {len(found(near, got)):5d} {len(want):6d} '
                  f'{len(found(want, got)):5d} {len(got):7d} {got[0]["energy_eV"] - want[0]["energy_eV"]:+9.3f} '
                  f'{labels:6d} {finish:6d} {answer["calls"]:6d}', flush=True)
            for f in answer["families"]:
                if f not in found(answer["families"], got):
                    print(f'{"":12s}{"saddle point" if f["saddle"] else "missed"}: '
                          f'{f["energy_eV"] - want[0]["energy_eV"]:.3f} eV, {f["symmetry"]}, from {f["from"]}')
            yield (len(near), len(found(near, got)), len(want), len(found(want, got)), labels + finish,
                   answer["calls"], got[0]["energy_eV"] - want[0]["energy_eV"], answer["seconds"])
    print(f"{name:8s} processor time of the learned searches: {cpu:.0f} s", flush=True)


def main():
    global KEEP
    arguments, store = sys.argv[1:], "--store" in sys.argv
    arguments = [a for a in arguments if a != "--store"]
    if "--keep" in arguments:
        at = arguments.index("--keep")
        KEEP = arguments[at + 1]
        del arguments[at:at + 2]
    program, hosts, wanted = arguments[0], arguments[1], arguments[2:]
    os.makedirs(KEEP, exist_ok=True)
    begun = time.time()
    print("host     defect state        <1eV found   all  found learned   lowest labels finish direct calls")
    rows = [r for c in CASES if not wanted or c[0] in wanted for r in case(program, hosts, store, *c)]
    total = [sum(r[k] for r in rows) for k in range(8)]
    missed = sum(r[6] > SAME for r in rows)
    print(f"within 1 eV: {total[1]} of {total[0]} families; all: {total[3]} of {total[2]}; calls {total[4]} against "
          f"{total[5]}; lowest missed in {missed} of {len(rows)} states; direct searches {total[7]} s, this "
          f"{time.time() - begun:.0f} s")
    sys.exit(0 if missed == 0 and total[1] >= 0.95 * total[0] else 1)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: MIT
"""Used by bench_vasprun.sh: make SOURCE FOLDER, then, in a process that has held no big file (what it starts would
inherit its peak memory), measure FOLDER PROGRAM."""
import gzip
import os
import resource
import subprocess
import sys
import time
import warnings

warnings.simplefilter("ignore")
SIZE = 200_000_000


def repeated(text):
    """The file with its ionic steps (all but the last) repeated until it is SIZE long."""
    first, last = text.index(b"<calculation>"), text.rindex(b"<calculation>")
    steps = text[first:last]
    return text[:first], steps, (SIZE - len(text) + len(steps)) // len(steps), text[last:]


def make(source, folder):
    with gzip.open(source) as file:
        head, steps, times, tail = repeated(file.read())
    with open(os.path.join(folder, "vasprun.xml"), "wb") as file:
        file.write(head)
        for _ in range(times):
            file.write(steps)
        file.write(tail)


def child(command):
    """User seconds and peak memory (MB) of a command."""
    process = subprocess.Popen(command)
    usage = os.wait4(process.pid, 0)
    assert usage[1] == 0, command
    return usage[2].ru_utime, usage[2].ru_maxrss / 1024


def measure(folder, program):
    path = os.path.join(folder, "vasprun.xml")
    best = None
    for _ in range(3):  # the best of three: other programs disturb
        seconds, memory = child([program, "frames", path, "--last", "-q", "-o", os.path.join(folder, "last.xyz")])
        best = min(best or seconds, seconds)
    all_seconds, all_memory = child([program, "frames", path, "-q", "-o", "/dev/null"])

    from pymatgen.io.vasp import Vasprun  # noqa: E402  after the children, so that they do not inherit its memory

    start = time.process_time()
    run = Vasprun(path, parse_potcar_file=False)
    theirs = time.process_time() - start
    n = len(run.ionic_steps)
    last = open(os.path.join(folder, "last.xyz")).read()
    assert f"step={n} " in last and f"energy={float(run.final_energy):.15g}".rstrip("0") in last, "another last step"
    ratio = theirs / best
    print(f"{os.path.getsize(path) / 1e6:.0f} MB, {n} steps; user seconds: frames --last {best:.2f}, frames (all written) "
          f"{all_seconds:.2f}, pymatgen's Vasprun {theirs:.2f}; {ratio:.1f} times faster")
    print(f"peak memory: {memory:.1f} MB, all written {all_memory:.1f} MB; "
          f"pymatgen {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    return ratio >= 20 and max(memory, all_memory) < 50


if sys.argv[1] == "make":
    make(*sys.argv[2:])
else:
    sys.exit(not measure(*sys.argv[2:]))

# SPDX-License-Identifier: MIT
"""_socket_client.py CALCULATOR PLACE [SECONDS] - a client of the socket teacher: ASE's SocketClient with a calculator,
'emt' (ASE's own) or 'chgnet' (PyPI: torch, chgnet). PLACE is an init file, as in

    shakedown search HOST --defect NAMES -p "socket:level=CHGNet 0.3.0,launch=python3 _socket_client.py chgnet {init}"

or the folder of init files of a search that was started without launch= (RUN/teacher, also before it is there): then every list of
atoms there is served, those that come later too, until SECONDS (default 60) after the last server is gone."""
import glob
import os
import sys
import threading
import time

from ase.calculators.socketio import SocketClient
from ase.io import read


def emt():
    from ase.calculators.emt import EMT

    return EMT()


def chgnet():
    import torch
    from chgnet.model.dynamics import CHGNetCalculator

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    return CHGNetCalculator(use_device="cpu")


CALCULATORS = {"emt": emt, "chgnet": chgnet}


def serve(path, make):
    """Answers for the atoms of one init file until the server says that it is enough."""
    atoms = read(path, format="extxyz")
    atoms.calc = make()
    if "unixsocket" in atoms.info:
        client = SocketClient(unixsocket=atoms.info["unixsocket"])
    else:
        host, port = atoms.info["inetsocket"].rsplit(":", 1)
        client = SocketClient(host=host, port=int(port))
    client.run(atoms, use_stress=True)


def serve_quietly(path, make):
    try:
        serve(path, make)
    except OSError:  # nobody there (yet, or any more)
        pass


def serve_folder(folder, make, patience):
    threads = {}
    last = time.monotonic()
    while time.monotonic() - last < patience:
        for path in sorted(glob.glob(os.path.join(folder, "init*.xyz"))):
            began, thread = threads.get(path, (0.0, None))
            if thread is not None and thread.is_alive():
                if time.monotonic() - began > 1.0:  # it found its server
                    last = time.monotonic()
            else:
                thread = threading.Thread(target=serve_quietly, args=(path, make), daemon=True)
                threads[path] = (time.monotonic(), thread)
                thread.start()
        time.sleep(0.2)


if __name__ == "__main__":
    chosen = CALCULATORS[sys.argv[1]]
    if sys.argv[2].endswith(".xyz"):
        serve(sys.argv[2], chosen)
    else:
        serve_folder(sys.argv[2], chosen, float(sys.argv[3]) if len(sys.argv) > 3 else 60.0)

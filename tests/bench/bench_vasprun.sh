#!/bin/sh
# SPDX-License-Identifier: MIT
# bench_vasprun.sh - reading a vasprun.xml of 200 MB (a real one with its ionic steps repeated): time next to pymatgen's
# Vasprun and memory. Promises 20 times pymatgen's speed and less than 50 MB. VASPRUN names another file to repeat.
python=${PYTHON:-python3}
source=${VASPRUN:-${SHAKEDOWN_SHARED:-../shared}/data/parsers/CdTe_Cd_i_0.vasprun.xml.gz}
[ -f "$source" ] || source=tests/golden/outputs/GaN.vasprun.xml.gz
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
"$python" tests/bench/_vasprun.py make "$source" "$scratch" &&
    "$python" tests/bench/_vasprun.py measure "$scratch" "${SHAKEDOWN:-./shakedown}"

#!/bin/sh
# SPDX-License-Identifier: MIT
# calibration.sh [HOST...] - hosts that GFN1-xTB lets drift (Sb2Se3, SnS, TiO2), calibrated to CHGNet by the socket
# teacher in CHGNet's own lattice: errors of frames left out before and after, how far a rattled host then ends from its
# sites, lattices, calls and minutes; with SEARCH=1 also a Se interstitial of Sb2Se3, far field free and frozen. Minutes
# of one core a host.
# Skipped without torch and chgnet (PyPI) in $PEERS_PYTHON, SnS without ../shared.
set -eu
shakedown=${SHAKEDOWN:-./shakedown}
python=${PEERS_PYTHON:-python3}
shared=${SHAKEDOWN_SHARED:-../shared}/data
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -c 'import torch, chgnet, ase' 2>"$work/said" || {
    echo "skipped: no chgnet"
    exit 0
}
level="socket:level=CHGNet,launch=$python $(dirname "$0")/_socket_client.py chgnet {init}"

file_of() {
    case $1 in SnS) echo "$shared/hosts/SSn_sg62_mp-2231_PBEsol_phononDB.POSCAR" ;; *) echo "data/hosts/$1.POSCAR" ;; esac
}
lattice() { # HOST POTENTIAL
    "$shakedown" relax "$1" -p "$2" --cell -q -o "$work/relaxed.xyz" | awk '$1 == "lattice" {print $2, $3, $4}'
}

for name in ${*:-Sb2Se3 SnS TiO2}; do
    host=$(file_of "$name")
    [ -e "$host" ] || { echo "$name: skipped, no $host"; continue; }
    echo "== $name"
    own=$work/$name.POSCAR
    edges=$(awk 'NR >= 3 && NR <= 5 {printf "%.3f ", sqrt($1 * $1 + $2 * $2 + $3 * $3)}' "$host")
    "$shakedown" relax "$host" -p "$level" --cell -q -o "$own" | grep '^lattice'
    "$shakedown" calibrate "$own" --to "$level" -o "$work/$name.gz" -q
    echo "lattice    file $edges, calibrated $(lattice "$own" "gfn1+calibration:$work/$name.gz")"
done
if [ "${SEARCH:-}" ]; then
    for far in free frozen:6; do
        echo "== Se interstitial in Sb2Se3, far field $far"
        "$shakedown" search data/hosts/Sb2Se3.POSCAR --defect Se_i --far-field "$far" -o "$work/$far" -q \
            -p "gfn1+calibration:$work/Sb2Se3.gz" | grep -E '^rattled|^ +[0-9]|^rank|families'
    done
fi

#!/bin/sh
# SPDX-License-Identifier: MIT
# calibration.sh [HOST...] - hosts that GFN1-xTB lets drift (Sb2Se3, SnS, TiO2), calibrated to CHGNet by the socket
# teacher in CHGNet's own lattice: errors of frames left out before and after, how far rattled hosts then end from their
# sites and the lattice from CHGNet's, calls and minutes; with SEARCH=1 also an O vacancy in TiO2 and a Se interstitial in
# Sb2Se3, far field free and frozen. One to six minutes of one core a host, and one to five a search.
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
# A supercell that keeps the mirrors: GFN1-xTB, which knows only the Gamma point, has them then too.
supercell_of() {
    case $1 in Sb2Se3) echo "--supercell 1,3,1" ;; esac
}

for name in ${*:-Sb2Se3 SnS TiO2}; do
    host=$(file_of "$name")
    [ -e "$host" ] || { echo "$name: skipped, no $host"; continue; }
    echo "== $name"
    own=$work/$name.POSCAR
    "$shakedown" relax "$host" -p "$level" --cell -q -o "$own" | grep '^lattice'
    # shellcheck disable=SC2046
    "$shakedown" calibrate "$own" $(supercell_of "$name") --to "$level" -o "$work/$name.gz" -q
done
search() { # HOST DEFECT FAR-FIELD OPTIONS...
    host=$1 defect=$2 far=$3
    shift 3
    echo "== $defect in $host, far field $far"
    "$shakedown" search "$work/$host.POSCAR" --defect "$defect" --charges 0 --far-field "$far" -o "$work/$host.$far" -q \
        -p "gfn1+calibration:$work/$host.gz" "$@" | grep -E '^rattled|^ +[0-9]|^rank|famil|^Far'
}
for far in ${SEARCH:+free frozen:6}; do
    [ -e "$work/TiO2.gz" ] && search TiO2 v_O "$far" --distortions=-0.4,-0.2,0,0.2,0.4
    [ -e "$work/Sb2Se3.gz" ] && search Sb2Se3 Se_i_Cs_Sb2.94 "$far" --supercell 1,3,1 --kinds unperturbed,bond \
        --distortions=-0.3,0.3
done
exit 0

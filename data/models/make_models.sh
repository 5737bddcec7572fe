#!/bin/sh
# SPDX-License-Identifier: MIT
# make_models.sh - the models that a first search of these hosts begins with: labels of GFN1-xTB along short relaxations
# of distorted vacancies, and of the perfect host. From the top of the sources: data/models/make_models.sh [HOST...]
# About half a minute of one core a host.
set -eu
shakedown=${SHAKEDOWN:-./shakedown}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
steps=16
every=4

# Every n-th frame of a trajectory but the first, which is far from anything that a search asks for.
thin() {
    awk -v n="$every" 'left == 0 {atoms = $1; left = atoms + 2; keep = frame > 0 && frame % n == 0; frame++}
        {if (keep) print; left--}' "$1"
}

make_model() { # HOST SUPERCELL VACANCIES
    host=data/hosts/$1.POSCAR
    "$shakedown" distort "$host" -d "$3" --supercell "$2" --charges 0 --distortions=-0.5,-0.3,0.3 -o "$work/$1" \
        >"$work/said"
    "$shakedown" eval "$host" -p gfn1 --stress -o "$work/$1.xyz" >"$work/said"
    for start in "$work/$1"/*_0/*/POSCAR; do
        "$shakedown" relax "$start" -p gfn1 --max-steps $steps -q -t "$work/t.xyz" >"$work/said" || test $? = 3
        thin "$work/t.xyz" >>"$work/$1.xyz"
    done
    "$shakedown" model train --frames "$work/$1.xyz" --labels-only --crystal "$host" --level gfn1 -o "data/models/$1.model.gz"
}

while read -r name supercell vacancies; do
    case " ${*:-$name} " in *" $name "*) make_model "$name" "$supercell" "$vacancies" ;; esac
done <<'LIST'
CdTe 2 v_Cd,v_Te
ZnS 2 v_Zn,v_S
MgO 2 v_Mg,v_O
GaN 3,3,2 v_Ga,v_N
Sb2Se3 1,3,1 v_Sb,v_Se
CsPbCl3 2 v_Pb,v_Cl
SrTiO3 2 v_Sr,v_O
TiO2 2,2,3 v_Ti,v_O
LIST

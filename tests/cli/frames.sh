#!/bin/sh
# SPDX-License-Identifier: MIT
# frames.sh - the verb frames: each rule, what a frame keeps, files that are cut off, nothing half written.
. tests/cli/common.inc
golden=tests/golden/outputs
gan=$golden/GaN.vasprun.xml.gz
count() { grep -c Properties= "$work/$1"; }
steps() { grep -o ' step=[0-9]*' "$work/$1" | tr -d ' \n'; }

check 'all frames of all codes' [ "$(code "$shakedown" frames $golden/*.gz $golden/Si.* $golden/ML_AB $golden/MgO2.vasprun.xml $golden/oszicar/OSZICAR -o "$work/all.xyz")" = 0 ]
check 'their number is told' says '42 of 42 frames of 18 files'
check 'as many are written' [ "$(count all.xyz)" = 42 ]
check 'they keep their file' [ "$(grep -c "source=$gan step=" "$work/all.xyz")" = 5 ]
check 'and are read again' [ "$(code "$shakedown" frames "$work/all.xyz" -o "$work/again.xyz")" = 0 ]
check 'to the same bytes' cmp -s "$work/all.xyz" "$work/again.xyz"

"$shakedown" frames $gan -q --last -o "$work/last.xyz"
check 'last' [ "$(steps last.xyz)" = step=5 ]
"$shakedown" frames $gan $golden/n2.pwo.gz -q --spaced 3 -o "$work/spaced.xyz"
check 'evenly spaced of each file' [ "$(steps spaced.xyz)" = step=1step=3step=5step=1step=2step=3 ]
"$shakedown" frames $gan -q --window 0.01 -o "$work/window.xyz"
check 'energy window' [ "$(steps window.xyz)" = step=4step=5 ]
"$shakedown" frames $golden/sp.out.gz $golden/Si.castep -q --converged -o "$work/converged.xyz"
check 'converged only' [ "$(grep -o 'code="[A-Z0-9]*' "$work/converged.xyz") $(steps converged.xyz)" = 'code="CASTEP step=1' ]
"$shakedown" frames $gan $golden/n2.pwo.gz -q --relaxed -o "$work/relaxed.xyz"
check 'ends of converged relaxations' [ "$(steps relaxed.xyz)" = step=5 ]
"$shakedown" frames $gan -q --diverse 3 -o "$work/diverse.xyz"
check 'most diverse: the lowest and the farthest from it are among them' [ "$(steps diverse.xyz | grep -c '^step=1.*step=5$') $(count diverse.xyz)" = '1 3' ]
"$shakedown" frames $gan -q --diverse 3 -j 1 -o "$work/diverse1.xyz"
check 'the same with one thread' cmp -s "$work/diverse.xyz" "$work/diverse1.xyz"
sed 's/energy=-[0-9.]*/energy=7/' "$work/last.xyz" >"$work/positive.xyz"
"$shakedown" frames "$work/positive.xyz" "$work/last.xyz" -q --drop-positive -o "$work/negative.xyz"
check 'positive energies dropped' [ "$(count negative.xyz)" = 1 ]
check 'nothing left is bad input' [ "$(code "$shakedown" frames "$work/positive.xyz" --drop-positive -o "$work/none.xyz")" = 2 ]
check 'and nothing is written' [ ! -e "$work/none.xyz" ] && [ ! -e "$work/none.xyz.tmp" ]

"$shakedown" frames $gan -q --last --to poscar -o "$work/poscars"
check 'POSCARs name file and step' grep -qx "$gan step 5" "$work/poscars/00001.POSCAR"
"$shakedown" frames $gan -q -o "$work/packed.xyz.gz"
check 'gzipped output' [ "$(gunzip -c "$work/packed.xyz.gz" | grep -c Properties=)" = 5 ]
gunzip -c $gan | "$shakedown" convert - "$work/stdin.xyz"
check 'convert reads an output from standard input' [ "$(count stdin.xyz)" = 5 ]

gunzip -c $gan | head -c 40000 >"$work/cut.xml"
check 'a cut file: exit code 3' [ "$(code "$shakedown" frames "$work/cut.xml" -o "$work/cut.xyz")" = 3 ]
check 'one line of warning' says 'cut off or still running: its end is missing after 2 whole steps'
check 'its whole steps' [ "$(count cut.xyz)" = 2 ]
head -c 6000 $gan >"$work/cut.xml.gz"
check 'a cut gzip file' [ "$(code "$shakedown" frames "$work/cut.xml.gz" -o "$work/cut2.xyz")" = 3 ]
check 'convert says so too' [ "$(code "$shakedown" convert "$work/cut.xml" "$work/cut3.xyz")" = 3 ]
check 'two passes give the same' [ "$(code "$shakedown" frames "$work/cut.xml" --spaced 99 -o "$work/cut4.xyz")" = 3 ]
check 'to the same bytes' cmp -s "$work/cut.xyz" "$work/cut4.xyz"
head -c 9000 "$work/all.xyz" >"$work/cut.extxyz"
check 'a cut XYZ file' [ "$(code "$shakedown" frames "$work/cut.extxyz" -o "$work/cut5.xyz")" = 3 ] && says 'cut off after'
check 'no output at all' [ "$(code "$shakedown" frames Makefile -o "$work/no.xyz")" = 2 ]
if [ -e /dev/full ]; then
    check 'a full disk' [ "$(code "$shakedown" frames $gan -o /dev/full)" = 1 ]
fi
exit $failed

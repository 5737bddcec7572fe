#!/bin/sh
# SPDX-License-Identifier: MIT
# calibration.sh - host calibration from the command line, one Stillinger-Weber level calibrated to another: frames,
# labels kept and recalled, a search with it, damaged files.
. "$(dirname "$0")/common.inc"
host=data/hosts/Si.POSCAR
better=sw:sigma=2.12,lambda=24
calibrate() { code "$shakedown" calibrate "$host" --supercell 1 "$@"; }

check "frames to be labelled elsewhere" test "$(calibrate --write "$work/frames.xyz" --frames 8)" = 0
"$shakedown" eval "$work/frames.xyz" -p $better --stress -o "$work/labels.xyz" >"$work/out"
check "a file of labels" test "$(calibrate --base sw --to "$work/labels.xyz" --rounds 0 -o "$work/file.gz")" = 0
check "says what is left" says "left out   force"
check "asking the level" test "$(calibrate --base sw --to $better --frames 8 -o "$work/asked.gz")" = 0
check "how many it asked for" says "9 asked for"
check "a trip" says "rattled    by 0.1"
check "labels are kept" test "$(grep -c Lattice "$work/asked.gz.frames.xyz")" -ge 8
check "again" test "$(calibrate --base sw --to $better --frames 8 -o "$work/asked.gz")" = 0
check "without asking" sh -c "! grep -q 'asked for' '$work/out'"
check "another level" test "$(calibrate --base sw --to sw:sigma=2.13 --frames 8 -o "$work/asked.gz")" = 0
check "is asked" says "9 asked for"
"$shakedown" calibrate "$host" --supercell 1 --base sw --to $better --frames 8 -o "$work/asked.gz" -q >"$work/out"

lattice() { # POTENTIAL
    "$shakedown" relax "$host" -p "$1" --cell -q -o "$work/relaxed.xyz" | awk '$1 == "lattice" {print $2}'
}
check "the better lattice" awk -v a="$(lattice "sw+calibration:$work/asked.gz")" -v b="$(lattice $better)" \
    -v c="$(lattice sw)" 'BEGIN {d = a - b; if (d < 0) d = -d; e = b - c; exit !(d < 0.008 && e > 0.05)}'

check "a search" test "$(code "$shakedown" search "$host" -d v_Si --supercell 2 -p sw --calibrate $better \
    --distortions=-0.3 -o "$work/run" -q)" -le 3
check "says what it did" says "calibrated sw to sw:sigma=2.12,lambda=24"
check "the level of the run" says "potential  sw+calibration:$work/run/host.calibration.gz"
check "the same again" test "$(code "$shakedown" search "$host" -d v_Si --supercell 2 -p sw --calibrate $better \
    --distortions=-0.3 -o "$work/run" -q)" -le 3
check "is not made again" sh -c "! grep -q '^calibrated' '$work/out'"

awk 'NR == 9 {$1 += 0.02} {print}' "$host" >"$work/off.POSCAR"
check "a host that is none" test "$(code "$shakedown" calibrate "$work/off.POSCAR" --supercell 1 --base sw --to $better \
    --frames 4 --rounds 0 -o "$work/off.gz")" = 0
check "says so" says "host       no minimum of the better level"

check "a model is no calibration" test "$("$shakedown" model train --frames "$work/labels.xyz" -o "$work/m.model" \
    --n-max 3 --l-max 1 --cutoff 4 >"$work/log" && code "$shakedown" eval "$host" -p "sw+calibration:$work/m.model")" = 2
check "says so" says "no calibration of a host"
gzip -dc "$work/asked.gz" | sed 's/^zeta/zetb/; s/^cutoff: 5/cutoff: 6/' >"$work/bad"
check "a changed file" test "$(code "$shakedown" eval "$host" -p "sw+calibration:$work/bad")" = 2
check "is seen" says "damaged or truncated"
check "no level" test "$(calibrate --base sw -o "$work/x.gz")" = 2
check "says what is missing" says "to what"
check "frames of something else" test "$("$shakedown" eval data/hosts/MgO.POSCAR -p lj:epsilon=0.01,sigma=2,cutoff=4 \
    -o "$work/mgo.xyz" >"$work/log" && calibrate --base sw --to "$work/mgo.xyz" -o "$work/x.gz")" = 2
check "not beside a teacher" test "$(code "$shakedown" search "$host" -d v_Si --calibrate sw --teacher cp2k \
    -o "$work/y")" = 2
exit $failed

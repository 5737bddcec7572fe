#!/bin/sh
# SPDX-License-Identifier: MIT
# teacher_labels.sh - labels of a file as a teacher: they answer their own frames, and are of one level.
. "$(dirname "$0")/common.inc"

host=$(dirname "$0")/../../data/hosts/Si.POSCAR
"$shakedown" eval "$host" -p sw -o "$work/l.xyz" >/dev/null
eval_by() { code "$shakedown" eval "$1" -p "labels:$2"; }
check "a frame of the file" test "$(eval_by "$host" "$work/l.xyz")" = 0
check "its energy" says "-34.69"
sed 's/Properties/level="sw, silicon" Properties/' "$work/l.xyz" >"$work/named.xyz"
check "the level that the file names" sh -c \
    "'$shakedown' eval '$host' -p 'labels:$work/named.xyz' --json | grep -q '\"potential\":.*\"sw, silicon\"'"
awk 'NR == 9 { $1 = $1 + 0.1 } 1' "$host" >"$work/other.vasp"
check "another frame" test "$(eval_by "$work/other.vasp" "$work/l.xyz")" = 1
check "another frame: how far" says "no label of this frame"
(cat "$work/named.xyz" "$work/l.xyz") >"$work/mixed.xyz"
check "two levels in a file" test "$(eval_by "$host" "$work/mixed.xyz")" = 2
check "two levels in a file: which" says "is of level"
check "no forces" test "$(eval_by "$host" "$host")" = 2
check "no file" test "$(eval_by "$host" "$work/none.xyz")" = 2
exit $failed

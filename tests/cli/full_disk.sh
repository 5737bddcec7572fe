#!/bin/sh
# SPDX-License-Identifier: MIT
# A disk that fills up during a search: exit code 1 and one line that says so; with room again the same
# command goes on and ends with the table of an undisturbed search. On a small tmpfs where one can be
# mounted (root), otherwise with a limit on the size of files.
. "$(dirname "$0")/common.inc"
mounted=
trap '[ -z "$mounted" ] || umount "$work/disk"; rm -rf "$work"' EXIT
search() { "$shakedown" search data/hosts/Si.POSCAR --defect v_Si --potential sw --supercell 2 -q -o "$1"; }

search "$work/whole" >/dev/null
"$shakedown" rank "$work/whole" >"$work/table"
size=$(stat -c %s "$work/whole/run.db")
mkdir "$work/disk"
mount -t tmpfs -o size=64m tmpfs "$work/disk" 2>/dev/null && mounted=yes
cp -r "$work/whole" "$work/disk"
space=$(df -Pk "$work/disk" | awk 'END {print $3}')
rm -r "$work/disk/whole"

limited() { # percent of what is needed, folder
    if [ -n "$mounted" ]; then
        mount -o "remount,size=$((space * $1 / 100))k" "$work/disk"
        search "$2"
    else
        (trap '' XFSZ; ulimit -f $((size * $1 / 100 / 512)); search "$2")
    fi
}
for percent in 1 30 50 70 90; do # of the files, or of the database
    run=$work/disk/run
    code=0
    limited $percent "$run" >"$work/out" 2>"$work/err" || code=$?
    check "with $percent % of the room: exit code 1 (found $code)" test $code = 1
    check "with $percent % of the room: one line ($(head -c 150 "$work/err"))" test "$(wc -l <"$work/err")" = 1
    check "with $percent % of the room: it names a file and the cause" \
        grep -qiE "disk/run.*(full|space|I/O error|File too large)" "$work/err"
    [ -z "$mounted" ] || mount -o "remount,size=$((space * 3))k" "$work/disk"
    search "$run" >/dev/null
    "$shakedown" rank "$run" >"$work/again"
    check "with room again: the same table" cmp "$work/table" "$work/again"
    rm -rf "$run"
done

# Standard output is a full disk too.
if [ -w /dev/full ]; then
    code=0
    "$shakedown" rank "$work/whole" >/dev/full 2>"$work/err" || code=$?
    check "a table that cannot be printed is an error (exit code $code)" test $code = 1
fi
exit $failed

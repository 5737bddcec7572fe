#!/bin/sh
# SPDX-License-Identifier: MIT
# The socket teacher from the command line, with the client of the unit tests (a potential of ours over the wire): one
# structure; a search to its end, with clients that drop their first frame, too; kill -9 and Ctrl-C, then
# the same command again; nothing is left running, and no address is left behind.
. "$(dirname "$0")/common.inc"
client=$PWD/${BUILD:-build}/tests/test_teachers_socket
[ -x "$client" ] || { echo "FAIL no client at $client" && exit 1; }
name=skdcli$$
address="/""tmp/ipi_$name"
teacher() { # MODE: its spec, with the client's number in $work/pid
    echo "socket:unix=$name,wait=100,launch=echo \$\$ >'$work/pid'; exec '$client' client {init} $1 sw:lambda=15"
}
search() { # FOLDER MODE; exec, so that the killed process is the search itself
    exec "$shakedown" search data/hosts/Si.POSCAR --defect v_Si --potential "$(teacher "$2")" --supercell 2 \
        --distortions=-0.4 --neighbours 4 --no-rattle --threads 1 --saddles no -o "$1"
}
gone() { # is the client, and the address?
    for k in 1 2 3 4 5 6 7 8 9 10; do
        [ -e "$address" ] || kill -0 "$(cat "$work/pid")" 2>/dev/null || return 0
        sleep 0.2
    done
    return 1
}

# one structure
cat >"$work/si.xyz" <<'END'
4
Lattice="5.5 0 0.1 0 5.4 0 0.2 0 3.9" Properties=species:S:1:pos:R:3 pbc="T T T"
Si 0 0 0
Si 2.6 2.7 0.1
Si 1.3 1.3 1.4
Si 4.1 4.0 1.5
END
"$shakedown" eval "$work/si.xyz" --stress -p sw:lambda=15 >"$work/own"
(cd "$work" && exec "$shakedown" eval si.xyz --stress -p "$(teacher ok)" >asked)
check "energy, forces and stress are those of the client" cmp "$work/own" "$work/asked"
check "the client and its address are gone" gone

# bad settings, nobody there
check "unknown settings are refused" test "$(code "$shakedown" eval "$work/si.xyz" -p socket:colour=red)" = 2
check "by name" says "no setting 'colour'"
check "nobody comes: exit code 1" test "$(cd "$work" && code "$shakedown" eval si.xyz -p "socket:unix=$name,wait=0.2")" = 1
check "says who was waited for" says "no client at unix socket $name"
check "a charge that the client does not have" \
    test "$(cd "$work" && code "$shakedown" eval si.xyz --charge 1 -p "$(teacher ok)")" = 2

# searches
(search "$work/whole" ok) >"$work/whole.out" 2>"$work/whole.err"
"$shakedown" rank "$work/whole" >"$work/table"
check "a search ends" grep -q "Unperturbed" "$work/table"
check "its clients are gone" gone
for mode in drop_once; do
    (search "$work/$mode" $mode) >"$work/out" 2>"$work/err" || check "search, $mode ($(tail -n 1 "$work/err"))" false
    "$shakedown" rank "$work/$mode" >"$work/again"
    check "the same table when every client begins with $mode" cmp "$work/table" "$work/again"
done

# killed, interrupted
for how in INT KILL; do
    : >"$work/err"
    search "$work/run" slow >"$work/out" 2>"$work/err" &
    victim=$!
    until [ "$(wc -l <"$work/err")" -ge 2 ] || ! kill -0 $victim 2>/dev/null; do sleep 0.01; done
    kill -$how $victim
    wait $victim 2>/dev/null && ended=0 || ended=$?
    [ $how = KILL ] || check "Ctrl-C: exit code 130" test $ended = 130
    [ $how = KILL ] || check "Ctrl-C: nothing is left" gone
done
(search "$work/run" ok) >"$work/out" 2>"$work/err" || check "after both: ($(tail -n 1 "$work/err"))" false
"$shakedown" rank "$work/run" >"$work/again"
check "after both: the same table" cmp "$work/table" "$work/again"
check "after both: nothing is left" gone
exit $failed

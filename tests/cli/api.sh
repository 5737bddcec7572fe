#!/bin/sh
# SPDX-License-Identifier: MIT
# The library as others meet it: `make install` into a folder of its own, the example program built there
# with nothing but pkg-config, a search that finds what the command line finds; every header stands alone.
. "$(dirname "$0")/common.inc"
case ${MAKEFLAGS:-} in *' -- '*) same=${MAKEFLAGS#* -- } ;; *) same= ;; esac # CC=clang of an outer make, without its -j
unset MAKEFLAGS MFLAGS MAKELEVEL
prefix=$work/usr
# shellcheck disable=SC2086 # a list of words
make install $same PREFIX="$prefix" >"$work/out" 2>&1 || { cat "$work/out"; echo "FAIL make install"; exit 1; }
for file in bin/shakedown lib/libshakedown.a lib/pkgconfig/shakedown.pc include/shakedown/search.h \
    share/shakedown/hosts/Si.POSCAR share/shakedown/templates/INCAR; do
    check "installed: $file" test -s "$prefix/$file"
done
# shellcheck disable=SC2086
make install $same PREFIX=/usr DESTDIR="$work/stage" >/dev/null 2>&1
check "DESTDIR: files below it" test -s "$work/stage/usr/lib/libshakedown.a"
check "DESTDIR: it is not in the .pc" grep -qx 'prefix=/usr' "$work/stage/usr/lib/pkgconfig/shakedown.pc"

export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
check "pkg-config says the version" test "shakedown $(pkg-config --modversion shakedown)" = \
    "$("$prefix/bin/shakedown" --version | head -1 | cut -d' ' -f1,2)"
check "the example is no longer than 60 lines" test "$(wc -l <tests/example/api.c)" -le 60
check "the example uses public headers only" test "$(grep -c '#include "' tests/example/api.c || true)" = 0
cp tests/example/api.c "$work"
cd "$work"
# shellcheck disable=SC2046 # lists of words
check "the example builds" ${CC:-cc} -std=c11 -Wall -Wextra -Werror -o api api.c $(pkg-config --cflags --libs shakedown)
./api "$prefix/share/shakedown/hosts/Si.POSCAR" >out 2>&1 || true
"$prefix/bin/shakedown" search "$prefix/share/shakedown/hosts/Si.POSCAR" --defect v_Si --charges 0 \
    --potential sw --increment 0.3 -q -o run >table
lowest=$(awk '$1 == 1 {printf "%+.4f", $2; exit}' run/ranking.txt)
check "it finds what the command line finds ($lowest eV below the unperturbed one)" \
    grep -q "^v_Si rank 1: $lowest eV" out
check "and the unperturbed one" grep -q '^v_Si rank [0-9]*: +0.0000 eV' "$work/out"
check "a missing file is one clear line" test "$(./api no_such_file 2>&1 | grep -c 'no_such_file')" = 1
for header in "$prefix"/include/shakedown/*.h; do
    name=$(basename "$header")
    echo "#include <shakedown/$name>" >alone.c
    check "shakedown/$name stands alone" \
        ${CC:-cc} -std=c11 -Wall -Wextra -Werror -I"$prefix/include" -c -o alone.o alone.c
done
exit $failed

#!/bin/sh
# SPDX-License-Identifier: MIT
# fuzz.sh - builds and runs the fuzz targets.
#   fuzz.sh replay BUILD           the committed corpora, with any compiler ($CC, flags of a sanitizer in
#                                  $SANITIZE); for `make check`
#   fuzz.sh run BUILD SECONDS      libFuzzer (clang), SECONDS for each of the parsers
# Run from the repository root; BUILD holds the generated headers (and libshakedown.a, if it is built) and
# receives what is built and found. A crash stops the run; its input is BUILD/fuzz/crash_*.
set -eu
mode=${1:?replay or run}
build=${2:?build folder}
seconds=${3:-60}
flags="-std=c11 -g -O1 -fopenmp -Iinclude -isystem /usr/include/libxml2 -I$build -D_POSIX_C_SOURCE=200809L"
sources="src/base/*.c src/crystal/*.c src/teachers/ipi.c $(echo data/*.c | sed 's@data/codes.c@@')"
libraries="-lsymspg -lgsl -lopenblas -lsqlite3 -lcjson -lxml2 -lz -lm"
case $mode in
replay)
    compiler=${CC:-cc} flags="$flags ${SANITIZE:-}"
    [ -f "$build/libshakedown.a" ] && sources=$build/libshakedown.a
    ;;
run) compiler=clang flags="$flags -w -DSKD_LIBFUZZER -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all" ;;
*) echo "fuzz.sh: unknown mode '$mode'" >&2 && exit 2 ;;
esac
# clang without its own OpenMP runtime takes gcc's pragmas as comments
[ "$mode" = run ] && flags=$(echo "$flags" | sed 's/-fopenmp//')
mkdir -p "$build/fuzz"
outputs="vasprun outcar oszicar ml_ab espresso espresso_xml cp2k cp2k_pos cp2k_restart castep aims abinit"
if [ "$mode" = run ]; then # the sources once for all targets
    rm -f "$build/fuzz/sources.a"
    mkdir -p "$build/fuzz/objects"
    for source in $sources; do
        object=$build/fuzz/objects/$(echo "$source" | tr / _).o
        # shellcheck disable=SC2086
        $compiler $flags -c -o "$object" "$source"
        ar rc "$build/fuzz/sources.a" "$object"
    done
    sources=$build/fuzz/sources.a
fi
for target in poscar xyz cif config ipi $outputs; do
    # shellcheck disable=SC2086 # lists of words
    $compiler $flags -o "$build/fuzz/$target" "tests/fuzz/fuzz_$target.c" $sources $libraries
    if [ "$mode" = replay ]; then
        "$build/fuzz/$target" tests/fuzz/corpus_$target/*
        continue
    fi
    mkdir -p "$build/fuzz/found_$target"
    "$build/fuzz/$target" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$build/fuzz/crash_${target}_" "$build/fuzz/found_$target" "tests/fuzz/corpus_$target"
done

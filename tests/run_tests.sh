#!/bin/sh
# run_tests.sh - what `make check` runs: the tests built plainly, then layers and lint, then the same tests
# with sanitizers and failing allocations, then the command line. Shows one line per program and the whole
# output of what failed. Ends with 'N passed, N failed'; exit 1 if anything failed.
#
# MAKE (with its flags) builds; SKIP_SAN=1 leaves the sanitizer part out; TIMEOUT is per program, seconds.
# A program says 'ok ...' and 'not ok ...' or 'FAIL ...' lines (TAP, which cmocka writes too), or else only its exit code counts
# (77: skipped).
cd "$(dirname "$0")/.." || exit 1
make=${MAKE:-make}
limit=${TIMEOUT:-600}
passed=0
failed=0
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

count() { grep -c "$1" "$scratch/out" || true; }

# judge NAME STATUS - counts what is in $scratch/out and says one line.
judge() {
    good=$(count '^ok ')
    bad=$(count '^\(not ok\|FAIL\) ')
    skipped=$(count '^\(not \)\?ok .*# SKIP') # cmocka says 'not ok' of what it skips
    good=$((good - $(count '^ok .*# SKIP')))
    bad=$((bad - $(count '^not ok .*# SKIP')))
    note=
    if [ "$2" = 77 ]; then
        skipped=$((skipped + 1))
    elif [ $((good + bad + skipped)) = 0 ]; then
        if [ "$2" = 0 ]; then good=1; else bad=1; fi
    elif [ "$2" != 0 ] && [ "$bad" = 0 ]; then
        bad=1 # fell over without naming a test
    fi
    [ "$2" = 124 ] && note=", stopped after $limit s"
    [ "$2" -gt 128 ] 2>/dev/null && note=", killed by signal $(($2 - 128))"
    [ "$skipped" -gt 0 ] && note="$note, $skipped skipped"
    passed=$((passed + good))
    failed=$((failed + bad))
    if [ "$bad" = 0 ]; then
        printf '  ok    %-40s %3d passed%s\n' "$1" "$good" "$note"
    else
        printf '  FAIL  %-40s %3d passed, %d failed%s\n' "$1" "$good" "$bad" "$note"
        grep -vE '^ok |^  (CC|AR|LD|GEN) ' "$scratch/out" | tail -n 60 | sed 's/^/        /'
    fi
}

run() { # name, command...
    name=$1
    shift
    timeout "$limit" "$@" >"$scratch/out" 2>&1 </dev/null
    judge "$name" $?
}

build() { # name, make's arguments...: true if it could be built
    name=$1
    shift
    $make "$@" >"$scratch/out" 2>&1 && return 0
    judge "$name" 2
    return 1
}

programs() { # folder of the build
    for source in tests/test_*.c; do
        name=$(basename "$source" .c)
        CMOCKA_MESSAGE_OUTPUT=TAP run "$2$name" "$1/tests/$name"
    done
}

echo "tests:"
build "build" -k tests
programs build ""

echo "style:"
run "layers" tests/layers.sh
run "layers, self-test" tests/layers.sh --self-test
tests/lint.sh >"$scratch/out" 2>&1
status=$?
sed -n 's/^lint: /        /p' "$scratch/out"
judge "lint" $status
run "lint, self-test" tests/lint.sh --self-test

if [ -z "$SKIP_SAN" ]; then
    echo "tests with sanitizers and failing allocations:"
    export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}" UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
    build "build with sanitizers" -k SAN=address,undefined tests
    programs build-address-undefined "san: "
    export SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all'
    run "san: corpora of the fuzzers" sh tests/fuzz/fuzz.sh replay build-address-undefined
fi

echo "command line:"
SHAKEDOWN=$PWD/shakedown
export SHAKEDOWN
for script in tests/cli/*.sh; do
    [ -f "$script" ] && run "$script" sh "$script"
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]

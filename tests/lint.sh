#!/bin/sh
# lint.sh - the house style that a machine can hold. Prints the length of functions and one line per
# offence; 1 if there is any. `lint.sh --self-test` must notice each offence of a bad file.
cd "$(dirname "$0")/.." || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
offences=$scratch/offences
: >"$offences"

LIMIT=80     # lines of a function
COLUMNS_=120 # columns of a line, counted in characters

sources() { # tracked and new sources, but not what is built
    git ls-files --cached --others --exclude-standard -- '*.c' '*.h' 2>/dev/null | sort
}

# Functions as K&R lays them out: from a line in column 1 that ends ") {" to "}" in column 1.
lengths() { # file...: "lines file:line name"
    awk '
    FNR == 1 { open = 0 }
    !open && /^[A-Za-z].*\) *\{$/ { open = FNR; name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
    !open && /^[A-Za-z].*\) *\{.*\}$/ { one = $0; sub(/\(.*/, "", one); sub(/.*[ *]/, "", one); print 1, FILENAME ":" FNR, one }
    !open && /^ .*\) \{$/ && start && FNR - start < 6 { open = start; name = first }
    open && /^\}/ { print FNR - open + 1, FILENAME ":" open, name; open = 0 }
    # a head that goes over several lines begins with an opened bracket in column 1
    !open && /^[A-Za-z].*\([^)]*$/ && !/[;{}]$/ && !/^#/ { start = FNR; first = $0; sub(/\(.*/, "", first); sub(/.*[ *]/, "", first) }
    ' "$@"
}

check_length() { lengths "$@" | awk -v limit=$LIMIT '$1 > limit { print $2 ": function " $3 " has " $1 " lines, more than " limit }'; }

check_lines() { # file...: width, tabs, blanks at the end, first line
    LC_ALL=C awk -v limit=$COLUMNS_ '
    FNR == 1 && $0 !~ /^\/\* SPDX-License-Identifier: MIT/ { print FILENAME ":1: does not begin with the SPDX line" }
    { line = $0; gsub(/[\200-\277]/, "", line) } # UTF-8: bytes that only continue a character
    length(line) > limit { print FILENAME ":" FNR ": " length(line) " columns, more than " limit }
    /\t/ { print FILENAME ":" FNR ": a tab" }
    /[ \t]$/ { print FILENAME ":" FNR ": blanks at the end of the line" }
    /\r/ { print FILENAME ":" FNR ": a carriage return" }
    ' "$@"
}

# Science modules print nothing, open nothing and end nothing; only data opens files, src/cli does all.
check_calls() { # file...
    for file in "$@"; do
        case $file in src/cli/* | tests/*) continue ;; esac
        words='printf|puts|putchar|fputs|fputc|fwrite|perror|exit|_exit|abort|assert|time|clock|rand|srand|getenv'
        case $file in
        src/teachers/*) words='printf|puts|putchar|perror|exit|abort|assert|time|clock|rand|srand' ;; # starts programs
        data/*) words='printf|puts|putchar|perror|exit|_exit|abort|assert|time|clock|rand|srand|getenv' ;;
        *) words="$words|fopen|open|fprintf|fread|fclose|stat" ;; esac
        # without comments and strings; preceded by no letter, so that snprintf is not printf
        sed -e 's/"\([^"\\]\|\\.\)*"/""/g' -e 's@/\*.*\*/@@g' -e '/^ *\/\?\*/d' "$file" | grep -nE "(^|[^A-Za-z0-9_.>])($words)\(" |
            sed "s@^\([0-9]*\):@$file: a call that belongs to src/cli or data: @"
    done
}

check_paths() { # file...: folders of somebody's machine
    grep -nE '(^|[^A-Za-z0-9_.])/(work|opt|home|root|tmp)/' "$@" /dev/null | sed 's/^\([^:]*:[0-9]*\):.*/\1: a path of one machine/'
}

check_top() { # names at the top level of what is tracked
    git ls-files | sed 's@/.*@@' | sort -u |
        grep -vxE 'Makefile|src|include|distortions|relax|fingerprints|data|tests|README\.md|LICENSE|\..*' |
        sed 's/^/top level: not in the plan of the tree: /'
}

check_headers() { # each public header compiles alone, as C11 and strictly
    for header in include/shakedown/*.h; do
        printf '#include "shakedown/%s"\n' "$(basename "$header")" >"$scratch/alone.c"
        ${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror -Iinclude -fsyntax-only "$scratch/alone.c" >"$scratch/said" 2>&1 ||
            echo "$header: does not compile on its own: $(head -n 1 "$scratch/said")"
    done
}

check_makes_no_debt() { grep -nwE 'TODO|FIXME|XXX|HACK' "$@" /dev/null | sed 's/^\([^:]*:[0-9]*\):.*/\1: an open end/'; }

statistics() {
    lengths "$@" | sort -n | awk '
    { v[NR] = $1; if ($1 >= worst) { worst = $1; where = $2 " " $3 } }
    END { if (NR) printf "lint: %d functions: median %d lines, 90th percentile %d, longest %d (%s)\n",
          NR, v[int((NR + 1) / 2)], v[int(0.9 * NR + 0.5)], worst, where }'
}

if [ "$1" = --self-test ]; then
    mkdir -p "$scratch/relax"
    cd "$scratch" || exit 1
    {
        printf 'static void f(int a) {\n    printf("%%d", a);\n    exit(1);\n    g("/work/x"); \n\tFILE *f = fopen("x", "r");\n'
        awk 'BEGIN { for (i = 0; i < 80; i++) print "    a += 1;" }'
        printf '}\n\nint two_lines(int first,\n              int second) {\n'
        awk 'BEGIN { for (i = 0; i < 80; i++) print "    a += 1;" }'
        printf '}\n/* %0120d TODO */\n' 0
    } >relax/bad.c
    for check in check_length check_lines check_calls check_paths check_makes_no_debt; do $check relax/bad.c; done >said
    for words in 'function f has 8' 'function two_lines has' 'SPDX' 'columns' 'a tab' 'blanks' 'exit(1)' 'printf(' 'fopen(' \
        'path of one machine' 'open end'; do
        grep -qF "$words" said || { echo "lint: self-test: '$words' went unnoticed"; touch failed; }
    done
    [ ! -e failed ]
    exit
fi

# shellcheck disable=SC2046
set -- $(sources)
{
    check_length "$@"
    check_lines "$@"
    check_calls "$@"
    check_makes_no_debt "$@"
    check_paths $(git ls-files | grep -vE '^\.ci/|^tests/lint\.sh$|\.(gz|png|db)$')
    check_top
    check_headers
} >"$offences"
library=$(printf '%s\n' "$@" | grep -v '^tests/')
# shellcheck disable=SC2086
[ -n "$library" ] && statistics $library
cat "$offences"
[ ! -s "$offences" ]

#!/bin/sh
# layers.sh - holds the architecture: who may include whom. Silent and 0 when clean; otherwise one line per
# offence and 1. `layers.sh --self-test` commits every offence in a scratch tree and must notice each.
#
# The tables below are the architecture. Arrows point down only:
#   src/cli > src/search > distortions relax fingerprints (never each other) > src/crystal > src/base
#   data beside src/search; only src/cli sees both
#   src/teachers: potentials that ask other programs; above relax and data, used by src/cli only
root=$(cd "$(dirname "$0")/.." && pwd)
[ "$1" = --self-test ] && self_test=yes
[ -n "$1" ] && [ "$1" != --self-test ] && root=$1

# folder: public headers its files may include
folders='
src/base      base
src/crystal   base crystal alloy
src/search    base crystal distortions relax learned fingerprints search confidence
src/cli       base crystal alloy distortions relax learned calibration fingerprints search confidence data tasks process teachers
src/teachers  base crystal relax data process teachers
distortions   base crystal distortions
relax         base crystal relax learned calibration
fingerprints  base crystal fingerprints
data          base crystal data tasks
'
# public header: public headers it may include
headers='
base
crystal       base
alloy         base crystal
distortions   base crystal
relax         base crystal
learned       base crystal relax
calibration   base crystal relax learned
fingerprints  base crystal
data          base crystal
tasks         base crystal data
search        base crystal distortions relax learned fingerprints
confidence    base crystal distortions relax fingerprints search
process       base
teachers      base crystal relax
'
# foreign header: the one door to it (a file or a folder)
doors='
spglib.h            src/crystal/symmetry.c
gsl/gsl_rng.h       src/base/rng.c
sqlite3.h           data/
zlib.h              data/
libxml/             data/
omp.h               src/base/parallel.c
'

includes() { # file: every included name, <> or ""
    sed -n 's/^[ \t]*#[ \t]*include[ \t]*[<"]\([^">]*\)[">].*/\1/p' "$1"
}
allowed() { # word list...
    word=$1
    shift
    for w in "$@"; do [ "$w" = "$word" ] && return 0; done
    return 1
}
complain() { echo "layers: $1 includes $2: $3"; }

check_file() { # file, allowed modules: says each offence
    file=$1
    shift
    includes "$file" | while read -r name; do
        case $name in
        *..*) complain "$file" "$name" "no paths upwards" ;;
        shakedown/*.h)
            module=${name#shakedown/}
            allowed "${module%.h}" "$@" || complain "$file" "$name" "allowed here are: ${*:-none}" ;;
        */*) case $name in src/* | distortions/* | relax/* | fingerprints/* | data/*)
            complain "$file" "$name" "another folder's private header" ;; esac ;;
        esac
        echo "$doors" | while read -r door place; do
            [ -z "$door" ] && continue
            case $name in "$door" | "$door"*) ;; *) continue ;; esac
            case $file in "$place" | "$place"*) ;; *) complain "$file" "$name" "its only door is $place" ;; esac
        done
    done
}

check_tree() {
    echo "$folders" | while read -r folder modules; do
        [ -z "$folder" ] && continue
        find "$folder" -name '*.[ch]' 2>/dev/null | sort | while read -r file; do
            # shellcheck disable=SC2086
            check_file "$file" $modules
        done
    done
    for file in include/shakedown/*.h; do
        [ -f "$file" ] || continue
        module=$(basename "$file" .h)
        row=$(echo "$headers" | sed -n "s/^$module\( .*\)\{0,1\}$/listed\1/p")
        [ -z "$row" ] && echo "layers: $file: a public header that the table in tests/layers.sh does not know"
        # shellcheck disable=SC2086
        check_file "$file" ${row#listed}
    done
}

# One line per way to break the tree: the file that gets the include, and what it includes.
breaks='
src/base/x.c          "shakedown/crystal.h"
src/base/x.c          <spglib.h>
src/crystal/x.c       "shakedown/relax.h"
src/crystal/x.c       <gsl/gsl_rng.h>
src/search/x.c        "shakedown/data.h"
src/search/x.c        "../cli/cli.h"
src/search/x.c        "shakedown/teachers.h"
src/teachers/x.c      "shakedown/search.h"
relax/x.c             "shakedown/teachers.h"
src/cli/x.c           <sqlite3.h>
distortions/x.c       "shakedown/relax.h"
distortions/x.h       "relax/settings.h"
relax/x.c             "shakedown/fingerprints.h"
relax/x.c             "shakedown/data.h"
fingerprints/x.c      "shakedown/distortions.h"
fingerprints/x.c      <zlib.h>
data/x.c              "shakedown/search.h"
include/shakedown/base.h    "shakedown/crystal.h"
include/shakedown/relax.h   "shakedown/distortions.h"
include/shakedown/data.h    "shakedown/search.h"
include/shakedown/other.h   "shakedown/base.h"
'
run_self_test() {
    echo "$breaks" | while read -r file include; do
        [ -z "$file" ] && continue
        copy=$(mktemp -d)
        mkdir -p "$copy/$(dirname "$file")"
        printf '#include %s\n' "$include" >>"$copy/$file"
        (cd "$copy" && check_tree) | grep -q "$file" || echo "layers: self-test: '$include' in $file went unnoticed"
        rm -rf "$copy"
    done
}

cd "$root" || exit 1
found=$(check_tree)
[ -n "$self_test" ] && found="$found$(run_self_test)"
[ -z "$found" ] && exit 0
echo "$found"
exit 1

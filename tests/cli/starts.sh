#!/bin/sh
# SPDX-License-Identifier: MIT
# distort's choices of starts: sets, pairs, elements, atoms, numbers, rattle; duplicates made once; kinds listed with
# their reasons; threads change nothing; bad requests give one line and exit code 2.
. "$(dirname "$0")/common.inc"
cdte=data/hosts/CdTe.POSCAR
mgo=data/hosts/MgO.POSCAR
distort() { # options...: v_Cd in CdTe, neutral, into $work/run
    rm -rf "$work/run"
    code "$shakedown" distort "$cdte" --defect v_Cd --charges 0 -o "$work/run" "$@"
}
folders() { find "$work/run" -name POSCAR | wc -l; }
made() { # NUMBER options...
    wanted=$1
    shift
    [ "$(distort "$@")" = 0 ] && [ "$(folders)" = "$wanted" ]
}
only="--kinds unperturbed,bond,dimer"

# shellcheck disable=SC2086
{
    check "fifteen starts of ShakeNBreak" made 15 $only
    check "all sets of two out of four" made 75 $only --subsets all
    check "which symmetry makes one" made 15 $only --subsets distinct
    check "the recipe for alloys" made 31 --kinds unperturbed --pairs all
    check "a pair has its folder" test -s "$work/run/v_Cd_0/Bond_Distortion_-40.0%_pair2/POSCAR"
    check "one pair but for symmetry" made 6 --kinds unperturbed --pairs distinct
    check "pairs that bond makes are left out" made 15 $only --pairs distinct
    check "and it is said" says "left out Bond_Distortion_-60.0%_pair1: the same as Bond_Distortion_-60.0%"
    check "a distortion given twice is made once" made 3 $only --distortions -0.3,0.2,-0.3
    check "N of one defect" made 15 $only --neighbours v_Cd=4
    check "N is in the comment" grep -q "N(Distort)=4" "$work/run/v_Cd_0/Bond_Distortion_-40.0%/POSCAR"
    check "N = 0: only a rattle" made 3 $only,rattled --neighbours 0
    check "electrons instead of the guess" made 15 $only --electrons v_Cd=3
    check "three electrons, three neighbours" grep -q "N(Distort)=3" "$work/run/v_Cd_0/Bond_Distortion_-40.0%/POSCAR"
    check "a dimer of a given length" made 4 $only --distortions -0.2,0.2 --dimer always --dimer-length 2.9
    check "no dimer" made 14 $only --dimer never
    check "without a rattle 0 % is unperturbed" made 14 $only --no-rattle
    check "every number of the rattle" made 15 $only --stdev 0.11 --d-min 2.1 --width 0.08 --nbr-cutoff 4.5 \
        --max-disp 1.5 --max-attempts 3000 --n-iter 2
    check "it is in the metadata" grep -q '"nbr_cutoff": 4.5' "$work/run/distortion_metadata.json"
    check "a local rattle" made 15 $only --local
    check "only some atoms are rattled" made 3 $only --distortions 0 --dimer always --active-atoms 1..5
    check "only Cd is distorted" made 15 $only --distort-elements v_Cd=Cd
    check "two atoms by number" made 15 $only --distort-atoms 30,31
    check "they are in the metadata" grep -q '^ *30,$' "$work/run/distortion_metadata.json"
}
check "opposite pairs around v_O in MgO" test "$(code "$shakedown" distort "$mgo" --defect v_O --charges 0 \
    --kinds unperturbed,bond --subsets distinct -o "$work/mgo")" = 0
check "opposite pairs: as many again" says "26 starts"

check "threads change nothing: one" test "$(distort -q --threads 1)" = 0
mv "$work/run" "$work/one"
check "threads change nothing: two" test "$(distort -q --threads 2)" = 0
check "threads change nothing" diff -r "$work/one" "$work/run"

check "kinds are listed" test "$(code "$shakedown" distort --list-kinds)" = 0
check "each is made by default or has a reason" test "$(grep -c '^[a-z]' "$work/out")" = \
    "$(grep -cE '^ +(made by default|on request: .+)$' "$work/out")"
check "search lists them, too" test "$(code "$shakedown" search --list-kinds)" = 0

refused() { # WORDS options...
    words=$1
    shift
    [ "$(distort "$@")" = 2 ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" = 1 ] && says "$words" &&
        [ ! -e "$work/run" ]
}
check "refused: more neighbours than atoms" refused "54 neighbours to distort, but only 53 atoms" --neighbours 54
check "refused: atoms through the defect" refused "found -1.2" --distortions -0.2,-1.2
check "refused: atoms onto the defect" refused "found -1" --distortions -1
check "refused: no number" refused "--distortions: expected numbers" --distortions some
check "refused: an unknown element" refused "no element in 'Xx'" --distort-elements Xx
check "refused: an element that is not there" refused "no atom of the element to distort (Zn)" --distort-elements Zn
check "refused: a defect that is not made" refused "no defect 'v_Se' is made" --neighbours v_Se=2
check "refused: an atom that is not there" refused "no atom 54" --distort-atoms 54
check "refused: fewer atoms than N" refused "only 1 of the listed atoms" --distort-atoms 7
check "refused: atoms of several defects" refused "choose one with --defect" --defect v_Cd,v_Te --distort-atoms 7,8
check "refused: rattled atoms that are not there" refused "--active-atoms: no atom 99" --active-atoms 99
check "refused: no number of neighbours" refused "--neighbours: expected a number" --neighbours v_Cd=two
check "refused: a list and an increment" refused "contradict each other" --distortions 0.1 --increment 0.2
check "refused: N and electrons" refused "contradict each other" --neighbours 2 --electrons 1
check "refused: a rattle of none" refused "--no-rattle and --stdev contradict" --no-rattle --stdev 0.1
check "refused: a dimer of never" refused "contradict each other" --dimer never --dimer-length 2
check "refused: pairs as ShakeNBreak makes them" refused "--compat and --pairs" --compat shakenbreak --pairs all
check "refused: an unknown choice" refused "expected 'distinct' or 'all'" --subsets some
check "refused: an unknown kind" refused "no kind of start 'shaken'" --kinds shaken
check "refused: an unknown tool" refused "expected 'shakenbreak'" --compat snb
check "refused: no width" refused "--width: expected a number" --width 0
exit $failed

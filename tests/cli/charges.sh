#!/bin/sh
# SPDX-License-Identifier: MIT
# Charge states from the command line: what is guessed and said, lists, rules, single defects, and requests
# that cannot be met: one line, exit code 2.
. "$(dirname "$0")/common.inc"

charges() { # "DEFECT CHARGES" OPTIONS...: are these the charges said for that defect, and the folders made?
    wanted=$1
    shift
    rm -rf "$work/made"
    "$shakedown" distort data/hosts/CdTe.POSCAR --supercell 1 --distortions 0.3 -o "$work/made" "$@" >"$work/out" || return 1
    grep -q "^           $wanted\$" "$work/out" || return 1
    for charge in ${wanted#*: }; do
        [ -f "$work/made/${wanted%%:*}_$charge/Unperturbed/POSCAR" ] || return 1
    done
}
check "doped's rule by default: cation vacancy" charges "v_Cd: -2 -1 0 +1"
check "oxidation states are said" says "oxidation  Cd +2, Te -2; from bond valences"
check "and how to give others" says "--oxidation X=2,Y=-2"
check "the rule is said, and how to give others" says "guessed by doped's rule; otherwise with --charges"
check "antisite" charges "Te_Cd: -4 -3 -2 -1 0 +1 +2" --defect Te_Cd
check "foreign atom" charges "Cl_Te: 0 +1" --extrinsic Cl --charges auto
check "its oxidation state is said" says "Cl -1 (most frequent)"
check "a list for all" charges "v_Te: -2 -1 0 +3" --charges=-2..0,3
check "0 to full ionisation, one beyond" charges "v_Cd: -3 -2 -1 0 +1" --charges oxidation
check "two beyond, as snb generate --padding" charges "v_Te: -2 -1 0 +1 +2 +3 +4" --padding 2
check "a range, as snb generate" charges "v_Te: -1 0 +1" --min-charge=-1 --max-charge 1
check "one defect by list" charges "v_Cd: -2 -1 0 +5" --charges v_Cd=-2..0,5,Te_Cd=0..2
check "another by its own list" grep -q "Te_Cd: 0 +1 +2\$" "$work/out"
check "the others by the rule" grep -q "v_Te: -1 0 +1 +2\$" "$work/out"
check "which is said" says "as given, or guessed by doped's rule"
check "one defect by rule, the others by list" charges "v_Cd: -2 -1 0 +1" --charges 0,v_Cd=auto
check "others by list" grep -q "Te_Cd: 0\$" "$work/out"
check "other oxidation states, other charges" charges "v_Cd: -1 0 +1" --oxidation Cd=1,Te=-1

cat >"$work/Fe3O4" <<END
Fe3O4, made up
1.0
4.6 0 0
0 4.6 0
0 0 4.6
Fe O
3 4
Direct
0 .5 .5
.5 0 .5
.5 .5 0
.25 .25 .25
.25 .75 .75
.75 .25 .75
.75 .75 .25
END
"$shakedown" distort "$work/Fe3O4" --defect v_Fe --distortions 0.3 -o "$work/made" >"$work/out"
check "mixed valence is said" says "O -2, Fe +3; from the composition, mixed valence as means, rounded"

lj=lj:epsilon=0.2,sigma=2.5
check "search makes the neutral state" test \
    "$(code "$shakedown" search data/hosts/CdTe.POSCAR --supercell 1 --defect v_Cd --distortions 0.3 --potential $lj \
        --max-steps 1 -o "$work/run")" = 3
check "and says so" says "charges    0 only; others with --charges"

refused() { # WORDS OPTIONS...
    words=$1
    shift
    [ "$(code "$shakedown" distort data/hosts/CdTe.POSCAR --supercell 1 -o "$work/refused" "$@")" = 2 ] &&
        [ "$(wc -l <"$work/err")" = 1 ] && [ ! -s "$work/out" ] && [ ! -e "$work/refused" ] && says "$words"
}
check "impossible charge" refused "found '12'" --charges 12
check "impossible charge of one defect" refused "v_Cd at charge +9 would have 11 electrons too few" --charges v_Cd=9
check "half a charge" refused "found '0.5'" --charges 0.5
check "range upside down" refused "found '2..-1'" --charges 2..-1
check "no such defect" refused "no defect is called 'v_Zn'" --charges v_Zn=0
check "no such rule" refused "'auto' or 'oxidation'; found 'likely'" --charges likely
check "rule and list at once" refused "a rule stands alone" --charges auto,1
check "one defect twice" refused "'v_Cd' is given twice" --charges v_Cd=0,v_Cd=1
check "--charge and --charges" refused "are the same option" --charges 0 --charge 1
check "half a range" refused "go together; found only --min-charge" --min-charge 0
check "range and list" refused "found both" --min-charge 0 --max-charge 1 --charges 0
check "range from above" refused "is above" --min-charge 1 --max-charge 0
check "padding of a range" refused "--padding goes with a guess" --min-charge 0 --max-charge 1 --padding 2
check "padding of a list" refused "found --charges 0" --charges 0 --padding 2
check "oxidation state of what is not there" refused "Zn is neither in the host nor added" --oxidation Zn=2
check "two oxidation states" refused "Cd is given twice" --oxidation Cd=2,Cd=1
check "oxidation states that do not balance" refused "with -1.5 e an atom" --oxidation Cd=1,Te=-4
exit $failed

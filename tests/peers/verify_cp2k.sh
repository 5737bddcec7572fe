#!/bin/sh
# SPDX-License-Identifier: MIT
# verify_cp2k.sh - from the ranked list to DFT and back, with CP2K (Debian) doing the DFT: the vacancy in 15-atom silicon.
# Single points, killed in the middle and gone on with; collected and ranked anew; the best two relaxed, killed in the
# middle and gone on with from the last step; collected. Level and effort are made small by an input of the user's.
cd "$(dirname "$0")/../.." || exit 1
tests/deps.sh cp2k cp2k-data || exit 1
. tests/cli/common.inc
export OMP_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
cat >"$work/cp2k.inp" <<'END2'
&GLOBAL
  PROJECT relax
  RUN_TYPE GEO_OPT
&END GLOBAL
&MOTION
  &GEO_OPT
    OPTIMIZER BFGS
    MAX_ITER 200
  &END GEO_OPT
&END MOTION
&FORCE_EVAL
  METHOD Quickstep
  &PRINT
    &FORCES ON
    &END FORCES
  &END PRINT
  &DFT
    BASIS_SET_FILE_NAME BASIS_MOLOPT
    POTENTIAL_FILE_NAME GTH_POTENTIALS
    &MGRID
      CUTOFF 80
      REL_CUTOFF 20
    &END MGRID
    &QS
      EPS_DEFAULT 1e-8
    &END QS
    &SCF
      MAX_SCF 60
      EPS_SCF 1e-5
      ADDED_MOS 16
      &SMEAR ON
        METHOD FERMI_DIRAC
        ELECTRONIC_TEMPERATURE 600
      &END SMEAR
      &MIXING
        METHOD BROYDEN_MIXING
        ALPHA 0.3
      &END MIXING
    &END SCF
    &XC
      &XC_FUNCTIONAL PADE
      &END XC_FUNCTIONAL
    &END XC
  &END DFT
  &SUBSYS
    &CELL
      CELL_FILE_FORMAT CIF
      CELL_FILE_NAME structure.cif
    &END CELL
    &TOPOLOGY
      COORD_FILE_NAME structure.cif
      COORD_FILE_FORMAT CIF
    &END TOPOLOGY
    &KIND Si
      BASIS_SET SZV-MOLOPT-SR-GTH
      POTENTIAL GTH-PADE-q4
    &END KIND
  &END SUBSYS
&END FORCE_EVAL
END2
run=$work/run
"$shakedown" search data/hosts/Si.POSCAR --defect v_Si --supercell 2,1,1 --potential sw -q -o "$run" >/dev/null 2>&1
verify() { "$shakedown" verify "$run" --code cp2k --input-file "$work/cp2k.inp" --run "$@"; }
# Kills `verify OPTION...` once the file holds the words; what it said goes to $work/first.
kill_when() { # file words option...
    file=$1 words=$2
    shift 2
    (exec "$shakedown" verify "$run" --code cp2k --input-file "$work/cp2k.inp" --run "$@") >"$work/first" 2>&1 &
    victim=$!
    until grep -qs "$words" "$file" || ! kill -0 $victim 2>/dev/null; do sleep 0.1; done
    kill -9 $victim
    wait $victim 2>/dev/null || true
}

folders=$("$shakedown" verify "$run" --code cp2k --input-file "$work/cp2k.inp" 2>/dev/null | sed -n 's@ *(rank.*@@p')
third=$(echo "$folders" | sed -n 3p)
check "single points of $(echo "$folders" | wc -l) families of 15 atoms" test "$(echo "$folders" | wc -l)" -ge 4
kill_when "$third/relax.out" 'DIIS\|Broy\|Mix' -q
done_before=$(grep -c ' eV, 1 step' "$work/first" || true)
check "killed in the third, $done_before done" test "$done_before" = 2
check "the same command ends" test "$(code verify)" = 0
check "and does only what was not done: $(grep ' done before' "$work/out")" grep -q '^2 done before' "$work/out"
check "what was killed still ran, and was ended" says "ended the program that an earlier call left running"
check "a semilocal functional is warned of" says "LDA is semilocal"
check "collect has all" test "$(code "$shakedown" collect "$run")" = 0
sed 's/^/     /' "$work/out"
check "both levels and their disagreement" says "The levels disagree about"
ours=$("$shakedown" collect "$run" --json | awk -F'[:,]' '/"energy_eV"/ {e = $2} /"candidate"/ {gsub(/[\t" ]/, "", $2)
    printf "%s %.5f\n", $2, e}' | sort)
last=$(for f in $folders; do grep 'ENERGY| Total FORCE_EVAL' "$f/relax.out" | tail -1 |
    awk -v n="$(basename "$f")" '{printf "%s %.5f\n", n, $NF * 27.211386245988}'; done | sort)
check "the energies are CP2K's" test "$ours" = "$last"

best=$(awk '$1 == 1 && NF > 5 {print $5; exit}' "$work/out")
"$shakedown" verify "$run" --code cp2k --input-file "$work/cp2k.inp" --stage relax --uncorrected -q >"$work/out" 2>&1
first=$(sed -n 's@ *(rank.*@@p' "$work/out" | head -1)
check "the lowest by DFT, $best, is relaxed first" test "${first##*/}" = "Bond_Distortion_$best" -o "${first##*/}" = "$best"
kill_when "$first/relax-pos-1.xyz" 'i = *2,' --stage relax --uncorrected -q
check "killed after some steps" test ! -s "$first/shakedown.status"
check "the same command ends" test "$(code verify --stage relax --uncorrected)" = 0
check "it went on from the last step" grep -q '"restarts":.*1' "$run/verify/relax/manifest.json"
check "what there was lies aside" test -f "$first/earlier_1/relax.out"
check "again: nothing left to do" test "$(code verify --stage relax --uncorrected)" = 0
check "and it says so" says "2 done before, 0 done now"
check "collect has all" test "$(code "$shakedown" collect "$run")" = 0
sed 's/^/     /' "$work/out"
check "relaxed structures belong to families, ranked" says "relaxed at cp2k/LDA"

# The same from where the single points' correction leads.
cp -r "$run" "$work/corrected"
rm -r "$work/corrected/verify/relax"
run=$work/corrected
check "relaxations of corrected minima" test "$(code verify --stage relax --jobs 2)" = 0
check "a table of them" says "corrected with single points at cp2k/LDA"
sed 's/^/     /' "$work/out"
check "collect has all" test "$(code "$shakedown" collect "$run")" = 0
sed -n '/relaxed at/,$p' "$work/out" | sed 's/^/     /'
exit $failed

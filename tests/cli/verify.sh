#!/bin/sh
# SPDX-License-Identifier: MIT
# verify and collect with a code that is a shell script: it gives the energy of a table instead of computing one. Single
# points, answers that are late, wrong or missing, a kill and the same command again, relaxations, stopping by rules.
. "$(dirname "$0")/common.inc"
run=$work/run
"$shakedown" search data/hosts/Si.POSCAR --defect v_Si --supercell 1 --potential sw --saddles no -q -o "$run" >/dev/null 2>&1
verify() { "$shakedown" verify "$run" --code espresso "$@"; }
collect() { "$shakedown" collect "$run" "$@"; }
points=$run/verify/points

# As pw.x would answer: $1 the input, $2 the energy (Ry), $3 what is wrong; positions are those of the input.
cat >"$work/pw.sh" <<'END2'
#!/bin/sh
input=$1 energy=$2 fault=${3:-}
name=$(basename "$PWD")
echo "$name" >>"$LOG"
[ "$fault" = slow ] && sleep 100
[ "$fault" = fails ] && { echo "Error in routine readpp"; exit 3; }
n=$(sed -n '/^ATOMIC_POSITIONS/,$p' "$input" | grep -c '^Si ')
[ "$fault" = fewer ] && n=$((n - 1))
echo "     Program PWSCF v.6.7MaX starts on 21Nov2025 at 12: 0: 0"
echo "     lattice parameter (alat)  =      10.0000  a.u."
echo "     number of atoms/cell      =            $n"
echo "     number of electrons       =        28.00"
echo "     crystal axes: (cart. coord. in units of alat)"
sed -n '/^CELL_PARAMETERS/,/^$/p' "$input" | grep '^ ' | awk '{ k = 0.529177210903 * 10
    printf "               a(%d) = ( %10.6f %10.6f %10.6f )\n", NR, $1 / k, $2 / k, $3 / k }'
echo
echo "   Cartesian axes"
echo
echo "     site n.     atom                  positions (alat units)"
sed -n '/^ATOMIC_POSITIONS/,$p' "$input" | grep '^Si ' | head -n "$n" | awk '{ k = 0.529177210903 * 10
    printf "      %5d           Si  tau(%4d) = ( %11.7f %11.7f %11.7f  )\n", NR, NR, $2 / k, $3 / k, $4 / k }'
echo
[ "$fault" = cut ] && exit 0
echo "     convergence has been achieved in   7 iterations"
echo "!    total energy              =    $energy Ry"
echo "     total magnetization       =     2.00 Bohr mag/cell"
echo
echo "     Forces acting on atoms (cartesian axes, Ry/au):"
echo
for i in $(seq "$n"); do echo "     atom $i type  1   force =     0.00000000    0.00000000    0.00000000"; done
echo
echo "     Total force =     0.000000     Total SCF correction =     0.000000"
steps=${STEPS:-0}
while [ "$steps" -gt 0 ]; do
    steps=$((steps - 1))
    echo "ATOMIC_POSITIONS (angstrom)"
    sed -n '/^ATOMIC_POSITIONS/,$p' "$input" | grep '^Si '
    echo
    echo "     convergence has been achieved in   7 iterations"
    echo "!    total energy              =    $energy Ry"
    echo
    echo "     Forces acting on atoms (cartesian axes, Ry/au):"
    echo
    for i in $(seq "$n"); do echo "     atom $i type  1   force =     0.00000000    0.00000000    0.00000000"; done
    echo
    echo "     Total force =     0.000000     Total SCF correction =     0.000000"
done
[ "$fault" = endless ] && sleep 100
grep -q "'relax'" "$input" && echo "     bfgs converged in   2 scf cycles and   1 bfgs steps" && echo "     End of BFGS Geometry Optimization"
echo "   JOB DONE."
END2
export LOG=$work/log
: >"$LOG"
# command ENERGIES: a table "start energy fault"; others -100.0
command_of() {
    printf '%s\n' "$@" >"$work/table"
    cat >"$work/fake.sh" <<END2
line=\$(grep "^\$(basename "\$PWD") " $work/table | cut -d' ' -f2-)
exec sh $work/pw.sh "\$1" \${line:--100.0}
END2
    echo "sh $work/fake.sh {input}"
}

out=$(verify)
check "inputs of every family and a manifest" test "$(echo "$out" | grep -c '^.*rank [1-4] of 4')" = 4 -a -f "$points/manifest.json"
first=$(echo "$out" | sed -n 's@.*/\(.*\)  (rank 1 of 4.*@\1@p')
second=$(echo "$out" | sed -n 's@.*/\(.*\)  (rank 3 of 4.*@\1@p')
third=$(echo "$out" | sed -n 's@.*/\(.*\)  (rank 4 of 4.*@\1@p')
check "they are single points" grep -q "calculation *= 'scf'" "$points/v_Si_0/Unperturbed/espresso.pwi"
check "the level is named" grep -q '"espresso/HSE06"' "$points/manifest.json"
for row in 'vasp HSE06 INCAR IBRION.=.-1' 'cp2k PBE0 cp2k_input.inp RUN_TYPE.ENERGY_FORCE' \
    'castep HSE06 castep.param TASK.:.SinglePoint' 'fhi-aims HSE06 control.in relax_geometry.*none' \
    'abinit HSE06 abinit.abi ionmov.0'; do
    set -- $row
    "$shakedown" verify "$run" --code "$1" -o "$work/$1" >"$work/out" 2>"$work/err"
    check "$1: the level is read off the input" says "at $1/$2,"
    check "$1: single points" grep -q "^ *$4" "$work/$1/points/v_Si_0/Unperturbed/$3"
done
check "a window: its families and the unperturbed one" test "$(verify --window 0.01 -o "$work/narrow" | grep -c ' rank\|(rank')" = 2
check "--top 1" test "$(verify --top 1 -o "$work/top" | grep -c '(rank')" = 2
echo "&SYSTEM
 input_dft = 'PBE'
/" >"$work/pbe"
check "a semilocal functional is warned of" test "$(code verify --input-file "$work/pbe" -o "$work/pbe_run")" = 0
check "with defect and reason" says "v_Si_0: PBE is semilocal"
check "other settings in the same folder are refused" test "$(code verify --input-file "$work/pbe")" = 2
check "in one line" says "holds calculations at espresso/HSE06 with other settings"

check "too early: nothing is there yet" test "$(code collect)" = 3
check "each is named" test "$(grep -c 'no output (espresso.out) yet' "$work/out")" = 4

command=$(command_of "$first -99.0" "Unperturbed -100.5 fails" "$second -100.1 fewer" "$third -100.2 cut")
check "failing, too few atoms, cut off: not converged" test "$(code verify --run --command "$command")" = 3
check "failing: its exit code" says "Unperturbed: espresso.out: "
check "failing: one line" says "the program ended with exit code 3"
check "too few atoms" says "$second: espresso.out: expected the 7 atoms that were written; found 6"
check "cut off" grep -q "^v_Si_0/$third: espresso.out: " "$work/out"
check "collect names the three" test "$(code collect)" = 3
check "and has the one" says "Without a result, 3 of 4"
cp "$points/v_Si_0/$second/espresso.out" "$work/kept"
sed 's/=    -100.1 Ry/=    NaN Ry/' "$work/kept" >"$points/v_Si_0/$second/espresso.out"
check "NaN" test "$(code collect)" = 3
check "NaN: one line" grep -q "^points/v_Si_0/$second: espresso.out" "$work/out"

: >"$LOG"
command=$(command_of "$first -99.0" "Unperturbed -100.5" "$second -100.1" "$third -100.2 slow")
(exec "$shakedown" verify "$run" --code espresso --run --command "$command") >"$work/out" 2>&1 &
victim=$!
until grep -qs "^$third\$" "$LOG" || ! kill -0 $victim 2>/dev/null; do sleep 0.05; done
kill -9 $victim 2>/dev/null
wait $victim 2>/dev/null || true
left=$(cat "$points/v_Si_0/$third/shakedown.lock")
check "killed: its program still runs" kill -0 "$left"
command=$(command_of "$first -99.0" "Unperturbed -100.5" "$second -100.1" "$third -100.2")
: >"$LOG"
check "the same command again" test "$(code verify --run --command "$command")" = 0
runs() { kill -0 "$1" 2>/dev/null && ! grep -qs '^State:.Z' "/proc/$1/status"; }
ended() { ! runs "$left"; }
check "the program left behind was ended" ended
check "only what was not done was run" test "$(cat "$LOG")" = "$third"
mv "$points/v_Si_0/$third/espresso.out" "$points/v_Si_0/$third/espresso.pwo"
check "collect has all, an output under its input's name among them" test "$(code collect)" = 0
check "ranked by the new energies" test "$(awk '$1 == 1 && NF > 5 {print $5}' "$work/out")" = Unperturbed
check "both levels side by side" says "dE espresso/HSE06 (eV)  dE sw (eV)  rank sw"
check "where they disagree" says "The levels disagree about"
check "the lesson" says "Lowest at espresso/HSE06: Unperturbed"
check "the ranking file is the table" grep -q "Lowest at espresso/HSE06: Unperturbed" "$run/verify/ranking.txt"
check "analyse: energy and magnetisation at the other level" sh -c \
    "'$shakedown' analyse '$run' | grep -qE 'espresso/HSE06, single point: -[0-9.]+ eV, magnetisation 2.00 µB'"
check "JSON" test "$(collect --json | grep -c '"lower_in_search"')" -gt 0
check "labels for a model" grep -q 'level=espresso/HSE06' "$run/verify/labels.xyz"
before=$(wc -c <"$run/verify/labels.xyz")
check "twice is once" test "$(code collect)" = 0 -a "$(wc -c <"$run/verify/labels.xyz")" = "$before"
"$shakedown" rank "$run" >"$work/table_after"
check "the search's own table is as before" cmp -s "$run/ranking.txt" "$work/table_after"

out=$(verify --stage relax --uncorrected)
check "relaxations of the best two" test "$(echo "$out" | grep -c '(rank')" = 2
check "by the new energies" test -d "$run/verify/relax/v_Si_0/Unperturbed"
check "they relax" grep -q "calculation *= 'relax'" "$run/verify/relax/v_Si_0/Unperturbed/espresso.pwi"
command=$(command_of "Unperturbed -100.5" "$third -100.4 endless")
check "run: one has stalled and is stopped" test "$(STEPS=60; export STEPS; code verify --stage relax --uncorrected --run --command "$command")" = 0
check "it says so" says "stopped, it had stalled"
check "collect" test "$(code collect)" = 0
check "relaxed structures belong to families" says "v_Si_0, relaxed at espresso/HSE06"
check "Unperturbed stayed" grep -q '^ *1 .* Unperturbed  Unperturbed (rank' "$work/out"
verify --stage relax --uncorrected --best 3 >/dev/null
command=$(command_of "$second 5.0 endless")
check "run: one far above the unperturbed defect" \
    test "$(STEPS=10; export STEPS; code verify --stage relax --uncorrected --best 3 --run --command "$command")" = 3
check "is stopped, and why is said" says "$second: stopped as hopeless: positive energy: 68.028 eV after"
check "and not begun again" test "$(code verify --stage relax --uncorrected --best 3 --run --command "$command")" = 0
check "and named by collect" test "$(code collect)" = 3
check "with the reason" says "relax/v_Si_0/$second: stopped as hopeless"
cat >"$work/both.sh" <<END2
echo x >>$work/begun
i=0 # goes on once another one has begun
until [ \$(wc -l <$work/begun) -ge 2 ]; do sleep 0.02; i=\$((i + 1)); [ \$i -lt 500 ] || exit 9; done
exec sh $work/pw.sh \$1 -100.0
END2
"$shakedown" verify "$run" --code espresso -o "$work/jobs" >/dev/null
check "--jobs 2: two at once" test "$(code verify -o "$work/jobs" --run --jobs 2 --command "sh $work/both.sh {input}")" = 0
check "all of them" says "4 done now"
"$shakedown" verify "$run" --code espresso -o "$work/jobs9" >/dev/null
(exec "$shakedown" verify "$run" --code espresso -o "$work/jobs9" --run --jobs 3 --command "echo \$\$ >>$work/pids; sleep 100; true") \
    >"$work/out" 2>"$work/err" &
victim=$!
until [ "$(cat "$work/pids" 2>/dev/null | wc -l)" = 3 ]; do sleep 0.05; done
kill -9 $victim
wait $victim 2>/dev/null || true
: >"$LOG"
check "killed with three at work: the same command again" \
    test "$(code verify -o "$work/jobs9" --run --jobs 3 --command "$(command_of)")" = 0
check "what was left of the three was ended" sh -c "for p in \$(cat '$work/pids'); do
    kill -0 \$p 2>/dev/null && ! grep -qs '^State:.Z' /proc/\$p/status && exit 1; done; exit 0"
check "all four run once" test "$(sort -u "$LOG" | wc -l)" = 4 -a "$(wc -l <"$LOG")" = 4
"$shakedown" verify "$run" --code espresso -o "$work/stop" >/dev/null
(exec "$shakedown" verify "$run" --code espresso -o "$work/stop" --run --command "echo \$\$ >$work/pid; sleep 100; true") \
    >"$work/out" 2>"$work/err" &
victim=$!
until [ -s "$work/pid" ]; do sleep 0.05; done
kill -TERM $victim
status=0
wait $victim || status=$?
left=$(cat "$work/pid")
check "interrupted: 130" test $status = 130
check "it says how to go on" says "run the same command again to go on"
check "and its program is gone" ended
check "Slurm" test "$(code verify --slurm)" = 0 -a -f "$points/job.slurm" -a "$(wc -l <"$points/folders.txt")" = 4
check "Slurm: a task a calculation" grep -q '^#SBATCH --array=0-3$' "$points/job.slurm"

bad() { # MESSAGE command...: exit 2 and the message
    message=$1
    shift
    check "refused: $message" test "$(code "$@")" = 2
    says "$message" || { echo "FAIL it says: $(cat "$work/err")"; failed=1; }
}
bad "--code is missing" "$shakedown" verify "$run"
bad "--code: expected one of" "$shakedown" verify "$run" --code gaussian
bad "--top: expected auto or a number from 1; found '0'" verify --top 0
bad "--jobs needs --run" verify --jobs 2
bad "--stage: expected points or relax; found 'both'" verify --stage both
bad "not the folder of a search" "$shakedown" verify "$work/nowhere" --code vasp
bad "not the folder of a search" "$shakedown" collect "$work/nowhere"
bad "holds nothing to collect" collect -o "$work/nowhere"
bad "--run: vasp is not here" "$shakedown" verify "$run" --code vasp --run -o "$work/v"
bad "holds no single points by which to choose" sh -c "cp -r '$work/narrow' '$work/x'; '$shakedown' search data/hosts/Si.POSCAR \
    --defect v_Si --supercell 1 --potential sw --saddles no -q -o '$work/other' >'$work/quiet' 2>&1; '$shakedown' verify '$work/other' \
    --code vasp --stage relax"
echo '{"layout": 1, "code": "vasp", "level": "x", "calculations": [{"folder": "../../etc", "job": 0, "start": 0}]}' \
    >"$points/manifest.json"
bad "expected folder, job and start" collect
echo 'no manifest' >"$points/manifest.json"
bad "expected a manifest of 'shakedown verify'" collect
exit $failed

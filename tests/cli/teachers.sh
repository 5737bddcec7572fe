#!/bin/sh
# teachers.sh - searches whose energies other programs give: a command, and a queue that answers late, out of order and
# cut off; levels that may not be mixed; kill -9. The programs are 'shakedown eval' with changed parameters.
. "$(dirname "$0")/common.inc"
case $shakedown in /*) ;; *) shakedown=$PWD/$shakedown ;; esac
host=$PWD/data/hosts/Si.POSCAR
cd "$work"

# A vacancy in few starts; both levels cost microseconds.
few="--defect v_Si --supercell 2,2,2 --far-field free --distortions=-0.4,0.4 --prior sw"
search() { # DIR options...: what a teacher adds
    run=$1
    shift
    # shellcheck disable=SC2086
    "$shakedown" search "$host" $few -o "$run" "$@"
}
ask="$shakedown eval {input} -p sw:lambda=24 -o out.xyz"

check "a teacher that is none is refused" test "$(code search none --teacher dft)" = 2
check "and told" says "dft"
check "options of a teacher need one" test "$(code "$shakedown" eval "$host" -p sw --teacher-output x)" = 2
check "a command without an output" test "$(code "$shakedown" eval "$host" --teacher command --teacher-command x)" = 2
check "is told what is missing" says "--teacher-output"
energy() { "$shakedown" eval "$host" "$@" | awk 'END { print $4 }'; }
check "a command gives what it computes" test "$(energy -p sw:lambda=24)" = \
    "$(energy --teacher command --teacher-command "$ask" --teacher-output out.xyz)"

# --- a command -----------------------------------------------------------------------------------
by_command() { # DIR options...
    run=$1
    shift
    search "$run" --teacher command --teacher-command "echo x >>'$work/asked'; $ask" --teacher-output out.xyz "$@"
}
check "a search by a command" test "$(code by_command whole --teacher-level 'fake DFT')" = 0
"$shakedown" rank whole >table
asked=$(wc -l <asked)
check "asks it a few times ($asked)" test "$asked" -ge 2 -a "$asked" -lt 40
check "its level stands in the table" grep -q "fake DFT" out
check "nothing is asked again" test "$(code by_command whole --teacher-level 'fake DFT')" = 0 -a "$(wc -l <asked)" = "$asked"
check "labels go out" test "$(code "$shakedown" export whole --labels labels.xyz)" = 0
check "each once" test "$(grep -c 'level="fake DFT"' labels.xyz)" = "$asked"
check "with where they came from" test "$(grep -c 'origin="whole/teacher/.*/POSCAR (FNV' labels.xyz)" = "$asked"

check "another level in the same folder is refused" test "$(code by_command whole --teacher-level 'other DFT')" = 2
check "labels of another level too" test \
    "$(code by_command next --teacher-level 'other DFT' --learned-from whole)" = 2
check "in a clear line" says "its labels are of 'fake DFT', this search is one with 'other DFT'"
: >asked
check "those of the same are taken" test "$(code by_command next --teacher-level 'fake DFT' --learned-from whole)" = 0
check "and spare asking ($(wc -l <asked))" test "$(wc -l <asked)" -lt "$asked"

# --- killed --------------------------------------------------------------------------------------
slow="sleep 0.2; echo x >>'$work/asked'; $ask"
by_slow="--teacher command --teacher-output out.xyz --teacher-level fake_DFT -o killed"
: >asked
for moment in 0.6 1 1.5; do
    # shellcheck disable=SC2086
    "$shakedown" search "$host" $few $by_slow --teacher-command "$slow" >killed.out 2>&1 &
    pid=$!
    sleep $moment
    kill -9 $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
done
# shellcheck disable=SC2086
check "a killed search goes on" test "$(code "$shakedown" search "$host" $few $by_slow --teacher-command "$slow")" = 0
"$shakedown" rank killed | sed 's/fake_DFT/fake DFT/' >table.killed
check "to the same end" cmp -s table table.killed
check "a label is asked again only if it was under way ($(wc -l <asked))" test "$(wc -l <asked)" -le $((asked + 6))

# --- one frame without an answer -----------------------------------------------------------------
cat >moody.sh <<END
echo x >>'$work/asked'
! cmp -s POSCAR '$work/bad' || { echo no licence; exit 5; }
$shakedown eval POSCAR -p sw:lambda=24 -o out.xyz
END
moody() { # DIR options...
    run=$1
    shift
    search "$run" --teacher command --teacher-command "sh '$work/moody.sh'" --teacher-output out.xyz \
        --teacher-level 'fake DFT' "$@"
}
cp "$(sed -n 's/.* label_of=v_Si_0.Bond_Distortion_40.0% origin="\([^ ]*\).*/\1/p' labels.xyz | tail -1)" bad
check "a frame without an answer does not end a search" test "$(code moody later)" = 0
check "it is set aside and named" grep -q "^v_Si_0/Bond_Distortion_40.0%: set aside.*exit code 5: no licence" err
cp "$(sed -n 's/.*energy=-268\.869.* origin="\([^ ]*\).*/\1/p' labels.xyz)" bad # the unperturbed defect
: >asked
check "the unperturbed defect must have one" test "$(code moody first)" = 1
check "and it is named" says "exit code 5: no licence"
before=$(wc -l <asked)
check "it is not asked again" test "$(code moody first)" = 1 -a "$(wc -l <asked)" = "$before"
rm bad
check "unless with --retry" test "$(code moody first --retry)" = 0
"$shakedown" rank first >table.first
check "to the end that it would have had" cmp -s table table.first

# --- a queue -------------------------------------------------------------------------------------
answer() { # DIR: what waits, last first; the first call leaves one out and one cut off
    k=0
    for folder in $(cut -d: -f1 "$1/teacher/waiting.txt" | sort -r); do
        k=$((k + 1))
        [ $k != 1 ] || [ -e late ] || { : >late && continue; }
        "$shakedown" eval "$folder/POSCAR" -p sw:lambda=24 -o "$folder/o.xyz" >"$work/ignored"
        if [ -e cut ]; then mv "$folder/o.xyz" "$folder/out.xyz"; else head -20 "$folder/o.xyz" >"$folder/out.xyz"; fi
        : >cut
    done
}
by_queue() { search queue --teacher files --teacher-output out.xyz --teacher-level 'fake DFT'; }
check "a search by a queue stops with its own code" test "$(code by_queue)" = 4
check "and says what waits" says "wait in queue/teacher"
answer queue
check "it waits for the late one and the one that is cut off" test "$(code by_queue)" = 4 -a \
    "$(wc -l <queue/teacher/waiting.txt)" = 2
check "which it tells apart" grep -q "out.xyz:20: expected atom 19 of 63" queue/teacher/waiting.txt
for turn in 1 2 3 4 5 6 7 8 9 10 11 12; do
    answer queue
    rc=$(code by_queue)
    [ "$rc" = 4 ] || break
done
check "comes to its end" test "$rc" = 0
"$shakedown" rank queue >table.queue
check "that of the command" cmp -s table table.queue
exit $failed

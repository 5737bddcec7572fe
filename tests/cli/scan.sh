#!/bin/sh
# SPDX-License-Identifier: MIT
# Scans: the same table for any number of processes, threads and slices; plans that are wrong; hosts that are; tasks that
# learn from each other; status, merge, report.
. "$(dirname "$0")/common.inc"
cat >"$work/plan" <<'EOF'
hosts: data/hosts/CdTe.POSCAR
alloy:
  substitute: Te:Se
  shares: 0, 0.5
  size: 2
  vegard: Te=6.48,Se=6.05
sites: shell1
defect: v_Cd
supercell: 1
potential: lj:epsilon=0.2,sigma=2.4
kinds: unperturbed,pairs
distortions: -0.4
force-max: 0.1
saddles: no
EOF
scan() { "$shakedown" scan "$@"; } # PLAN -o FOLDER ...
table() { "$shakedown" scan-report "$1" --csv; }

# ---- any number of processes, threads, slices
check "a scan with one process ends" test "$(code scan "$work/plan" -o "$work/one" --processes 1)" = 0
table "$work/one" >"$work/table"
check "an alloy's six tasks, one a first shell" test "$(wc -l <"$work/table")" = 7
check "the shells are told" grep -q ',Se2Te2,' "$work/table"
check "two processes of two threads" test "$(code scan "$work/plan" -o "$work/two" --processes 2 --threads 2)" = 0
table "$work/two" >"$work/table2"
check "same table" cmp "$work/table" "$work/table2"
for i in 1 2 3; do
    check "slice $i of 3" test "$(code scan "$work/plan" -o "$work/sliced" --slice $i/3)" = 0
done
check "no slice takes a lock" test ! -e "$work/sliced/slice-1-of-3.db.workers"
check "status of slices counts them together" test "$(code "$shakedown" status "$work/sliced")" = 0
check "all six are done" says "6 of 6 done"
check "merge joins the slices" test "$(code "$shakedown" merge "$work/sliced")" = 0
table "$work/sliced" >"$work/table3"
check "same table" cmp "$work/table" "$work/table3"
check "merge of what is equal changes nothing" test "$(code "$shakedown" merge "$work/one" "$work/two" -o "$work/both")" = 0
table "$work/both" >"$work/table4"
check "same table" cmp "$work/table" "$work/table4"
check "a second run of the same command has nothing to do" test "$(code scan "$work/plan" -o "$work/one")" = 0
check "and does nothing" test ! -s "$work/err"
if command -v python3 >/dev/null; then
    python3 - "$work/two/scan.db" <<'EOF'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE scan_task SET energy = energy + 1e-3 WHERE id = 3")
db.commit()
EOF
    check "a task that ended otherwise elsewhere is named" test \
        "$(code "$shakedown" merge "$work/one" "$work/two" -o "$work/both2")" = 2
    check "by its number" says "task 3 ("
fi

# ---- plans and hosts that are wrong
bad() { # what, message, plan text
    printf '%s\n' "$3" >"$work/bad"
    check "$1: refused" test "$(code scan "$work/bad" -o "$work/none")" = 2
    check "$1: '$2'" says "$2"
    check "$1: in one line" test "$(wc -l <"$work/err")" = 1
    rm -rf "$work/none"
}
bad "no hosts" "no hosts" "defect: v_Cd"
bad "unknown key" "unknown key 'defekt'" "hosts: data/hosts/Si.POSCAR
defekt: v_Si"
bad "hosts that are not there" "no file" "hosts: nowhere/x.cif"
bad "a rule of sites" "shell1" "hosts: data/hosts/Si.POSCAR
defect: v_Si
sites: shell9"
bad "an option that makes no sense" "no key of a plan" "hosts: data/hosts/Si.POSCAR
output: x"
bad "a defect that no host has" "has no 'v_Cd'" "hosts: data/hosts/Si.POSCAR
defect: v_Cd
potential: sw"
bad "an alloy without elements" "substitute: Te:Se" "hosts: data/hosts/Si.POSCAR
alloy: {size: 2}"
sed 's/0.2,sigma/0.3,sigma/' "$work/plan" >"$work/other"
check "another plan in the folder: refused" test "$(code scan "$work/other" -o "$work/one")" = 2
check "by name" says "another plan"
check "a slice of no plan" test "$(code scan "$work/plan" -o "$work/one" --slice 4/3)" = 2
check "status of no scan" test "$(code "$shakedown" status "$work")" = 2

mkdir "$work/hosts"
cp data/hosts/Si.POSCAR "$work/hosts/a.POSCAR"
echo nonsense >"$work/hosts/b.POSCAR"
cp data/hosts/GaN.POSCAR "$work/hosts/c.POSCAR"
cat >"$work/mixed" <<EOF
hosts: $work/hosts/*.POSCAR
potential: sw
supercell: 2
kinds: unperturbed
saddles: no
force-max: 0.1
groups:
  vacancy: {defect: v_Si}
EOF
check "a host that cannot be read does not stop the others" test \
    "$(code scan "$work/mixed" -o "$work/mixed.run" --keep --quiet --processes 1)" = 3
check "status says what failed" test "$(code "$shakedown" status "$work/mixed.run")" = 0
check "by kind, with an example" says "(host), e.g. $work/hosts/"
check "one of three is done" says "1 of 3 done"
check "--keep leaves the folder of a search" test "$(code "$shakedown" rank "$work/mixed.run/tasks/000001")" = 0
check "status as JSON" test "$(code "$shakedown" status "$work/mixed.run" --json)" = 0
check "with numbers" says '"failed":	2'

# ---- tasks that learn from each other
cat >"$work/learn" <<'EOF'
hosts: data/hosts/Si.POSCAR
defect: v_Si
supercell: 2
potential: sw
surrogate: on
charges: 0..1
kinds: unperturbed,bond
distortions: -0.4
labels: 6
force-max: 0.1
saddles: no
EOF
check "a scan that learns" test "$(code scan "$work/learn" -o "$work/learn1" --processes 1)" = 0
table "$work/learn1" >"$work/learned"
check "the first task knows nothing" grep -q '^1,.*,0,,$' "$work/learned"
check "later ones know its labels" test "$(grep -c ',0,,$' "$work/learned")" = 1
# killed when the first task is done and the next has been given labels
(exec "$shakedown" scan "$work/learn" -o "$work/learn2" --processes 1) 2>"$work/learn2.err" >/dev/null &
victim=$!
until [ -s "$work/learn2.err" ] || ! kill -0 $victim 2>/dev/null; do sleep 0.05; done
kill -9 $victim 2>/dev/null || true
wait $victim 2>/dev/null || true
check "killed in the middle, two processes end it" test "$(code scan "$work/learn" -o "$work/learn2" --processes 2)" = 0
table "$work/learn2" >"$work/learned2"
check "same table" cmp "$work/learned" "$work/learned2"

# with a frozen model tasks know the same, whoever does them
check "what was learned is left" test -s "$work/learn1/learned.model.gz"
frozen() { "$shakedown" scan "$work/learn" --frozen-model "$work/learn1/learned.model.gz" "$@"; }
check "--frozen-model: one process" test "$(code frozen -o "$work/frozen1" --processes 1)" = 0
for i in 1 2; do
    check "--frozen-model: slice $i of 2" test "$(code frozen -o "$work/frozen2" --slice $i/2)" = 0
done
check "joined" test "$(code "$shakedown" merge "$work/frozen2")" = 0
table "$work/frozen1" >"$work/frozen1.csv"
table "$work/frozen2" >"$work/frozen2.csv"
check "same table" cmp "$work/frozen1.csv" "$work/frozen2.csv"
check "all tasks know the model" test "$(grep -c ',0,,$' "$work/frozen1.csv")" = 0

# ---- report
check "a report is written" test "$(code "$shakedown" scan-report "$work/one")" = 0
for file in index.html tasks.csv gain.svg share.svg histogram.svg; do
    check "$file is there" test -s "$work/one/report/$file"
done
exit $failed

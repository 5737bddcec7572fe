#!/bin/sh
# SPDX-License-Identifier: MIT
# bad.sh - the program on every malformed file of tests/bad: exit code 2, nothing on standard output, one
# line with the expected words on standard error; and on every oddity of tests/good_odd: exit code 0.
# The program is $SHAKEDOWN (default ./shakedown). Silent and 0 when all is well.
root=$(cd "$(dirname "$0")/../.." && pwd)
program=${SHAKEDOWN:-./shakedown}
[ -x "$program" ] && program=$(cd "$(dirname "$program")" && pwd)/$(basename "$program")
cd "$root" || exit 1
[ -x "$program" ] || { echo "bad.sh: no program at $program" && exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
offences=0
complain() {
    echo "bad.sh: $1"
    offences=$((offences + 1))
}

tab=$(printf '\t')
while IFS=$tab read -r file words; do
    "$program" convert "tests/bad/$file" - >"$scratch/out" 2>"$scratch/err"
    code=$?
    [ $code -eq 2 ] || complain "$file: exit code $code, wanted 2"
    [ -s "$scratch/out" ] && complain "$file: something was written"
    [ "$(wc -l <"$scratch/err")" -eq 1 ] || complain "$file: not one line: $(cat "$scratch/err")"
    grep -qF -e "$words" "$scratch/err" || complain "$file: wanted '$words', got: $(cat "$scratch/err")"
done <tests/bad/EXPECTED
while IFS=$tab read -r file atoms; do
    "$program" convert "tests/good_odd/$file" "$scratch/out.xyz" 2>"$scratch/err" || complain "$file: $(cat "$scratch/err")"
    grep -sqx -e "$atoms" "$scratch/out.xyz" || complain "$file: wanted $atoms atoms"
done <tests/good_odd/EXPECTED
# standard input, gzip on both ends, a missing file, a full disk
gzip -c data/hosts/Si.POSCAR | "$program" convert --to poscar - "$scratch/Si.gz" || complain "gzip on standard input"
gunzip -c "$scratch/Si.gz" | cmp -s - data/hosts/Si.POSCAR || complain "Si.POSCAR changed on the way"
"$program" convert absent.POSCAR - 2>"$scratch/err"
[ $? -eq 2 ] || complain "absent file: wanted exit code 2"
if [ -e /dev/full ]; then
    "$program" convert data/hosts/Si.POSCAR - >/dev/full 2>"$scratch/err"
    [ $? -eq 1 ] || complain "full disk: wanted exit code 1"
fi
exit $((offences > 0))

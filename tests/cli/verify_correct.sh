#!/bin/sh
# SPDX-License-Identifier: MIT
# What single points teach. The other level is Stillinger-Weber's potential plus a weak pair potential, asked through a
# script that answers as pw.x does: collect fits a correction, relaxations begin where that leads, and there the other
# level's energy is lower than at the search's minima.
. "$(dirname "$0")/common.inc"
run=$work/run
truth=sw+lj:epsilon=0.04,sigma=2.3,cutoff=5,width=1
"$shakedown" search data/hosts/Si.POSCAR --defect v_Si --supercell 1 --potential sw --saddles no -q -o "$run" >/dev/null 2>&1

# Structure of an input as POSCAR, on standard output.
cat >"$work/poscar.awk" <<'END'
/^CELL_PARAMETERS/ { cell = 3; next }
cell > 0 { lattice = lattice $0 "\n"; cell-- }
/^ATOMIC_POSITIONS/ { atoms = 1; next }
atoms && $1 == "Si" { list = list $2 " " $3 " " $4 "\n"; n++ }
END { printf "x\n1\n%sSi\n%d\nCartesian\n%s", lattice, n, list }
END
# Answers of pw.x, from `shakedown eval --json`.
cat >"$work/pw.py.awk" <<'END'
BEGIN { RY = 13.605693122994; AU = 0.529177210903 }
FNR == NR { line = $0; if (/"energy":/) { sub(/.*:[^-0-9]*/, "", line); e = line + 0 }
    if (/"forces":/) { sub(/.*:/, "", line); gsub(/[][ \t{}]/, "", line); split(line, f, /,/) } next }
FNR == 6 { sub(/^ */, ""); n = $1 }
FNR >= 3 && FNR <= 5 { cell[FNR - 2] = $1 / AU / 10 " " $2 / AU / 10 " " $3 / AU / 10 }
FNR == 7 { n = $1 }
FNR > 8 && NF == 3 { p[++k] = $1 / AU / 10 " " $2 / AU / 10 " " $3 / AU / 10 }
END {
    print "     Program PWSCF v.6.7MaX starts on 21Nov2025 at 12: 0: 0"
    print "     lattice parameter (alat)  =      10.0000  a.u."
    print "     number of atoms/cell      =            " k
    print "     crystal axes: (cart. coord. in units of alat)"
    for (i = 1; i <= 3; i++) { split(cell[i], c, " "); printf "               a(%d) = ( %10.6f %10.6f %10.6f )\n", i, c[1], c[2], c[3] }
    print "\n   Cartesian axes\n\n     site n.     atom                  positions (alat units)"
    for (i = 1; i <= k; i++) { split(p[i], c, " "); printf "      %5d           Si  tau(%4d) = ( %11.7f %11.7f %11.7f  )\n", i, i, c[1], c[2], c[3] }
    print "\n     convergence has been achieved in   7 iterations"
    printf "!    total energy              =    %.10f Ry\n\n", e / RY
    print "     Forces acting on atoms (cartesian axes, Ry/au):\n"
    for (i = 1; i <= k; i++) printf "     atom %d type  1   force =  %.8f %.8f %.8f\n", i, f[3 * i - 2] / RY * AU, f[3 * i - 1] / RY * AU, f[3 * i] / RY * AU
    print "\n     Total force =     0.000000     Total SCF correction =     0.000000\n   JOB DONE."
}
END
cat >"$work/pw.sh" <<END
awk -f "$work/poscar.awk" "\$1" >POSCAR
"$shakedown" eval POSCAR -p $truth --json >answer.json && awk -f "$work/pw.py.awk" answer.json POSCAR
END
case $shakedown in /*) ;; *) sed -i "s@\"$shakedown\"@\"$PWD/$shakedown\"@" "$work/pw.sh" ;; esac
check "single points" test "$(code "$shakedown" verify "$run" --code espresso --level truth --run --command "sh $work/pw.sh {input}")" = 0
check "collect" test "$(code "$shakedown" collect "$run")" = 0
check "collect: a corrected model" says "corrected.model.gz: sw with a correction fitted to 4 single points"
check "it is a model on top of the search's potential" sh -c "'$shakedown' model info '$run/verify/corrected.model.gz' | grep -q '^on  *sw'"
cp -r "$run" "$work/plain"
check "relaxations begin where it leads" test "$(code "$shakedown" verify "$run" --code espresso --level truth --stage relax)" = 0
check "a table says how far" says "v_Si_0, relaxed by sw corrected with single points at truth"
cp "$work/out" "$work/table"
check "--uncorrected" test "$(code "$shakedown" verify "$work/plain" --code espresso --level truth --stage relax --uncorrected)" = 0
check "--uncorrected: no table" sh -c "! grep -q corrected '$work/out'"
energy() { # of the structure in an input, eV at the other level
    awk -f "$work/poscar.awk" "$1" >"$work/POSCAR"
    "$shakedown" eval "$work/POSCAR" -p "$truth" --json | sed -n 's/.*"energy":[^-]*\(-[0-9.]*\),/\1/p'
}
both=0
for input in "$run"/verify/relax/v_Si_0/*/espresso.pwi; do
    start=$(basename "$(dirname "$input")")
    [ -f "$work/plain/verify/relax/v_Si_0/$start/espresso.pwi" ] || continue
    both=$((both + 1))
    check "$start: lower by the other level" awk -v a="$(energy "$input")" \
        -v b="$(energy "$work/plain/verify/relax/v_Si_0/$start/espresso.pwi")" 'BEGIN { exit !(a < b) }'
done
check "both were compared" test $both -ge 1
check "the same command again: nothing is chosen anew" test "$(code "$shakedown" verify "$run" --code espresso --level truth --stage relax)" = 0
check "no second relaxation" sh -c "! grep -q 'relaxed by' '$work/out'"
check "collect --uncorrected" test "$(code "$shakedown" collect "$run" --uncorrected)" = 3 # the relaxations are still to come
check "collect --uncorrected: no model made" sh -c "! grep -q 'with a correction' '$work/out'"

# Every so many-th allocation fails (only where the program with sanitizers was built): one line, exit 1, no leak.
san=build-address-undefined/shakedown
survives() { # WHAT command...; $work/w is a copy of the run
    what=$1
    shift
    for k in 0 131 377 640 911 1219 1801 2707; do
        rm -rf "$work/w"
        cp -r "$run" "$work/w"
        rm -rf "$work/w/verify/relax"
        status=0
        SHAKEDOWN_FAIL_AT=$k "$san" "$@" >"$work/out" 2>"$work/err" || status=$?
        case $status in 0 | 3) continue ;; esac
        [ $status = 1 ] && grep -q 'out of memory' "$work/err" && ! grep -q 'Sanitizer\|runtime error' "$work/err" ||
            { head -n 5 "$work/err"; check "$what: allocation $k fails" false; }
    done
    check "$what: failing allocations" true
}
if [ -x $san ]; then
    survives "verify" verify "$work/w" --code cp2k -o "$work/w/v" -j 1
    survives "collect" collect "$work/w" -j 1
    survives "verify --stage relax" verify "$work/w" --code espresso --level truth --stage relax -j 1
    survives "rank --why" rank "$work/w" --why --json -j 1
    survives "report" report "$work/w" -j 1
    survives "plot --steps" plot "$work/w" --steps
fi
exit $failed

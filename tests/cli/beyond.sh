#!/bin/sh
# SPDX-License-Identifier: MIT
# Starts beyond ShakeNBreak's from the command line: kinds by name and by change, several rattles, complexes; an InP
# interstitial gets its split-<110>, a complex of silicon vacancies is relaxed to the end.
. "$(dirname "$0")/common.inc"
cdte=data/hosts/CdTe.POSCAR
distort() { # options...: into $work/run
    rm -rf "$work/run"
    code "$shakedown" distort -o "$work/run" --charges 0 "$@"
}
starts() { (cd "$work/run/$1" && printf '%s ' */ | tr -d /); }

check "kinds by name" test "$(distort "$cdte" --defect v_Cd --kinds unperturbed,push,swap,split_vacancy)" = 0
check "these and no others" test "$(starts v_Cd_0)" = "Push_Te-Te Split_Vacancy_Cd4.58 Swap_Cd-Te Unperturbed "
check "the default with changes" test "$(distort "$cdte" --defect v_Cd --kinds +push,-dimer,-bond)" = 0
check "the default with changes: what is left" test "$(starts v_Cd_0)" = "Push_Te-Te Unperturbed "
check "several rattles" test "$(distort "$cdte" --defect v_Cd --kinds unperturbed --rattles 3)" = 0
check "several rattles: three" test "$(starts v_Cd_0)" = "Rattled_1 Rattled_2 Rattled_3 Unperturbed "
check "rattles differ" test "$(cat "$work"/run/v_Cd_0/Rattled_*/POSCAR | sed -n '/irect/{n;p;}' | sort -u | wc -l)" = 3
check "subgroups are not rattled" test "$(distort "$cdte" --defect v_Cd --kinds subgroup)" = 0
check "subgroups of Td" test "$(starts v_Cd_0)" = "Subgroup_C2v Subgroup_C3 Subgroup_C3v_in Subgroup_C3v_out \
Subgroup_Cs Subgroup_D2d_in Subgroup_D2d_out Subgroup_S4 "
check "a kind that is none" test "$(distort "$cdte" --defect v_Cd --kinds +shove)" = 2
check "a kind that is none: which" says "no kind of start 'shove'"
check "no rattles without a rattle" test "$(distort "$cdte" --defect v_Cd --rattles 3 --no-rattle)" = 2

# InP, a = 5.869 Å
printf 'InP\n5.869\n1 0 0\n0 1 0\n0 0 1\nIn P\n4 4\nDirect\n0 0 0\n0 .5 .5\n.5 0 .5\n.5 .5 0\n' >"$work/InP.POSCAR"
printf '.25 .25 .25\n.25 .75 .75\n.75 .25 .75\n.75 .75 .25\n' >>"$work/InP.POSCAR"
check "P interstitials in InP" test "$(distort "$work/InP.POSCAR" --defect P_i)" = 0
for orientation in 100 110 111; do
    check "a split-<$orientation> of two P by default" test "$(find "$work/run" -type d -name "Split_P_$orientation" | wc -l)" = \
        "$(find "$work/run" -mindepth 1 -maxdepth 1 -type d | wc -l)"
done

defects() { grep '^defect ' "$work/out" | awk '{printf "%s:%s ", $2, $6}'; }
check "complexes by shells" test "$(distort "$cdte" --complex Cd_Te+v_Cd --complex-distance 6 --kinds unperturbed)" = 0
check "complexes: names and numbers" test "$(defects)" = "Cd_Te+v_Cd_2.81:4 Cd_Te+v_Cd_5.37:12 "
check "complexes: folders" test -s "$work/run/Cd_Te+v_Cd_2.81_0/Unperturbed/POSCAR"
check "beside a defect" test "$(distort "$cdte" --defect v_Te --complex v_Cd+v_Te --kinds unperturbed)" = 0
check "beside a defect: both" test "$(defects)" = "v_Te:1 v_Cd+v_Te_2.81:4 "
check "with an interstitial" test "$(distort "$cdte" --complex v_Cd+Te_i --complex-distance 3 --kinds unperturbed)" = 0
check "with an interstitial: sites" test "$(defects)" = "v_Cd+Te_i_C3v_2.69:12 v_Cd+Te_i_Td_Cd2.81_2.81:4 "
check "an unknown part" test "$(distort "$cdte" --complex v_Cd+Cl_Te)" = 2
check "an unknown part: which" says "no defect 'Cl_Te' in this host"
check "a foreign part" test "$(distort "$cdte" --complex v_Cd+Cl_Te --extrinsic Cl --kinds unperturbed)" = 0
check "too far" test "$(distort "$cdte" --complex v_Cd+v_Te --complex-distance 30)" = 2
check "too far: how far" says "half the distance of the supercell's images"

check "a divacancy is searched" test "$(code "$shakedown" search data/hosts/Si.POSCAR --complex v_Si+v_Si \
    --complex-distance 3 --charges 0 --potential sw --supercell 2 --distortions=-0.3 -q -o "$work/si")" = 0
check "a divacancy binds: below two vacancies" awk '$1 == 1 {exit !($3 > 1 && $3 < 2 * 4.3366)}' "$work/si/ranking.txt"
# Three parts of two kinds go through the run's database: what is held far from every part is worked out from there.
code "$shakedown" search data/hosts/Si.POSCAR --extrinsic P --complex v_Si+P_Si+v_Si --complex-distance 2.5 --charges 0 \
    --potential zbl --supercell 2 --kinds unperturbed --far-field frozen:3 --max-steps 2 -q -o "$work/parts" >"$work/code"
check "a complex of three parts is searched" test -s "$work/parts/ranking.txt"
parts=$(grep -a -o '"parts":.*"rattle_stdev' "$work/parts/run.db" | head -1)
check "its run has each part" test "$(echo "$parts" | grep -o '"added":[0-9]*' | sort | tr '\n' ' ')" = \
    '"added":0 "added":0 "added":15 '
check "each on a site of its own" test "$(echo "$parts" | grep -o '"site":[^]]*' | sort -u | wc -l)" = 3
check "and says where the added atom is" test "$(echo "$parts" | grep -o '"index":[0-9]' | wc -l)" = 1
"$shakedown" rank "$work/parts" >"$work/table"
check "the far field of all parts is read back" cmp -s "$work/table" "$work/parts/ranking.txt"
"$shakedown" export "$work/parts" --top 1 --selective -o "$work/held" >"$work/out"
held=$(sed -n 's/^Far field.*: \([0-9]*\) of 62 atoms.*/\1/p' "$work/parts/ranking.txt" | head -1)
check "and exported ($held atoms held)" test "$(grep -c 'F F F' "$(find "$work/held" -name POSCAR | sort | head -1)")" = "$held"

# 4.434 eV is the split-<110> of Stillinger-Weber silicon, 4.957 eV its tetrahedral site
check "dumbbells of silicon, 512 + 1 atoms" test "$(code "$shakedown" search data/hosts/Si.POSCAR --potential sw \
    --supercell 4 --defect Si_i_Td --charges 0 --kinds unperturbed,split -q -o "$work/dumbbell")" = 0
family() { awk -v start="$1" '$1 ~ /^[0-9]+$/ && $0 ~ start {printf "%.2f", $3; exit}' "$work/dumbbell/ranking.txt"; }
check "the tetrahedral site (found $(family Unperturbed))" test "$(family Unperturbed)" = 4.96
check "the split-<111> falls to the split-<110> (found $(family Split_Si_111))" test "$(family Split_Si_111)" = 4.43
check "the split-<110> stays near (found $(family Split_Si_110))" test "$(family Split_Si_110)" = 4.44
check "the split-<100> goes below (found $(family Split_Si_100))" test "$(family Split_Si_100)" = 3.68
exit $failed

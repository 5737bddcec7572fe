#!/bin/sh
# SPDX-License-Identifier: MIT
# report: one file that asks the network for nothing, the same bytes twice, with a section for every charge; analyse
# and plot of the same search. In a browser: tests/peers/report_browser.sh.
. "$(dirname "$0")/common.inc"
says_nothing_known() { code "$shakedown" plot "$work/run" --steps --level X >/dev/null && says "the steps of no relaxation are known"; }
host=$(dirname "$0")/../../data/hosts/Si.POSCAR
"$shakedown" search "$host" --defect v_Si --potential sw --supercell 2 --charges 0..1 -q -o "$work/run" >/dev/null
check "report" test "$(code "$shakedown" report "$work/run")" = 0
page=$work/run/report.html
check "report: a section a charge" test "$(grep -c '<section id="job' "$page")" = 2
check "report: two pictures each" test "$(grep -c '<canvas' "$page")" = 4
check "report: two plots, map and tree each" test "$(grep -c '<svg' "$page")" = 8
check "report: every element closed" test "$(for t in section table tr td th div svg figure canvas details nav pre span; do
    [ "$(grep -oE "<$t[ >]" "$page" | wc -l)" = "$(grep -o "</$t>" "$page" | wc -l)" ] || echo "$t"
done)" = ""
check "report: nothing from elsewhere" test "$(grep -oE '(src|href)="[^"#]*"|url\([^)]*\)|https?://[^" ]*' "$page" |
    grep -vE '^http://www.w3.org/2000/svg$|^href="(data:,)?"?' | wc -l)" = 0
cp "$page" "$work/first"
check "report again" test "$(code "$shakedown" report "$work/run" -j 1 -o "$page")" = 0
check "report: the same bytes" cmp "$page" "$work/first"
check "analyse of a search" test "$(code "$shakedown" analyse "$work/run")" = 0
check "analyse: two neighbours closer" says "coordination of the neighbours: Si"
check "plot of a search" test "$(code "$shakedown" plot "$work/run" -o "$work/p.svg")" = 0
check "plot: there" grep -q '<title>Bond_Distortion_-40.0%:' "$work/p.svg"
check "plot of the steps" test "$(code "$shakedown" plot "$work/run" --steps -o "$work/s.svg")" = 0
check "plot --steps: a line a start" grep -qE '<title>Bond_Distortion_-40.0%: [0-9]+ steps, ends at [-+][0-9.]+ eV' "$work/s.svg"
check "plot --steps: of a level that nobody collected" says_nothing_known
check "plot --steps: not of a tree" test "$(code "$shakedown" plot "$work" --steps)" = 2
check "rank --why at a level without calibration" test "$(code "$shakedown" rank "$work/run" --why)" = 0
check "rank --why: no probabilities made up" says "are not calibrated"
check "no such search" test "$(code "$shakedown" report "$work/none")" != 0
exit $failed

#!/bin/sh
# SPDX-License-Identifier: MIT
# plot: of a tree with energies only; the points, their order and what is left out; well formed; the same bytes twice.
. "$(dirname "$0")/common.inc"
mkdir -p "$work/tree/v_X_0/Unperturbed" "$work/tree/v_X_+1/Unperturbed"
printf '%s\n' distortions: '  -0.4: -10.8' '  0.3: -9.0' '  Rattled: -10.79' '  40.0%_from_+1: -10.4' 'Unperturbed: -10.0' \
    >"$work/tree/v_X_0/v_X_0.yaml"
printf '%s\n' distortions: '  -0.4: -5.01' 'Unperturbed: -5.0' >"$work/tree/v_X_+1/v_X_+1.yaml"
check "plot" test "$(code "$shakedown" plot "$work/tree")" = 0
check "plot: no gain, no picture" says "v_X_+1: nothing more than 0.05 eV below Unperturbed"
svg=$work/tree/v_X_0/v_X_0.svg
check "plot: the lowest" grep -q '<title>-40.0%: -0.8000 eV</title>' "$svg"
check "plot: taken over" grep -q '<title>40.0%_from_+1: -0.4000 eV</title></path>' "$svg"
check "plot: what is too high is counted" grep -q '1 higher not shown' "$svg"
check "plot: all of it" test "$(code "$shakedown" plot "$work/tree" -d v_X_0 -max 2 -u meV -nt -o "$work/all.svg")" = 0
check "plot: units" grep -q 'Unperturbed (meV)' "$work/all.svg"
check "plot: five points" test "$(grep -c '<title>' "$work/all.svg")" = 5
cp "$svg" "$work/first.svg"
"$shakedown" plot "$work/tree" >/dev/null
check "plot: the same bytes" cmp "$svg" "$work/first.svg"
if command -v xmllint >/dev/null; then check "plot: well formed" xmllint --noout "$svg" "$work/all.svg"; fi
check "an unknown unit" test "$(code "$shakedown" plot "$work/tree" -u Ry)" = 2
exit $failed

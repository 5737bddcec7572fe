#!/bin/sh
# SPDX-License-Identifier: MIT
# fine_tuning.sh - models on top of another level: train --on, what the file means, learning curves, damaged bases.
. "$(dirname "$0")/common.inc"

# two levels of silicon: sw, and sw with a longer bond and other angles, along a relaxation
cat >"$work/si.xyz" <<'E2'
8
Lattice="5.5 0 0 0 5.4 0 0 0 5.43" Properties=species:S:1:pos:R:3
Si 0.3 0.1 0
Si 0 2.715 2.615
Si 2.715 0.1 2.715
Si 2.615 2.715 0.2
Si 1.3575 1.3575 1.2575
Si 1.3575 4.0725 4.1725
Si 4.1725 1.2575 4.0725
Si 4.0725 4.0725 1.3575
E2
other=sw:sigma=2.12,lambda=24
"$shakedown" relax "$work/si.xyz" -p sw -m fire --max-steps 11 -t "$work/way.xyz" -q >"$work/out" 2>&1 || true
"$shakedown" eval "$work/way.xyz" -p $other --stress -o "$work/t.xyz" >"$work/out"
head -n 20 "$work/t.xyz" >"$work/learn.xyz"
tail -n 30 "$work/t.xyz" >"$work/test.xyz"
model() { code "$shakedown" model "$@"; }
basis="--n-max 4 --l-max 2 --cutoff 4.5"
rmse() { # FILE: force RMSE as validate printed it
    awk '$1 == "force" && $2 != "on" {print $5}' "$1"
}

check "a correction" test "$(model train --frames "$work/learn.xyz" $basis --on sw --level other -o "$work/d.model")" = 0
check "says what it is on" says "on           sw"
check "labels, without guesses" says "2 of 2 labels"
check "info" test "$(model info "$work/d.model")" = 0
check "info says it too" says "on           sw"
check "base and correction together" test "$(model validate "$work/d.model" --frames "$work/test.xyz")" = 0
cp "$work/out" "$work/with"
"$shakedown" model train --frames "$work/learn.xyz" $basis -o "$work/alone.model" >"$work/out"
"$shakedown" model validate "$work/alone.model" --frames "$work/test.xyz" >"$work/without"
check "better than the same frames alone" awk -v a="$(rmse "$work/with")" -v b="$(rmse "$work/without")" \
    'BEGIN {exit !(a > 0 && a < 0.8 * b)}'
# the potential is the sum: its energies on the test are those of validate
check "as a potential" test "$(code "$shakedown" eval "$work/test.xyz" -p "model:$work/d.model" --json)" = 0
check "the same by hand" sh -c "'$shakedown' eval '$work/test.xyz' -p 'sw' --json >'$work/base.json' &&
    ! cmp -s '$work/base.json' '$work/out'"
check "weights" test "$(model train --frames "$work/learn.xyz" $basis --on sw --weights 1:1:0.1 -o "$work/w.model")" = 0
check "weights that are none" test "$(model train --frames "$work/learn.xyz" --on sw --weights 1:0 -o "$work/x.model")" = 2
check "says what they should be" says "expected E:F:S"

# on top of a model file, which is found beside it and must stay what it was
"$shakedown" eval "$work/way.xyz" -p sw --stress -o "$work/first.xyz" >"$work/out"
"$shakedown" model train --frames "$work/first.xyz" $basis -o "$work/base.model" >"$work/out"
(cd "$work" && case $shakedown in ./*) p=$OLDPWD/$shakedown ;; *) p=$shakedown ;; esac &&
    "$p" model train --frames learn.xyz $basis --on base.model -o second.model >out)
check "on a model file" test "$(model validate "$work/second.model" --frames "$work/test.xyz")" = 0
check "twice" test "$(model train --frames "$work/learn.xyz" $basis --on "$work/second.model" -o "$work/third.model")" = 0
check "refit" test "$(model merge "$work/d.model" --frames "$work/test.xyz" -o "$work/m.model")" = 0
check "on the same" says "on           sw"
mv "$work/base.model" "$work/away.model"
check "a base that is not there" test "$(model info "$work/second.model")" = 2
check "names it" says "base.model"
cp "$work/alone.model" "$work/base.model"
check "a base that has changed" test "$(model info "$work/second.model")" = 2
check "says so" says "has changed since"

# learning curves: another relaxation of another cell as the test
sed 's/5.5 0 0 0 5.4/5.6 0 0 0 5.5/' "$work/si.xyz" >"$work/si2.xyz"
for q in 1 2; do
    "$shakedown" eval "$work/way.xyz" -p $other --stress -o "$work/c.xyz" >"$work/out"
    sed "s/Lattice=/charge=$q Lattice=/" "$work/c.xyz" | head -n 40 >"$work/c$q.xyz"
done
check "learning curve" test "$(model learning-curve --frames "$work/c1.xyz,$work/c2.xyz" $basis --on none,sw --sizes 1,3 \
    --folds 2 --repeats 1 --other-charge 1 -o "$work/curve")" = 0
check "pictures" grep -q polyline "$work/curve_force.svg" "$work/curve_geometry.svg"
check "a level helps" says "on sw: error"
check "as JSON" test "$(model learning-curve --frames "$work/c1.xyz,$work/c2.xyz" $basis --on none,sw --sizes 1,3 \
    --folds 2 --repeats 1 --other-charge 1 --json)" = 0
check "three measures" grep -q '"geometry"' "$work/out"
check "frames of the same relaxations" test "$(model learning-curve --frames "$work/c1.xyz,$work/c2.xyz" $basis \
    --on none,sw --sizes 1,6 --repeats 1 --other-charge 1)" = 0
check "says so" says "tested on frames that were not"
check "more frames, less error" awk '/^[a-z]/ {about = $1} about == "force" && $1 == "sw" {n++; ok = $4 < 0.95 * $2}
    END {exit !(n == 1 && ok)}' "$work/out"
check "what runs away is counted" says "farther off than before"
check "too few relaxations" test "$(model learning-curve --frames "$work/c1.xyz" --folds 2)" = 2
exit $failed

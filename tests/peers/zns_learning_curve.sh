#!/bin/sh
# SPDX-License-Identifier: MIT
# zns_learning_curve.sh [SVG] - 5 to 40 frames of HSE06 relaxations (vacancies and Al_Zn in ZnS, ../shared/data/dft) learned
# with and without a prior that GFN1-xTB taught: pictures SVG_geometry.svg, SVG_force.svg, SVG_energy.svg (build/zns),
# and the table. Fails unless the prior's geometries get better with frames and are better than those without.
# A minute or two of one core to teach the prior (kept in build/), and as long for the curves. Skipped without ../shared.
set -eu
shakedown=${SHAKEDOWN:-./shakedown}
data=${SHAKEDOWN_SHARED:-../shared}/data/dft/doped_vasp/ZnS_HSE06_64.xyz.gz
svg=${1:-build/zns}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ -e "$data" ] || { echo "skipped: no $data"; exit 0; }

prior=build/zns_prior/learned.model.gz
[ -e "$prior" ] || "$shakedown" search data/hosts/ZnS.POSCAR --defect v_Zn,v_S,Al_Zn --extrinsic Al \
    --charges v_Zn=-2..0,v_S=0..2,Al_Zn=-1..1 --distortions=-0.4,0,0.4 --learned-from none -o build/zns_prior -q -j 1 \
    >"$work/search"
gzip -dc "$data" | awk 'NF == 1 && !left {count = $0; left = $1; getline; keep = !/defect=inter/
                            if (keep) print count "\n" $0
                            next}
                        left {if (keep) print; left--}' >"$work/frames.xyz" # without interstitials, which it was not taught
"$shakedown" model learning-curve --frames "$work/frames.xyz" --on "none,$prior" --sizes 5,10,20,40 -o "$svg" |
    tee "$work/table"
awk '/^[a-z]/ {about = $0}
     about ~ /^relaxed geometry/ && $1 != "relaxed" {if ($1 == "none") {less = $3; least = $NF} else {from = $2; five = $3; to = $NF}}
     END {printf "geometry: %.3f Å with the prior alone, %.3f with 40 frames; without it %.3f\n", from, to, least
          exit !(to < 0.7 * from && 2 * five < less && 2 * to < least)}' "$work/table"

#!/bin/sh
# SPDX-License-Identifier: MIT
# report in a real browser (Debian's chromium): no console message, both pictures of every charge drawn.
cd "$(dirname "$0")/../.." || exit 1
command -v chromium >/dev/null || tests/deps.sh chromium >&2 || { echo "ok   skipped: no chromium here"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
./shakedown search data/hosts/Si.POSCAR --defect v_Si --potential sw --supercell 2 -q -o "$work/run" >/dev/null &&
    ./shakedown report "$work/run" >/dev/null || exit 1
# what the page itself says of its canvases goes into its title
sed 's@</body>@<script>setTimeout(function () { var n = 0; document.querySelectorAll("canvas").forEach(function (c) {\
 if (c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some(Boolean)) n++; }); document.title = "drawn " + n; },\
 1500);</script></body>@' "$work/run/report.html" >"$work/page.html"
chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --user-data-dir="$work/profile" --window-size=1250,2400 \
    --enable-logging=stderr --virtual-time-budget=4000 --dump-dom "file://$work/page.html" >"$work/dom" 2>"$work/said"
if grep -q CONSOLE "$work/said"; then
    echo "FAIL console messages"
    grep CONSOLE "$work/said"
else echo "ok   no console message"; fi
if grep -q '<title>drawn 2</title>' "$work/dom"; then echo "ok   both pictures drawn"; else
    echo "FAIL pictures: $(grep -o '<title>[^<]*' "$work/dom" | head -n 1)"
fi

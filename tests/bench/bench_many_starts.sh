#!/bin/sh
# SPDX-License-Identifier: MIT
# Ten thousand starts of 216 atoms (all native defects of CdTe in four charge states, distortions in steps of
# 0.5 %), written as POSCARs: seconds, peak memory, size on disk. Wanted: under 30 s on 2 cores, under 200 MB.
set -eu
shakedown=${SHAKEDOWN:-./shakedown}
host=$(dirname "$0")/../../data/hosts/CdTe.POSCAR
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

begin=$(date +%s%N)
"$shakedown" distort "$host" --supercell 3 --charges -3..2 --increment 0.005 --threads 2 -o "$work/starts" -q &
job=$!
peak=0 # kB; the kernel's own high-water mark, read until the process is gone
ticks=0 # user and system time so far, which other programs on the machine do not lengthen
while now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$job/status 2>/dev/null) && [ -n "$now" ]; do
    peak=$now
    now=$(sed 's/.*) //' /proc/$job/stat 2>/dev/null | awk '{print $12 + $13}')
    ticks=${now:-$ticks}
    sleep 0.05
done
wait $job
end=$(date +%s%N)
n=$(find "$work/starts" -name POSCAR | wc -l)
disk=$(du -sk "$work/starts" | cut -f 1)
awk -v n="$n" -v us="$(((end - begin) / 1000))" -v kb="$peak" -v disk="$disk" \
    -v ticks="$ticks" -v per_second="$(getconf CLK_TCK)" 'BEGIN {
    s = us / 1e6
    printf "%d starts of 216 atoms, two threads, written as POSCARs\n", n
    printf "  time    %7.1f s   %.2f ms a start; 10,000 in %.1f s (wanted: under 30 s)\n", s, 1e3 * s / n, 1e4 * s / n
    used = ticks / per_second
    printf "  processor %5.1f s   10,000 in %.1f s on two idle cores\n", used, 1e4 * used / 2 / n
    printf "  memory  %7.1f MB  at most (wanted: under 200 MB)\n", kb / 1024
    printf "  disk    %7.1f MB\n", disk / 1024
    exit !(1e4 * s / n < 30 && kb < 200 * 1024)
}'

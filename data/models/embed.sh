#!/bin/sh
# SPDX-License-Identifier: MIT
# embed.sh - turns files into C: their bytes, and a table of them by name that ends with an empty row.
set -eu
k=0
for file; do
    echo "static const unsigned char ready_$k[] = {"
    od -An -v -tu1 "$file" | awk '{for (i = 1; i <= NF; i++) printf "%s,", $i; print ""}'
    echo "};"
    k=$((k + 1))
done
echo "static const struct ready {const char *name; const unsigned char *bytes; size_t n;} ready[] = {"
k=0
for file; do
    echo "    {\"$file\", ready_$k, sizeof ready_$k},"
    k=$((k + 1))
done
echo "    {NULL, NULL, 0}};"

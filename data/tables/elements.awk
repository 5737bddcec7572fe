# SPDX-License-Identifier: MIT
# elements.awk - turns elements.tsv into the C arrays included by src/crystal/elements.c.
# A line that is not as the head of the table promises stops the build.
BEGIN { FS = "\t"; rows = 0 }

function refuse(why) {
    printf "%s:%d: %s\n", FILENAME, FNR, why > "/dev/stderr"
    failed = 1
    exit 1
}

# "-2,4" -> "-2, 4, INT8_MIN"
function states(text,    n, part, i, out) {
    out = ""
    n = text == "-" ? 0 : split(text, part, ",")
    for (i = 1; i <= n; i++)
        out = out part[i] ", "
    return out "INT8_MIN"
}

# "-2:749,4:582" -> "{-2, 749}, {4, 582}, {INT8_MIN, 0}"
function counts(text,    n, part, pair, i, out) {
    out = ""
    n = text == "-" ? 0 : split(text, part, ",")
    for (i = 1; i <= n; i++) {
        split(part[i], pair, ":")
        out = out "{" pair[1] ", " pair[2] "}, "
    }
    return out "{INT8_MIN, 0}"
}

# The most frequent state other than 0; where crystals tell nothing, the first common, then the first known.
function probable(icsd, common, known,    n, part, pair, i, best, most) {
    best = 0
    most = 0
    n = icsd == "-" ? 0 : split(icsd, part, ",")
    for (i = 1; i <= n; i++) {
        split(part[i], pair, ":")
        if (pair[1] != 0 && pair[2] > most) {
            best = pair[1]
            most = pair[2] + 0
        }
    }
    if (most == 0 && split(common != "-" ? common : known, part, ",") > 0 && part[1] != "-")
        best = part[1]
    return best
}

/^#/ || /^$/ { next }
NF != 10 { refuse("expected 10 columns, found " NF) }
$1 != rows + 1 { refuse("expected atomic number " (rows + 1) ", found " $1) }
{
    rows++
    printf "static const int8_t common_%d[] = {%s};\n", $1, states($7)
    printf "static const int8_t known_%d[] = {%s};\n", $1, states($8)
    printf "static const int8_t guess_%d[] = {%s};\n", $1, states($9)
    printf "static const skd_oxidation crystal_%d[] = {%s};\n", $1, counts($10)
    line[rows] = sprintf("    {\"%s\", \"%s\", %s, %s, %s, common_%d, known_%d, guess_%d, crystal_%d, %d},",
                         $2, $3, $4, $5, $6, $1, $1, $1, $1, probable($10, $7, $8))
}
END {
    if (failed)
        exit 1
    print "static const skd_element elements[] = {"
    for (i = 1; i <= rows; i++)
        print line[i]
    print "};"
}

# SPDX-License-Identifier: MIT
# gfn1.awk - turns the four gfn1_*.tsv into the C arrays included by relax/gfn1/params.c; to be given in
# the order elements, shells, slater, c6. A line that is not as the head of its table promises stops the build.
BEGIN { FS = "\t" }

function refuse(why) {
    printf "%s:%d: %s\n", FILENAME, FNR, why > "/dev/stderr"
    failed = 1
    exit 1
}

# The arrays are filled in the order of atomic numbers; where[z] tells where the rows of z begin.
function count(where, total,    z) {
    z = $1 + 0
    if (z < last || z > n_elements)
        refuse("atomic number " $1 " out of order")
    for (; last < z; last++)
        where[last + 1] = total
}
function finish(name, where, total,    z) {
    printf "};\nstatic const short %s[] = {0", name
    for (z = 1; z <= n_elements + 1; z++)
        printf ", %d", z in where ? where[z] : total
    print "};"
}

FNR == 1 {
    if (table == 2)
        finish("first_shell", shell_at, n_shells)
    else if (table)
        print "};"
    table++
    last = 0
    if (table == 1)
        print "static const element_row element_rows[] = {\n    {\"\", 0, 0, 0, 0, 0, 0, 0, 0, 0},"
    if (table == 2)
        print "static const gfn1_shell shell_rows[] = {"
    if (table == 3)
        print "static const slater_row slater_rows[] = {"
}
/^#/ || /^$/ { next }

table == 1 {
    if (NF != 11 || $1 != n_elements + 1)
        refuse("expected 11 columns for element " (n_elements + 1) ", found " NF " for " $1)
    n_elements++
    printf "    {\"%s\", %s, %s, %s, %s, %s, %s, %s, %s, %s},\n", $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
}
table == 2 {
    if (NF != 11)
        refuse("expected 11 columns, found " NF)
    count(shell_at, n_shells)
    n_shells++
    printf "    {%s, %s, %s, %s, %s, %s / EV, %s / EV, %s, %s, %s},\n", $2, $3, $4, $5 ? "true" : "false", $6, $7, $8,
           $9, $10, $11
}
table == 3 {
    if (NF != 5)
        refuse("expected 5 columns, found " NF)
    printf "    {%s, %s, %s, %s, %s},\n", $1, $2, $3, $4, $5
}
table == 4 {
    count(reference_at, n_references)
    n_references++
    if (NF != 3 || split($3, c6, " ") != n_references)
        refuse("expected " n_references " coefficients of row " n_references)
    cn = cn $2 ", "
    if (n_references == 1)
        print "static const double c6_rows[] = {"
    for (i = 1; i <= n_references; i++)
        printf "%s,%s", c6[i], i % 12 && i < n_references ? " " : "\n"
}
END {
    if (failed)
        exit 1
    if (table != 4)
        refuse("expected four tables, found " table)
    finish("first_reference", reference_at, n_references)
    print "static const double reference_cn[] = {" cn "};"
}

# SPDX-License-Identifier: MIT
# gfn1_errors.awk - turns gfn1_errors.tsv into the C array included by src/search/known_errors.c.
# A line that is not as the head of the table promises stops the build.
BEGIN { FS = "\t" }

function refuse(why) {
    printf "%s:%d: %s\n", FILENAME, FNR, why > "/dev/stderr"
    exit 1
}

/^#/ { next }
NF != 7 { refuse("expected 7 columns, found " NF) }
$3 !~ /^-?[0-9]+$/ { refuse("the charge is no whole number") }
$4 !~ /^(hybrid|semilocal)$/ { refuse("the target is neither hybrid nor semilocal") }
$6 !~ /^-?[0-9]+(\.[0-9]+)?$/ || $7 !~ /^-?[0-9]+(\.[0-9]+)?$/ { refuse("an energy is no number") }
/["\\]/ { refuse("a quote or backslash") }
{ printf "    {\"%s\", \"%s\", %d, \"%s\", \"%s\", %s, %s},\n", $1, $2, $3, $4, $5, real($7), real($6) }

function real(text) { return text ~ /\./ ? text : text ".0" }

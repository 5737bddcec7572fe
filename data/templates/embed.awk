# SPDX-License-Identifier: MIT
# embed.awk - turns text files into rows {"name", "text"} of a C table, so that the program carries them.
function closing() {
    if (open)
        print "     },"
}
FNR == 1 {
    closing()
    name = FILENAME
    sub(/.*\//, "", name)
    printf "    {\"%s\",\n", name
    open = 1
}
{
    gsub(/\\/, "&&")
    gsub(/"/, "\\\\&")
    printf "     \"%s\\n\"\n", $0
}
END { closing() }

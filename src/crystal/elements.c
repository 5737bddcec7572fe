/* SPDX-License-Identifier: MIT */
/* elements.c - the element table. Its rows are generated from data/tables/elements.tsv. */
#include "shakedown/crystal.h"

#include "elements_table.h"

_Static_assert(sizeof elements / sizeof *elements == SKD_ELEMENT_MAX, "one row an element");

const skd_element *skd_element_of(int z) { return z >= 1 && z <= SKD_ELEMENT_MAX ? &elements[z - 1] : NULL; }

int skd_element_number(skd_span symbol) {
    if (skd_span_is(symbol, "D") || skd_span_is(symbol, "T"))
        return 1;
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++)
        if (skd_span_is(symbol, elements[z - 1].symbol))
            return z;
    return 0;
}

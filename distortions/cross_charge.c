/* SPDX-License-Identifier: MIT */
/* cross_charge.c - the row of starts that are minima of another charge state; src/search/cross_charge.c makes them. */
#include "start.h"

static skd_status refuse(skd_start_list *out, const skd_defect *defect, int charge, const skd_start_options *options,
                         skd_error *err) {
    (void)out, (void)charge, (void)options;
    return skd_fail(err, SKD_EARG, "minima of another charge state of %s are known only after a search: "
                    "search --cross-charges", defect->name);
}

const skd_start_kind skd_kind_cross_charge = {
    .name = "cross_charge",
    .summary = "minima that another charge state has found and this one has not: \"Dimer_from_+1\"",
    .why_not = "needs relaxed minima; a search of several charge states makes them by itself (--cross-charges auto)",
    .make = refuse,
};

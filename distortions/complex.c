/* SPDX-License-Identifier: MIT */
/* complex.c - several defects near each other. */
#include "start.h"
static skd_status refuse(skd_start_list *out, const skd_defect *defect, int charge, const skd_start_options *options,
                         skd_error *err) {
    (void)out, (void)charge, (void)options;
    return skd_fail(err, SKD_EARG, "a complex is a defect of its own, not a start of %s: --complex", defect->name);
}

const skd_start_kind skd_kind_complex = {
    .name = "complex",
    .summary = "two or more defects near each other, in every distinct configuration",
    .why_not = "a defect of its own, with starts of all other kinds; ask with --complex \"v_Cd+Te_i\"",
    .make = refuse,
};

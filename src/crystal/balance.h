/* SPDX-License-Identifier: MIT
 * balance.h - the best neutral combination of charges (private).
 */
#ifndef SKD_CRYSTAL_BALANCE_H
#define SKD_CRYSTAL_BALANCE_H

#include "shakedown/base.h"

#define SKD_IMPOSSIBLE (-HUGE_VAL) /**< score of a charge that cannot be had */

/** score is [n][2 span + 1]: what charge q of part i is worth stands at [i][q + span]. Chooses one charge a part,
 *  such that they add up to zero and the sum of the scores is largest; *found = false if none do. */
skd_status skd_balance(const double *score, size_t n, int span, int *charge, bool *found, skd_error *err) SKD_CHECKED;

#endif

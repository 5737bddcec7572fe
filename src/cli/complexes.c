/* SPDX-License-Identifier: MIT */
/* complexes.c - from --complex to defects of several sites. */
#include <string.h>

#include "plan.h"

/* Is one of the parts an interstitial ("Te_i", "Te_i_C3v")? */
static bool has_interstitial(const char *parts) {
    for (const char *p = parts; (p = strstr(p, "_i")); p += 2)
        if (p[2] == '\0' || p[2] == '_' || p[2] == '+' || p[2] == ',' || p[2] == ' ')
            return true;
    return false;
}

skd_status cli_complexes_add(cli_plan *plan, const cli_args *args, const skd_defect_options *options,
                             skd_error *err) {
    const char *text = cli_text(args, "complex");
    skd_defect_options all = *options;
    all.interstitials = has_interstitial(text);
    all.n_interstitial = 0;
    skd_defect_list singles = {0};
    skd_status status = skd_defects_of(&singles, plan->primitive, plan->matrix, &all, err);
    while (text && status == SKD_OK) {
        char parts[200];
        const skd_span piece = {text, strcspn(text, ",")};
        text = text[piece.n] ? text + piece.n + 1 : NULL;
        if (piece.n >= sizeof parts)
            status = skd_fail(err, SKD_EARG, "--complex: too long a list of parts");
        else
            status = skd_complexes_add(&plan->defects, &singles, plan->primitive,
                                       skd_span_copy(piece, parts, sizeof parts), cli_real(args, "complex-distance"),
                                       err);
        if (status != SKD_OK)
            skd_error_prefix(err, "--complex");
    }
    skd_defect_list_free(&singles);
    return status;
}

/* SPDX-License-Identifier: MIT */
/* interstitials.c - which elements are put into the voids of the host: --interstitials, --wyckoff, and the names
 * that --defect asks for. */
#include <string.h>

#include "plan.h"

/* The element of "Te_i" or "Te_i_Td_Cd2.83"; 0 if the name is of another kind. */
static int inserted_element(skd_span name) {
    size_t n = 0;
    while (n < name.n && name.p[n] != '_')
        n++;
    if (n + 2 > name.n || name.p[n + 1] != 'i' || (n + 2 < name.n && name.p[n + 2] != '_'))
        return 0;
    return skd_element_number((skd_span){name.p, n});
}

/* Elements of all interstitials among the wishes of --defect; a complex ("v_Cd+Te_i") counts with its parts. */
static skd_status wished_elements(const char *wishes, int **list, size_t *n, skd_error *err) {
    size_t most = 1;
    for (const char *p = wishes; *p; p++)
        most += *p == ',' || *p == '+';
    *n = 0;
    *list = skd_alloc(most, sizeof **list);
    if (!*list)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu names of defects", most);
    for (const char *p = wishes; p;) {
        skd_span piece = {p, strcspn(p, ",+")}, name;
        p = p[piece.n] ? p + piece.n + 1 : NULL;
        int z = skd_span_word(&piece, &name) ? inserted_element(name) : 0;
        if (z)
            (*list)[(*n)++] = z;
    }
    return SKD_OK;
}

skd_status cli_interstitial_options(skd_defect_options *options, int **list, const cli_args *args, skd_error *err) {
    const char *text = cli_text(args, "interstitials"), *wishes = cli_text(args, "defect");
    size_t n_wished = 0;
    *list = NULL;
    options->special_sites = cli_flag(args, "wyckoff");
    skd_status status = wishes ? wished_elements(wishes, list, &n_wished, err) : SKD_OK;
    if (status != SKD_OK)
        return status;
    options->interstitials = text ? strcmp(text, "none") != 0 : !wishes || n_wished > 0;
    if (!options->interstitials && n_wished > 0)
        return skd_fail(err, SKD_EARG, "--interstitials none contradicts --defect %s", wishes);
    if (!options->interstitials && options->special_sites)
        return skd_fail(err, SKD_EARG, "--wyckoff is about interstitials, but there are none to make");
    options->n_interstitial = n_wished;
    if (text && options->interstitials) {
        skd_free(*list);
        *list = NULL;
        options->n_interstitial = 0;
        if (strcmp(text, "host") != 0)
            status = cli_element_list(text, "--interstitials", list, &options->n_interstitial, err);
    }
    options->interstitial = *list;
    return status;
}

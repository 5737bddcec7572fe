/* SPDX-License-Identifier: MIT */
/* far_field.c - reads --far-field; puts the far field and the state of the host into words. */
#include "far_field.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    skd_far_mode mode;
    bool takes_radius;
} modes[] = {{"auto", SKD_FAR_AUTO, false},
             {"free", SKD_FAR_FREE, false},
             {"frozen", SKD_FAR_FROZEN, true},
             {"tethered", SKD_FAR_TETHERED, true}};

skd_status cli_far_field_read(skd_far_field *out, const char *text, skd_error *err) {
    size_t length = strcspn(text, ":");
    const char *number = text[length] ? text + length + 1 : NULL;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        double radius = 0.0;
        if (!skd_span_is((skd_span){text, length}, modes[i].name) || modes[i].takes_radius != (number != NULL))
            continue;
        if (number && (!skd_span_real((skd_span){number, strlen(number)}, &radius) || !(radius > 0.0)))
            break;
        *out = (skd_far_field){modes[i].mode, radius};
        return SKD_OK;
    }
    return skd_fail(err, SKD_EARG, "--far-field: expected auto, free, frozen:R or tethered:R with R in Å; found '%s'",
                    text);
}

/* "3", or "0.5,0.5,0.25", as fractional coordinates. */
static skd_status read_centre(double out[3], const skd_cell *cell, const char *text, skd_error *err) {
    double *value, inverse[3][3];
    size_t n;
    skd_status status = cli_real_list(text, "--around", &value, &n, err);
    if (status != SKD_OK)
        return status;
    status = skd_cell_inverse(cell, inverse, err);
    bool is_atom = n == 1 && value[0] >= 1.0 && value[0] <= (double)cell->n && value[0] == floor(value[0]);
    if (status == SKD_OK && is_atom)
        skd_to_frac(inverse, cell->pos[(size_t)value[0] - 1], out);
    else if (status == SKD_OK && n == 3)
        memcpy(out, value, 3 * sizeof *out);
    else if (status == SKD_OK)
        status = skd_fail(err, SKD_EARG,
                          "--around: expected the number of an atom, 1 to %zu, or three fractions; found '%s'", cell->n,
                          text);
    skd_free(value);
    return status;
}

skd_status cli_far_field_around(double **tether, const skd_far_field *far, const skd_cell *cell, const char *around,
                                skd_error *err) {
    double centre[3];
    *tether = NULL;
    if (far->mode == SKD_FAR_AUTO)
        return skd_fail(err, SKD_EARG, "--far-field auto: a single structure has no host to check; give frozen:R");
    if (far->mode == SKD_FAR_FREE)
        return SKD_OK;
    if (!around)
        return skd_fail(err, SKD_EARG, "--far-field needs --around: the number of an atom, or x,y,z");
    skd_status status = read_centre(centre, cell, around, err);
    if (status == SKD_OK && !(*tether = skd_alloc(cell->n, sizeof **tether)))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for the far field of %zu atoms", cell->n);
    if (status == SKD_OK)
        status = skd_far_field_tether(*tether, far, cell, (const double(*)[3]) & centre, 1, err);
    return status;
}

const char *cli_far_mode_name(skd_far_mode mode) {
    const char *name = "free";
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        name = modes[i].mode == mode ? modes[i].name : name;
    return name;
}

skd_far_mode cli_far_mode_named(const char *name) {
    skd_far_mode mode = SKD_FAR_FREE;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        mode = strcmp(modes[i].name, name) == 0 ? modes[i].mode : mode;
    return mode;
}

char *cli_far_field_text(const skd_far_field *far, char *out, size_t size) {
    if (far->radius > 0.0)
        snprintf(out, size, "%s beyond %.4g Å", cli_far_mode_name(far->mode), far->radius);
    else
        snprintf(out, size, "%s", cli_far_mode_name(far->mode));
    return out;
}

char *cli_host_text(const skd_host_state *host, char *out, size_t size) {
    if (!skd_stop_has_minimum(host->stop))
        snprintf(out, size, "the host does not return: rattled by 0.1 Å, its relaxation %s", skd_stop_name(host->stop));
    else if (host->returns)
        snprintf(out, size, "the host returns: rms %.2f Å, largest %.2f Å off after a 0.1 Å rattle", host->rms,
                 host->largest);
    else
        snprintf(out, size,
                 "the host is no minimum at this level: after a 0.1 Å rattle it ends rms %.2f Å, largest %.2f Å off, "
                 "%.1f meV/atom %s",
                 host->rms, host->largest, 1e3 * fabs(host->gain), host->gain < 0.0 ? "higher" : "lower");
    return out;
}

char *cli_host_lattices(const skd_cell *given, const skd_cell *relaxed, char *out, size_t size) {
    const double(*a)[3] = given->lattice, (*b)[3] = relaxed->lattice;
    double volume = skd_cell_volume(relaxed) / skd_cell_volume(given) - 1.0;
    snprintf(out, size, "supercell %.3f %.3f %.3f Å instead of %.3f %.3f %.3f, volume %+.1f %%", skd_norm(b[0]),
             skd_norm(b[1]), skd_norm(b[2]), skd_norm(a[0]), skd_norm(a[1]), skd_norm(a[2]), 100.0 * volume);
    return out;
}

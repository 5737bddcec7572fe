/* SPDX-License-Identifier: MIT */
/* vasp_spins.c - see vasp_spins.h. */
#include "vasp_spins.h"

#define KPOINTS_MAX 1000000 /* that a file may claim */

void skd_vasp_spins_free(skd_vasp_spins *spins) { skd_free(spins->weight); }

skd_status skd_vasp_spins_weight(skd_vasp_spins *spins, skd_span text, skd_error *err) {
    skd_span word = text;
    double weight;
    if (!skd_span_word(&text, &word) || !skd_span_real(word, &weight))
        weight = (double)NAN; /* then there is no moment */
    if (spins->n >= KPOINTS_MAX)
        return skd_fail(err, SKD_EFORMAT, "expected at most %d k-points; found more", KPOINTS_MAX);
    skd_status status = skd_grow((void **)&spins->weight, &spins->room, spins->n + 1, sizeof *spins->weight, err);
    if (status == SKD_OK)
        spins->weight[spins->n++] = weight;
    return status;
}

void skd_vasp_spins_begin(skd_vasp_spins *spins) {
    spins->spins = spins->kpoint = 0;
    spins->occupied[0] = spins->occupied[1] = 0.0;
}

void skd_vasp_spins_spin(skd_vasp_spins *spins) {
    spins->spins++;
    spins->kpoint = 0;
}

void skd_vasp_spins_band(skd_vasp_spins *spins, skd_span text) {
    skd_span word;
    double occupation = (double)NAN;
    if (spins->spins - 1 < 2 && spins->kpoint - 1 < spins->n && skd_span_word(&text, &word) &&
        skd_span_word(&text, &word) && skd_span_real(word, &occupation))
        spins->occupied[spins->spins - 1] += spins->weight[spins->kpoint - 1] * occupation;
    else
        spins->occupied[0] = (double)NAN;
}

bool skd_vasp_spins_moment(const skd_vasp_spins *spins, double *moment) {
    *moment = nearbyint(1e8 * (spins->occupied[0] - spins->occupied[1])) * 1e-8; /* weights have eight decimals */
    return spins->n > 0 && spins->spins == 2 && spins->kpoint == spins->n && isfinite(*moment);
}

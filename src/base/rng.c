/* SPDX-License-Identifier: MIT */
/* rng.c - MT19937 from GSL, with the derived deviates of numpy's legacy RandomState, so that starts
 * can be compared with those of Python tools word for word. The only file that includes gsl_rng.h. */
#include "shakedown/base.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_rng.h>

struct skd_rng {
    gsl_rng *mt;
    bool has_spare;
    double spare;
};

/* GSL turns seed 0 into 4357 but keeps only the low 32 bits of any other, so 2^32 is its true zero. */
static unsigned long gsl_seed(uint32_t seed) { return seed ? seed : 1UL << 32; }

skd_status skd_rng_new(skd_rng **out, uint32_t seed, skd_error *err) {
    *out = NULL;
    gsl_set_error_handler_off(); /* GSL's default handler aborts the process */
    skd_rng *rng = skd_alloc(1, sizeof *rng);
    if (!rng)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a random generator");
    rng->mt = gsl_rng_alloc(gsl_rng_mt19937);
    if (!rng->mt) {
        skd_free(rng);
        return skd_fail(err, SKD_ENOMEM, "out of memory for a random generator");
    }
    skd_rng_seed(rng, seed);
    *out = rng;
    return SKD_OK;
}

void skd_rng_free(skd_rng *rng) {
    if (!rng)
        return;
    gsl_rng_free(rng->mt);
    skd_free(rng);
}

void skd_rng_seed(skd_rng *rng, uint32_t seed) {
    gsl_rng_set(rng->mt, gsl_seed(seed));
    rng->has_spare = false;
}

uint32_t skd_rng_u32(skd_rng *rng) { return (uint32_t)gsl_rng_get(rng->mt); }

double skd_rng_uniform(skd_rng *rng) {
    uint32_t high = skd_rng_u32(rng) >> 5, low = skd_rng_u32(rng) >> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
}

double skd_rng_normal(skd_rng *rng) {
    if (rng->has_spare) {
        rng->has_spare = false;
        return rng->spare;
    }
    double x, y, r2;
    do {
        x = 2.0 * skd_rng_uniform(rng) - 1.0;
        y = 2.0 * skd_rng_uniform(rng) - 1.0;
        r2 = x * x + y * y;
    } while (r2 >= 1.0 || r2 == 0.0);
    double f = sqrt(-2.0 * log(r2) / r2);
    rng->spare = f * x; /* numpy keeps the first deviate and hands out the second */
    rng->has_spare = true;
    return f * y;
}

uint32_t skd_rng_below(skd_rng *rng, uint32_t low, uint32_t high) {
    uint32_t range = high - low - 1, mask = range;
    for (int shift = 1; shift < 32; shift *= 2)
        mask |= mask >> shift;
    if (range == 0)
        return low;
    for (;;) {
        uint32_t word = skd_rng_u32(rng) & mask;
        if (word <= range)
            return low + word;
    }
}

uint32_t skd_seed_mix(uint64_t seed, uint64_t item) {
    uint64_t z = seed + (item + 1) * 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return (uint32_t)((z ^ (z >> 31)) >> 32);
}

uint64_t skd_hash(uint64_t hash, const void *bytes, size_t n) {
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ p[i]) * 1099511628211ULL;
    return hash;
}

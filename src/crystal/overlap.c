/* SPDX-License-Identifier: MIT */
/* overlap.c - are two atoms too close to each other? In linear time: each atom is looked for among those before it in
 * the 27 boxes around it. Boxes of the (reduced) unit cell, no smaller than the distance, are kept by hash. */
#include "shakedown/crystal.h"

typedef struct sieve {
    skd_mic mic;
    double distance;
    double boxes[3]; /* per axis */
    size_t n_buckets, *bucket, *next; /* index + 1 of the last atom of a bucket, of the one before it */
} sieve;

static size_t bucket_of(const sieve *s, const double box[3]) {
    uint64_t hash = SKD_HASH_START;
    for (int k = 0; k < 3; k++) {
        double wrapped = box[k] < 0.0 ? box[k] + s->boxes[k] : box[k];
        int64_t inside = (int64_t)(wrapped >= s->boxes[k] ? wrapped - s->boxes[k] : wrapped);
        hash = skd_hash(hash, &inside, sizeof inside);
    }
    return (size_t)(hash % s->n_buckets);
}

static bool find_box(const sieve *s, const skd_cell *cell, size_t i, double box[3]) {
    double f[3];
    skd_to_frac(s->mic.inverse, cell->pos[i], f);
    for (int k = 0; k < 3; k++) {
        if (!isfinite(f[k]))
            return false;
        box[k] = fmin(floor((f[k] - floor(f[k])) * s->boxes[k]), s->boxes[k] - 1.0);
    }
    return true;
}

/* Index + 1 of the first earlier atom that is too close to atom i, 0 if there is none. */
static size_t find_close(const sieve *s, const skd_cell *cell, size_t i, const double centre[3]) {
    size_t first = 0;
    for (int b = 0; b < 27; b++) {
        const int step[3] = {b % 3 - 1, b / 3 % 3 - 1, b / 9 - 1};
        double box[3], d[3];
        for (int k = 0; k < 3; k++)
            box[k] = centre[k] + step[k];
        for (size_t j = s->bucket[bucket_of(s, box)]; j; j = s->next[j - 1])
            if ((!first || j < first) && skd_mic_vector(&s->mic, cell->pos[j - 1], cell->pos[i], d) < s->distance)
                first = j;
    }
    return first;
}

static skd_status sift(sieve *s, const skd_cell *cell, skd_error *err) {
    for (size_t i = 0; i < cell->n; i++) {
        double box[3], d[3];
        if (!find_box(s, cell, i, box))
            return skd_fail(err, SKD_EARG, "atom %zu has no finite position", i + 1);
        size_t j = find_close(s, cell, i, box);
        if (j)
            return skd_fail(err, SKD_EARG, "atoms %zu and %zu are %.4f Å apart, expected at least %.4f Å", j, i + 1,
                            skd_mic_vector(&s->mic, cell->pos[j - 1], cell->pos[i], d), s->distance);
        size_t *bucket = &s->bucket[bucket_of(s, box)];
        s->next[i] = *bucket;
        *bucket = i + 1;
    }
    return SKD_OK;
}

skd_status skd_cell_check_overlap(const skd_cell *cell, double distance, skd_error *err) {
    sieve s = {.distance = distance, .n_buckets = 2 * cell->n + 1};
    double height[3];
    skd_status status = skd_mic_setup(&s.mic, cell, err);
    if (status != SKD_OK)
        return status;
    if ((cell->pbc[0] || cell->pbc[1] || cell->pbc[2]) && cell->n && skd_norm(s.mic.lattice[0]) < distance)
        return skd_fail(err, SKD_EARG, "atom 1 is %.4f Å from its own image, expected at least %.4f Å",
                        skd_norm(s.mic.lattice[0]), distance);
    skd_cell_heights(s.mic.lattice, height);
    for (int k = 0; k < 3; k++)
        s.boxes[k] = fmin(fmax(floor(height[k] / distance), 1.0), 1e9);
    s.bucket = skd_alloc(s.n_buckets, sizeof *s.bucket);
    s.next = skd_alloc(cell->n, sizeof *s.next);
    status = s.bucket && s.next ? sift(&s, cell, err)
                                : skd_fail(err, SKD_ENOMEM, "out of memory for %zu atoms", cell->n);
    skd_free(s.bucket);
    skd_free(s.next);
    return status;
}

/* SPDX-License-Identifier: MIT */
/* frames_select.c - rules that pick frames out of many. */
#include "frames_select.h"

#include <stdlib.h>
#include <string.h>

#include "shakedown/fingerprints.h"

skd_status frame_notes_add(frame_notes *notes, size_t file, const skd_frame *frame, skd_error *err) {
    skd_status status = skd_grow((void **)&notes->note, &notes->capacity, notes->n + 1, sizeof *notes->note, err);
    if (status != SKD_OK)
        return status;
    size_t count[SKD_ELEMENT_MAX + 1] = {0};
    const char *scf = skd_frame_info(frame, "scf_converged"), *ionic = skd_frame_info(frame, "ionic_converged");
    const char *charge = skd_frame_info(frame, "charge");
    double q = charge ? strtod(charge, NULL) : 0.0;
    for (size_t i = 0; i < frame->cell->n; i++) {
        count[frame->cell->species[i]]++;
        notes->species[frame->cell->species[i]] = true;
    }
    notes->note[notes->n++] = (frame_note){
        .file = file,
        .energy = frame->has_energy ? frame->energy : (double)NAN,
        .composition = skd_hash(skd_hash(SKD_HASH_START, count, sizeof count), &q, sizeof q),
        .is_scf_converged = scf && strcmp(scf, "T") == 0,
        .is_relaxed = ionic && strcmp(ionic, "T") == 0,
        .is_kept = true,
    };
    return SKD_OK;
}

void frame_notes_free(frame_notes *notes) { skd_free(notes->note); }

size_t frame_notes_kept(const frame_notes *notes) {
    size_t n = 0;
    for (size_t i = 0; i < notes->n; i++)
        n += notes->note[i].is_kept;
    return n;
}

void frames_drop_unconverged(frame_notes *notes) {
    for (size_t i = 0; i < notes->n; i++)
        notes->note[i].is_kept = notes->note[i].is_kept && notes->note[i].is_scf_converged;
}

void frames_drop_unrelaxed(frame_notes *notes) {
    for (size_t i = 0; i < notes->n; i++)
        notes->note[i].is_kept = notes->note[i].is_kept && notes->note[i].is_relaxed;
}

void frames_drop_positive(frame_notes *notes) {
    for (size_t i = 0; i < notes->n; i++)
        notes->note[i].is_kept = notes->note[i].is_kept && !(notes->note[i].energy > 0.0);
}

static int by_composition(const void *a, const void *b) {
    const frame_note *x = *(frame_note *const *)a, *y = *(frame_note *const *)b;
    return (x->composition > y->composition) - (x->composition < y->composition);
}

/* Drops what is more than `window` above the lowest of a run of notes of one composition. */
static void cut_run(frame_note **note, size_t n, double window) {
    double least = INFINITY;
    for (size_t i = 0; i < n; i++)
        if (note[i]->is_kept)
            least = fmin(least, note[i]->energy);
    for (size_t i = 0; i < n; i++)
        note[i]->is_kept = note[i]->is_kept && note[i]->energy <= least + window;
}

skd_status frames_drop_above(frame_notes *notes, double window, skd_error *err) {
    frame_note **order = skd_alloc(notes->n, sizeof *order);
    if (!order)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu frames", notes->n);
    for (size_t i = 0; i < notes->n; i++)
        order[i] = &notes->note[i];
    if (notes->n > 1)
        qsort(order, notes->n, sizeof *order, by_composition);
    for (size_t first = 0, i = 1; i <= notes->n; i++)
        if (i == notes->n || order[i]->composition != order[first]->composition) {
            cut_run(order + first, i - first, window);
            first = i;
        }
    skd_free(order);
    return SKD_OK;
}

/* Of the kept notes of each file, counted 0 .. m-1, those that are evenly spaced stay. */
void frames_keep_spaced(frame_notes *notes, size_t wanted) {
    for (size_t first = 0, i = 1; i <= notes->n; i++) {
        if (i < notes->n && notes->note[i].file == notes->note[first].file)
            continue;
        size_t m = 0, k = 0, taken = 0;
        for (size_t j = first; j < i; j++)
            m += notes->note[j].is_kept;
        for (size_t j = first; j < i && m > wanted; j++) {
            if (!notes->note[j].is_kept)
                continue;
            /* the next one wanted: the last if only one is, else round(taken (m - 1) / (wanted - 1)) */
            size_t next = wanted == 1 ? m - 1 : (2 * taken * (m - 1) + wanted - 1) / (2 * (wanted - 1));
            notes->note[j].is_kept = taken < wanted && k == next;
            taken += notes->note[j].is_kept;
            k++;
        }
        first = i;
    }
}

void frames_keep_last(frame_notes *notes) { frames_keep_spaced(notes, 1); }

/* ---- the most different ones -------------------------------------------------------------- */

typedef struct sampling {
    skd_frame *const *frame;
    size_t n;
    skd_soap *soap;
    skd_soap_work **work; /* [threads] */
    int threads;
    skd_fingerprint *fingerprint; /* [n] */
    double *distance;             /* [n] to the nearest one chosen */
    size_t chosen;                /* the last one                  */
} sampling;

static skd_status fingerprint_one(void *payload, size_t i, int worker, skd_error *err) {
    sampling *s = payload;
    return skd_fingerprint_make(&s->fingerprint[i], s->soap, s->frame[i]->cell, NULL, (double)NAN, s->work[worker],
                                err);
}

static skd_status measure_one(void *payload, size_t i, int worker, skd_error *err) {
    sampling *s = payload;
    double d = 0.0;
    (void)worker;
    if (s->distance[i] <= 0.0) /* chosen, or the same as one that is */
        return SKD_OK;
    skd_status status = skd_fingerprint_distance(&s->fingerprint[i], &s->fingerprint[s->chosen], &d, err);
    if (status == SKD_OK)
        s->distance[i] = fmin(s->distance[i], i == s->chosen ? 0.0 : d);
    return status;
}

static size_t farthest(const sampling *s) {
    size_t best = 0;
    for (size_t i = 1; i < s->n; i++)
        if (s->distance[i] > s->distance[best])
            best = i;
    return best;
}

/* Marks the chosen ones by a negative distance. */
static skd_status sample(sampling *s, size_t first, size_t wanted, skd_error *err) {
    skd_status status = SKD_OK;
    s->chosen = first;
    for (size_t i = 0; i < s->n; i++)
        s->distance[i] = INFINITY;
    for (size_t k = 0; k < wanted && status == SKD_OK; k++) {
        status = skd_parallel(s->n, s->threads, measure_one, s, err);
        s->distance[s->chosen] = -1.0;
        s->chosen = farthest(s);
        if (s->distance[s->chosen] <= 0.0)
            break; /* all that is left equals one that is chosen */
    }
    return status;
}

/* A coarser fingerprint than that of clustering: it is held for every frame. */
static skd_status sampling_new(sampling *s, const frame_notes *notes, skd_error *err) {
    static const skd_soap_options options = {.r_cut = 5.0, .n_max = 6, .l_max = 4, .sigma = 0.5,
                                             .cutoff = SKD_SOAP_CUTOFF_SMOOTH};
    int species[SKD_ELEMENT_MAX];
    size_t n_species = 0;
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++)
        if (notes->species[z])
            species[n_species++] = z;
    s->threads = s->threads > 0 ? s->threads : skd_threads_available();
    s->work = skd_alloc((size_t)s->threads, sizeof *s->work);
    s->fingerprint = skd_alloc(s->n, sizeof *s->fingerprint);
    s->distance = skd_alloc(s->n, sizeof *s->distance);
    if (!s->work || !s->fingerprint || !s->distance)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the fingerprints of %zu frames", s->n);
    skd_status status = skd_soap_new(&s->soap, &options, species, n_species, err);
    for (int t = 0; t < s->threads && status == SKD_OK; t++)
        status = skd_soap_work_new(&s->work[t], s->soap, err);
    return status == SKD_OK ? skd_parallel(s->n, s->threads, fingerprint_one, s, err) : status;
}

static void sampling_free(sampling *s) {
    for (size_t i = 0; s->fingerprint && i < s->n; i++)
        skd_fingerprint_free(&s->fingerprint[i]);
    for (int t = 0; s->work && t < s->threads; t++)
        skd_soap_work_free(s->work[t]);
    skd_soap_free(s->soap);
    skd_free(s->work);
    skd_free(s->fingerprint);
    skd_free(s->distance);
}

static void drop_unmarked(frame_notes *notes, const sampling *s) {
    for (size_t i = 0, k = 0; i < notes->n; i++)
        if (notes->note[i].is_kept)
            notes->note[i].is_kept = s->distance[k++] < 0.0;
}

skd_status frames_keep_diverse(frame_notes *notes, skd_frame *const *frame, size_t wanted, int threads,
                               skd_error *err) {
    sampling s = {.frame = frame, .n = frame_notes_kept(notes), .threads = threads};
    size_t first = 0;
    double least = INFINITY;
    if (s.n <= wanted)
        return SKD_OK;
    for (size_t i = 0; i < s.n; i++)
        if (frame[i]->has_energy && frame[i]->energy < least) {
            least = frame[i]->energy;
            first = i;
        }
    skd_status status = sampling_new(&s, notes, err);
    if (status == SKD_OK)
        status = sample(&s, first, wanted, err);
    if (status == SKD_OK)
        drop_unmarked(notes, &s);
    sampling_free(&s);
    return status;
}

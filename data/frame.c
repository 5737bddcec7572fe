/* SPDX-License-Identifier: MIT */
/* frame.c - the frame: a cell with all that its file said of it; lists of frames; the checks and the
 * number printing that all formats share. */
#include "frames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OVERLAP      0.01 /* Å: two atoms on one site                                   */
#define FLATNESS     1e-6 /* volume over product of lengths below which a cell is flat  */
#define LENGTH_MIN   0.01 /* Å: shortest and longest lattice vector we believe          */
#define LENGTH_MAX   1e5
#define POSITION_MAX 1e6  /* Å: farthest coordinate we believe                          */

skd_status skd_frame_new(skd_frame **out, skd_cell *cell_taken, skd_error *err) {
    *out = skd_alloc(1, sizeof **out);
    if (!*out) {
        skd_cell_free(cell_taken);
        return skd_fail(err, SKD_ENOMEM, "out of memory for a frame");
    }
    (*out)->cell = cell_taken;
    return SKD_OK;
}

static void free_column(skd_column *column, size_t n) {
    if (column->text)
        for (size_t i = 0; i < n * column->width; i++)
            skd_free(column->text[i]);
    skd_free(column->text);
    skd_free(column->real);
}

void skd_frame_free(skd_frame *frame) {
    if (!frame)
        return;
    for (size_t c = 0; c < frame->n_column; c++)
        free_column(&frame->column[c], frame->cell->n);
    for (size_t k = 0; k < frame->n_info; k++) {
        skd_free(frame->info[k].key);
        skd_free(frame->info[k].value);
    }
    skd_free(frame->column);
    skd_free(frame->info);
    skd_free(frame->comment);
    skd_free(frame->frac);
    skd_free(frame->force);
    skd_free(frame->velocity);
    skd_cell_free(frame->cell);
    skd_free(frame);
}

const char *skd_frame_info(const skd_frame *frame, const char *key) {
    for (size_t k = 0; k < frame->n_info; k++)
        if (strcmp(frame->info[k].key, key) == 0)
            return frame->info[k].value;
    return NULL;
}

/* One more entry at the end; both strings are copied. */
static skd_status append_info(skd_frame *frame, const char *key, const char *value, skd_error *err) {
    skd_info *grown = skd_realloc(frame->info, frame->n_info + 1, sizeof *grown);
    if (grown)
        frame->info = grown;
    skd_info entry = {skd_strdup(key), skd_strdup(value)};
    if (!grown || !entry.key || !entry.value) {
        skd_free(entry.key);
        skd_free(entry.value);
        return skd_fail(err, SKD_ENOMEM, "out of memory for the value of '%.40s'", key);
    }
    frame->info[frame->n_info++] = entry;
    return SKD_OK;
}

skd_status skd_frame_set_info(skd_frame *frame, const char *key, const char *value, skd_error *err) {
    for (size_t k = 0; k < frame->n_info; k++) {
        if (strcmp(frame->info[k].key, key) != 0)
            continue;
        char *copy = skd_strdup(value);
        if (!copy)
            return skd_fail(err, SKD_ENOMEM, "out of memory for the value of '%.40s'", key);
        skd_free(frame->info[k].value);
        frame->info[k].value = copy;
        return SKD_OK;
    }
    return append_info(frame, key, value, err);
}

skd_status skd_frame_add_column(skd_frame *frame, skd_span name, char type, size_t width, skd_column **out,
                                skd_error *err) {
    *out = NULL;
    skd_column column = {.type = type, .width = width}, *grown;
    size_t cells = frame->cell->n * width;
    skd_span_copy(name, column.name, sizeof column.name);
    if (type == 'S')
        column.text = skd_alloc(cells, sizeof *column.text);
    else
        column.real = skd_alloc(cells, sizeof *column.real);
    grown = skd_realloc(frame->column, frame->n_column + 1, sizeof *grown);
    if (grown)
        frame->column = grown;
    if (!grown || (!column.text && !column.real)) {
        skd_free(column.text);
        skd_free(column.real);
        return skd_fail(err, SKD_ENOMEM, "out of memory for column '%s' of %zu atoms", column.name, frame->cell->n);
    }
    frame->column[frame->n_column] = column;
    *out = &frame->column[frame->n_column++];
    return SKD_OK;
}

const skd_column *skd_frame_column(const skd_frame *frame, const char *name, char type) {
    for (size_t c = 0; c < frame->n_column; c++)
        if (frame->column[c].type == type && strcmp(frame->column[c].name, name) == 0)
            return &frame->column[c];
    return NULL;
}

skd_status skd_frames_add(skd_frames *frames, skd_frame *frame_taken, skd_error *err) {
    skd_status status =
        skd_grow((void **)&frames->frame, &frames->capacity, frames->n + 1, sizeof *frames->frame, err);
    if (status == SKD_OK)
        frames->frame[frames->n++] = frame_taken;
    else
        skd_frame_free(frame_taken);
    return status;
}

void skd_frames_free(skd_frames *frames) {
    for (size_t i = 0; i < frames->n; i++)
        skd_frame_free(frames->frame[i]);
    skd_free(frames->frame);
    *frames = (skd_frames){0};
}

/* ---- checks ------------------------------------------------------------------------------ */

/* Volume, area or length spanned by the periodic directions, over the product of their lengths. */
static double spanned(const skd_cell *cell) {
    double m[3][3], product = 1.0, area[3];
    int n = 0;
    for (int k = 0; k < 3; k++)
        if (cell->pbc[k]) {
            double length = skd_norm(cell->lattice[k]);
            for (int c = 0; c < 3; c++)
                m[n][c] = cell->lattice[k][c] / length;
            n++;
        }
    if (n == 3)
        return fabs(skd_det3(m));
    if (n == 2) {
        skd_cross(m[0], m[1], area);
        product = skd_norm(area);
    }
    return product;
}

static skd_status check_lattice(const skd_cell *cell, const char *where, skd_error *err) {
    for (int k = 0; k < 3; k++) {
        double length = skd_norm(cell->lattice[k]);
        bool sane = length <= LENGTH_MAX && (!cell->pbc[k] || length >= LENGTH_MIN);
        if (!sane)
            return skd_fail(err, SKD_EFORMAT, "%s: lattice vector %d is %g Å long; expected %g to %g Å", where, k + 1,
                            length, LENGTH_MIN, LENGTH_MAX);
    }
    double share = spanned(cell);
    if (!(share >= FLATNESS))
        return skd_fail(err, SKD_EFORMAT, "%s: the cell has no volume: its lattice vectors lie in a plane", where);
    return SKD_OK;
}

/* A quick proof, for the frames of long runs, that no two atoms are within OVERLAP: then, with h the heights of the
 * cell, none of their fractional coordinates is within OVERLAP / h of the other's, modulo 1. Atoms are gone through
 * in the order of their first one. false: not proven. */
typedef struct place {
    double f[3];
} place;

static int by_first(const void *a, const void *b) {
    double x = ((const place *)a)->f[0], y = ((const place *)b)->f[0];
    return (x > y) - (x < y);
}

static bool is_near(double difference, double limit) {
    double d = fabs(difference);
    return d <= limit || d >= 1.0 - limit;
}

static bool all_apart(const place *at, size_t n, const double limit[3]) {
    for (size_t i = 0; i < n; i++) {
        size_t j = i;
        for (size_t k = 1; k < n; k++) { /* onwards, around the end, while near along the first axis */
            j = j + 1 < n ? j + 1 : 0;
            if (!is_near(at[j].f[0] - at[i].f[0], limit[0]))
                break;
            if (is_near(at[j].f[1] - at[i].f[1], limit[1]) && is_near(at[j].f[2] - at[i].f[2], limit[2]))
                return false;
        }
    }
    return true;
}

static bool surely_apart(const skd_cell *cell) {
    double inverse[3][3], height[3], limit[3];
    if (skd_cell_inverse(cell, inverse, NULL) != SKD_OK)
        return false;
    skd_cell_heights(cell->lattice, height);
    for (int k = 0; k < 3; k++) {
        limit[k] = 1.001 * OVERLAP / height[k];
        if (!(limit[k] < 0.1))
            return false;
    }
    place *at = skd_alloc(cell->n, sizeof *at);
    for (size_t i = 0; at && i < cell->n; i++) {
        skd_to_frac(inverse, cell->pos[i], at[i].f);
        for (int k = 0; k < 3; k++)
            at[i].f[k] -= floor(at[i].f[k]);
    }
    if (at)
        qsort(at, cell->n, sizeof *at, by_first);
    bool apart = at && all_apart(at, cell->n, limit);
    skd_free(at);
    return apart;
}

skd_status skd_frame_check(const skd_frame *frame, const char *where, skd_error *err) {
    const skd_cell *cell = frame->cell;
    skd_status status = check_lattice(cell, where, err);
    if (status != SKD_OK)
        return status;
    for (size_t i = 0; i < cell->n; i++)
        for (int k = 0; k < 3; k++)
            if (!(fabs(cell->pos[i][k]) <= POSITION_MAX))
                return skd_fail(err, SKD_EFORMAT, "%s: atom %zu has the coordinate %g Å; expected at most %g Å",
                                where, i + 1, cell->pos[i][k], POSITION_MAX);
    if (surely_apart(cell))
        return SKD_OK;
    skd_error found = {SKD_OK, ""};
    status = skd_cell_check_overlap(cell, OVERLAP, &found);
    if (status == SKD_OK)
        return SKD_OK;
    return skd_fail(err, status == SKD_ENOMEM ? status : SKD_EFORMAT, "%s: %.400s", where, found.text);
}

skd_status skd_text_check(const char *name, const char *text, size_t length, skd_error *err) {
    if (length == 0)
        return skd_fail(err, SKD_EFORMAT, "%s: the file is empty; expected a structure", name);
    const char *nul = memchr(text, '\0', length);
    if (nul)
        return skd_fail(err, SKD_EFORMAT, "%s: binary data (a zero byte at offset %zu); expected text", name,
                        (size_t)(nul - text));
    return SKD_OK;
}

skd_status skd_frame_frac(double (**out)[3], const skd_frame *frame, skd_error *err) {
    const skd_cell *cell = frame->cell;
    double inverse[3][3];
    *out = NULL;
    skd_status status = frame->frac ? SKD_OK : skd_cell_inverse(cell, inverse, err);
    if (status != SKD_OK)
        return status;
    *out = skd_copy(frame->frac ? frame->frac : cell->pos, cell->n, sizeof **out);
    if (!*out)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the coordinates of %zu atoms", cell->n);
    if (!frame->frac)
        for (size_t i = 0; i < cell->n; i++)
            skd_to_frac(inverse, cell->pos[i], (*out)[i]);
    return SKD_OK;
}

/* ---- words and numbers ------------------------------------------------------------------- */

int skd_word_element(skd_span word) {
    size_t n = 0;
    while (n < word.n && ((word.p[n] >= 'A' && word.p[n] <= 'Z') || (word.p[n] >= 'a' && word.p[n] <= 'z')))
        n++;
    bool is_cut = n < word.n && (unsigned char)word.p[n] >= 0x80; /* inside a word in another alphabet */
    return n && !is_cut ? skd_element_number((skd_span){word.p, n}) : 0;
}

char *skd_span_dup(skd_span span) {
    char *copy = skd_alloc(span.n + 1, 1);
    if (copy && span.n)
        memcpy(copy, span.p, span.n);
    return copy;
}

void skd_string_add_real(skd_string *s, double value) {
    char buffer[40];
    int n = 0;
    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(buffer, sizeof buffer, "%.*g", digits, value);
        if (strtod(buffer, NULL) == value)
            break;
    }
    skd_string_add_bytes(s, buffer, (size_t)n);
}

void skd_string_add_line(skd_string *s, const char *text) {
    for (const char *p = text; *p; p++) {
        char c = (unsigned char)*p < 0x20 ? ' ' : *p;
        skd_string_add_bytes(s, &c, 1);
    }
}

skd_status skd_frame_set_moves(skd_frame *frame, const bool *moves, skd_error *err) {
    skd_column *mask;
    skd_span name = {SKD_MOVE_MASK, strlen(SKD_MOVE_MASK)};
    skd_status status = skd_frame_add_column(frame, name, 'L', 3, &mask, err);
    for (size_t i = 0; i < 3 * frame->cell->n && status == SKD_OK; i++)
        mask->real[i] = moves[i / 3] ? 1.0 : 0.0;
    return status;
}

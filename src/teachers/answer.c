/* SPDX-License-Identifier: MIT */
/* answer.c - is what a program has written the answer to the frame it was asked for? */
#include <stdio.h>
#include <string.h>

#include "kind.h"
#include "shakedown/data.h"

#define SAME_PLACE 0.01 /* Å: some outputs print few digits, of positions or of lattice vectors */
#define NET_FORCE  0.05 /* eV/Å an atom: a grid that leaves more is wrong by 0.3 at single atoms, net taken off or no */

/* The last frame of an output. */
static skd_status read_last(skd_frame **out, char *warning, size_t room, const char *path, skd_error *err) {
    skd_outputs *source;
    skd_frame *frame = NULL;
    *out = NULL;
    warning[0] = '\0';
    skd_status status = skd_outputs_open(&source, path, err);
    if (status != SKD_OK)
        return status;
    do {
        status = skd_outputs_next(source, &frame, err);
        if (status == SKD_OK && frame) {
            skd_frame_free(*out);
            *out = frame;
        }
    } while (status == SKD_OK && frame);
    const char *says = status == SKD_OK ? skd_outputs_warning(source) : NULL;
    if (says)
        skd_span_copy((skd_span){says, strlen(says)}, warning, room);
    skd_outputs_close(source);
    if (status != SKD_OK) {
        skd_frame_free(*out);
        *out = NULL;
    }
    return status;
}

/* The atom of `got` at the place of each atom asked for: outputs may have them in another order. */
static skd_status match_atoms(size_t *of, const skd_cell *got, const skd_cell *cell, const char *path,
                              skd_error *err) {
    skd_mic mic;
    if (got->n != cell->n)
        return skd_fail(err, SKD_ENUMERIC, "%s: %zu atoms; %zu were asked for", path, got->n, cell->n);
    skd_status status = skd_mic_setup(&mic, cell, err);
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++) {
        double least = INFINITY;
        for (size_t k = 0; k < cell->n && least > SAME_PLACE; k++) {
            size_t j = (i + k) % cell->n; /* mostly it is i */
            double d[3];
            skd_mic_vector(&mic, cell->pos[i], got->pos[j], d);
            if (skd_norm(d) < least) {
                least = skd_norm(d);
                of[i] = j;
            }
        }
        if (least > SAME_PLACE || got->species[of[i]] != cell->species[i])
            return skd_fail(err, SKD_ENUMERIC, "%s: no %s where atom %zu was asked for; the nearest atom, %s, is "
                            "%.3f Å away", path, skd_element_of(cell->species[i])->symbol, i + 1,
                            skd_element_of(got->species[of[i]])->symbol, least);
    }
    return status;
}

skd_status teacher_judge(double energy, const double (*force)[3], size_t n, const char *who, skd_error *err) {
    double net[3] = {0.0};
    if (!isfinite(energy))
        return skd_fail(err, SKD_ENUMERIC, "%s: energy is not finite", who);
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 3; k++)
            net[k] += force[i][k] / (double)n;
    if (!isfinite(skd_norm(net)))
        return skd_fail(err, SKD_ENUMERIC, "%s: a force is not finite", who);
    if (skd_norm(net) > NET_FORCE)
        return skd_fail(err, SKD_ENUMERIC, "%s: forces sum to %.3f eV/Å an atom; expected 0 within %g (is its "
                        "grid fine enough?)", who, skd_norm(net), NET_FORCE);
    return SKD_OK;
}

/* Energy and forces there, converged, and good. */
static skd_status check_numbers(const skd_frame *frame, const char *path, skd_error *err) {
    const char *converged = skd_frame_info(frame, "scf_converged");
    if (converged && strcmp(converged, "F") == 0)
        return skd_fail(err, SKD_ENUMERIC, "%s: not self-consistent", path);
    if (!frame->has_energy || !frame->force)
        return skd_fail(err, SKD_ENUMERIC, "%s: no %s", path, frame->has_energy ? "forces" : "energy");
    return teacher_judge(frame->energy, (const double (*)[3])frame->force, frame->cell->n, path, err);
}

static skd_status take(skd_result *out, const skd_frame *frame, const skd_cell *cell, int want, const char *path,
                       skd_error *err) {
    size_t *of = skd_alloc(cell->n, sizeof *of);
    skd_status status = of ? match_atoms(of, frame->cell, cell, path, err)
                           : skd_fail(err, SKD_ENOMEM, "out of memory for %zu atoms", cell->n);
    if (status == SKD_OK)
        status = check_numbers(frame, path, err);
    if (status == SKD_OK) {
        out->energy = frame->energy;
        for (size_t i = 0; i < cell->n; i++)
            memcpy(out->force[i], frame->force[of[i]], sizeof out->force[i]);
        out->has_atom_energy = false;
        out->has_stress = frame->has_stress && (want & SKD_WANT_STRESS);
        memcpy(out->stress, frame->stress, sizeof out->stress);
    }
    skd_free(of);
    return status;
}

void teacher_note_origin(teacher_work *work, const char *folder, const char *input) {
    char *path = teacher_path(folder, input), *text = NULL;
    size_t n = 0;
    uint64_t hash = SKD_HASH_START;
    if (path && skd_file_read(path, &text, &n, NULL) == SKD_OK)
        hash = skd_hash(hash, text, n);
    snprintf(work->origin, sizeof work->origin, "%s%s%s (FNV %016llx)", work->code, work->code[0] ? ", " : "",
             path ? path : "", (unsigned long long)hash);
    skd_free(text);
    skd_free(path);
}

static skd_status judge(skd_result *out, const skd_frame *frame, const char *warning, const skd_cell *cell, int want,
                        const char *path, skd_error *err) {
    if (warning[0])
        return skd_fail(err, SKD_EWAITING, "%s", warning);
    if (!frame)
        return skd_fail(err, SKD_EWAITING, "%s: holds no whole step", path);
    return take(out, frame, cell, want, path, err);
}

skd_status teacher_answer(skd_result *out, const char *path, const skd_cell *cell, int want, teacher_work *work,
                          skd_error *err) {
    skd_frame *frame;
    skd_error trouble = {SKD_OK, ""};
    char warning[200];
    skd_status status = read_last(&frame, warning, sizeof warning, path, &trouble);
    if (status != SKD_OK)
        return skd_fail(err, status == SKD_ENOMEM ? status : SKD_EWAITING, "%s", trouble.text);
    status = judge(out, frame, warning, cell, want, path, err);
    if (status == SKD_OK) {
        const char *code = skd_frame_info(frame, "code");
        snprintf(work->code, sizeof work->code, "%s", code ? code : "");
    }
    skd_frame_free(frame);
    return status;
}

char *teacher_output(const teacher_site *site, const char *folder) {
    skd_span list = {site->output, strlen(site->output)}, name;
    while (skd_span_word(&list, &name)) {
        skd_string path = {0};
        skd_string_add(&path, "%s/%.*s", folder, (int)name.n, name.p);
        if (!path.failed && skd_file_exists(path.text))
            return path.text;
        skd_string_free(&path);
    }
    return NULL;
}

/* ---- scratch -------------------------------------------------------------------------------- */

skd_status teacher_work_new(const void *params, void **work, skd_error *err) {
    (void)params;
    *work = skd_alloc(1, sizeof(teacher_work));
    return *work ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a teacher's scratch");
}

const char *teacher_origin(const void *work) { return ((const teacher_work *)work)->origin; }

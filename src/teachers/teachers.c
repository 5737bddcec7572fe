/* SPDX-License-Identifier: MIT */
/* teachers.c - the table of kinds, and making a teacher from its spec. */
#include <stdio.h>
#include <string.h>

#include "kind.h"

extern const teacher_kind teacher_cp2k, teacher_command, teacher_files, teacher_socket, teacher_labels;

/* A new kind: one file, one row here. */
static const teacher_kind *const kinds[] = {&teacher_cp2k, &teacher_command, &teacher_files, &teacher_socket,
                                            &teacher_labels};
#define N_KINDS (sizeof kinds / sizeof *kinds)

static const teacher_kind *kind_of(const char *spec) {
    const skd_span name = {spec, strcspn(spec, ":")};
    for (size_t k = 0; k < N_KINDS; k++)
        if (skd_span_is(name, kinds[k]->type->name))
            return kinds[k];
    return NULL;
}

bool teachers_knows(const char *spec) { return kind_of(spec) != NULL; }

const skd_potential_type *teachers_kind_of(size_t k) { return k < N_KINDS ? kinds[k]->type : NULL; }

const char *teachers_waiting(const skd_potential *potential, size_t k) {
    return potential->type == &teacher_files_type ? teacher_files_waiting(potential->params, k) : NULL;
}

static skd_status set_level(skd_potential *potential, const teacher_kind *kind, skd_error *err) {
    skd_string line = {0};
    skd_status status = SKD_OK;
    kind->level(potential->params, &line);
    if (line.failed)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a teacher");
    else if (line.n >= sizeof potential->spec)
        status = skd_fail(err, SKD_EARG, "%s: a level of more than %zu letters", kind->type->name,
                          sizeof potential->spec - 1);
    else
        memcpy(potential->spec, line.text, line.n + 1);
    skd_string_free(&line);
    return status;
}

skd_status teachers_potential_new(skd_potential **out, const char *spec, const teachers_place *place, skd_error *err) {
    const teacher_kind *kind = kind_of(spec);
    *out = NULL;
    if (!kind)
        return skd_fail(err, SKD_EARG, "no teacher '%.40s'", spec);
    skd_potential *potential = skd_alloc(1, sizeof *potential);
    if (!potential)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a teacher");
    const char *settings = spec + strcspn(spec, ":");
    skd_status status = kind->create(&potential->params, *settings ? settings + 1 : "", place, err);
    if (status != SKD_OK) {
        skd_free(potential);
        return status;
    }
    potential->type = kind->type;
    potential->at_once = kind->at_once ? kind->at_once(potential->params) : 0;
    status = set_level(potential, kind, err);
    if (status != SKD_OK)
        skd_potential_free(potential);
    else
        *out = potential;
    return status;
}

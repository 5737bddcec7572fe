/* SPDX-License-Identifier: MIT */
/* snb_codes.c - where codes leave the energy of a relaxation: the last one after a mark, as snb-parse takes it. */
#include <string.h>

#include "snb_tree.h"

#define RYDBERG 13.605693122990
#define HARTREE 27.211386245981

static const snb_code codes[] = {
    {"vasp", "OUTCAR", "energy(sigma->0)", 1.0, {"required accuracy", "considering this converged"}, "CONTCAR",
     {"INCAR", "KPOINTS", "POTCAR"}},
    {"espresso quantum_espresso quantum-espresso quantumespresso", "espresso.out", "!    total energy", RYDBERG,
     {NULL, NULL}, "espresso.out", {"espresso.pwi", NULL, NULL}},
    {"cp2k", "relax.out", "Total energy:", HARTREE, {"GEOMETRY OPTIMIZATION COMPLETED", NULL}, "cp2k.restart",
     {"cp2k_input.inp", NULL, NULL}},
    {"castep", "*.castep", "Final Total Energy", 1.0, {"Geometry optimization completed successfully.", NULL},
     "castep.castep", {"castep.param", NULL, NULL}},
    {"fhi-aims fhi_aims fhiaims", "aims.out", "| Total energy of the DFT / Hartree-Fock s.c.f. calculation", 1.0,
     {"converged.", NULL}, "geometry.in.next_step", {"control.in", NULL, NULL}},
};

const snb_code *snb_code_named(const char *name) {
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        skd_span names = {codes[i].names, strlen(codes[i].names)}, word;
        while (skd_span_word(&names, &word))
            if (word.n == strlen(name)) {
                size_t k = 0;
                while (k < word.n && (name[k] | 0x20) == (word.p[k] | 0x20))
                    k++;
                if (k == word.n)
                    return &codes[i];
            }
    }
    return NULL;
}

/* Place of `mark` in the line, or NULL. */
static const char *find_in(skd_span line, const char *mark) {
    size_t n = strlen(mark);
    for (size_t i = 0; i + n <= line.n; i++)
        if (line.p[i] == mark[0] && memcmp(line.p + i, mark, n) == 0)
            return line.p + i;
    return NULL;
}

/* The number behind the mark and any of " =:". */
static bool number_behind(skd_span line, const char *at, double *value) {
    const char *end = line.p + line.n;
    while (at < end && strchr(" \t=:", *at))
        at++;
    skd_span rest = {at, (size_t)(end - at)}, word;
    return skd_span_word(&rest, &word) && skd_span_real(word, value);
}

static void scan(const snb_code *code, skd_text t, double *energy, bool *converged) {
    skd_span line;
    double value;
    *converged = code->done[0] == NULL;
    while (skd_text_line(&t, &line)) {
        const char *at = find_in(line, code->mark);
        if (at && number_behind(line, at + strlen(code->mark), &value))
            *energy = value * code->unit;
        for (int k = 0; k < 2 && !*converged; k++)
            *converged = code->done[k] && find_in(line, code->done[k]);
    }
}

/* Name of the output in this folder; the caller's, NULL if there is none. */
static skd_status find_output(const snb_code *code, const char *folder, char **path, skd_error *err) {
    skd_names names = {0};
    bool is_folder;
    skd_string out = {0};
    *path = NULL;
    skd_status status = skd_folder_list(&names, folder, &is_folder, err);
    const char *ending = code->output[0] == '*' ? code->output + 1 : code->output;
    for (size_t i = 0; i < names.n && !out.text; i++) {
        const char *name = names.name[i], *found = strstr(name, ending);
        if (found && (code->output[0] == '*' || found == name) &&
            (found[strlen(ending)] == '\0' || strcmp(found + strlen(ending), ".gz") == 0))
            skd_string_add(&out, "%s/%s", folder, name);
    }
    skd_names_free(&names);
    if (out.failed)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    *path = out.text;
    return status;
}

skd_status snb_code_energy(const snb_code *code, const char *folder, double *energy, bool *found, bool *converged,
                           skd_error *err) {
    char *path = NULL, *text = NULL;
    size_t n = 0;
    *energy = (double)NAN;
    *converged = false;
    skd_status status = find_output(code, folder, &path, err);
    *found = path != NULL;
    if (status == SKD_OK && path)
        status = skd_file_read(path, &text, &n, err);
    if (status == SKD_OK && path)
        scan(code, skd_text_of(path, text, n), energy, converged);
    skd_free(text);
    skd_free(path);
    return status;
}

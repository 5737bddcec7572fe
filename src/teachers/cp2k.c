/* SPDX-License-Identifier: MIT */
/* cp2k.c - CP2K as a teacher: single points at the Gamma point with Gaussian and plane waves (GPW). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cp2k_input.h"
#include "shakedown/data.h"
#include "shakedown/process.h"

#define INPUT_FILE  "cp2k.inp"
#define OUTPUT_FILE "cp2k.out"

typedef struct params {
    cp2k_settings settings;
    int cores, jobs;
    char program[16];
    teacher_site site;
} params;

static const teacher_setting rows[] = {
    {"functional", TEACHER_TEXT, offsetof(params, settings.functional), 0, 0, true},
    {"basis", TEACHER_TEXT, offsetof(params, settings.basis), 0, 0, true},
    {"potential", TEACHER_TEXT, offsetof(params, settings.potential), 0, 0, true},
    {"admm", TEACHER_TEXT, offsetof(params, settings.admm), 0, 0, true},
    {"spin", TEACHER_TEXT, offsetof(params, settings.spin), 0, 0, true},
    {"cutoff", TEACHER_REAL, offsetof(params, settings.cutoff), 0, 5000, true},
    {"rel_cutoff", TEACHER_REAL, offsetof(params, settings.rel_cutoff), 10, 500, true},
    {"eps_scf", TEACHER_REAL, offsetof(params, settings.eps_scf), 1e-10, 1e-3, true},
    {"eps_schwarz", TEACHER_REAL, offsetof(params, settings.eps_schwarz), 1e-12, 1e-3, true},
    {"smear", TEACHER_REAL, offsetof(params, settings.smear), 0, 1e5, true},
    {"memory", TEACHER_REAL, offsetof(params, settings.memory), 100, 1e6, false},
    {"cores", TEACHER_COUNT, offsetof(params, cores), 1, 1024, false},
    {"jobs", TEACHER_COUNT, offsetof(params, jobs), 1, 1024, false},
    {NULL, TEACHER_TEXT, 0, 0, 0, false},
};

/* ---- what is there -------------------------------------------------------------------------- */

static skd_status find_program(params *p, skd_error *err) {
    static const char *const names[] = {"cp2k.psmp", "cp2k.popt", "cp2k.ssmp", "cp2k"};
    if (p->site.command)
        return SKD_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (skd_program_exists(names[i], strlen(names[i]))) {
            snprintf(p->program, sizeof p->program, "%s", names[i]);
            return SKD_OK;
        }
    return skd_fail(err, SKD_EARG, "cp2k: the program is not here (looked for cp2k.psmp, cp2k.popt, cp2k.ssmp and cp2k "
                    "in PATH); apt-get install cp2k cp2k-data");
}

static skd_status find_data(skd_error *err) {
    const char *folder = getenv("CP2K_DATA_DIR");
    char *path = teacher_path(folder ? folder : "/usr/share/cp2k", "BASIS_MOLOPT");
    skd_status status = !path ? skd_fail(err, SKD_ENOMEM, "out of memory for a path")
                        : skd_file_exists(path)
                            ? SKD_OK
                            : skd_fail(err, SKD_EARG, "cp2k: its basis sets are not here (no %s); apt-get install "
                                       "cp2k-data, or set CP2K_DATA_DIR", path);
    skd_free(path);
    return status;
}

/* ---- making --------------------------------------------------------------------------------- */

static void destroy(void *params_taken) {
    params *p = params_taken;
    teacher_site_free(&p->site);
    skd_free(p);
}

static void print_level(const void *of, skd_string *line) {
    teacher_settings_print(of, rows, "cp2k", line);
}

static skd_status create(void **out, const char *settings, const teachers_place *place, skd_error *err) {
    params *p = skd_alloc(1, sizeof *p);
    *out = NULL;
    if (!p)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a teacher");
    *p = (params){.settings = {.functional = "PBE", .basis = "DZVP-MOLOPT-SR-GTH", .potential = "GTH-PBE",
                               .admm = "admm-dz", .spin = "auto", .cutoff = 0.0, .rel_cutoff = 50.0,
                               .eps_scf = 1e-6, .eps_schwarz = 1e-6, .smear = 300.0, .memory = 2000.0},
                  .cores = place->cores > 0 ? place->cores : 1};
    skd_status status = teacher_settings_parse(p, rows, "cp2k", settings, err);
    if (status == SKD_OK)
        status = cp2k_settings_check(&p->settings, err);
    if (status == SKD_OK)
        status = teacher_site_copy(&p->site, place, err);
    if (status == SKD_OK)
        status = find_program(p, err);
    if (status == SKD_OK && !p->site.command)
        status = find_data(err);
    if (status == SKD_OK)
        *out = p;
    else
        destroy(p);
    return status;
}

static int at_once(const void *of) {
    const params *p = of;
    int threads = skd_threads_available();
    return p->jobs > 0 ? p->jobs : threads > p->cores ? threads / p->cores : 1;
}

static skd_status check(const void *of, const skd_cell *cell, skd_error *err) {
    (void)of;
    if (cell->n == 0 || !cell->pbc[0] || !cell->pbc[1] || !cell->pbc[2])
        return skd_fail(err, SKD_EARG, "cp2k: expected atoms in a cell that is periodic along all axes");
    return SKD_OK;
}

/* ---- an evaluation -------------------------------------------------------------------------- */

static skd_status write_input(const params *p, const cp2k_way *way, const char *folder, const skd_cell *cell,
                              double charge, skd_error *err) {
    skd_string text = {0};
    char *path = teacher_path(folder, INPUT_FILE);
    skd_status status = path ? cp2k_input(&text, &p->settings, way, cell, charge, err)
                             : skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    if (status == SKD_OK)
        status = skd_file_write(path, text.text, text.n, err);
    skd_string_free(&text);
    skd_free(path);
    return status;
}

static skd_status run(const params *p, const char *folder, skd_error *err) {
    skd_string command = {0};
    if (p->site.command)
        skd_string_add(&command, "%s", p->site.command);
    else
        skd_string_add(&command, "OMP_NUM_THREADS=%d exec %s -i " INPUT_FILE, p->cores, p->program);
    skd_status status = command.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a command")
                                       : teacher_run(&p->site, folder, command.text, OUTPUT_FILE, err);
    skd_string_free(&command);
    return status;
}

static skd_status evaluate(const params *p, const char *folder, const skd_cell *cell, double charge, int want,
                           skd_result *out, skd_error *err) {
    char *path = teacher_path(folder, OUTPUT_FILE);
    const cp2k_way way = {.exact_exchange = true, .stress = (want & SKD_WANT_STRESS) != 0};
    skd_status status = path ? write_input(p, &way, folder, cell, charge, err)
                             : skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    if (status == SKD_OK)
        status = run(p, folder, err);
    if (status == SKD_OK)
        status = teacher_answer(out, path, cell, want, err);
    skd_free(path);
    return status;
}

static skd_status compute(const void *of, const skd_cell *cell, double charge, int want, void *work, skd_result *out,
                          skd_error *err) {
    const params *p = of;
    char *folder;
    skd_string level = {0};
    (void)work;
    print_level(p, &level);
    skd_status status = level.failed
                            ? skd_fail(err, SKD_ENOMEM, "out of memory for a teacher")
                            : teacher_folder(&folder, &p->site, "cp2k", level.text, cell, charge, err);
    skd_string_free(&level);
    if (status != SKD_OK)
        return status;
    status = evaluate(p, folder, cell, charge, want, out, err);
    skd_free(folder);
    return status;
}

static skd_status work_new(const void *of, void **work, skd_error *err) {
    (void)of, (void)err;
    *work = NULL;
    return SKD_OK;
}

static void work_free(void *work) { (void)work; }

static const skd_potential_type type = {
    .name = "cp2k",
    .summary = "CP2K, Gamma point; functional=PBE|PBEsol|r2SCAN|PBE0|HSE06, cutoff=0 (Ry; 0: by the elements), spin=auto, cores=1",
    .reference = "T. D. Kuhne et al., J. Chem. Phys. 152, 194103 (2020)",
    .knows_charge = true,
    .dear = true,
    .method = "lbfgs",
    .force_max = 0.03,
    .destroy = destroy,
    .check = check,
    .work_new = work_new,
    .work_free = work_free,
    .compute = compute,
};

const teacher_kind teacher_cp2k = {&type, create, print_level, at_once};

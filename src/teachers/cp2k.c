/* SPDX-License-Identifier: MIT */
/* cp2k.c - CP2K as a teacher: single points at the Gamma point with Gaussian and plane waves (GPW). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cp2k_input.h"
#include "cp2k_waves.h"
#include "shakedown/data.h"
#include "shakedown/process.h"

#define INPUT_FILE  "cp2k.inp"
#define OUTPUT_FILE "cp2k.out"
#define BEFORE_FILE "before.out"       /* of the semilocal calculation before a hybrid one */
#define LEFT_FILE   "cp2k-RESTART.wfn" /* PROJECT-RESTART.wfn: what CP2K leaves */

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
    {"cutoff", TEACHER_TEXT, offsetof(params, settings.cutoff), 0, 0, true},
    {"rel_cutoff", TEACHER_REAL, offsetof(params, settings.rel_cutoff), 10, 500, true},
    {"grid_step", TEACHER_REAL, offsetof(params, settings.grid_step), 1.5, 10, true},
    {"eps_scf", TEACHER_REAL, offsetof(params, settings.eps_scf), 1e-10, 1e-3, true},
    {"eps_schwarz", TEACHER_REAL, offsetof(params, settings.eps_schwarz), 1e-12, 1e-3, true},
    {"smear", TEACHER_REAL, offsetof(params, settings.smear), 0, 1e5, true},
    {"kpoints", TEACHER_TEXT, offsetof(params, settings.kpoints), 0, 0, true},
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
                               .admm = "admm-dz", .spin = "auto", .kpoints = "gamma",
                               .cutoff = "auto", .rel_cutoff = 50.0, .grid_step = 2.0, .eps_scf = 1e-6,
                               .eps_schwarz = 1e-6, .smear = 300.0, .memory = 2000.0},
                  .cores = place->cores > 0 ? place->cores : 1};
    teachers_place own = *place;
    own.output = OUTPUT_FILE;
    own.input = INPUT_FILE;
    skd_status status = teacher_settings_parse(p, rows, "cp2k", settings, err);
    if (status == SKD_OK)
        status = cp2k_settings_check(&p->settings, err);
    if (status == SKD_OK)
        status = teacher_site_copy(&p->site, &own, err);
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
    return teacher_jobs(p->jobs, p->cores);
}

static skd_status check(const void *of, const skd_cell *cell, skd_error *err) {
    (void)of;
    if (cell->n == 0 || !cell->pbc[0] || !cell->pbc[1] || !cell->pbc[2])
        return skd_fail(err, SKD_EARG, "cp2k: expected atoms in a cell that is periodic along all axes");
    return SKD_OK;
}

/* ---- an evaluation -------------------------------------------------------------------------- */

static const cp2k_settings *settings_of(const teacher_question *q) { return &((const params *)q->params)->settings; }

static skd_status write_input(const teacher_question *q, const cp2k_way *way, skd_error *err) {
    skd_string text = {0};
    skd_status status = cp2k_input(&text, settings_of(q), way, q->cell, q->charge, err);
    if (status == SKD_OK)
        status = teacher_write(q->folder, INPUT_FILE, &text, err);
    skd_string_free(&text);
    return status;
}

static skd_status run(const teacher_question *q, const cp2k_way *way, const char *output, skd_error *err) {
    const params *p = q->params;
    skd_string command = {0};
    skd_status status = write_input(q, way, err);
    if (p->site.command)
        teacher_fill(&command, p->site.command, &p->site, q->folder, q->charge);
    else
        skd_string_add(&command, "OMP_NUM_THREADS=%d exec %s -i " INPUT_FILE, p->cores, p->program);
    if (status == SKD_OK)
        status = command.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a command")
                                : teacher_run(&p->site, q->folder, command.text, output, err);
    skd_string_free(&command);
    return status;
}

static skd_status look(const teacher_question *q, teacher_work *work, skd_result *out, skd_error *err) {
    char *path = teacher_output(q->site, q->folder);
    skd_status status = path ? teacher_answer(out, path, q->cell, q->want, work, err)
                             : skd_fail(err, SKD_EWAITING, "%s: no " OUTPUT_FILE, q->folder);
    skd_free(path);
    if (status == SKD_OK && (q->want & SKD_WANT_STRESS) && !out->has_stress)
        status = skd_fail(err, SKD_EWAITING, "%s: no stress in " OUTPUT_FILE, q->folder);
    return status;
}

/* A hybrid functional's screening needs a density to begin with: that of the semilocal functional. */
static skd_status semilocal_start(const teacher_question *q, cp2k_way *way, skd_error *err) {
    char *left = teacher_path(q->folder, LEFT_FILE), *start = teacher_path(q->folder, CP2K_START);
    const cp2k_way before = {.energy_only = true, .otherwise = way->otherwise};
    skd_status status = left && start ? run(q, &before, BEFORE_FILE, err)
                                      : skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    if (status == SKD_OK && rename(left, start) == 0)
        way->start = CP2K_START;
    skd_free(left);
    skd_free(start);
    return status;
}

static skd_status try_way(const teacher_question *q, cp2k_way way,
                          teacher_work *work, skd_result *out, skd_error *err) {
    skd_status status = teacher_clear(q->site, q->folder, err);
    if (status == SKD_OK && way.exact_exchange && !way.start && cp2k_is_hybrid(settings_of(q)))
        status = semilocal_start(q, &way, err);
    if (status == SKD_OK)
        status = run(q, &way, OUTPUT_FILE, err);
    if (status == SKD_OK)
        status = look(q, work, out, err);
    return status == SKD_EWAITING ? teacher_no_answer(err) : status;
}

/* Did it end because the states did not converge? Then another way to them may. */
static bool is_unconverged(const teacher_question *q) {
    static const char *const name[] = {OUTPUT_FILE, BEFORE_FILE};
    bool found = false;
    for (size_t k = 0; k < 2 && !found; k++) {
        char *path = teacher_path(q->folder, name[k]), *text = NULL;
        size_t n;
        if (path && skd_file_read(path, &text, &n, NULL) == SKD_OK)
            found = strstr(text, "SCF run NOT converged") != NULL;
        skd_free(text);
        skd_free(path);
    }
    return found;
}

static skd_status evaluate(const teacher_question *q, teacher_work *work, skd_result *out, skd_error *err) {
    cp2k_way way = {.exact_exchange = true, .stress = (q->want & SKD_WANT_STRESS) != 0};
    bool found;
    skd_status status = look(q, work, out, NULL);
    if (status == SKD_OK || status == SKD_ENOMEM)
        return status == SKD_OK ? status : skd_fail(err, status, "out of memory for an answer");
    status = cp2k_waves_find(&found, q->site, q->folder, q->level, q->cell, q->charge, err);
    if (status != SKD_OK)
        return status;
    way.start = found ? CP2K_START : NULL;
    status = try_way(q, way, work, out, err);
    if (status == SKD_ENUMERIC && is_unconverged(q)) {
        way.start = NULL;
        way.otherwise = true;
        status = try_way(q, way, work, out, err);
    }
    return status == SKD_OK ? cp2k_waves_keep(q->site, q->folder, LEFT_FILE, q->level, q->cell, q->charge, err)
                            : status;
}

static const teacher_asker asker = {
    .level = print_level, .input = INPUT_FILE, .alone = true, .evaluate = evaluate};

static skd_status compute(const void *of, const skd_cell *cell, double charge, int want, void *work, skd_result *out,
                          skd_error *err) {
    const params *p = of;
    return teacher_compute(&asker, p, &p->site, cell, charge, want, work, out, err);
}

static const skd_potential_type type = {
    .name = "cp2k",
    .summary = "CP2K, Gamma point; functional=PBE|PBEsol|r2SCAN|PBE0|HSE06, cutoff=auto (Ry; by elements), "
               "spin=auto, cores=1",
    .reference = "T. D. Kuhne et al., J. Chem. Phys. 152, 194103 (2020)",
    TEACHER_TYPE,
    .destroy = destroy,
    .check = check,
    .compute = compute,
};

const teacher_kind teacher_cp2k = {&type, create, print_level, at_once};

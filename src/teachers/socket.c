/* SPDX-License-Identifier: MIT */
/* socket.c - whoever speaks the i-PI protocol as a teacher: ASE's SocketClient with any of its calculators, CP2K, pw.x
 * and others connect to us and are asked for energies and forces.
 * Source of the protocol: Ceriotti, More, Manolopoulos, Comput. Phys. Commun. 185, 1019 (2014). */
#include "socket.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LAUNCH "launch="

enum { TRIES = 3 }; /* clients that may go away over one frame */

typedef struct params {
    socket_options options;
    socket_pool *pool;
} params;

static const teacher_setting rows[] = {
    {"unix", TEACHER_TEXT, offsetof(params, options.name), 0, 0, false},
    {"host", TEACHER_TEXT, offsetof(params, options.host), 0, 0, false},
    {"port", TEACHER_COUNT, offsetof(params, options.port), 0, 65535, false},
    {"wait", TEACHER_REAL, offsetof(params, options.wait), 0, 1e7, false},
    {"timeout", TEACHER_REAL, offsetof(params, options.timeout), 1e-3, 1e7, false},
    {"clients", TEACHER_COUNT, offsetof(params, options.clients), 1, 64, false},
    {"charge", TEACHER_TEXT, offsetof(params, options.charge), 0, 0, false},
    {"level", TEACHER_TEXT, offsetof(params, options.level), 0, 0, false},
    {NULL, TEACHER_TEXT, 0, 0, 0, false},
};

/* ---- settings ----------------------------------------------------------------------------------- */

/* Cuts "launch=..." off the end of the settings: a command may have commas. */
static skd_status split_launch(params *p, char *settings, const char *command, skd_error *err) {
    char *at = settings;
    while (at && strncmp(at, LAUNCH, strlen(LAUNCH)) != 0)
        at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL;
    if (at) {
        command = at + strlen(LAUNCH);
        at[at > settings ? -1 : 0] = '\0';
    }
    if (command && !(p->options.launch = skd_strdup(command)))
        return skd_fail(err, SKD_ENOMEM, "out of memory for a teacher");
    return SKD_OK;
}

/* Programs that we start get a unix socket whose name stays the same for a folder: one left over is found again. */
static void choose_address(socket_options *o, bool own_port) {
    if (!o->launch || o->name[0] || own_port)
        return;
    const char *folder = o->site.folder;
    char here[4096];
    uint64_t hash = skd_hash(SKD_HASH_START, folder, strlen(folder));
    if (*folder != '/' && getcwd(here, sizeof here))
        hash = skd_hash(hash, here, strlen(here));
    snprintf(o->name, sizeof o->name, "shakedown-%016llx", (unsigned long long)hash);
}

static skd_status check_settings(const socket_options *o, bool own_port, skd_error *err) {
    double charge;
    if (o->name[0] && own_port)
        return skd_fail(err, SKD_EARG, "socket: unix= and port= or host= are two addresses; expected one");
    if (o->charge[0] && strcmp(o->charge, "init") != 0 &&
        !skd_span_real((skd_span){o->charge, strlen(o->charge)}, &charge))
        return skd_fail(err, SKD_EARG, "socket: charge=%s: expected a number or 'init'", o->charge);
    return SKD_OK;
}

static skd_status parse(params *p, const char *settings, const teachers_place *place, skd_error *err) {
    socket_options *o = &p->options;
    char *text = skd_strdup(settings);
    if (!text)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a teacher");
    o->port = -1;
    skd_status status = split_launch(p, text, place->command, err);
    if (status == SKD_OK)
        status = teacher_settings_parse(p, rows, "socket", text, err);
    bool own_port = o->port >= 0 || o->host[0];
    if (status == SKD_OK)
        status = check_settings(o, own_port, err);
    if (status == SKD_OK)
        choose_address(o, own_port);
    if (!o->host[0])
        snprintf(o->host, sizeof o->host, "127.0.0.1");
    if (o->port < 0)
        o->port = 31415; /* i-PI's own */
    if (!o->level[0] && place->level)
        snprintf(o->level, sizeof o->level, "%s", place->level);
    skd_free(text);
    return status;
}

/* ---- making ------------------------------------------------------------------------------------- */

static void destroy(void *params_taken) {
    params *p = params_taken;
    socket_pool_free(p->pool);
    teacher_site_free(&p->options.site);
    skd_free(p->options.launch);
    skd_free(p);
}

static skd_status create(void **out, const char *settings, const teachers_place *place, skd_error *err) {
    params *p = skd_alloc(1, sizeof *p);
    *out = NULL;
    if (!p)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a teacher");
    p->options = (socket_options){.clients = 1, .wait = 600.0, .log = place->log,
                                  .lasts = place->lasts,
                                  .timeout = place->timeout > 0.0 ? place->timeout : 3600.0};
    skd_status status = teacher_site_copy(&p->options.site, place, err);
    if (status == SKD_OK)
        status = parse(p, settings, place, err);
    if (status == SKD_OK)
        status = socket_pool_new(&p->pool, &p->options, err);
    if (status == SKD_OK)
        *out = p;
    else
        destroy(p);
    return status;
}

static void print_level(const void *of, skd_string *line) {
    const params *p = of;
    skd_string_add(line, "socket%s%s", p->options.level[0] ? ":level=" : "", p->options.level);
}

static int at_once(const void *of) {
    const params *p = of;
    return p->options.launch ? p->options.clients : 0;
}

static skd_status check(const void *of, const skd_cell *cell, skd_error *err) {
    (void)of;
    if (cell->n == 0 || !cell->pbc[0] || !cell->pbc[1] || !cell->pbc[2])
        return skd_fail(err, SKD_EARG, "socket: expected atoms in a cell that is periodic along all axes");
    return SKD_OK;
}

/* ---- an evaluation ------------------------------------------------------------------------------ */

/* The protocol does not carry the charge. */
static skd_status check_charge(const socket_options *o, double charge, skd_error *err) {
    double its = 0.0;
    if (!strcmp(o->charge, "init"))
        return SKD_OK;
    if (o->charge[0])
        skd_span_real((skd_span){o->charge, strlen(o->charge)}, &its);
    if (charge == its)
        return SKD_OK;
    return skd_fail(err, SKD_EARG, "socket: charge %+g is not the client's, %+g; charge=%g if it is, charge=init if "
                    "the client reads it from its init file", charge, its, charge);
}

static skd_status ask(const params *p, const skd_cell *cell, double charge, ipi_room *room, ipi_end *end,
                      skd_result *out, skd_error *err) {
    int fd;
    skd_status status = socket_pool_take(p->pool, cell, charge, &fd, err);
    if (status != SKD_OK)
        return status;
    const ipi_patience patience = {ipi_now() + p->options.timeout, p->options.site.stopped};
    *end = ipi_ask(fd, cell, &patience, room, out, err);
    socket_pool_return(p->pool, cell, charge, fd, *end);
    return SKD_OK;
}

static skd_status compute(const void *of, const skd_cell *cell, double charge, int want, void *work, skd_result *out,
                          skd_error *err) {
    const params *p = of;
    ipi_end end = IPI_GONE;
    skd_status status = check_charge(&p->options, charge, err);
    for (int k = 0; k < TRIES && status == SKD_OK && end == IPI_GONE; k++)
        status = ask(p, cell, charge, work, &end, out, err);
    if (status != SKD_OK)
        return status;
    out->has_stress = out->has_stress && (want & SKD_WANT_STRESS);
    switch (end) {
    case IPI_ANSWERED: return teacher_judge(out->energy, (const double (*)[3])out->force, cell->n, "socket", err);
    case IPI_STOPPED: return skd_fail(err, SKD_ESTOPPED, "interrupted while a client computed");
    case IPI_NO_MEMORY: return SKD_ENOMEM;
    default: skd_error_prefix(err, "socket"); return SKD_ENUMERIC;
    }
}

static skd_status work_new(const void *of, void **work, skd_error *err) {
    (void)of;
    *work = skd_alloc(1, sizeof(ipi_room));
    return *work ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a teacher");
}

static void work_free(void *work) {
    ipi_room_free(work);
    skd_free(work);
}

static const skd_potential_type type = {
    .name = "socket",
    .summary = "whoever connects by the i-PI protocol (ASE's SocketClient, CP2K, pw.x): unix=NAME, or port=31415, "
               "host=127.0.0.1; launch=COMMAND starts clients itself",
    .reference = "M. Ceriotti, J. More, D. E. Manolopoulos, Comput. Phys. Commun. 185, 1019 (2014)",
    .knows_charge = true,
    .dear = true,
    .method = "lbfgs",
    .force_max = 0.02,
    .destroy = destroy,
    .check = check,
    .work_new = work_new,
    .work_free = work_free,
    .compute = compute,
};

const teacher_kind teacher_socket = {&type, create, print_level, at_once};

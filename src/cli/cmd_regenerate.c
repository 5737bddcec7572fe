/* SPDX-License-Identifier: MIT */
/* cmd_regenerate.c - gives the minima that one charge state of a ShakeNBreak tree found to the states that lack them:
 * what snb-regenerate does. The states are gone through from the one that gained most, so that the outcome does not
 * depend on the order of folders on the disk. */
#include <stdlib.h>
#include <string.h>

#include "folders.h"
#include "regenerate_run.h"
#include "snb_notes.h"
#include "snb_tree.h"

#define SAME_PLACE 0.2 /* Å */

static const cli_option options[] = {
    {"path", 'p', CLI_TEXT, "DIR", ".", "folder that holds the folders of the defects", 0, 0, NULL},
    {"code", 0, CLI_TEXT, "NAME", "vasp", "vasp, espresso, cp2k, castep, fhi-aims", 0, 0, NULL},
    {"filename", 'f', CLI_TEXT, "NAME", NULL, "file with a final structure; default: the code's", 0, 0, NULL},
    {"min-energy", 0, CLI_REAL, "EV", "0.05", "less than this below Unperturbed does not count", 0, 1e9, NULL},
    {"min", 0, CLI_REAL, "EV", NULL, "the same", 0, 1e9, NULL},
    {"metastable", 0, CLI_FLAG, NULL, NULL, "also minima that are not their state's lowest", 0, 0, NULL},
    {"meta", 0, CLI_FLAG, NULL, NULL, "the same", 0, 0, NULL},
    {"verbose", 'v', CLI_FLAG, NULL, NULL, "say more", 0, 0, NULL},
    CLI_THREADS,
    CLI_END};

/* A minimum, in every charge state that has it; the first member is the one given away. */
typedef struct group {
    const snb_species **species; /* [n] */
    const snb_run **run;         /* [n] */
    size_t n, room_species, room_run;
} group;

typedef struct exchange {
    const cli_args *args;
    const snb_code *code;
    const snb_species **state; /* [n_states] of one defect, by energy gained */
    size_t n_states;
    group *group;
    size_t n, capacity;
    double min_energy;
    size_t written;
} exchange;

/* ---- groups ---------------------------------------------------------------------------------- */

static skd_status join_group(group *g, const snb_species *species, const snb_run *run, skd_error *err) {
    skd_status status = skd_grow((void **)&g->species, &g->room_species, g->n + 1, sizeof *g->species, err);
    if (status == SKD_OK)
        status = skd_grow((void **)&g->run, &g->room_run, g->n + 1, sizeof *g->run, err);
    if (status != SKD_OK)
        return status;
    g->species[g->n] = species;
    g->run[g->n++] = run;
    return SKD_OK;
}

static skd_status add_minimum(exchange *x, const snb_species *species, const snb_run *run, skd_error *err) {
    skd_status status = SKD_OK;
    bool same = false;
    if (!run->cell)
        return SKD_OK;
    for (size_t g = 0; g < x->n && status == SKD_OK; g++) {
        status = skd_match_same(&same, x->group[g].run[0]->cell, run->cell, SAME_PLACE, err);
        if (status == SKD_OK && same)
            return join_group(&x->group[g], species, run, err);
    }
    if (status == SKD_OK)
        status = skd_grow((void **)&x->group, &x->capacity, x->n + 1, sizeof *x->group, err);
    if (status != SKD_OK)
        return status;
    x->group[x->n++] = (group){0};
    return join_group(&x->group[x->n - 1], species, run, err);
}

/* One run of every energy (to 0.01 eV) that is low enough, the last of them as ShakeNBreak does. */
static skd_status add_metastable(exchange *x, const snb_species *s, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; i < s->n && status == SKD_OK; i++) {
        double e = snb_relative(s, &s->run[i]);
        bool later = false;
        if (isnan(e) || e >= -x->min_energy)
            continue;
        for (size_t k = i + 1; k < s->n && !later; k++)
            later = nearbyint(100.0 * snb_relative(s, &s->run[k])) == nearbyint(100.0 * e);
        if (!later)
            status = add_minimum(x, s, &s->run[i], err);
    }
    return status;
}

static skd_status find_groups(exchange *x, skd_error *err) {
    bool metastable = cli_flag(x->args, "metastable") || cli_flag(x->args, "meta");
    skd_status status = SKD_OK;
    for (size_t i = 0; i < x->n_states && status == SKD_OK; i++) {
        const snb_species *s = x->state[i];
        const snb_run *lowest = snb_lowest(s);
        if (!lowest || !snb_unperturbed(s) || snb_relative(s, lowest) >= -x->min_energy)
            continue;
        status = metastable ? add_metastable(x, s, err) : add_minimum(x, s, lowest, err);
    }
    return status;
}

/* ---- who lacks it ---------------------------------------------------------------------------- */

static bool has_state(const group *g, const snb_species *s) {
    for (size_t i = 0; i < g->n; i++)
        if (g->species[i] == s)
            return true;
    return false;
}

/* Was it itself taken over from this charge? */
static bool came_from(const group *g, int charge) {
    for (size_t i = 0; i < g->n; i++) {
        const char *from = strstr(g->run[i]->label, "_from_");
        if (from && atoi(from + strlen("_from_")) == charge)
            return true;
    }
    return false;
}

/* A final structure of the state that is the group's, with an energy. *usable: it has any. */
static skd_status find_like(const group *g, const snb_species *s, const snb_run **like, bool *usable, skd_error *err) {
    skd_status status = SKD_OK;
    *like = NULL;
    *usable = false;
    for (size_t i = 0; i < s->n && status == SKD_OK && !*like; i++) {
        bool same = false;
        if (!s->run[i].cell || isnan(s->run[i].energy))
            continue;
        *usable = true;
        status = skd_match_same(&same, g->run[0]->cell, s->run[i].cell, SAME_PLACE, err);
        *like = same ? &s->run[i] : NULL;
    }
    return status;
}

/* ---- writing --------------------------------------------------------------------------------- */

static skd_status copy_input(const char *from, const char *to, const char *file, bool *copied, skd_error *err) {
    char *text = NULL;
    size_t n = 0;
    skd_string source = {0}, target = {0};
    skd_string_add(&source, "%s/%s", from, file);
    skd_string_add(&target, "%s/%s", to, file);
    skd_status status =
        source.failed || target.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path") : SKD_OK;
    if (status == SKD_OK && skd_file_exists(source.text)) {
        status = skd_file_read(source.text, &text, &n, err);
        if (status == SKD_OK)
            status = skd_file_write(target.text, text, n, err);
        *copied = status == SKD_OK;
    }
    skd_free(text);
    skd_string_free(&source);
    skd_string_free(&target);
    return status;
}

/* The code's input files, from Unperturbed or the first sibling that has them. */
static skd_status copy_inputs(const exchange *x, const snb_species *s, const char *to, skd_error *err) {
    skd_status status = SKD_OK;
    for (int f = 0; f < 3 && x->code->inputs[f] && status == SKD_OK; f++) {
        bool copied = false;
        for (size_t i = s->n; i-- > 0 && !copied && status == SKD_OK;) { /* Unperturbed is the last */
            skd_string from = {0};
            if (!s->run[i].folder)
                continue;
            skd_string_add(&from, "%s/%s", s->path, s->run[i].folder);
            status = from.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path")
                                 : copy_input(from.text, to, x->code->inputs[f], &copied, err);
            skd_string_free(&from);
        }
        if (status == SKD_OK && !copied)
            printf("  no %s in %s\n", x->code->inputs[f], s->path);
    }
    return status;
}

static skd_status write_start(exchange *x, const group *g, const snb_species *to, skd_error *err) {
    const snb_run *run = g->run[0];
    bool imported = strstr(run->label, "_from_") != NULL;
    int charge = g->species[0]->charge;
    char from[24] = "";
    skd_string folder = {0}, poscar = {0};
    if (!imported)
        snprintf(from, sizeof from, "_from_%s%d", charge > 0 ? "+" : "", charge);
    skd_string_add(&folder, "%s/%s%s", to->path, run->folder, from);
    skd_string_add(&poscar, "%s/POSCAR", folder.text ? folder.text : "");
    skd_status status = folder.failed || poscar.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path") : SKD_OK;
    skd_names names = {0};
    bool there = false;
    if (status == SKD_OK)
        status = skd_folder_list(&names, folder.text, &there, err);
    if (status == SKD_OK && there)
        printf("  %s is there already: taken for tested\n", folder.text);
    if (status == SKD_OK && !there) {
        status = skd_folder_make(folder.text, err);
        if (status == SKD_OK)
            status = folders_write_poscar(poscar.text, run->cell, run->folder, err);
        if (status == SKD_OK)
            status = copy_inputs(x, to, folder.text, err);
        if (status == SKD_OK)
            printf("  wrote %s\n", folder.text);
        x->written++;
    }
    skd_names_free(&names);
    skd_string_free(&folder);
    skd_string_free(&poscar);
    return status;
}

static skd_status offer(exchange *x, group *g, skd_error *err) {
    skd_status status = SKD_OK;
    char title[64];
    snb_run_title(g->run[0], title, sizeof title);
    printf("%s of %s, %.3f eV below Unperturbed\n", title, g->species[0]->name,
           -snb_relative(g->species[0], g->run[0]));
    for (size_t i = 0; i < x->n_states && status == SKD_OK; i++) {
        const snb_species *s = x->state[i];
        const snb_run *like;
        bool usable;
        if (s == g->species[0])
            continue;
        if (has_state(g, s)) {
            printf("  %s has it as its lowest\n", s->name);
            continue;
        }
        if (came_from(g, s->charge)) {
            printf("  %s gave it\n", s->name);
            continue;
        }
        status = find_like(g, s, &like, &usable, err);
        if (status == SKD_OK && !usable)
            printf("  %s has no final structures: left out\n", s->name);
        else if (status == SKD_OK && like)
            printf("  %s has it (%s)\n", s->name, snb_run_title(like, title, sizeof title));
        if (status == SKD_OK && like)
            status = join_group(g, s, like, err);
        else if (status == SKD_OK && usable)
            status = write_start(x, g, s, err);
    }
    return status;
}

/* ---- one defect after another ---------------------------------------------------------------- */

static double gain(const snb_species *s) {
    const snb_run *lowest = snb_lowest(s);
    return lowest && snb_unperturbed(s) ? snb_relative(s, lowest) : HUGE_VAL;
}

static int by_gain(const void *a, const void *b) {
    const snb_species *x = *(const snb_species *const *)a, *y = *(const snb_species *const *)b;
    if (gain(x) != gain(y))
        return gain(x) < gain(y) ? -1 : 1;
    return x->charge - y->charge;
}

static skd_status exchange_run(exchange *x, skd_error *err) {
    qsort(x->state, x->n_states, sizeof *x->state, by_gain);
    skd_status status = find_groups(x, err);
    for (size_t g = 0; g < x->n && status == SKD_OK; g++)
        status = offer(x, &x->group[g], err);
    for (size_t g = 0; g < x->n; g++) {
        skd_free(x->group[g].species);
        skd_free(x->group[g].run);
    }
    skd_free(x->group);
    return status;
}

static skd_status exchange_defect(const snb_tree *tree, size_t first, const exchange *like, size_t *written,
                                  skd_error *err) {
    exchange x = *like;
    for (size_t i = 0; i < first; i++)
        if (strcmp(tree->species[i].defect, tree->species[first].defect) == 0)
            return SKD_OK;
    x.state = skd_alloc(tree->n, sizeof *x.state);
    if (!x.state)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu states", tree->n);
    for (size_t i = first; i < tree->n; i++)
        if (strcmp(tree->species[i].defect, tree->species[first].defect) == 0)
            x.state[x.n_states++] = &tree->species[i];
    skd_status status = exchange_run(&x, err);
    *written += x.written;
    skd_free(x.state);
    return status;
}

static skd_status run_regenerate(const cli_args *args, int *exit_code, skd_error *err) {
    snb_tree tree;
    exchange x = {.args = args,
                  .min_energy = cli_given(args, "min") ? cli_real(args, "min") : cli_real(args, "min-energy")};
    size_t written = 0;
    (void)exit_code;
    if (args->n_operands && snb_is_ours(args->operand[0]))
        return regenerate_run(args->operand[0], x.min_energy, (int)cli_int(args, "threads"), err);
    skd_status status = snb_open(&tree, &x.code, args, false, err);
    for (size_t i = 0; i < tree.n && status == SKD_OK; i++) {
        status = snb_species_write(&tree.species[i], cli_flag(args, "verbose"), err);
        if (status == SKD_OK)
            snb_notes_print(stdout, &tree.species[i], x.min_energy, cli_flag(args, "verbose"));
        if (status == SKD_OK)
            status = snb_species_structures(&tree.species[i], x.code, cli_text(args, "filename"), err);
    }
    for (size_t i = 0; i < tree.n && status == SKD_OK; i++)
        status = exchange_defect(&tree, i, &x, &written, err);
    if (status == SKD_OK)
        printf("%zu new start%s\n", written, written == 1 ? "" : "s");
    snb_tree_free(&tree);
    return status;
}

const cli_command cmd_regenerate = {
    .name = "regenerate",
    .group = "ShakeNBreak",
    .summary = "Offer minima of one charge state to the others",
    .usage = "[DIR]",
    .text = "Of each charge state the lowest minimum, if it is low enough, is written as a new start\n"
            "DISTORTION_from_CHARGE for the states that have no final structure like it (no atom farther than 0.2 Å),\n"
            "with the inputs of a sibling, as snb-regenerate does. A folder that exists is taken for tested. Where\n"
            "several states share a minimum, the one that gained most gives it. In the folder of a search the new\n"
            "starts go into the run, and the same search command relaxes them ('search --charges' does both\n"
            "itself, unless --cross-charges none).",
    .options = options,
    .min_operands = 0,
    .max_operands = 1,
    .run = run_regenerate,
};

/* SPDX-License-Identifier: MIT */
/* learning_curve_print.c - learning curves as a table, as JSON and as figures, which say what a base gains. */
#include "learning_curve_parts.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "cli.h"
#include "plot.h"

static const struct {
    const char *name, *key, *title, *axis;
} measures[MEASURES] = {
    {"force RMSE (eV/Å)", "force", "Forces on frames", "force RMSE (eV/Å)"},
    {"relative energy (eV)", "energy", "Energies along relaxations", "energy RMSE (eV)"},
    {"relaxed geometry (Å)", "geometry", "Relaxed geometries", "median distance from the true minimum (Å rms)"},
};

static const char *tested_on(const curves *c) {
    return c->options->folds == 1 ? "frames that were not" : "relaxations that were not";
}

static void print_lost(const curves *c) {
    printf("farther off than before it was relaxed (%%)\n");
    for (size_t k = 0; k < c->n_curves; k++) {
        printf("    %-20s %8.0f", c->curve[k].name, 100.0 * c->curve[k].lost[c->n_sizes]);
        for (size_t s = 0; s < c->n_sizes; s++)
            printf(" %8.0f", 100.0 * c->curve[k].lost[s]);
        printf("\n");
    }
}

static void print_table(const curves *c) {
    printf("%-24s", "frames learned");
    for (size_t s = 0; s <= c->n_sizes; s++)
        printf(" %8g", s ? c->size[s - 1] : 0.0);
    printf("   tested on %s\n", tested_on(c));
    for (int m = 0; m < MEASURES; m++) {
        if (c->n[m])
            printf("%s\n", measures[m].name);
        for (size_t k = 0; k < c->n_curves && c->n[m]; k++) {
            const double *rms = c->curve[k].rms[m];
            printf("    %-20s %8.4f", c->curve[k].name, rms[c->n_sizes]);
            for (size_t s = 0; s < c->n_sizes; s++)
                printf(" %8.4f", rms[s]);
            printf("\n");
        }
    }
    if (c->n[GEOMETRY])
        print_lost(c);
}

static skd_status print_json(const curves *c, skd_error *err) {
    cJSON *all = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(all, "curves");
    cJSON_AddItemToObject(all, "frames", cJSON_CreateDoubleArray(c->size, (int)c->n_sizes));
    for (size_t k = 0; list && k < c->n_curves; k++) {
        cJSON *one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "on", c->curve[k].name);
        for (int m = 0; m < MEASURES; m++) {
            cJSON *measure = cJSON_AddObjectToObject(one, measures[m].key);
            cJSON_AddNumberToObject(measure, "without", c->curve[k].rms[m][c->n_sizes]);
            cJSON_AddItemToObject(measure, m == GEOMETRY ? "median" : "rms",
                                  cJSON_CreateDoubleArray(c->curve[k].rms[m], (int)c->n_sizes));
        }
        cJSON_AddItemToObject(one, "lost", cJSON_CreateDoubleArray(c->curve[k].lost, (int)c->n_sizes));
        cJSON_AddItemToArray(list, one);
    }
    char *text = cJSON_Print(all);
    if (text)
        puts(text);
    cJSON_free(text);
    cJSON_Delete(all);
    return text ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for JSON");
}

/* How much the best prior takes off the error of the curve without one, at the fewest and the most frames. */
static void say_gain(const curves *c, int measure, char *text, size_t room) {
    const double *none = NULL, *best = NULL;
    const char *name = "";
    const size_t last = c->n_sizes - 1;
    for (size_t k = 0; k < c->n_curves; k++) {
        const curve *own = &c->curve[k];
        const double *rms = own->rms[measure];
        if (!own->base)
            none = rms;
        else if (!best || rms[0] < best[0])
            best = rms;
        if (best == rms)
            name = own->name;
    }
    text[0] = '\0';
    if (none && best)
        snprintf(text, room, "on %s: error %.1f times smaller at %g frames, %.1f times at %g; dashed: no frames", name,
                 none[0] / best[0], c->size[0], none[last] / best[last], c->size[last]);
}

static skd_status draw(const curves *c, int measure, skd_error *err) {
    plot_curve line[BASES_MAX];
    char name[BASES_MAX][96], note[200];
    skd_string text = {0}, path = {0};
    for (size_t k = 0; k < c->n_curves; k++) {
        const curve *own = &c->curve[k];
        snprintf(name[k], sizeof name[k], own->base ? "on %s" : "%s prior", own->base ? own->name : "without a");
        line[k] = (plot_curve){name[k], own->rms[measure], own->base ? own->rms[measure][c->n_sizes] : 0.0};
    }
    say_gain(c, measure, note, sizeof note);
    plot_curves(&text, (const char *const[4]){measures[measure].title, note, "frames learned", measures[measure].axis},
                c->size, c->n_sizes, line, c->n_curves);
    skd_string_add(&path, "%s_%s.svg", c->options->output, measures[measure].key);
    skd_status status = text.failed || path.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a picture")
                                                   : skd_file_write(path.text, text.text, text.n, err);
    skd_string_free(&text);
    skd_string_free(&path);
    return status;
}

skd_status learning_curve_report(const curves *c, skd_error *err) {
    char note[200];
    skd_status status = SKD_OK;
    for (int m = 0; m < MEASURES && c->options->output && status == SKD_OK; m++)
        if (c->n[m])
            status = draw(c, m, err);
    if (status != SKD_OK)
        return status;
    if (c->options->json)
        return print_json(c, err);
    print_table(c);
    say_gain(c, c->n[GEOMETRY] ? GEOMETRY : FORCE, note, sizeof note);
    printf("%s%s%s\n", c->n[GEOMETRY] ? "geometry, " : "forces, ", *note ? "" : "without levels to compare", note);
    return SKD_OK;
}

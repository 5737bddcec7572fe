/* SPDX-License-Identifier: MIT */
/* snb_tree.c - see snb_tree.h. Names and labels follow ShakeNBreak. */
#include "snb_tree.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "Bond_Distortion_"

char *snb_number(double value, char *out, size_t size) {
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, size, "%.*g", digits, value);
        if (strtod(out, NULL) == value && (!strchr(out, 'e') || fabs(value) < 1e-4 || fabs(value) >= 1e16))
            break;
    }
    if (!strpbrk(out, ".en"))
        snprintf(out + strlen(out), size - strlen(out), ".0");
    return out;
}

char *snb_run_title(const snb_run *run, char *out, size_t size) {
    if (run->plain)
        snprintf(out, size, "%.1f%%", run->factor == 0.0 ? 0.0 : 100.0 * run->factor);
    else
        snprintf(out, size, "%s", run->label);
    return out;
}

/* ---- the names of distortions --------------------------------------------------------------- */

static bool is_distortion(const char *name) {
    static const char *const words[] = {"Bond_Distortion", "Rattled", "Unperturbed", "Dimer"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(name, words[i]))
            return !strstr(name, "High_Energy");
    return false;
}

/* Label of a folder: "Bond_Distortion_-40.0%" is the number -0.4, "Bond_Distortion_60.0%_from_+3" "60.0%_from_+3". */
static void label_of(snb_run *run, char *label, size_t size) {
    const char *name = run->folder;
    size_t n = strlen(name), prefix = sizeof PREFIX - 1;
    double percent;
    bool bond = strncmp(name, PREFIX, prefix) == 0;
    snprintf(label, size, "%s", bond && strstr(name, "_from_") ? name + prefix : name);
    if (bond && n > prefix + 1 && name[n - 1] == '%' &&
        skd_span_real((skd_span){name + prefix, n - prefix - 1}, &percent)) {
        run->plain = true;
        run->factor = percent / 100.0 + 0.0;
        snb_number(run->factor, label, size);
    }
}

static int by_label(const void *a, const void *b) {
    const snb_run *x = a, *y = b;
    int ux = strcmp(x->label, "Unperturbed") == 0, uy = strcmp(y->label, "Unperturbed") == 0;
    if (ux != uy)
        return ux - uy;
    if (x->plain != y->plain)
        return x->plain ? -1 : 1;
    if (x->plain && x->factor != y->factor)
        return x->factor < y->factor ? -1 : 1;
    return strcmp(x->label, y->label);
}

/* ---- reading -------------------------------------------------------------------------------- */

void snb_species_free(snb_species *species) {
    for (size_t i = 0; i < species->n; i++) {
        skd_free(species->run[i].folder);
        skd_free(species->run[i].label);
        skd_cell_free(species->run[i].cell);
    }
    skd_free(species->run);
    skd_free(species->path);
    skd_free(species->name);
    skd_free(species->defect);
    *species = (snb_species){0};
}

static skd_status add_run(snb_species *s, snb_run run, const char *folder, const char *label, skd_error *err) {
    char text[256];
    skd_status status = skd_grow((void **)&s->run, &s->capacity, s->n + 1, sizeof *s->run, err);
    if (status != SKD_OK)
        return status;
    run.folder = folder ? skd_strdup(folder) : NULL;
    if (folder && run.folder)
        label_of(&run, text, sizeof text);
    run.label = label || run.folder ? skd_strdup(label ? label : text) : NULL;
    s->run[s->n++] = run;
    return run.label ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %s", s->path);
}

static char *join(const char *a, const char *b, const char *suffix, skd_error *err, skd_status *status) {
    skd_string out = {0};
    skd_string_add(&out, "%s/%s%s", a, b, suffix);
    if (out.failed) {
        skd_string_free(&out);
        *status = skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    }
    return out.text;
}

static skd_status list_runs(snb_species *s, const snb_code *code, skd_error *err) {
    skd_names names = {0};
    bool is_folder;
    skd_status status = skd_folder_list(&names, s->path, &is_folder, err);
    for (size_t i = 0; i < names.n && status == SKD_OK; i++) {
        if (!is_distortion(names.name[i]))
            continue;
        skd_names inside = {0};
        snb_run run = {.energy = (double)NAN, .converged = true};
        char *folder = join(s->path, names.name[i], "", err, &status);
        if (status == SKD_OK)
            status = skd_folder_list(&inside, folder, &is_folder, err);
        if (status == SKD_OK && is_folder)
            status = snb_code_energy(code, folder, &run.energy, &run.parsed, &run.converged, err);
        if (status == SKD_OK && is_folder)
            status = add_run(s, run, names.name[i], NULL, err);
        skd_names_free(&inside);
        skd_free(folder);
    }
    skd_names_free(&names);
    return status;
}

/* An energy of the file of an earlier time: of a run without output, or of one that is gone. */
static skd_status keep_earlier(snb_species *s, const skd_config *entry, skd_error *err) {
    double energy, factor = 0.0;
    if (!entry->value || !skd_span_real((skd_span){entry->value, strlen(entry->value)}, &energy))
        return SKD_OK;
    bool plain = skd_span_real((skd_span){entry->key, strlen(entry->key)}, &factor);
    for (size_t i = 0; i < s->n; i++) {
        snb_run *run = &s->run[i];
        if (run->plain ? !plain || run->factor != factor : strcmp(run->label, entry->key) != 0)
            continue;
        if (!run->parsed && isnan(run->energy))
            run->energy = energy;
        s->changed = s->changed || run->energy != energy;
        return SKD_OK;
    }
    snb_run run = {.plain = plain, .factor = factor, .energy = energy, .converged = true};
    return add_run(s, run, NULL, entry->key, err);
}

static size_t count_energies(const snb_species *s) {
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += isnan(s->run[i].energy) ? 0 : 1;
    return n;
}

static skd_status read_earlier(snb_species *s, skd_error *err) {
    skd_status status = SKD_OK;
    char *path = join(s->path, s->name, ".yaml", err, &status), *text = NULL;
    size_t n = 0, entries = 0;
    skd_config *root = NULL;
    if (status == SKD_OK && !skd_file_exists(path)) {
        s->changed = true;
        skd_free(path);
        return SKD_OK;
    }
    if (status == SKD_OK)
        status = skd_file_read(path, &text, &n, err);
    if (status == SKD_OK)
        status = skd_config_parse(&root, path, text, n, err);
    const skd_config *list = skd_config_get(root, "distortions"), *top = skd_config_get(root, "Unperturbed");
    for (size_t i = 0; list && i < list->n && status == SKD_OK; i++, entries++)
        if (list->child[i]->key)
            status = keep_earlier(s, list->child[i], err);
    if (status == SKD_OK && top) {
        status = keep_earlier(s, top, err);
        entries++;
    }
    s->changed = s->changed || entries != count_energies(s);
    skd_config_free(root);
    skd_free(text);
    skd_free(path);
    return status;
}

/* "Mg_O_+3" is the defect Mg_O of charge 3. */
static bool split_name(snb_species *s) {
    const char *at = strrchr(s->name, '_');
    long charge;
    skd_span word = {at ? at + 1 : "", at ? strlen(at + 1) : 0};
    if (!at || !skd_span_int(word, &charge) || labs(charge) > 99)
        return false;
    s->charge = (int)charge;
    s->defect = skd_strdup(s->name);
    if (s->defect)
        s->defect[at - s->name] = '\0';
    return s->defect != NULL;
}

skd_status snb_species_read(snb_species *out, const char *root, const char *name, const snb_code *code,
                            skd_error *err) {
    skd_status status = SKD_OK;
    *out = (snb_species){.name = skd_strdup(name)};
    out->path = join(root, name, "", err, &status);
    if (status == SKD_OK && !out->name)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %s", name);
    if (status == SKD_OK && !split_name(out))
        status = skd_fail(err, SKD_EARG, "%s: the name of a defect's folder ends in its charge, as in v_Cd_-2", name);
    if (status == SKD_OK)
        status = list_runs(out, code, err);
    if (status == SKD_OK)
        status = read_earlier(out, err);
    if (status == SKD_OK)
        qsort(out->run, out->n, sizeof *out->run, by_label);
    return status;
}

skd_status snb_species_structures(snb_species *s, const snb_code *code, const char *file, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; i < s->n && status == SKD_OK; i++) {
        snb_run *run = &s->run[i];
        skd_error ignored = {SKD_OK, ""};
        skd_frame *frame = NULL;
        if (!run->folder || run->cell)
            continue;
        char *folder = join(s->path, run->folder, "/", err, &status);
        char *path = status == SKD_OK ? join(folder, file ? file : code->structure, "", err, &status) : NULL;
        if (status == SKD_OK && skd_structure_read(&frame, path, &ignored) == SKD_OK) {
            run->cell = frame->cell;
            frame->cell = NULL;
        } else if (ignored.status == SKD_ENOMEM)
            status = skd_fail(err, SKD_ENOMEM, "%s", ignored.text);
        skd_frame_free(frame);
        skd_free(folder);
        skd_free(path);
    }
    return status;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Keeps the file of an earlier time, as ShakeNBreak does, under a name with the time. */
static skd_status put_aside(const char *path, bool verbose, skd_error *err) {
    char stamp[32];
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(stamp, sizeof stamp, "_%Y-%m-%d-%H-%M.yaml", &local);
    skd_string aside = {0};
    skd_string_add(&aside, "%.*s%s", (int)(strlen(path) - strlen(".yaml")), path, stamp);
    skd_status status = aside.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path") : SKD_OK;
    if (status == SKD_OK && rename(path, aside.text) != 0)
        status = skd_fail(err, SKD_EIO, "%s could not be renamed", path);
    if (status == SKD_OK && verbose)
        printf("kept the earlier %s as %s\n", path, aside.text);
    skd_string_free(&aside);
    return status;
}

skd_status snb_species_write(const snb_species *s, bool verbose, skd_error *err) {
    skd_status status = SKD_OK;
    skd_string text = {0};
    char number[40];
    if (!s->changed || count_energies(s) == 0)
        return SKD_OK;
    const snb_run *unperturbed = snb_unperturbed(s);
    skd_string_add(&text, count_energies(s) > (unperturbed != NULL) ? "distortions:\n" : "distortions: {}\n");
    for (size_t i = 0; i < s->n; i++)
        if (!isnan(s->run[i].energy) && &s->run[i] != unperturbed)
            skd_string_add(&text, "  %s: %s\n", s->run[i].label, snb_number(s->run[i].energy, number, sizeof number));
    if (unperturbed)
        skd_string_add(&text, "Unperturbed: %s\n", snb_number(unperturbed->energy, number, sizeof number));
    char *path = join(s->path, s->name, ".yaml", err, &status);
    if (status == SKD_OK && text.failed)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %s", path);
    if (status == SKD_OK && skd_file_exists(path))
        status = put_aside(path, verbose, err);
    if (status == SKD_OK)
        status = skd_file_write(path, text.text, text.n, err);
    skd_string_free(&text);
    skd_free(path);
    return status;
}

/* ---- all ------------------------------------------------------------------------------------ */

void snb_tree_free(snb_tree *tree) {
    for (size_t i = 0; i < tree->n; i++)
        snb_species_free(&tree->species[i]);
    skd_free(tree->species);
    *tree = (snb_tree){0};
}

static skd_status holds_distortions(const char *path, bool *yes, skd_error *err) {
    skd_names names = {0};
    bool is_folder;
    *yes = false;
    skd_status status = skd_folder_list(&names, path, &is_folder, err);
    for (size_t i = 0; i < names.n && !*yes; i++)
        *yes = is_distortion(names.name[i]);
    skd_names_free(&names);
    return status;
}

static skd_status add_species(snb_tree *tree, const char *root, const char *name, const snb_code *code,
                              skd_error *err) {
    skd_status status = skd_grow((void **)&tree->species, &tree->capacity, tree->n + 1, sizeof *tree->species, err);
    return status == SKD_OK ? snb_species_read(&tree->species[tree->n++], root, name, code, err) : status;
}

static skd_status add_all(snb_tree *tree, const char *root, const snb_code *code, skd_error *err) {
    skd_names names = {0};
    bool is_folder, holds;
    skd_status status = skd_folder_list(&names, root, &is_folder, err);
    for (size_t i = 0; i < names.n && status == SKD_OK; i++) {
        char *path = join(root, names.name[i], "", err, &status);
        if (status == SKD_OK)
            status = holds_distortions(path, &holds, err);
        if (status == SKD_OK && holds)
            status = add_species(tree, root, names.name[i], code, err);
        skd_free(path);
    }
    skd_names_free(&names);
    if (status == SKD_OK && tree->n == 0)
        status = skd_fail(err, SKD_EARG, "%s: no folder of a defect here (one that holds Unperturbed, Rattled, "
                                         "Bond_Distortion_...)", root);
    return status;
}

/* root is itself the folder of a defect. */
static skd_status add_here(snb_tree *tree, const char *root, const snb_code *code, skd_error *err) {
    char full[4096];
    if (strcmp(root, ".") == 0 && !getcwd(full, sizeof full))
        return skd_fail(err, SKD_EIO, "the name of the current folder cannot be told");
    if (strcmp(root, ".") != 0)
        snprintf(full, sizeof full, "%s", root);
    for (size_t n = strlen(full); n > 1 && full[n - 1] == '/'; n--)
        full[n - 1] = '\0';
    char *slash = strrchr(full, '/');
    if (slash == full)
        return skd_fail(err, SKD_EARG, "%s: the name of a defect's folder ends in its charge, as in v_Cd_-2", full);
    if (slash)
        *slash = '\0';
    return add_species(tree, slash ? full : ".", slash ? slash + 1 : full, code, err);
}

skd_status snb_tree_read(snb_tree *out, const char *root, const char *defect, const snb_code *code, skd_error *err) {
    bool here = false, there = true;
    *out = (snb_tree){0};
    skd_status status = holds_distortions(root, &here, err);
    if (status == SKD_OK && defect && !here) {
        char *path = join(root, defect, "", err, &status);
        if (status == SKD_OK)
            status = holds_distortions(path, &there, err);
        skd_free(path);
        if (status == SKD_OK && !there)
            status = skd_fail(err, SKD_EARG, "%s/%s: no folder of a defect", root, defect);
        return status == SKD_OK ? add_species(out, root, defect, code, err) : status;
    }
    if (status == SKD_OK)
        status = here ? add_here(out, root, code, err) : add_all(out, root, code, err);
    return status;
}

skd_status snb_open(snb_tree *tree, const snb_code **code, const cli_args *args, bool one_defect, skd_error *err) {
    const char *root = args->n_operands ? args->operand[0] : cli_text(args, "path");
    *tree = (snb_tree){0};
    *code = snb_code_named(cli_text(args, "code"));
    if (!*code)
        return skd_fail(err, SKD_EARG, "--code is '%s', expected vasp, espresso, cp2k, castep or fhi-aims",
                        cli_text(args, "code"));
    return snb_tree_read(tree, root, one_defect ? cli_text(args, "defect") : NULL, *code, err);
}

bool snb_is_ours(const char *folder) {
    skd_string path = {0};
    skd_string_add(&path, "%s/run.db", folder);
    bool ours = !path.failed && skd_file_exists(path.text);
    skd_string_free(&path);
    return ours;
}

/* ---- the lowest ----------------------------------------------------------------------------- */

const snb_run *snb_unperturbed(const snb_species *s) {
    const snb_run *last = s->n ? &s->run[s->n - 1] : NULL;
    return last && strcmp(last->label, "Unperturbed") == 0 && !isnan(last->energy) ? last : NULL;
}

const snb_run *snb_lowest(const snb_species *s) {
    const snb_run *lowest = snb_unperturbed(s);
    for (size_t i = 0; i < s->n; i++)
        if (!isnan(s->run[i].energy) && (!lowest || s->run[i].energy < lowest->energy))
            lowest = &s->run[i];
    return lowest;
}

double snb_relative(const snb_species *s, const snb_run *run) {
    const snb_run *zero = snb_unperturbed(s) ? snb_unperturbed(s) : snb_lowest(s);
    return zero ? run->energy - zero->energy : (double)NAN;
}

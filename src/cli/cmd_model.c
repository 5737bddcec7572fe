/* SPDX-License-Identifier: MIT */
/* cmd_model.c - learned models: fit to labels, show, compare with labels, pool. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "known_labels.h"
#include "learning_curve.h"
#include "models.h"
#include "validate.h"

#define REAL(name, value, help, low, high, group) {name, 0, CLI_REAL, "X", value, help, low, high, group}

static const cli_option options[] = {
    {"frames", 'f', CLI_TEXT, "FILES", NULL, "labelled frames, comma-separated (extended XYZ with energy, forces, "
     "charge=; outputs of codes); further ones may follow as operands", 0, 0, NULL},
    {"output", 'o', CLI_TEXT, "FILE", NULL, "train, merge: the model; validate, learning-curve: first letters of "
     "pictures' names", 0, 0, NULL},
    {"host", 0, CLI_TEXT, "TEXT", NULL, "what was learned, for the file", 0, 0, "train"},
    {"crystal", 0, CLI_TEXT, "FILE", NULL, "the perfect host, by which a search knows the model for its own", 0, 0,
     NULL},
    {"labels-only", 0, CLI_FLAG, NULL, NULL,
     "no weights, and labels in few digits (1e-5 Å, 1e-4 eV/Å): a small file for searches", 0, 0, NULL},
    {"on", 0, CLI_TEXT, "SPEC", NULL, "the model is a correction: fitted to what this potential or model file "
     "(gfn1, FILE) leaves, and means both together from then on", 0, 0, NULL},
    {"weights", 0, CLI_TEXT, "E:F:S", NULL, "weights of mean squares of eV/atom, eV/Å and GPa instead of "
     "--energy-noise and --stress-noise; 1:1:0.1 is usual for neural potentials", 0, 0, NULL},
    {"level", 0, CLI_TEXT, "TEXT", NULL, "who said so (gfn1, HSE06, ...), for the file", 0, 0, NULL},
    REAL("cutoff", "6", "Å, how far an atom sees", 2, 12, NULL),
    REAL("taper", "2", "Å, over which neighbours fade out", 0.1, 10, NULL),
    REAL("width", "0.5", "Å, width of a neighbour's density", 0.05, 2, NULL),
    {"n-max", 0, CLI_INT, "N", "7", "radial functions", 1, 20, NULL},
    {"l-max", 0, CLI_INT, "L", "4", "largest angular momentum", 0, 12, NULL},
    {"body", 0, CLI_INT, "N", "0", "body order, 3 or 4; 0: 4 for a single element, else 3", 0, 4, NULL},
    {"n-triplet", 0, CLI_INT, "N", "5", "body order 4: radial functions, combinations of the n-max", 1, 20, NULL},
    {"l-triplet", 0, CLI_INT, "L", "3", "body order 4: largest angular momentum", 0, 12, NULL},
    REAL("near", "1", "body order 4: part of the cutoff where its radial functions lie", 0.1, 1, NULL),
    {"channels", 0, CLI_INT, "N", "3", "elements kept apart; more share channels", 1, 8, NULL},
    {"most", 0, CLI_INT, "N", "2000", "features; with many elements the basis is made coarser; 0: any number", 0,
     100000, NULL},
    REAL("force-noise", "0.06", "eV/Å", 1e-6, 100, NULL),
    REAL("energy-noise", "0.03", "eV a frame", 1e-6, 100, NULL),
    REAL("stress-noise", "0.005", "eV/Å^3; 0: stresses are left out", 0, 100, NULL),
    REAL("ridge", "0", "strength of the ridge, in units of the descriptors' scale; 0: by evidence", 0, 1e6, NULL),
    REAL("smooth", "1", "eV/Å^2, with --on: how far force constants of base and frames may differ, asked for around "
         "the frames; 0: not", 0, 1000, NULL),
    REAL("far-above", "8", "eV above the lowest: frames higher are left out", 1e-3, 1e6, NULL),
    REAL("other-charge", "0.2", "weight of labels of other charges", 0, 1, NULL),
    {"prior", 0, CLI_TEXT, "SPEC", "zbl:cutoff=2.4,width=1.2", "potential for short range, or none (so with --on)", 0,
     0, NULL},
    {"center", 0, CLI_TEXT, "X,Y,Z", NULL, "the defect, fractional: errors around it too", 0, 0, "validate"},
    REAL("radius", "4", "Å around the center", 0.1, 100, NULL),
    {"sizes", 0, CLI_TEXT, "N,N", "5,10,20,40", "frames learned", 0, 0, "learning-curve"},
    {"folds", 0, CLI_INT, "K", "1", "parts of the relaxations; one after the other is the test. 1: every relaxation is "
     "learned from, and frames of it that are not learned are the test", 1, 1000, NULL},
    {"repeats", 0, CLI_INT, "N", "2", "times that frames are dealt anew", 1, 1000, NULL},
    REAL("rattle", "0.1", "Å a coordinate: lowest frames are moved so far and relaxed with the model; 0: not", 0, 1,
         NULL),
    {"seed", 0, CLI_INT, "N", "42", "of the dealing", 0, 4294967295.0, NULL},
    CLI_JSON,
    CLI_END};

/* ---- labels ----------------------------------------------------------------------------------- */

static skd_status read_listed(const char *list, skd_frames *labels, skd_error *err) {
    skd_status status = SKD_OK;
    for (const char *p = list; *p && status == SKD_OK;) {
        size_t n = strcspn(p, ",");
        char path[4096];
        if (n >= sizeof path)
            return skd_fail(err, SKD_EARG, "--frames: a name of %zu letters", n);
        memcpy(path, p, n);
        path[n] = '\0';
        p += n + (p[n] == ',');
        status = n ? models_read_labels(labels, path, err) : SKD_OK;
    }
    return status;
}

/* --frames and the operands from `first` on. */
static skd_status read_frames(const cli_args *args, size_t first, skd_frames *labels, skd_error *err) {
    const char *list = cli_text(args, "frames");
    skd_status status = list ? read_listed(list, labels, err) : SKD_OK;
    for (size_t k = first; k < args->n_operands && status == SKD_OK; k++)
        status = models_read_labels(labels, args->operand[k], err);
    if (status == SKD_OK && labels->n == 0)
        status = skd_fail(err, SKD_EARG, "no labelled frames; expected --frames FILES");
    return status;
}

static const char *output_of(const cli_args *args, skd_error *err) {
    const char *path = cli_text(args, "output");
    if (!path)
        (void)skd_fail(err, SKD_EARG, "where should the model go? expected -o FILE");
    return path;
}

/* ---- info ------------------------------------------------------------------------------------- */

static void print_models(const models *m) {
    static const char *const order[] = {"host", "level", "on", "elements", "program", "created", "cutoff", "taper",
                                        "width", "n_max", "l_max", "channels", "body", "n_triplet",
                                        "l_triplet", "near", "prior", "labels_from"};
    for (size_t k = 0; k < sizeof order / sizeof *order; k++) {
        const char *value = skd_model_file_get(&m->file, order[k]);
        if (value)
            printf("%-12s %s\n", order[k], value);
    }
    printf("%-12s %zu\n%-12s %zu\n", "features", skd_features_count(m->features), "labels", m->file.labels.n);
    for (size_t k = 0; k < m->n; k++) {
        char key[40];
        snprintf(key, sizeof key, "fit_%zu", k + 1);
        const char *value = skd_model_file_get(&m->file, key);
        printf("charge %+-5g %s\n", skd_model_charge(m->model[k]), value ? value : "");
    }
}

static skd_status show(const cli_args *args, skd_error *err) {
    models m;
    if (args->n_operands != 2)
        return skd_fail(err, SKD_EARG, "model info: expected one model file");
    skd_status status = models_read(&m, args->operand[1], err);
    if (status != SKD_OK)
        return status;
    print_models(&m);
    models_free(&m);
    return SKD_OK;
}

/* ---- train, merge ----------------------------------------------------------------------------- */

static skd_status say_fits(models *m, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t k = 0; k < m->n && status == SKD_OK; k++) {
        const skd_fit_report *r = &m->report[k];
        char key[40], text[400];
        snprintf(key, sizeof key, "fit_%zu", k + 1);
        snprintf(text, sizeof text,
                 "%zu of %zu labels, %zu its own; RMSE force %.4f eV/Å (left out %.4f), energy %.4f eV "
                 "(left out %.4f); %.0f effective parameters, condition %.1e, alpha %.2g, beta %.2g; "
                 "deviations times %.2f (force), %.2f (energy); rank correlation %.2f, coverage %.2f",
                 r->n_used, r->n_frames, r->n_own, r->force_rmse, r->force_loo, r->energy_rmse, r->energy_loo,
                 r->n_effective, r->condition, r->alpha, r->beta, r->force_scale, r->energy_scale, r->spearman,
                 r->coverage);
        status = skd_model_file_set(&m->file, key, text, err);
    }
    return status;
}

static skd_status set_text(models *m, const char *key, const char *value, skd_error *err) {
    return value ? skd_model_file_set(&m->file, key, value, err) : SKD_OK;
}

static skd_status fit_and_write(models *m, const char *path, skd_error *err) {
    char now[40];
    time_t t = time(NULL);
    struct tm utc;
    gmtime_r(&t, &utc);
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", &utc);
    skd_status status = models_fit(m, err);
    if (status == SKD_OK)
        status = say_fits(m, err);
    if (status == SKD_OK)
        status = set_text(m, "created", now, err);
    if (status == SKD_OK)
        status = models_write(m, path, err);
    if (status == SKD_OK && strcmp(path, "-") != 0) {
        print_models(m);
        printf("wrote %s\n", path);
    }
    return status;
}

/* "E:F:S" */
static skd_status read_weights(const char *text, skd_fit_options *fit, skd_error *err) {
    double *const to[] = {&fit->weight_energy, &fit->weight_force, &fit->weight_stress};
    const char *p = text;
    for (int k = 0; k < 3 && p; k++) {
        size_t n = strcspn(p, ":");
        bool ok = skd_span_real((skd_span){p, n}, to[k]) && (k < 2 ? *to[k] > 0.0 : *to[k] >= 0.0) &&
                  (p[n] == ':') == (k < 2);
        p = ok ? p + n + 1 : NULL;
    }
    return p ? SKD_OK : skd_fail(err, SKD_EARG, "--weights: expected E:F:S, E and F above 0; found '%s'", text);
}

static skd_status read_options(const cli_args *args, models *m, skd_error *err) {
    const char *prior = cli_given(args, "on") && !cli_given(args, "prior") ? "none" : cli_text(args, "prior");
    m->options = (skd_features_options)SKD_FEATURES_DEFAULT;
    m->fit = (skd_fit_options)SKD_FIT_DEFAULT;
    m->options.cutoff = cli_real(args, "cutoff");
    m->options.taper = cli_real(args, "taper");
    m->options.width = cli_real(args, "width");
    m->options.n_max = (int)cli_int(args, "n-max");
    m->options.l_max = (int)cli_int(args, "l-max");
    m->options.body = (int)cli_int(args, "body");
    m->options.n_triplet = (int)cli_int(args, "n-triplet");
    m->options.l_triplet = (int)cli_int(args, "l-triplet");
    m->options.near = cli_real(args, "near");
    m->options.channels = (int)cli_int(args, "channels");
    m->options.most = (size_t)cli_int(args, "most");
    m->fit.force_noise = cli_real(args, "force-noise");
    m->fit.energy_noise = cli_real(args, "energy-noise");
    m->fit.stress_noise = cli_real(args, "stress-noise");
    m->fit.ridge = cli_real(args, "ridge");
    m->fit.smooth = cli_real(args, "smooth");
    m->fit.far_above = cli_real(args, "far-above");
    m->fit.other_charge = cli_real(args, "other-charge");
    if (strlen(prior) >= sizeof m->fit.prior)
        return skd_fail(err, SKD_EARG, "--prior: text of more than %zu letters", sizeof m->fit.prior - 1);
    strcpy(m->fit.prior, strcmp(prior, "none") == 0 ? "" : prior);
    skd_status status = cli_text(args, "weights") ? read_weights(cli_text(args, "weights"), &m->fit, err) : SKD_OK;
    return status;
}

static double rounded(double x, double unit) { return nearbyint(x * unit) / unit; }

static skd_status write_labels_only(models *m, const char *path, skd_error *err) {
    for (size_t f = 0; f < m->file.labels.n; f++) {
        skd_frame *frame = m->file.labels.frame[f];
        frame->has_stress = false;
        frame->energy = rounded(frame->energy, 1e5);
        for (size_t i = 0; i < 3 * frame->cell->n; i++) {
            frame->cell->pos[i / 3][i % 3] = rounded(frame->cell->pos[i / 3][i % 3], 1e5);
            frame->force[i / 3][i % 3] = rounded(frame->force[i / 3][i % 3], 1e4);
        }
    }
    return models_write_labels(m, path, err);
}

static skd_status note_crystal(models *m, const char *path, skd_error *err) {
    skd_frame *frame = NULL;
    skd_cell *primitive = NULL;
    skd_status status = skd_structure_read(&frame, path, err);
    if (status == SKD_OK)
        status = skd_primitive(&primitive, frame->cell, 0.01, err);
    if (status == SKD_OK)
        status = known_host_note(&m->file, primitive, err);
    skd_cell_free(primitive);
    skd_frame_free(frame);
    return status;
}

static skd_status train(const cli_args *args, skd_error *err) {
    models m = {0};
    const char *path = output_of(args, err);
    if (!path)
        return SKD_EARG;
    skd_status status = read_options(args, &m, err);
    if (status == SKD_OK)
        status = models_set_base(&m, cli_text(args, "on"), err);
    if (status == SKD_OK)
        status = read_frames(args, 1, &m.file.labels, err);
    if (status == SKD_OK)
        status = set_text(&m, "host", cli_text(args, "host"), err);
    if (status == SKD_OK)
        status = set_text(&m, "level", cli_text(args, "level"), err);
    if (status == SKD_OK && cli_text(args, "crystal"))
        status = note_crystal(&m, cli_text(args, "crystal"), err);
    if (status == SKD_OK)
        status = (cli_flag(args, "labels-only") ? write_labels_only : fit_and_write)(&m, path, err);
    models_free(&m);
    return status;
}

/* Moves the labels of one file to another's. */
static skd_status take_labels(skd_frames *to, skd_frames *from, skd_error *err) {
    skd_status status = skd_grow((void **)&to->frame, &to->capacity, to->n + from->n, sizeof *to->frame, err);
    if (status != SKD_OK)
        return status;
    memcpy(to->frame + to->n, from->frame, from->n * sizeof *from->frame);
    to->n += from->n;
    from->n = 0;
    return SKD_OK;
}

static skd_status merge(const cli_args *args, skd_error *err) {
    models m = {0};
    const char *path = output_of(args, err);
    if (!path)
        return SKD_EARG;
    if (args->n_operands < 2)
        return skd_fail(err, SKD_EARG, "model merge: expected model files");
    skd_status status = SKD_OK;
    for (size_t k = 1; k < args->n_operands && status == SKD_OK; k++) {
        models next = {0};
        status = models_read_unfitted(&next, args->operand[k], err);
        if (status == SKD_OK && k > 1) {
            status = take_labels(&m.file.labels, &next.file.labels, err);
        } else if (status == SKD_OK) {
            m = next;
            next = (models){0};
            status = models_read_base(&m, args->operand[k], err);
        }
        models_free(&next);
    }
    if (status == SKD_OK && cli_text(args, "frames"))
        status = read_listed(cli_text(args, "frames"), &m.file.labels, err);
    if (status == SKD_OK)
        status = fit_and_write(&m, path, err);
    models_free(&m);
    return status;
}

/* ---- validate --------------------------------------------------------------------------------- */

static skd_status read_center(const cli_args *args, validation_options *o, skd_error *err) {
    double *list = NULL;
    size_t n = 0;
    if (!cli_text(args, "center"))
        return SKD_OK;
    skd_status status = cli_real_list(cli_text(args, "center"), "--center", &list, &n, err);
    if (status == SKD_OK && n != 3)
        status = skd_fail(err, SKD_EARG, "--center: %zu numbers; expected 3", n);
    for (size_t k = 0; k < 3 && status == SKD_OK; k++)
        o->center[k] = list[k];
    o->has_center = status == SKD_OK;
    skd_free(list);
    return status;
}

static skd_status compare(const cli_args *args, skd_error *err) {
    models m;
    skd_frames frames = {0};
    validation_options o = {.radius = cli_real(args, "radius"),
                            .prefix = cli_text(args, "output"),
                            .json = cli_flag(args, "json")};
    if (args->n_operands < 2)
        return skd_fail(err, SKD_EARG, "model validate: expected a model file and --frames FILES");
    skd_status status = read_center(args, &o, err);
    if (status == SKD_OK)
        status = models_read(&m, args->operand[1], err);
    if (status != SKD_OK)
        return status;
    status = read_frames(args, 2, &frames, err);
    if (status == SKD_OK)
        status = validate(&m, &frames, &o, err);
    skd_frames_free(&frames);
    models_free(&m);
    return status;
}

static skd_status draw_curve(const cli_args *args, skd_error *err) {
    models m = {0};
    skd_frames frames = {0};
    const curve_options o = {.bases = cli_text(args, "on") ? cli_text(args, "on") : "none,gfn1",
                             .sizes = cli_text(args, "sizes"),
                             .folds = (size_t)cli_int(args, "folds"),
                             .repeats = (size_t)cli_int(args, "repeats"),
                             .rattle = cli_real(args, "rattle"),
                             .seed = (uint32_t)cli_int(args, "seed"),
                             .output = cli_text(args, "output"),
                             .json = cli_flag(args, "json")};
    skd_status status = read_options(args, &m, err);
    if (status == SKD_OK)
        status = read_frames(args, 1, &frames, err);
    if (status == SKD_OK)
        status = learning_curve(&m, &frames, &o, err);
    skd_frames_free(&frames);
    models_free(&m);
    return status;
}

static const struct action {
    const char *name;
    skd_status (*run)(const cli_args *args, skd_error *err);
} actions[] = {{"info", show}, {"train", train}, {"validate", compare}, {"merge", merge},
             {"learning-curve", draw_curve}};

static skd_status run_model(const cli_args *args, int *exit_code, skd_error *err) {
    (void)exit_code;
    for (size_t k = 0; k < sizeof actions / sizeof *actions; k++)
        if (strcmp(args->operand[0], actions[k].name) == 0)
            return actions[k].run(args, err);
    return skd_fail(err, SKD_EARG, "model '%s'; expected info, train, validate, merge or learning-curve",
                    args->operand[0]);
}

const cli_command cmd_model = {
    .name = "model",
    .group = "structures",
    .summary = "Learned surrogates: fit to labelled frames, show, compare, pool",
    .usage = "train --frames FILES -o MODEL | info MODEL | validate MODEL --frames FILES | merge MODELS -o MODEL\n"
             "           | learning-curve --frames FILES",
    .text = "A model is linear in a power spectrum of each atom's neighbours (see README), fitted in closed form to\n"
            "energies, forces and stresses, one weight vector a charge. Its file keeps the labels, so that merge and\n"
            "later searches can go on from it; -o FILE.gz compresses. merge takes the settings of the first file.\n"
            "validate prints errors of energies, forces and stresses; with -o PREFIX it writes parity plots and\n"
            "histograms, PREFIX_force_parity.svg and so on. Use a model as '--potential model:FILE'.\n"
            "train --on fits a correction: frames of DFT less what gfn1 or another model says of them. The file names\n"
            "its base (beside it, if not where it was), and is base and correction together. learning-curve says how\n"
            "many frames that takes, on each level of --on none,gfn1,FILE; frames of one composition and charge count\n"
            "as one relaxation, which is either learned from or tested on.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1000,
    .run = run_model,
};

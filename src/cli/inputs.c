/* SPDX-License-Identifier: MIT */
/* inputs.c - inputs of electronic-structure codes into folders: options, the user's files, writing. */
#include "inputs.h"

#include <stdlib.h>
#include <string.h>

#include "folders.h"

/* ---- options ----------------------------------------------------------------------------- */

static skd_status read_text(skd_input_text *out, const char *path, skd_error *err) {
    char *text;
    skd_status status = skd_file_read(path, &text, &out->n, err);
    if (status == SKD_OK && !(out->name = skd_strdup(path))) {
        skd_free(text);
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %s", path);
    }
    if (status == SKD_OK)
        out->text = text;
    return status;
}

static skd_status read_templates(cli_inputs *in, const char *folder, skd_error *err) {
    skd_status status = SKD_OK;
    size_t n = 0;
    for (size_t i = 0; i < SKD_CODE_FILES && in->code->file[i] && status == SKD_OK; i++) {
        skd_string path = {0};
        skd_string_add(&path, "%s/%s", folder, in->code->file[i]);
        if (path.failed)
            status = skd_fail(err, SKD_ENOMEM, "out of memory for a path");
        else if (skd_file_exists(path.text)) {
            status = read_text(&in->own[i], path.text, err);
            n++;
        }
        skd_string_free(&path);
    }
    if (status == SKD_OK && n == 0)
        status = skd_fail(err, SKD_EARG, "--templates: %s holds no '%s'", folder, in->code->file[0]);
    return status;
}

/* "Cd=Cd.upf,Te=Te.upf" */
static skd_status read_pseudos(cli_inputs *in, const char *list, skd_error *err) {
    for (const char *p = list; *p;) {
        size_t n = strcspn(p, ","), symbol = strcspn(p, "=,");
        int z = skd_element_number((skd_span){p, symbol});
        if (!z || symbol + 1 >= n)
            return skd_fail(err, SKD_EARG, "--pseudopotentials: expected pairs like 'Cd=Cd.upf'; found '%.*s'", (int)n,
                            p);
        skd_free(in->pseudo[z]);
        in->pseudo[z] = skd_copy(p + symbol + 1, n - symbol, 1);
        if (!in->pseudo[z])
            return skd_fail(err, SKD_ENOMEM, "out of memory for potentials");
        in->pseudo[z][n - symbol - 1] = '\0';
        p += n + (p[n] == ',');
    }
    return SKD_OK;
}

/* Options that mean nothing without --code are refused with it missing. */
static skd_status check_unused(const cli_args *args, skd_error *err) {
    static const char *const names[] = {"input-file", "templates", "potcar", "pseudopotentials", "pseudo-dir"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (cli_given(args, names[i]))
            return skd_fail(err, SKD_EARG, "--%s needs --code", names[i]);
    return SKD_OK;
}

static skd_status find_code(cli_inputs *in, const char *name, skd_error *err) {
    skd_string known = {0};
    in->code = skd_code_named(name);
    if (in->code)
        return SKD_OK;
    for (const skd_code *c = skd_codes; c->name; c++)
        skd_string_add(&known, "%s%s", c == skd_codes ? "" : ", ", c->name);
    skd_status status = skd_fail(err, SKD_EARG, "--code: expected one of %s; found '%s'",
                                 known.text ? known.text : "", name);
    skd_string_free(&known);
    return status;
}

skd_status cli_inputs_open(cli_inputs *in, const cli_args *args, skd_error *err) {
    *in = (cli_inputs){0};
    if (!cli_text(args, "code"))
        return check_unused(args, err);
    skd_status status = find_code(in, cli_text(args, "code"), err);
    if (status != SKD_OK)
        return status;
    in->functional = cli_text(args, "potcar-functional");
    in->pseudo_dir = cli_text(args, "pseudo-dir");
    in->library = cli_text(args, "potcar");
    if (in->library && !in->code->library)
        return skd_fail(err, SKD_EARG, "--potcar: %s needs no such folder", in->code->name);
    if (!in->library && in->code->library)
        in->library = getenv(in->code->library);
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++)
        if (!(in->pseudo[z] = skd_code_pseudo(in->code, z)))
            return skd_fail(err, SKD_ENOMEM, "out of memory for potentials");
    if (cli_text(args, "pseudopotentials"))
        status = read_pseudos(in, cli_text(args, "pseudopotentials"), err);
    if (status == SKD_OK && cli_text(args, "templates"))
        status = read_templates(in, cli_text(args, "templates"), err);
    if (status == SKD_OK && cli_text(args, "input-file"))
        status = read_text(&in->user, cli_text(args, "input-file"), err);
    return status;
}

static void free_text(skd_input_text *text) {
    skd_free((void *)(uintptr_t)text->name);
    skd_free((void *)(uintptr_t)text->text);
}

void cli_inputs_close(cli_inputs *in) {
    for (size_t i = 0; i < SKD_CODE_FILES; i++)
        free_text(&in->own[i]);
    free_text(&in->user);
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++)
        skd_free(in->pseudo[z]);
    skd_string_free(&in->potentials);
    *in = (cli_inputs){0};
}

/* ---- writing ----------------------------------------------------------------------------- */

/* folder NULL: only a rehearsal. */
static skd_status write_text(const char *folder, const char *name, const skd_string *text, skd_error *err) {
    if (!folder)
        return SKD_OK;
    skd_string path = {0};
    skd_string_add(&path, "%s/%s", folder, name);
    skd_status status = path.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path")
                                    : skd_file_write(path.text, text->text ? text->text : "", text->n, err);
    skd_string_free(&path);
    return status;
}

static skd_status print_structure(skd_string *out, const cli_inputs *in, const skd_input *input, skd_error *err) {
    skd_cell *cell;
    skd_frame *frame = NULL;
    skd_status status = skd_cell_copy(&cell, input->cell, err);
    if (status == SKD_OK)
        status = skd_frame_new(&frame, cell, err);
    if (status == SKD_OK && in->moves)
        status = skd_frame_set_moves(frame, in->moves, err);
    skd_frames frames = {.n = 1, .frame = &frame};
    skd_poscar_style style = {.comment = input->title, .site_labels = true};
    if (status == SKD_OK)
        status = strcmp(in->code->format, "poscar") == 0
                     ? skd_poscar_print(out, frame, &style, err)
                     : skd_format_named(in->code->format)->print(out, &frames, err);
    skd_frame_free(frame);
    return status;
}

/* Texts of the species' potentials, kept until the species change. */
static skd_status find_potentials(cli_inputs *in, skd_input *input, skd_error *err) {
    uint64_t hash = skd_hash(SKD_HASH_START, input->cell->species, input->cell->n * sizeof *input->cell->species);
    skd_status status = SKD_OK;
    if (in->library && hash != in->cached) {
        skd_string_free(&in->potentials);
        in->cached = 0;
        status = skd_potentials_read(&in->potentials, &in->valence, in->code, in->library, in->functional, input, err);
    }
    in->cached = status == SKD_OK ? hash : 0;
    input->valence = in->valence;
    return status;
}

static skd_status write_file(const cli_inputs *in, const char *folder, size_t i, const skd_input *input,
                             skd_error *err) {
    skd_string text = {0};
    const char *name = in->code->file[i];
    skd_status status = skd_input_print(&text, in->code, i, &in->own[i], &in->user, input, err);
    if (status == SKD_OK && in->potentials.n && strcmp(name, in->code->library_file) == 0)
        skd_string_add_bytes(&text, in->potentials.text, in->potentials.n);
    if (status == SKD_OK && text.failed)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %s", name);
    if (status == SKD_OK)
        status = write_text(folder, name, &text, err);
    skd_string_free(&text);
    return status;
}

static bool has_file(const skd_code *code, const char *name) {
    for (size_t i = 0; i < SKD_CODE_FILES && code->file[i]; i++)
        if (strcmp(code->file[i], name) == 0)
            return true;
    return false;
}

static skd_status write_all(cli_inputs *in, const char *folder, skd_input *input, skd_error *err) {
    const skd_code *code = in->code;
    skd_string structure = {0};
    skd_status status = find_potentials(in, input, err);
    for (size_t i = 0; i < SKD_CODE_FILES && code->file[i] && status == SKD_OK; i++)
        status = write_file(in, folder, i, input, err);
    if (status == SKD_OK && in->potentials.n && !has_file(code, code->library_file))
        status = write_text(folder, code->library_file, &in->potentials, err);
    if (status == SKD_OK && code->structure)
        status = print_structure(&structure, in, input, err);
    if (status == SKD_OK && code->structure)
        status = write_text(folder, code->structure, &structure, err);
    skd_string_free(&structure);
    if (folder && code->library && !in->potentials.n)
        in->unfinished += input->charge != 0 || has_file(code, code->library_file);
    return status;
}

skd_status cli_inputs_check(cli_inputs *in, const skd_cell *cell, int charge, skd_error *err) {
    return in->code ? cli_inputs_write(in, NULL, cell, charge, NULL, err) : SKD_OK;
}

skd_status cli_inputs_settings(skd_string *out, cli_inputs *in, const skd_cell *cell, int charge, skd_error *err) {
    skd_input input = {.cell = cell,
                       .charge = charge,
                       .pseudo = (const char *const *)in->pseudo,
                       .pseudo_dir = in->pseudo_dir,
                       .single_point = in->single_point};
    skd_status status = find_potentials(in, &input, err);
    if (status == SKD_OK)
        status = skd_input_print(out, in->code, 0, &in->own[0], &in->user, &input, err);
    return status == SKD_OK && out->failed ? skd_fail(err, SKD_ENOMEM, "out of memory for an input") : status;
}

bool cli_inputs_are_poscars(const cli_inputs *in) {
    return in->code && in->code->format && strcmp(in->code->format, "poscar") == 0;
}

/* The sorted copy that a POSCAR is made of, and the flags of its atoms. */
static skd_status sort_atoms(cli_inputs *in, skd_cell **out, const skd_cell *cell, skd_error *err) {
    size_t *order = skd_alloc(cell->n, sizeof *order);
    skd_status status = order ? folders_sorted(out, cell, order, err)
                              : skd_fail(err, SKD_ENOMEM, "out of memory for sorting %zu atoms", cell->n);
    if (status == SKD_OK && in->held && !(in->moves = skd_alloc(cell->n, sizeof *in->moves)))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for the flags of %zu atoms", cell->n);
    for (size_t i = 0; i < cell->n && status == SKD_OK && in->held; i++)
        in->moves[i] = !(in->held[order[i]] > 0.0);
    skd_free(order);
    return status;
}

/* A POSCAR groups its species; elsewhere atoms keep the order that distortion_metadata.json counts in. */
skd_status cli_inputs_write(cli_inputs *in, const char *folder, const skd_cell *cell, int charge, const char *title,
                            skd_error *err) {
    skd_cell *copy = NULL;
    skd_status status = folder ? skd_folder_make(folder, err) : SKD_OK;
    if (status == SKD_OK)
        status = cli_inputs_are_poscars(in) ? sort_atoms(in, &copy, cell, err) : skd_cell_copy(&copy, cell, err);
    skd_input input = {.cell = copy,
                       .charge = charge,
                       .title = title,
                       .pseudo = (const char *const *)in->pseudo,
                       .pseudo_dir = in->pseudo_dir,
                       .single_point = in->single_point};
    if (status == SKD_OK)
        status = write_all(in, folder, &input, err);
    skd_cell_free(copy);
    skd_free(in->moves);
    in->moves = NULL;
    return status;
}

skd_status cli_inputs_write_starts(cli_inputs *in, const char *root, const skd_defect *defect, int charge,
                                   const skd_start_list *starts, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; i < starts->n && status == SKD_OK; i++) {
        const skd_start *start = &starts->start[i];
        char comment[128];
        char *folder = start->dropped ? NULL : folders_path(root, defect, charge, start->name, "");
        if (start->dropped)
            continue;
        folders_comment(defect, start, comment, sizeof comment);
        status = folder ? cli_inputs_write(in, folder, start->cell, charge, comment, err)
                        : skd_fail(err, SKD_ENOMEM, "out of memory for a path");
        skd_free(folder);
    }
    return status;
}

void cli_inputs_notice(const cli_inputs *in, FILE *out) {
    if (in->unfinished == 0)
        return;
    if (has_file(in->code, in->code->library_file))
        fprintf(out, "notice: %zu %s without species: append theirs, or give --potcar DIR\n", in->unfinished,
                in->code->library_file);
    else
        fprintf(out, "notice: %zu charged states lack NELECT, which depends on the POTCARs, and VASP will stop on "
                     "them: give --potcar DIR\n", in->unfinished);
}

/* SPDX-License-Identifier: MIT */
/* pair.c - defects given as files: read, told from the bulk, named. */
#include "pair.h"

#include <ctype.h>
#include <string.h>

#include "shakedown/data.h"

/* ---- the user's site ----------------------------------------------------------------------- */

/* What "v_Cd=1;Te_i=0" says of a name; a text without '=' says it of all. Empty: nothing. */
static skd_span said_of(const char *text, const char *name) {
    skd_span all = {text, text ? strlen(text) : 0};
    if (!text || !strchr(text, '='))
        return all;
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, ";"), before = strcspn(p, "=;");
        if (before < n && before == strlen(name) && memcmp(p, name, before) == 0)
            return (skd_span){p + before + 1, n - before - 1};
        p += n + (p[n] == ';');
    }
    return (skd_span){text, 0};
}

/* "0.5,0.5,0.5" or "0.5 0.5 0.5" */
static skd_status read_coords(skd_span text, double site[3], skd_error *err) {
    const char *p = text.p, *end = p + text.n;
    char found[80];
    for (int k = 0; k < 4; k++) {
        while (p < end && (*p == ',' || *p == ' '))
            p++;
        size_t n = 0;
        while (p + n < end && p[n] != ',' && p[n] != ' ')
            n++;
        if (k < 3 ? !skd_span_real((skd_span){p, n}, &site[k]) : n > 0)
            return skd_fail(err, SKD_EARG, "--defect-coords: expected three fractional coordinates like 0.5,0.5,0.5; "
                            "found '%s'", skd_span_copy(text, found, sizeof found));
        p += n;
    }
    return SKD_OK;
}

/* The atom of that number: in the bulk where an atom is missing, else in the defect's structure. */
static skd_status site_of_index(const skd_cell *bulk, const skd_cell *cell, skd_span text, double site[3],
                                skd_error *err) {
    const skd_cell *from = cell->n < bulk->n ? bulk : cell;
    long n = (long)from->n, index;
    double inverse[3][3];
    char found[40];
    bool ok = skd_span_int(text, &index);
    long i = ok && index < 0 ? n + index : index;
    if (!ok || i < 0 || i >= n)
        return skd_fail(err, SKD_EARG, "--defect-index: expected an atom from 0 to %ld (or -1 to -%ld) of the %s; "
                        "found '%s'", n - 1, n, from == bulk ? "bulk" : "defect's structure",
                        skd_span_copy(text, found, sizeof found));
    skd_status status = skd_cell_inverse(from, inverse, err);
    if (status == SKD_OK)
        skd_to_frac(inverse, from->pos[i], site);
    return status;
}

/* As in ShakeNBreak, an index goes before coordinates. */
static skd_status find_site(const skd_cell *bulk, const skd_cell *cell, const char *name, const cli_args *args,
                            double site[3], bool *given, skd_error *err) {
    skd_span index = said_of(cli_text(args, "defect-index"), name);
    skd_span coords = said_of(cli_text(args, "defect-coords"), name);
    *given = index.n > 0 || coords.n > 0;
    if (index.n > 0)
        return site_of_index(bulk, cell, index, site, err);
    return coords.n > 0 ? read_coords(coords, site, err) : SKD_OK;
}

/* ---- one structure ------------------------------------------------------------------------- */

static skd_status rename_defect(skd_defect *defect, const char *name, skd_error *err) {
    if (name[0] == '\0')
        return SKD_OK;
    if (strchr(name, '/') || strlen(name) >= sizeof defect->name)
        return skd_fail(err, SKD_EARG, "--name: expected a name for a folder, up to %zu letters; found '%s'",
                        sizeof defect->name - 1, name);
    snprintf(defect->name, sizeof defect->name, "%s", name);
    return SKD_OK;
}

/* Adds the defect of one file; an empty name leaves it doped's. */
static skd_status add_file(skd_defect_list *out, const char *path, const char *name, const skd_cell *bulk,
                           const cli_args *args, const skd_defect_options *options, skd_error *err) {
    skd_frame *frame = NULL;
    double site[3];
    bool given = false;
    skd_status status = skd_structure_read(&frame, path, err);
    if (status == SKD_OK)
        status = skd_grow((void **)&out->defect, &out->capacity, out->n + 1, sizeof *out->defect, err);
    if (status == SKD_OK)
        status = find_site(bulk, frame->cell, name, args, site, &given, err);
    if (status == SKD_OK) {
        out->defect[out->n] = NULL;
        status = skd_defect_identify(&out->defect[out->n++], bulk, frame->cell, given ? site : NULL, options, err);
    }
    if (status == SKD_OK)
        status = rename_defect(out->defect[out->n - 1], name, err);
    skd_frame_free(frame);
    return status;
}

/* ---- a folder of structures ------------------------------------------------------------------ */

static bool contains(const char *text, const char *part) {
    size_t n = strlen(part);
    for (; *text; text++) {
        size_t i = 0;
        while (i < n && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i]))
            i++;
        if (i == n)
            return true;
    }
    return false;
}

static bool ends(const char *text, const char *with) {
    size_t n = strlen(text), m = strlen(with);
    return n >= m && strcmp(text + n - m, with) == 0;
}

/* The structure in a defect's own folder: its only file, or the only one of that name or a CIF. */
static skd_status file_in(char *found, size_t size, const char *folder, const skd_names *names,
                          const char *structure_file, skd_error *err) {
    size_t n = 0;
    for (size_t i = 0; i < names->n; i++) {
        const char *name = names->name[i];
        if (names->n == 1 || contains(name, structure_file) || (ends(name, ".cif") && !contains(name, "bulk"))) {
            snprintf(found, size, "%s", name);
            n++;
        }
    }
    return n == 1 ? SKD_OK
                  : skd_fail(err, SKD_EARG, "%s: expected one structure, a file '%s' or a CIF; found %zu "
                             "(--structure-file names it)", folder, structure_file, n);
}

/* "v_Cd_POSCAR", "v_Cd.cif": v_Cd; "POSCAR" alone: "". */
static void name_of(char *out, size_t size, const char *entry, const char *structure_file) {
    const char *parts[] = {".cif", ".vasp", ".gz", "POSCAR", structure_file};
    snprintf(out, size, "%s", entry);
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        char *at = parts[k][0] ? strstr(out, parts[k]) : NULL;
        if (at)
            memmove(at, at + strlen(parts[k]), strlen(at + strlen(parts[k])) + 1);
    }
    size_t n = strlen(out);
    while (n > 0 && strchr("-_.", out[n - 1]))
        out[--n] = '\0';
}

/* One entry of the folder: a structure, a folder with one, the bulk, or something else that is passed over. */
static skd_status add_entry(skd_defect_list *out, const char *folder, const char *entry, const skd_cell *bulk,
                            const cli_args *args, const skd_defect_options *options, skd_error *err) {
    const char *structure_file = cli_text(args, "structure-file");
    char name[64], file[256] = "";
    bool is_folder;
    skd_names inside = {0};
    skd_string path = {0};
    skd_string_add(&path, "%s/%s", folder, entry);
    skd_status status = path.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path")
                                    : skd_folder_list(&inside, path.text, &is_folder, err);
    if (status == SKD_OK && is_folder) {
        status = file_in(file, sizeof file, path.text, &inside, structure_file, err);
        skd_string_add(&path, "/%s", file);
        if (status == SKD_OK && path.failed)
            status = skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    }
    bool structure = status == SKD_OK &&
                     (is_folder || skd_format_of(path.text, "", 0) || contains(entry, structure_file));
    name_of(name, sizeof name, entry, structure_file);
    if (structure && strcmp(path.text, cli_text(args, "bulk")) != 0 && !contains(entry, "bulk"))
        status = add_file(out, path.text, name, bulk, args, options, err);
    skd_names_free(&inside);
    skd_string_free(&path);
    return status;
}

skd_status cli_pair_defects(skd_defect_list *out, const skd_cell *bulk, const cli_args *args,
                            const skd_defect_options *options, skd_error *err) {
    const char *path = cli_text(args, "defect"), *name = cli_text(args, "name");
    bool is_folder;
    skd_names names = {0};
    skd_status status = skd_folder_list(&names, path, &is_folder, err);
    if (status == SKD_OK && !is_folder)
        status = add_file(out, path, name ? name : "", bulk, args, options, err);
    if (status == SKD_OK && is_folder && name)
        status = skd_fail(err, SKD_EARG, "--name: the defects in %s have the names of their files", path);
    for (size_t i = 0; i < names.n && status == SKD_OK && is_folder; i++)
        status = add_entry(out, path, names.name[i], bulk, args, options, err);
    skd_names_free(&names);
    return status;
}

skd_status cli_pair_refuse(const cli_args *args, skd_error *err) {
    static const char *const names[] = {"defect-index", "defect-coords", "name", "structure-file"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (cli_given(args, names[k]))
            return skd_fail(err, SKD_EARG, "--%s needs --defect FILE --bulk FILE", names[k]);
    return SKD_OK;
}

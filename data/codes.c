/* SPDX-License-Identifier: MIT */
/* codes.c - the electronic-structure codes that inputs are written for: one row a code, one template in
 * data/templates a file. What a template cannot say is here: the file the structure goes to where the code
 * reads a known format, what the charge is called, and where a user's potentials lie. */
#include "shakedown/data.h"

#include <ctype.h>
#include <string.h>

#include "settings.h"
#include "templates.h" /* made from data/templates by embed.awk: text_files[] = {name, text} */

/* The places of an element's potential in a user's folder: %p potential, %f functional, %s symbol, %n number. */
static const char *const potcar_places[] = {
    "POT_GGA_PAW_%f/POTCAR.%p.gz", "POT_GGA_PAW_%f/POTCAR.%p", "POT_GGA_PAW_%f/%p/POTCAR", /* pymatgen's, PBE       */
    "POT_PAW_%f/POTCAR.%p.gz",     "POT_PAW_%f/POTCAR.%p",     "POT_PAW_%f/%p/POTCAR",     /* pymatgen's, PBE_54... */
    "potpaw_%f/%p/POTCAR",         "%p/POTCAR",                "POTCAR.%p",                /* VASP's own, ase       */
    NULL};
static const char *const aims_places[] = {"%n_%s_default", "defaults_2020/tight/%n_%s_default",
                                          "tight/%n_%s_default", NULL};

const skd_code skd_codes[] = {
    {
        .name = "vasp",
        .alias = "",
        .summary = "POSCAR, INCAR, KPOINTS",
        .file = {"INCAR", "KPOINTS"},
        .structure = "POSCAR",
        .format = "poscar",
        .settings = SKD_SETTINGS_FLAT,
        .separators = "=",
        .forced = "@if charged\nNELECT = @nelect@\n@end\n",
        .point = "NSW = 0\nIBRION = -1\n",
        .pseudo_table = "potcars.txt",
        .pseudo = "",
        .library = "PMG_VASP_PSP_DIR",
        .place = potcar_places,
        .library_file = "POTCAR",
    },
    {
        .name = "espresso",
        .alias = "qe quantumespresso",
        .summary = "espresso.pwi",
        .file = {"espresso.pwi"},
        .settings = SKD_SETTINGS_NAMELISTS,
        .separators = "=",
        .forced = "&SYSTEM\n   tot_charge       = @charge@\n/\n",
        .point = "&CONTROL\n   calculation      = 'scf'\n   tprnfor          = .true.\n/\n",
        .unpolarised = {"SYSTEM", "nspin", "1", "tot_magnetization"},
        .pseudo = ".UPF",
    },
    {
        .name = "cp2k",
        .alias = "",
        .summary = "cp2k_input.inp, structure.cif",
        .file = {"cp2k_input.inp"},
        .structure = "structure.cif",
        .format = "cif",
        .settings = SKD_SETTINGS_WHOLE,
        .separators = "",
        .forced = "&FORCE_EVAL\n&DFT\n    CHARGE @charge@\n&END DFT\n&END FORCE_EVAL\n",
        .point = "&GLOBAL\n  RUN_TYPE ENERGY_FORCE\n&END GLOBAL\n",
        .pseudo_table = "gth.txt",
        .pseudo = "",
    },
    {
        .name = "castep",
        .alias = "",
        .summary = "castep.param, castep.cell",
        .file = {"castep.param", "castep.cell"},
        .settings = SKD_SETTINGS_FLAT,
        .separators = ":=",
        .forced = "CHARGE : @charge@\n",
        .point = "TASK : SinglePoint\n",
        .pseudo = "",
    },
    {
        .name = "fhi-aims",
        .alias = "aims",
        .summary = "control.in, geometry.in",
        .file = {"control.in", "geometry.in"},
        .settings = SKD_SETTINGS_FLAT,
        .separators = "",
        .forced = "charge                 @charge@\n",
        .point = "relax_geometry         none\ncompute_forces         .true.\n",
        .pseudo = "",
        .library = "AIMS_SPECIES_DIR",
        .place = aims_places,
        .library_file = "control.in",
    },
    {
        .name = "abinit",
        .alias = "",
        .summary = "abinit.abi",
        .file = {"abinit.abi"},
        .settings = SKD_SETTINGS_FLAT,
        .separators = "",
        .forced = "cellcharge @charge@\n",
        .point = "ionmov 0\nntime 1\n",
        .pseudo = ".psp8",
    },
    {.name = NULL},
};

/* Compares without regard to case, '-', '_' and ' ': ShakeNBreak takes "Quantum_Espresso", "FHI-aims", ... */
static bool same_name(const char *a, const char *b, size_t n_b) {
    const char *end = b + n_b;
    for (;;) {
        while (*a == '-' || *a == '_' || *a == ' ')
            a++;
        while (b < end && (*b == '-' || *b == '_'))
            b++;
        if (*a == '\0' || b == end)
            return *a == '\0' && b == end;
        if (tolower((unsigned char)*a++) != tolower((unsigned char)*b++))
            return false;
    }
}

const skd_code *skd_code_named(const char *name) {
    for (const skd_code *code = skd_codes; code->name; code++) {
        if (same_name(name, code->name, strlen(code->name)))
            return code;
        skd_span rest = {code->alias, strlen(code->alias)}, word;
        while (skd_span_word(&rest, &word))
            if (same_name(name, word.p, word.n))
                return code;
    }
    return NULL;
}

const char *skd_template_text(const char *name) {
    for (size_t i = 0; i < sizeof text_files / sizeof *text_files; i++)
        if (strcmp(text_files[i][0], name) == 0)
            return text_files[i][1];
    return NULL;
}

/* The word after the symbol in a line "Sn Sn_d"; false if there is none. */
static bool add_from_table(skd_string *out, const char *name, const char *symbol) {
    const char *table = skd_template_text(name);
    skd_text t = skd_text_of(name, table, strlen(table));
    skd_span line, element, potential;
    while (skd_text_line(&t, &line))
        if (skd_span_word(&line, &element) && skd_span_is(element, symbol) && skd_span_word(&line, &potential)) {
            skd_string_add_bytes(out, potential.p, potential.n);
            return true;
        }
    return false;
}

char *skd_code_pseudo(const skd_code *code, int z) {
    skd_string out = {0};
    const char *symbol = skd_element_of(z)->symbol;
    if (!code->pseudo_table || !add_from_table(&out, code->pseudo_table, symbol))
        skd_string_add(&out, "%s%s", symbol, code->pseudo);
    if (out.failed)
        skd_string_free(&out);
    return out.text;
}

/* ---- the text of one file ---------------------------------------------------------------- */

/* Merges what cannot be left to a user's own settings: the charge. */
static skd_status force(skd_string *out, const skd_code *code, const skd_string *text, const skd_input_text *user,
                        const skd_input *input, skd_error *err) {
    skd_string forced = {0};
    skd_status status = skd_template_fill(&forced, code->name, code->forced, strlen(code->forced), input, err);
    if (status == SKD_OK && forced.n == 0)
        skd_string_add_bytes(out, text->text, text->n);
    else if (status == SKD_OK)
        status = settings_merge(out, (skd_span){text->text, text->n}, user->name, (skd_span){forced.text, forced.n},
                                code, err);
    skd_string_free(&forced);
    return status;
}

static skd_status print_settings(skd_string *out, const skd_code *code, const char *file, const skd_input_text *own,
                                 const skd_input_text *user, const skd_input *input, skd_error *err) {
    skd_string filled = {0}, merged = {0};
    skd_status status = SKD_OK;
    if (code->settings == SKD_SETTINGS_WHOLE)
        skd_string_add_bytes(&merged, user->text, user->n);
    else {
        status = skd_template_fill(&filled, own->name, own->text, own->n, input, err);
        if (status == SKD_OK)
            status = settings_merge(&merged, (skd_span){filled.text, filled.n}, user->name,
                                    (skd_span){user->text, user->n}, code, err);
    }
    if (status == SKD_OK && merged.failed)
        status = skd_fail(err, SKD_ENOMEM, "%s: out of memory for the text", file);
    if (status == SKD_OK)
        status = force(out, code, &merged, user, input, err);
    skd_string_free(&filled);
    skd_string_free(&merged);
    return status;
}

/* Makes the text that of a single point, whoever wrote it. */
static skd_status stay(skd_string *out, const skd_code *code, const char *name, skd_error *err) {
    skd_string text = *out;
    *out = (skd_string){0};
    skd_status status = settings_merge(out, (skd_span){text.text ? text.text : "", text.n}, name,
                                       (skd_span){code->point, strlen(code->point)}, code, err);
    skd_string_free(&text);
    return status;
}

bool skd_template_is(const char *text, size_t length) {
    size_t begin = length; /* behind the last '@', while a word follows it */
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '@') {
            if (i > begin)
                return true;
            begin = i + 1;
        } else if (!islower((unsigned char)text[i]) && !isdigit((unsigned char)text[i]) && text[i] != '_')
            begin = length;
    }
    return false;
}

skd_status skd_input_print(skd_string *out, const skd_code *code, size_t file, const skd_input_text *own,
                           const skd_input_text *user, const skd_input *input, skd_error *err) {
    const char *name = code->file[file], *text = skd_template_text(name);
    skd_input_text built_in = {name, text, strlen(text)};
    if (!own || !own->text)
        own = &built_in;
    if (file == 0 && user && user->text && skd_template_is(user->text, user->n))
        own = user;
    skd_status status = file == 0 && user && user->text && own != user
                            ? print_settings(out, code, name, own, user, input, err)
                            : skd_template_fill(out, own->name, own->text, own->n, input, err);
    if (status == SKD_OK && out->failed)
        status = skd_fail(err, SKD_ENOMEM, "%s: out of memory for the text", name);
    return status == SKD_OK && file == 0 && input->single_point ? stay(out, code, name, err) : status;
}

/* ---- the user's potentials --------------------------------------------------------------- */

static char *place_of(const char *folder, const char *pattern, const char *functional, const char *pseudo, int z) {
    skd_string path = {0};
    skd_string_add(&path, "%s/", folder);
    for (const char *p = pattern; *p; p++) {
        if (*p != '%')
            skd_string_add(&path, "%c", *p);
        else if (*++p == 'n')
            skd_string_add(&path, "%02d", z);
        else
            skd_string_add(&path, "%s", *p == 'p' ? pseudo : *p == 'f' ? functional : skd_element_of(z)->symbol);
    }
    if (path.failed)
        skd_string_free(&path);
    return path.text;
}

/* "ZVAL   =   12.000" of a POTCAR; 0 if there is none. */
static double valence_of(const char *text, size_t n) {
    skd_text t = skd_text_of("", text, n);
    skd_span line, word;
    double value;
    while (skd_text_line(&t, &line))
        while (skd_span_word(&line, &word))
            if (skd_span_is(word, "ZVAL"))
                return skd_span_word(&line, &word) && skd_span_word(&line, &word) && skd_span_real(word, &value) ? value
                                                                                                               : 0.0;
    return 0.0;
}

static skd_status add_potential(skd_string *out, double *valence, const skd_code *code, const char *folder,
                                const char *functional, const char *pseudo, int z, skd_error *err) {
    for (const char *const *place = code->place; *place; place++) {
        char *path = place_of(folder, *place, functional, pseudo, z), *text = NULL;
        size_t n = 0;
        if (!path)
            return skd_fail(err, SKD_ENOMEM, "out of memory for a path");
        bool there = skd_file_exists(path);
        skd_status status = there ? skd_file_read(path, &text, &n, err) : SKD_OK;
        skd_free(path);
        if (!there)
            continue;
        if (status == SKD_OK)
            skd_string_add_bytes(out, text, n);
        *valence = status == SKD_OK ? valence_of(text, n) : 0.0;
        skd_free(text);
        return status;
    }
    return skd_fail(err, SKD_EARG, "%s: no potential '%s' of %s (functional %s); looked for %s and the like", folder,
                    pseudo, skd_element_of(z)->symbol, functional, code->place[0]);
}

skd_status skd_potentials_read(skd_string *out, double *valence, const skd_code *code, const char *folder,
                               const char *functional, const skd_input *input, skd_error *err) {
    const skd_cell *cell = input->cell;
    bool known = true;
    *valence = 0.0;
    for (size_t i = 0; i < cell->n; i++) {
        int z = cell->species[i];
        bool seen = false;
        double each = 0.0;
        for (size_t j = 0; j < i && !seen; j++)
            seen = cell->species[j] == z;
        if (seen)
            continue;
        const char *pseudo = input->pseudo && input->pseudo[z] ? input->pseudo[z] : skd_element_of(z)->symbol;
        skd_status status = add_potential(out, &each, code, folder, functional, pseudo, z, err);
        if (status != SKD_OK)
            return status;
        known = known && each > 0.0;
        *valence += each * (double)skd_cell_count(cell, z);
    }
    if (!known)
        *valence = 0.0;
    return out->failed ? skd_fail(err, SKD_ENOMEM, "out of memory for the potentials in %s", folder) : SKD_OK;
}

/* SPDX-License-Identifier: MIT */
/* config.c - a config file's keys as options that the command line did not give. Every option of the verb can
 * stand in it ('_' for '-'); ShakeNBreak's keys that are called otherwise here are the rows of `keys`. */
#include <string.h>

#include "config.h"
#include "shakedown/data.h"

typedef struct loader {
    cli_args *args;
    const char *path;
    const skd_config *root;
} loader;

static bool is_nothing(const skd_config *node) { return !node->value && node->n == 0; }

/* Gives `text` to the option; it is freed where the command line has one already. */
static skd_status put(loader *l, const char *option, const skd_config *node, skd_string *text, skd_error *err) {
    bool known = false;
    if (text->failed) {
        skd_string_free(text);
        return skd_fail(err, SKD_ENOMEM, "out of memory for the options");
    }
    skd_status status = cli_args_set(l->args, option, text->text, &known, err);
    *text = (skd_string){0};
    if (status == SKD_OK && !known)
        return skd_fail(err, SKD_EARG, "%s:%zu: unknown key '%s'; keys are ShakeNBreak's and the options that "
                        "'shakedown help %s' lists", l->path, node->line, node->key, l->args->command->name);
    return status == SKD_OK ? SKD_OK : skd_error_prefix(err, "%s:%zu", l->path, node->line);
}

/* ---- how a node becomes the text of an option ---------------------------------------------- */

/* Scalar, "a,b" of a list, "k=v,l=w" of a map; a list in a map repeats its key. */
static void add_text(skd_string *out, const skd_config *node, const char *key) {
    if (node->value)
        skd_string_add(out, "%s%s%s%s", out->n ? "," : "", key ? key : "", key ? "=" : "", node->value);
    for (size_t i = 0; i < node->n; i++)
        add_text(out, node->child[i], node->child[i]->key ? node->child[i]->key : key);
}

static skd_status set_plain(loader *l, const char *option, const skd_config *node, skd_error *err) {
    skd_string text = {0};
    add_text(&text, node, NULL);
    return text.n || text.failed ? put(l, option, node, &text, err) : SKD_OK;
}

/* ShakeNBreak counts atoms from 0, we from 1. */
static skd_status set_atoms(loader *l, const char *option, const skd_config *node, skd_error *err) {
    skd_string text = {0};
    for (size_t i = 0; i < node->n; i++) {
        const char *value = node->child[i]->value;
        long atom;
        if (!value || !skd_span_int((skd_span){value, strlen(value)}, &atom) || atom < 0) {
            skd_string_free(&text);
            return skd_fail(err, SKD_EARG, "%s:%zu: %s: expected numbers of atoms, counted from 0; found '%s'", l->path,
                            node->child[i]->line, node->key, value ? value : "");
        }
        skd_string_add(&text, "%s%ld", i ? "," : "", atom + 1);
    }
    return text.n || text.failed ? put(l, option, node, &text, err) : SKD_OK;
}

/* Where both are given, as in ShakeNBreak's example, the list of distortions is meant. */
static skd_status set_increment(loader *l, const char *option, const skd_config *node, skd_error *err) {
    const skd_config *list = skd_config_get(l->root, "bond_distortions");
    bool listed = (list && !is_nothing(list)) || cli_given(l->args, "distortions");
    return listed ? SKD_OK : set_plain(l, option, node, err);
}

/* Numbers, and "Dimer" among them. */
static skd_status set_distortions(loader *l, const char *option, const skd_config *node, skd_error *err) {
    skd_string text = {0}, always = {0};
    skd_status status = SKD_OK;
    for (size_t i = 0; i < node->n; i++) {
        const char *value = node->child[i]->value ? node->child[i]->value : "";
        if (strcmp(value, "Dimer") == 0)
            skd_string_add(&always, "always");
        else
            skd_string_add(&text, "%s%s", text.n ? "," : "", value);
    }
    if (always.n && !cli_given(l->args, "distortions"))
        status = put(l, "dimer", node, &always, err);
    skd_string_free(&always);
    if (status == SKD_OK && text.n)
        return put(l, option, node, &text, err);
    skd_string_free(&text);
    return status;
}

/* POTCAR is VASP's, pseudopotentials are the others'; a file may hold both. */
static bool for_vasp(const loader *l) {
    const skd_config *code = skd_config_get(l->root, "code");
    const char *name = cli_given(l->args, "code") ? cli_text(l->args, "code") : code ? code->value : NULL;
    const skd_code *found = name ? skd_code_named(name) : NULL;
    return !found || strcmp(found->name, "vasp") == 0;
}

static skd_status set_potcar(loader *l, const char *option, const skd_config *node, skd_error *err) {
    return for_vasp(l) ? set_plain(l, option, node, err) : SKD_OK;
}

static skd_status set_pseudos(loader *l, const char *option, const skd_config *node, skd_error *err) {
    return for_vasp(l) ? SKD_OK : set_plain(l, option, node, err);
}

/* ShakeNBreak's -nv. */
static skd_status set_verbose(loader *l, const char *option, const skd_config *node, skd_error *err) {
    skd_string text = {0};
    if (!node->value || (strcmp(node->value, "False") != 0 && strcmp(node->value, "false") != 0))
        return SKD_OK;
    skd_string_add(&text, "true");
    return put(l, option, node, &text, err);
}

/* One key of {v_Cd: {charges: [0, -1], defect_index: 3}} for all defects: "v_Cd=0,-1". */
static skd_status set_of_defects(loader *l, const char *option, const skd_config *node, const char *key,
                                 const char *between, skd_error *err) {
    skd_string text = {0};
    for (size_t d = 0; d < node->n; d++) {
        const skd_config *entry = skd_config_get(node->child[d], key);
        if (!entry && strcmp(key, "charges") == 0)
            entry = skd_config_get(node->child[d], "charge");
        skd_string one = {0};
        if (entry)
            add_text(&one, entry, NULL);
        if (one.n)
            skd_string_add(&text, "%s%s=%s", text.n ? between : "", node->child[d]->key, one.text);
        text.failed = text.failed || one.failed;
        skd_string_free(&one);
    }
    if (text.n || text.failed)
        return put(l, option, node, &text, err);
    skd_string_free(&text);
    return SKD_OK;
}

static skd_status set_defects(loader *l, const char *option, const skd_config *node, skd_error *err) {
    static const char *const known[][3] = {{"charge", "", ""},
                                           {"charges", "charges", ","},
                                           {"defect_index", "defect-index", ";"},
                                           {"defect_coords", "defect-coords", ";"}};
    const size_t n = sizeof known / sizeof *known;
    skd_status status = SKD_OK;
    (void)option;
    if (!node->is_map) /* "defects: folder" */
        return set_plain(l, "defect", node, err);
    for (size_t d = 0; d < node->n; d++)
        for (size_t i = 0; i < node->child[d]->n; i++) {
            const skd_config *entry = node->child[d]->child[i];
            size_t k = 0;
            while (k < n && strcmp(entry->key ? entry->key : "", known[k][0]) != 0)
                k++;
            if (k == n)
                return skd_fail(err, SKD_EARG, "%s:%zu: unknown key '%s'; expected charges, charge, defect_index or "
                                "defect_coords", l->path, entry->line, entry->key ? entry->key : "");
        }
    for (size_t k = 1; k < n && status == SKD_OK; k++) /* charge stands for charges */
        status = set_of_defects(l, known[k][1], node, known[k][0], known[k][2], err);
    return status;
}

static const struct {
    const char *key, *option;
    skd_status (*set)(loader *l, const char *option, const skd_config *node, skd_error *err);
} keys[] = {
    {"oxidation_states", "oxidation", set_plain},
    {"distortion_increment", "increment", set_increment},
    {"bond_distortions", "distortions", set_distortions},
    {"distorted_elements", "distort-elements", set_plain},
    {"distorted_atoms", "distort-atoms", set_atoms},
    {"dict_number_electrons_user", "electrons", set_plain},
    {"dimer_bond_length", "dimer-length", set_plain},
    {"local_rattle", "local", set_plain},
    {"active_atoms", "active-atoms", set_atoms},
    {"POTCAR", "pseudopotentials", set_potcar},
    {"pseudopotentials", "pseudopotentials", set_pseudos},
    {"POTCAR_FUNCTIONAL", "potcar-functional", set_potcar},
    {"defects", "charges", set_defects},
    {"verbose", "quiet", set_verbose},
};

static skd_status set_key(loader *l, const skd_config *node, skd_error *err) {
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        if (strcmp(node->key, keys[k].key) == 0)
            return is_nothing(node) ? SKD_OK : keys[k].set(l, keys[k].option, node, err);
    skd_string none = {0};
    return is_nothing(node) ? put(l, node->key, node, &none, err) : set_plain(l, node->key, node, err);
}

skd_status cli_config_set(cli_args *args, const char *path, const skd_config *root, const skd_config *node,
                          skd_error *err) {
    loader l = {args, path, root};
    return set_key(&l, node, err);
}

void cli_config_text(skd_string *out, const skd_config *node) { add_text(out, node, NULL); }

skd_status cli_config_apply(cli_args *args, const char *path, skd_error *err) {
    char *text;
    size_t n;
    skd_config *root = NULL;
    skd_status status = skd_file_read(path, &text, &n, err);
    if (status != SKD_OK)
        return status;
    status = skd_config_parse(&root, path, text, n, err);
    loader l = {args, path, root};
    for (size_t i = 0; status == SKD_OK && i < root->n; i++)
        status = set_key(&l, root->child[i], err);
    skd_config_free(root);
    skd_free(text);
    return status;
}

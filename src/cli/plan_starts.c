/* SPDX-License-Identifier: MIT */
/* plan_starts.c - from the command line to the options of the starts. */
#include "plan_starts.h"

#include <string.h>

void cli_start_lists_free(cli_start_lists *lists) {
    skd_free(lists->distortion);
    skd_free(lists->neighbours);
    skd_free(lists->electrons);
    skd_free(lists->elements);
    skd_free(lists->distorted);
    skd_free(lists->active);
    skd_free(lists->kind_text);
    skd_free(lists->kind);
    *lists = (cli_start_lists){0};
}

/* ---- lists ------------------------------------------------------------------------------- */

/* How the value of "v_Cd=2" or "v_Cd=Te" is read. */
typedef struct wish_form {
    const char *option;
    bool is_element;
    long low, high;
    const char *example;
} wish_form;
static const wish_form neighbours_form = {"--neighbours", false, 0, 1000, "2 or v_Cd=2,Te_Cd=4"};
static const wish_form electrons_form = {"--electrons", false, -20, 20, "v_Cd=2 (two missing) or Te_Cd=-4"};
static const wish_form elements_form = {"--distort-elements", true, 0, 0, "Te or v_Cd=Te,Te_Cd=Cd"};

static bool read_wish(skd_wish *out, skd_span piece, const wish_form *form) {
    const char *equals = memchr(piece.p, '=', piece.n);
    skd_span name = {piece.p, equals ? (size_t)(equals - piece.p) : 0};
    skd_span value = {equals ? equals + 1 : piece.p, equals ? piece.n - name.n - 1 : piece.n};
    long number = form->is_element ? skd_element_number(value) : 0;
    if ((equals && name.n == 0) || name.n >= sizeof out->defect)
        return false;
    skd_span_copy(name, out->defect, sizeof out->defect);
    if (form->is_element ? number == 0 : !skd_span_int(value, &number) || number < form->low || number > form->high)
        return false;
    out->value = (int)number;
    return true;
}

static skd_status read_wishes(skd_wish **out, size_t *n, const char *text, const wish_form *form, skd_error *err) {
    size_t most = 1;
    for (const char *p = text; *p; p++)
        most += *p == ',';
    *out = skd_alloc(most, sizeof **out);
    if (!*out)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %s", form->option);
    while (text) {
        skd_span piece = {text, strcspn(text, ",")};
        char found[80];
        text = text[piece.n] ? text + piece.n + 1 : NULL;
        if (!read_wish(&(*out)[(*n)++], piece, form))
            return skd_fail(err, SKD_EARG, form->is_element ? "%s: expected %s; found no element in '%s'"
                                                            : "%s: expected a number like %s; found '%s'",
                            form->option, form->example, skd_span_copy(piece, found, sizeof found));
    }
    return SKD_OK;
}

/* Atoms counted from 1. */
static skd_status read_atoms(size_t **out, size_t *n, const char *text, const char *option, skd_error *err) {
    long *number;
    skd_status status = cli_int_list(text, option, 1, 1000000, &number, n, err);
    if (status != SKD_OK)
        return status;
    *out = skd_alloc(*n, sizeof **out);
    for (size_t k = 0; *out && k < *n; k++)
        (*out)[k] = (size_t)number[k] - 1;
    skd_free(number);
    return *out ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %s", option);
}

static skd_status read_distortions(skd_start_options *s, cli_start_lists *lists, const char *text, skd_error *err) {
    skd_status status = cli_real_list(text, "--distortions", &lists->distortion, &s->n_distortion, err);
    s->distortion = lists->distortion;
    for (size_t i = 0; status == SKD_OK && i < s->n_distortion; i++)
        if (!(s->distortion[i] > -1.0 && s->distortion[i] <= 3.0))
            status = skd_fail(err, SKD_EARG, "--distortions: expected factors above -1 and up to 3; found %g",
                              s->distortion[i]);
    return status;
}

static skd_status read_lists(skd_start_options *s, cli_start_lists *lists, const cli_args *args, skd_error *err) {
    const char *text;
    skd_status status = SKD_OK;
    if ((text = cli_text(args, "distortions")))
        status = read_distortions(s, lists, text, err);
    if (status == SKD_OK && (text = cli_text(args, "neighbours")) && strcmp(text, "-1") != 0)
        status = read_wishes(&lists->neighbours, &s->n_neighbours_of, text, &neighbours_form, err);
    if (status == SKD_OK && (text = cli_text(args, "electrons")))
        status = read_wishes(&lists->electrons, &s->n_electrons_of, text, &electrons_form, err);
    if (status == SKD_OK && (text = cli_text(args, "distort-elements")))
        status = read_wishes(&lists->elements, &s->n_distorted_elements, text, &elements_form, err);
    if (status == SKD_OK && (text = cli_text(args, "distort-atoms")))
        status = read_atoms(&lists->distorted, &s->n_distorted_atoms, text, "--distort-atoms", err);
    if (status == SKD_OK && (text = cli_text(args, "active-atoms")))
        status = read_atoms(&lists->active, &s->n_active, text, "--active-atoms", err);
    s->neighbours_of = lists->neighbours;
    s->electrons_of = lists->electrons;
    s->distorted_elements = lists->elements;
    s->distorted_atoms = lists->distorted;
    s->active = lists->active;
    return status;
}

/* ---- kinds ------------------------------------------------------------------------------- */

bool cli_list_kinds(const cli_args *args) {
    if (!cli_flag(args, "list-kinds"))
        return false;
    for (const skd_start_kind *const *kind = skd_start_kinds; *kind; kind++) {
        printf("%-14s %s\n", (*kind)->name, (*kind)->summary);
        if ((*kind)->in_default)
            printf("%-14s   made by default\n", "");
        else
            printf("%-14s   on request: %s\n", "", (*kind)->why_not ? (*kind)->why_not : "--kinds");
    }
    return true;
}

static void add_default(skd_start_options *s, const char **name) {
    for (const skd_start_kind *const *kind = skd_start_kinds; *kind; kind++)
        if ((*kind)->in_default)
            name[s->n_kinds++] = (*kind)->name;
}

static void remove_kind(skd_start_options *s, const char **name, const char *which) {
    size_t kept = 0;
    for (size_t k = 0; k < s->n_kinds; k++)
        if (strcmp(name[k], which) != 0)
            name[kept++] = name[k];
    s->n_kinds = kept;
}

/* "default" is those of the table; "+name" or "-name" at the beginning of the list means them too. */
static void take_kind(skd_start_options *s, const char **name, const char *word, bool *has_default) {
    const bool all = strcmp(word, "default") == 0, change = word[0] == '+' || word[0] == '-';
    if (!*has_default && (all || (change && s->n_kinds == 0))) {
        add_default(s, name);
        *has_default = true;
    }
    if (word[0] == '-')
        remove_kind(s, name, word + 1);
    else if (!all)
        name[s->n_kinds++] = word + change;
}

static skd_status check_kind(const char *word, skd_error *err) {
    const char *name = word + (word[0] == '+' || word[0] == '-');
    if (skd_start_kind_named(name) || strcmp(word, "default") == 0)
        return SKD_OK;
    return skd_fail(err, SKD_EARG, "--kinds: no kind of start '%s'; --list-kinds names them", name);
}

/* The kinds of --kinds, and what has an option of its own. */
static skd_status read_kinds(skd_start_options *s, cli_start_lists *lists, const cli_args *args, skd_error *err) {
    static const char *const own_option[] = {"subsets", "pairs", "rattles"};
    const char *text = cli_text(args, "kinds");
    const size_t n_own = sizeof own_option / sizeof *own_option;
    size_t most = n_own + 1;
    for (const char *p = text ? text : ""; *p; p++)
        most += *p == ',';
    for (const skd_start_kind *const *kind = skd_start_kinds; *kind; kind++)
        most++;
    lists->kind = skd_alloc(most, sizeof *lists->kind);
    lists->kind_text = skd_strdup(text ? text : "default");
    if (!lists->kind || !lists->kind_text)
        return skd_fail(err, SKD_ENOMEM, "out of memory for kinds of starts");
    bool has_default = false;
    skd_status status = SKD_OK;
    for (char *p = lists->kind_text; status == SKD_OK && p;) {
        char *comma = strchr(p, ',');
        if (comma)
            *comma = '\0';
        status = check_kind(p, err);
        if (status == SKD_OK)
            take_kind(s, lists->kind, p, &has_default);
        p = comma ? comma + 1 : NULL;
    }
    for (size_t k = 0; k < n_own; k++)
        if (cli_given(args, own_option[k]))
            lists->kind[s->n_kinds++] = own_option[k];
    s->kind = lists->kind;
    s->n_rattles = (size_t)cli_int(args, "rattles");
    return status;
}

static skd_status read_choices(skd_choices *out, const cli_args *args, const char *option, skd_error *err) {
    const char *text = cli_text(args, option);
    if (text && strcmp(text, "all") != 0 && strcmp(text, "distinct") != 0)
        return skd_fail(err, SKD_EARG, "--%s: expected 'distinct' or 'all'; found '%s'", option, text);
    *out = text && strcmp(text, "all") == 0 ? SKD_CHOICES_ALL : SKD_CHOICES_DISTINCT;
    return SKD_OK;
}

static skd_status read_dimer(skd_start_options *s, const cli_args *args, skd_error *err) {
    static const char *const words[] = {"vacancies", "always", "never"}; /* by skd_dimer_choice */
    const char *text = cli_text(args, "dimer");
    for (size_t k = 0; k < 3; k++)
        if (strcmp(text, words[k]) == 0) {
            s->dimer = (skd_dimer_choice)k;
            s->dimer_length = cli_real(args, "dimer-length");
            return SKD_OK;
        }
    return skd_fail(err, SKD_EARG, "--dimer: expected always, never or vacancies; found '%s'", text);
}

/* ---- the whole --------------------------------------------------------------------------- */

/* Options that cannot both be meant. */
static skd_status check_contradictions(const cli_args *args, skd_error *err) {
    static const char *const pairs[][2] = {
        {"distortions", "increment"}, {"neighbours", "electrons"}, {"compat", "subsets"}, {"compat", "pairs"},
        {"no-rattle", "rattles"},
        {"no-rattle", "stdev"},       {"no-rattle", "d-min"},      {"no-rattle", "width"}, {"no-rattle", "nbr-cutoff"},
        {"no-rattle", "max-disp"},    {"no-rattle", "max-attempts"}, {"no-rattle", "n-iter"},
        {"no-rattle", "active-atoms"}, {"no-rattle", "local"},
    };
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++)
        if (cli_given(args, pairs[k][0]) && cli_given(args, pairs[k][1]))
            return skd_fail(err, SKD_EARG, "--%s and --%s contradict each other", pairs[k][0], pairs[k][1]);
    if (cli_given(args, "dimer-length") && strcmp(cli_text(args, "dimer"), "never") == 0)
        return skd_fail(err, SKD_EARG, "--dimer never and --dimer-length contradict each other");
    return SKD_OK;
}

static void read_rattle(skd_rattle_options *r, const cli_args *args) {
    r->stdev = cli_real(args, "stdev");
    r->d_min = cli_real(args, "d-min");
    r->width = cli_real(args, "width");
    r->nbr_cutoff = cli_real(args, "nbr-cutoff");
    r->max_disp = cli_real(args, "max-disp");
    r->max_attempts = (size_t)cli_int(args, "max-attempts");
    r->n_iter = (size_t)cli_int(args, "n-iter");
    r->local = cli_flag(args, "local");
}

skd_status cli_starts_read(skd_start_options *out, cli_start_lists *lists, const cli_args *args, skd_error *err) {
    const char *compat = cli_text(args, "compat");
    *out = (skd_start_options)SKD_START_DEFAULT;
    if (compat && strcmp(compat, "shakenbreak") != 0)
        return skd_fail(err, SKD_EARG, "--compat: expected 'shakenbreak'; found '%s'", compat);
    out->compat = compat != NULL;
    out->seed = (uint64_t)cli_int(args, "seed");
    out->seed_given = cli_given(args, "seed");
    out->increment = cli_real(args, "increment");
    out->no_rattle = cli_flag(args, "no-rattle");
    read_rattle(&out->rattle, args);
    skd_status status = check_contradictions(args, err);
    if (status == SKD_OK)
        status = read_lists(out, lists, args, err);
    if (status == SKD_OK)
        status = read_kinds(out, lists, args, err);
    if (status == SKD_OK)
        status = read_choices(&out->subsets, args, "subsets", err);
    if (status == SKD_OK)
        status = read_choices(&out->pairs, args, "pairs", err);
    return status == SKD_OK ? read_dimer(out, args, err) : status;
}

/* Each name must be that of a defect that is made. */
static skd_status check_names(const skd_wish *wish, size_t n, const char *option, const skd_defect_list *defects,
                              skd_error *err) {
    for (size_t k = 0; k < n; k++) {
        size_t length = strlen(wish[k].defect), fits = 0;
        for (size_t d = 0; d < defects->n; d++) {
            const char *name = defects->defect[d]->name;
            bool begins = strncmp(name, wish[k].defect, length) == 0;
            fits += length == 0 || (begins && (!name[length] || name[length] == '_'));
        }
        if (fits == 0)
            return skd_fail(err, SKD_EARG, "%s: no defect '%s' is made", option, wish[k].defect);
    }
    return SKD_OK;
}

static skd_status check_atoms(const size_t *atom, size_t n, const char *option, const skd_defect_list *defects,
                              skd_error *err) {
    if (n > 0 && defects->n != 1)
        return skd_fail(err, SKD_EARG, "%s counts the atoms of one defect's cell; %zu defects are made: choose one "
                        "with --defect", option, defects->n);
    for (size_t k = 0; k < n; k++)
        if (atom[k] >= defects->defect[0]->cell->n)
            return skd_fail(err, SKD_EARG, "%s: no atom %zu; the defect's cell has %zu", option, atom[k] + 1,
                            defects->defect[0]->cell->n);
    return SKD_OK;
}

skd_status cli_starts_check(const skd_start_options *o, const skd_defect_list *defects, skd_error *err) {
    skd_status status = check_names(o->neighbours_of, o->n_neighbours_of, "--neighbours", defects, err);
    if (status == SKD_OK)
        status = check_names(o->electrons_of, o->n_electrons_of, "--electrons", defects, err);
    if (status == SKD_OK)
        status = check_names(o->distorted_elements, o->n_distorted_elements, "--distort-elements", defects, err);
    if (status == SKD_OK)
        status = check_atoms(o->distorted_atoms, o->n_distorted_atoms, "--distort-atoms", defects, err);
    if (status == SKD_OK)
        status = check_atoms(o->active, o->n_active, "--active-atoms", defects, err);
    return status;
}

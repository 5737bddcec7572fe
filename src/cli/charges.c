/* SPDX-License-Identifier: MIT */
/* charges.c - which charge states each defect gets: a list for all, a rule, or wishes for single defects. */
#include "charges.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- wishes: "-1..1", "auto", "v_Cd=-2..0,1,Te_Cd=auto" -------------------------------------- */

typedef enum rule { RULE_LIST, RULE_AUTO, RULE_OXIDATION } rule;

static const struct {
    const char *word;
    rule rule;
} rules[] = {{"auto", RULE_AUTO}, {"oxidation", RULE_OXIDATION}};

/* What is wished for the defects of one name; an empty name stands for all others. */
typedef struct wish {
    skd_span name;
    rule rule;
    long *list; /* [n] */
    size_t n;
} wish;

typedef struct wishes {
    wish *wish;
    size_t n, capacity;
} wishes;

static void wishes_free(wishes *w) {
    for (size_t i = 0; i < w->n; i++)
        skd_free(w->wish[i].list);
    skd_free(w->wish);
}

static skd_status read_values(wish *w, skd_span text, skd_error *err) {
    skd_span whole = text, word = {0};
    skd_span_word(&whole, &word);
    for (size_t k = 0; k < sizeof rules / sizeof *rules; k++)
        if (skd_span_is(word, rules[k].word) && word.p + word.n == text.p + text.n) {
            w->rule = rules[k].rule;
            return SKD_OK;
        }
    char *copy = skd_alloc(text.n + 1, 1);
    if (!copy)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a list of charges");
    memcpy(copy, text.p, text.n);
    skd_status status = cli_int_list(copy, "--charges", -9, 9, &w->list, &w->n, err);
    if (status == SKD_EARG && (strstr(copy, "auto") || strstr(copy, "oxidation")))
        status = skd_fail(err, SKD_EARG, "--charges: a rule stands alone, or as NAME=auto; found '%s'", copy);
    else if (status == SKD_EARG && word.n > 0 && isalpha((unsigned char)word.p[0]))
        status = skd_fail(err, SKD_EARG, "--charges: expected integers like -2..1, 'auto' or 'oxidation'; found '%s'",
                          copy);
    skd_free(copy);
    return status;
}

/* Length of the piece at text up to the comma before the next name, or to the end. */
static size_t wish_length(const char *text) {
    size_t n = strcspn(text, ",");
    while (text[n]) {
        size_t piece = strcspn(text + n + 1, ",");
        if (memchr(text + n + 1, '=', piece))
            break;
        n += 1 + piece;
    }
    return n;
}

static skd_status read_wishes(wishes *w, const char *text, skd_error *err) {
    skd_status status = SKD_OK;
    while (text && status == SKD_OK) {
        skd_span whole = {text, wish_length(text)}, before = {0};
        text = text[whole.n] ? text + whole.n + 1 : NULL;
        const char *equals = memchr(whole.p, '=', whole.n);
        status = skd_grow((void **)&w->wish, &w->capacity, w->n + 1, sizeof *w->wish, err);
        if (status != SKD_OK)
            return status;
        wish *next = &w->wish[w->n++];
        *next = (wish){0};
        if (equals) {
            before = (skd_span){whole.p, (size_t)(equals - whole.p)};
            whole = (skd_span){equals + 1, whole.n - before.n - 1};
            if (!skd_span_word(&before, &next->name))
                return skd_fail(err, SKD_EARG, "--charges: expected NAME=LIST, e.g. v_Cd=-2..0; found no name");
        }
        for (size_t i = 0; i + 1 < w->n; i++)
            if (w->wish[i].name.n == next->name.n && strncmp(w->wish[i].name.p, next->name.p, next->name.n) == 0) {
                char name[48];
                return skd_fail(err, SKD_EARG, "--charges: '%s' is given twice",
                                skd_span_copy(next->name, name, sizeof name));
            }
        status = read_values(next, whole, err);
    }
    return status;
}

/* Does the name ("v_O") select the defect ("v_O", "v_O_C2v")? */
static bool selects(skd_span name, const char *defect) {
    return name.n == 0 || (strncmp(name.p, defect, name.n) == 0 && (defect[name.n] == '\0' || defect[name.n] == '_'));
}

/* The wish with the longest name that fits; NULL if none does. */
static wish *wish_for(const wishes *w, const skd_defect *defect) {
    wish *best = NULL;
    for (size_t i = 0; i < w->n; i++)
        if (selects(w->wish[i].name, defect->name) && (!best || w->wish[i].name.n > best->name.n))
            best = &w->wish[i];
    return best;
}

/* ---- states -------------------------------------------------------------------------------- */

static skd_status add_state(cli_charges *out, const skd_defect *defect, long charge, skd_error *err) {
    skd_status status = skd_grow((void **)&out->state, &out->capacity, out->n + 1, sizeof *out->state, err);
    if (status == SKD_OK)
        out->state[out->n++] = (cli_state){defect, (int)charge};
    return status;
}

/* More than a shell of electrons too many or too few can neither be counted nor be. */
static skd_status check_possible(const skd_defect *defect, long charge, skd_error *err) {
    long missing = charge - defect->oxidation_change;
    if (!defect->oxidation_known || labs(missing) <= 8)
        return SKD_OK;
    return skd_fail(err, SKD_EARG, "--charges: %s at charge %+ld would have %ld electrons too %s; at most 8 can be "
                    "(%+d is its full ionisation)", defect->name, charge, labs(missing), missing > 0 ? "few" : "many",
                    defect->oxidation_change);
}

static skd_status add_states(cli_charges *out, const skd_defect *defect, const wish *w, int padding, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; w->rule == RULE_LIST && i < w->n && status == SKD_OK; i++) {
        status = check_possible(defect, w->list[i], err);
        if (status == SKD_OK)
            status = add_state(out, defect, w->list[i], err);
    }
    if (w->rule == RULE_LIST)
        return status;
    skd_charge_range range = w->rule == RULE_AUTO ? skd_charges_probable(defect, padding)
                                                  : skd_charges_ionised(defect, padding);
    for (int q = range.low; q <= range.high && status == SKD_OK; q++)
        status = add_state(out, defect, q, err);
    return status;
}

/* A wish that no defect fulfils is a mistake; one that others overrule is not. */
static skd_status check_names(const wishes *w, const skd_defect_list *defects, skd_error *err) {
    for (size_t i = 0; i < w->n; i++) {
        bool any = false;
        for (size_t d = 0; d < defects->n; d++)
            any = any || selects(w->wish[i].name, defects->defect[d]->name);
        char name[48];
        if (!any)
            return skd_fail(err, SKD_EARG, "--charges: no defect is called '%s'; the first is %s",
                            skd_span_copy(w->wish[i].name, name, sizeof name), defects->defect[0]->name);
    }
    return SKD_OK;
}

/* ---- the options --------------------------------------------------------------------------- */

static skd_status check_options(const cli_args *args, skd_error *err) {
    bool list = cli_given(args, "charges") || cli_given(args, "charge");
    bool low = cli_given(args, "min-charge"), high = cli_given(args, "max-charge");
    if (cli_given(args, "charges") && cli_given(args, "charge"))
        return skd_fail(err, SKD_EARG, "--charges and --charge are the same option; give one");
    if (low != high)
        return skd_fail(err, SKD_EARG, "--min-charge and --max-charge go together; found only --%s-charge",
                        low ? "min" : "max");
    if (low && list)
        return skd_fail(err, SKD_EARG, "give either --charges or --min-charge and --max-charge; found both");
    if (low && cli_given(args, "padding"))
        return skd_fail(err, SKD_EARG, "--padding goes with a guess, not with --min-charge and --max-charge");
    if (low && cli_int(args, "min-charge") > cli_int(args, "max-charge"))
        return skd_fail(err, SKD_EARG, "--min-charge %ld is above --max-charge %ld", cli_int(args, "min-charge"),
                        cli_int(args, "max-charge"));
    return SKD_OK;
}

/* What the verb takes where nothing is said. */
static const char *default_text(const cli_args *args) {
    const cli_option *o = args->command->options;
    while (strcmp(o->name, "charges") != 0)
        o++;
    return o->fallback;
}

/* The text of the wishes; where options other than --charges say it, it is written to buffer. */
static const char *wishes_text(const cli_args *args, char *buffer, size_t size) {
    if (cli_given(args, "min-charge")) {
        snprintf(buffer, size, "%ld..%ld", cli_int(args, "min-charge"), cli_int(args, "max-charge"));
        return buffer;
    }
    if (cli_given(args, "charge"))
        return cli_text(args, "charge");
    bool as_generate = strcmp(default_text(args), "auto") == 0 && cli_text(args, "compat") && cli_given(args, "bulk");
    if (!cli_given(args, "charges") && (cli_given(args, "padding") || as_generate))
        return "oxidation"; /* as `snb generate` does */
    return cli_text(args, "charges");
}

/* made: how many defects were given their charges by each rule. */
static void summarise(cli_charges *out, const size_t made[3], const cli_args *args, bool given) {
    static const char *const how[] = {"as given", "guessed by doped's rule", "from 0 to full ionisation"};
    char padding[40] = "";
    size_t used = 0;
    if (!given && made[RULE_LIST]) {
        snprintf(out->summary, sizeof out->summary,
                 "0 only; others with --charges auto or -2..1");
        return;
    }
    for (int k = 0; k < 3; k++)
        if (made[k]) {
            int n = snprintf(out->summary + used, sizeof out->summary - used, "%s%s", used ? ", or " : "", how[k]);
            used += n > 0 ? (size_t)n : 0;
        }
    if (made[RULE_OXIDATION])
        snprintf(padding, sizeof padding, " and %ld beyond", cli_int(args, "padding"));
    if (made[RULE_AUTO] || made[RULE_OXIDATION])
        snprintf(out->summary + used, sizeof out->summary - used, "%s; otherwise with --charges -1..1 or v_X=-2..0",
                 padding);
}

skd_status cli_charges_choose(cli_charges *out, const cli_args *args, const skd_defect_list *defects, skd_error *err) {
    char buffer[32];
    wishes w = {0}, fallback = {0};
    size_t made[3] = {0};
    const char *text = wishes_text(args, buffer, sizeof buffer);
    skd_status status = check_options(args, err);
    if (status == SKD_OK)
        status = read_wishes(&w, text, err);
    if (status == SKD_OK)
        status = check_names(&w, defects, err);
    if (status == SKD_OK) /* for defects without a wish */
        status = read_wishes(&fallback, default_text(args), err);
    for (size_t d = 0; d < defects->n && status == SKD_OK; d++) {
        const wish *mine = wish_for(&w, defects->defect[d]);
        mine = mine ? mine : &fallback.wish[0];
        made[mine->rule]++;
        status = add_states(out, defects->defect[d], mine, (int)cli_int(args, "padding"), err);
    }
    if (status == SKD_OK && cli_given(args, "padding") && made[RULE_LIST] == defects->n)
        status = skd_fail(err, SKD_EARG, "--padding goes with --charges auto or oxidation; found --charges %s", text);
    if (status == SKD_OK)
        summarise(out, made, args, text != default_text(args));
    wishes_free(&w);
    wishes_free(&fallback);
    return status;
}

void cli_charges_free(cli_charges *charges) {
    skd_free(charges->state);
    *charges = (cli_charges){0};
}

/* ---- notices ------------------------------------------------------------------------------- */

bool cli_charges_neutral(const cli_charges *charges) {
    for (size_t k = 0; k < charges->n; k++)
        if (charges->state[k].charge != 0)
            return false;
    return true;
}

char *cli_charges_text(const cli_charges *charges, const skd_defect *defect, char *out, size_t size) {
    size_t used = 0;
    out[0] = '\0';
    for (size_t k = 0; k < charges->n && used < size; k++)
        if (charges->state[k].defect == defect) {
            int n = snprintf(out + used, size - used, charges->state[k].charge ? "%s%+d" : "%s%d", used ? " " : "",
                             charges->state[k].charge);
            used += n > 0 ? (size_t)n : 0;
        }
    return out;
}

static bool is_added(const skd_defect_list *defects, int z) {
    for (size_t d = 0; d < defects->n; d++)
        if (defects->defect[d]->added == z)
            return true;
    return false;
}

void cli_charges_print_oxidation(const skd_host_states *states, const skd_cell *host, const skd_defect_list *defects,
                                 FILE *out) {
    static const char *const sources[] = {"unknown, taken as 0", "from bond valences", "from the composition",
                                          "as given"};
    bool element = skd_cell_count(host, host->species[0]) == host->n;
    const char *separator = "";
    fprintf(out, "oxidation  ");
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++) {
        bool own = skd_cell_count(host, z) > 0, usual = states->state[z] == skd_element_of(z)->most_probable;
        if (!own && !is_added(defects, z))
            continue;
        fprintf(out, states->state[z] ? "%s%s %+d%s" : "%s%s %d%s", separator, skd_element_of(z)->symbol,
                states->state[z], own || !usual ? "" : " (most frequent)");
        separator = ", ";
    }
    bool given = states->source == SKD_OXIDATION_USER;
    long sum = 0;
    for (size_t i = 0; i < host->n; i++)
        sum += states->state[host->species[i]];
    fprintf(out, "; %s%s%s\n", element && !given ? "an element" : sources[states->source],
            sum && !given ? ", mixed valence as means, rounded" : "",
            given ? "" : "; otherwise with --oxidation X=2,Y=-2");
}

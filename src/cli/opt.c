/* SPDX-License-Identifier: MIT */
/* opt.c - option tables: one table of a verb parses its command line and prints its help. */
#include "cli.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shakedown/crystal.h"

static skd_span span_of(const char *text) { return (skd_span){text, strlen(text)}; }

static size_t option_count(const cli_command *command) {
    size_t n = 0;
    while (command->options[n].name)
        n++;
    return n;
}

static size_t option_index(const cli_args *args, const char *name) {
    size_t i = 0;
    while (args->command->options[i].name && strcmp(args->command->options[i].name, name) != 0)
        i++;
    assert(args->command->options[i].name && "option missing from the verb's table");
    return i;
}

const char *cli_text(const cli_args *args, const char *name) { return args->value[option_index(args, name)]; }
bool cli_given(const cli_args *args, const char *name) { return args->given[option_index(args, name)]; }
bool cli_flag(const cli_args *args, const char *name) { return cli_given(args, name); }

double cli_real(const cli_args *args, const char *name) {
    const char *text = cli_text(args, name);
    double value = 0.0;
    if (text)
        skd_span_real(span_of(text), &value); /* checked when parsed */
    return value;
}

long cli_int(const cli_args *args, const char *name) {
    const char *text = cli_text(args, name);
    long value = 0;
    if (text)
        skd_span_int(span_of(text), &value);
    return value;
}

/* ---- parsing ----------------------------------------------------------------------------- */

static skd_status check_value(const cli_option *option, const char *text, skd_error *err) {
    double value = 0.0;
    long integer = 0;
    bool ok = true;
    if (option->kind == CLI_REAL)
        ok = skd_span_real(span_of(text), &value);
    if (option->kind == CLI_INT) {
        ok = skd_span_int(span_of(text), &integer);
        value = (double)integer;
    }
    if (!ok)
        return skd_fail(err, SKD_EARG, "--%s: expected %s; found '%s'", option->name,
                        option->kind == CLI_INT ? "an integer" : "a real number", text);
    bool bounded = option->low != 0.0 || option->high != 0.0;
    if (option->kind != CLI_TEXT && bounded && (value < option->low || value > option->high))
        return skd_fail(err, SKD_EARG, "--%s: expected a number from %g to %g; found %s", option->name, option->low,
                        option->high, text);
    return SKD_OK;
}

/* Finds the option that `word` ("--name", "--name=value", "-x") means; *value points behind '='. */
static const cli_option *find_option(const cli_command *command, const char *word, const char **value) {
    *value = NULL;
    for (const cli_option *o = command->options; o->name; o++) {
        if (word[1] == '-') {
            size_t n = strlen(o->name);
            if (strncmp(word + 2, o->name, n) != 0 || (word[2 + n] != '\0' && word[2 + n] != '='))
                continue;
            *value = word[2 + n] == '=' ? word + 3 + n : NULL;
            return o;
        }
        if (o->letter && word[1] == o->letter && word[2] == '\0')
            return o;
    }
    return NULL;
}

/* "-", "-2", "-0.4" are operands or values; everything else that begins with a dash is an option. */
static bool is_option(const char *word) {
    double number;
    return word[0] == '-' && word[1] != '\0' && !skd_span_real(span_of(word), &number);
}

static skd_status take_option(cli_args *args, int *at, skd_error *err) {
    const char *word = args->argv[*at], *value;
    const cli_option *option = find_option(args->command, word, &value);
    if (!option)
        return skd_fail(err, SKD_EARG, "unknown option '%s'; 'shakedown help %s' lists them", word,
                        args->command->name);
    size_t i = (size_t)(option - args->command->options);
    args->given[i] = true;
    if (option->kind == CLI_FLAG)
        return value ? skd_fail(err, SKD_EARG, "--%s takes no value; found '%s'", option->name, value) : SKD_OK;
    if (!value && *at + 1 >= args->argc)
        return skd_fail(err, SKD_EARG, "--%s needs a value (%s)", option->name, option->metavar);
    if (!value)
        value = args->argv[++*at];
    args->value[i] = value;
    return check_value(option, value, err);
}

static skd_status check_operands(const cli_args *args, skd_error *err) {
    const cli_command *c = args->command;
    if (args->n_operands < c->min_operands)
        return skd_fail(err, SKD_EARG, "'%s' needs more: shakedown %s %s", c->name, c->name, c->usage);
    if (args->n_operands > c->max_operands)
        return skd_fail(err, SKD_EARG, "'%s' does not know what to do with '%s': shakedown %s %s", c->name,
                        args->operand[c->max_operands], c->name, c->usage);
    return SKD_OK;
}

skd_status cli_parse(cli_args *args, const cli_command *command, int argc, char **argv, int first, skd_error *err) {
    size_t n = option_count(command);
    *args = (cli_args){.command = command, .argc = argc, .argv = argv};
    args->value = skd_alloc(n, sizeof *args->value);
    args->given = skd_alloc(n, sizeof *args->given);
    args->operand = skd_alloc((size_t)argc, sizeof *args->operand);
    if (!args->value || !args->given || !args->operand)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the command line");
    for (size_t i = 0; i < n; i++)
        args->value[i] = command->options[i].fallback;
    for (int at = first; at < argc; at++) {
        if (is_option(argv[at])) {
            skd_status status = take_option(args, &at, err);
            if (status != SKD_OK)
                return status;
        } else
            args->operand[args->n_operands++] = argv[at];
    }
    return check_operands(args, err);
}

void cli_args_free(cli_args *args) {
    skd_free(args->value);
    skd_free(args->given);
    skd_free(args->operand);
    *args = (cli_args){0};
}

/* ---- help -------------------------------------------------------------------------------- */

static void print_option(FILE *out, const cli_option *o) {
    char left[80];
    int n = o->letter ? snprintf(left, sizeof left, "-%c, --%s", o->letter, o->name)
                      : snprintf(left, sizeof left, "    --%s", o->name);
    if (o->metavar && n > 0 && (size_t)n < sizeof left)
        snprintf(left + n, sizeof left - (size_t)n, " %s", o->metavar);
    fprintf(out, "  %-30s %s", left, o->help);
    if (o->fallback)
        fprintf(out, " [%s]", o->fallback);
    fputc('\n', out);
}

void cli_print_help(FILE *out, const cli_command *command) {
    fprintf(out, "usage: shakedown %s %s\n\n%s.\n", command->name, command->usage, command->summary);
    const char *group = "options";
    for (const cli_option *o = command->options; o->name; o++) {
        if (o->group || o == command->options)
            fprintf(out, "\n%s:\n", o->group ? o->group : group);
        print_option(out, o);
    }
    if (command->text)
        fprintf(out, "\n%s\n", command->text);
}

/* ---- lists ------------------------------------------------------------------------------- */

/* Takes the next comma-separated piece of *text, blanks trimmed; false at the end. */
static bool next_piece(const char **text, skd_span *piece) {
    if (!*text)
        return false;
    size_t n = strcspn(*text, ",");
    skd_span whole = {*text, n};
    *text = (*text)[n] == ',' ? *text + n + 1 : NULL;
    if (!skd_span_word(&whole, piece))
        *piece = (skd_span){"", 0};
    return true;
}

/* "a" or "a..b" */
static bool read_range(skd_span piece, long *from, long *to) {
    for (size_t i = 0; i + 1 < piece.n; i++)
        if (piece.p[i] == '.' && piece.p[i + 1] == '.')
            return skd_span_int((skd_span){piece.p, i}, from) &&
                   skd_span_int((skd_span){piece.p + i + 2, piece.n - i - 2}, to) && *from <= *to;
    bool ok = skd_span_int(piece, from);
    *to = *from;
    return ok;
}

skd_status cli_int_list(const char *text, const char *what, long low, long high, long **list, size_t *n,
                        skd_error *err) {
    size_t capacity = 0;
    skd_span piece;
    *list = NULL;
    *n = 0;
    skd_status status = SKD_OK;
    while (status == SKD_OK && next_piece(&text, &piece)) {
        long from = 0, to = 0;
        char found[40];
        if (!read_range(piece, &from, &to) || from < low || to > high)
            status = skd_fail(err, SKD_EARG, "%s: expected integers from %ld to %ld like '-2,0,1' or '-2..1'; found '%s'",
                              what, low, high, skd_span_copy(piece, found, sizeof found));
        for (long v = from; status == SKD_OK && v <= to; v++) {
            bool seen = false;
            for (size_t i = 0; i < *n && !seen; i++)
                seen = (*list)[i] == v;
            if (seen)
                continue;
            status = skd_grow((void **)list, &capacity, *n + 1, sizeof **list, err);
            if (status == SKD_OK)
                (*list)[(*n)++] = v;
        }
    }
    if (status != SKD_OK) {
        skd_free(*list);
        *list = NULL;
    }
    return status;
}

skd_status cli_element_list(const char *text, int **list, size_t *n, skd_error *err) {
    size_t capacity = 0;
    skd_span piece;
    *list = NULL;
    *n = 0;
    skd_status status = SKD_OK;
    while (status == SKD_OK && next_piece(&text, &piece)) {
        char found[40];
        int z = skd_element_number(piece);
        if (!z)
            status = skd_fail(err, SKD_EARG, "expected element symbols like 'Cl,Se'; found '%s'",
                              skd_span_copy(piece, found, sizeof found));
        else
            status = skd_grow((void **)list, &capacity, *n + 1, sizeof **list, err);
        if (status == SKD_OK)
            (*list)[(*n)++] = z;
    }
    if (status != SKD_OK) {
        skd_free(*list);
        *list = NULL;
    }
    return status;
}

skd_status cli_real_list(const char *text, const char *what, double **list, size_t *n, skd_error *err) {
    size_t capacity = 0;
    skd_span piece;
    *list = NULL;
    *n = 0;
    skd_status status = SKD_OK;
    while (status == SKD_OK && next_piece(&text, &piece)) {
        char found[40];
        double value = 0.0;
        if (!skd_span_real(piece, &value))
            status = skd_fail(err, SKD_EARG, "%s: expected numbers like '-0.4,0.2'; found '%s'", what,
                              skd_span_copy(piece, found, sizeof found));
        else
            status = skd_grow((void **)list, &capacity, *n + 1, sizeof **list, err);
        if (status == SKD_OK)
            (*list)[(*n)++] = value;
    }
    if (status != SKD_OK) {
        skd_free(*list);
        *list = NULL;
    }
    return status;
}

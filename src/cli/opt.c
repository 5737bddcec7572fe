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

/* Length of `name` if `word` begins with it ('_' in word as '-'), else 0. */
static size_t same_name(const char *word, const char *name) {
    size_t n = 0;
    while (name[n] && (word[n] == name[n] || (word[n] == '_' && name[n] == '-')))
        n++;
    return name[n] ? 0 : n;
}

/* Finds the option that `word` ("--name", "--name=value", "-x") means; *value points behind '='. */
static const cli_option *find_option(const cli_command *command, const char *word, const char **value) {
    *value = NULL;
    for (const cli_option *o = command->options; o->name; o++) {
        if (word[1] == '-') {
            size_t n = same_name(word + 2, o->name);
            if (n == 0 || (word[2 + n] != '\0' && word[2 + n] != '='))
                continue;
            *value = word[2 + n] == '=' ? word + 3 + n : NULL;
            return o;
        }
        if (o->letter && word[1] == o->letter && word[2] == '\0')
            return o;
        if (word[2] != '\0' && strcmp(word + 1, o->name) == 0) /* "-min", as ShakeNBreak's short forms */
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

/* "True" and its like of a config file; false leaves a flag as it is. */
static skd_status set_flag(bool *given, const char *option, const char *text, skd_error *err) {
    static const char *const words[][2] = {{"true", "false"}, {"True", "False"}, {"yes", "no"}, {"on", "off"}};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
        if (strcmp(text, words[k][1]) == 0)
            return SKD_OK;
        *given = *given || strcmp(text, words[k][0]) == 0;
    }
    return *given ? SKD_OK : skd_fail(err, SKD_EARG, "--%s: expected True or False; found '%s'", option, text);
}

skd_status cli_args_set(cli_args *args, const char *name, char *text, bool *known, skd_error *err) {
    size_t i = 0;
    const cli_option *o = args->command->options;
    while (o[i].name && (same_name(name, o[i].name) == 0 || name[strlen(o[i].name)] != '\0'))
        i++;
    *known = o[i].name != NULL;
    skd_status status = SKD_OK;
    if (*known && text && !args->given[i]) {
        status = skd_grow((void **)&args->owned, &args->owned_capacity, args->n_owned + 1, sizeof *args->owned, err);
        if (status == SKD_OK && o[i].kind == CLI_FLAG)
            status = set_flag(&args->given[i], o[i].name, text, err);
        else if (status == SKD_OK)
            status = check_value(&o[i], text, err);
        if (status == SKD_OK && o[i].kind != CLI_FLAG) {
            args->given[i] = true;
            args->value[i] = args->owned[args->n_owned++] = text;
            return SKD_OK;
        }
    }
    skd_free(text);
    return status;
}

/* The file of --config, where the verb has that option. */
static skd_status read_config(cli_args *args, skd_error *err) {
    for (size_t i = 0; args->command->options[i].name; i++)
        if (strcmp(args->command->options[i].name, "config") == 0 && args->value[i])
            return cli_config_apply(args, args->value[i], err);
    return SKD_OK;
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
    skd_status status = read_config(args, err);
    return status == SKD_OK ? check_operands(args, err) : status;
}

void cli_args_free(cli_args *args) {
    for (size_t i = 0; i < args->n_owned; i++)
        skd_free(args->owned[i]);
    skd_free(args->owned);
    skd_free(args->value);
    skd_free(args->given);
    skd_free(args->operand);
    *args = (cli_args){0};
}

/* ---- help -------------------------------------------------------------------------------- */

enum { HELP_INDENT = 33, HELP_WIDTH = 110 };

/* Prints text in lines of HELP_WIDTH, all but the first indented; the cursor stands at HELP_INDENT. */
static void print_wrapped(FILE *out, const char *text) {
    size_t column = HELP_INDENT;
    while (*text) {
        size_t n = strcspn(text, " ");
        if (column > HELP_INDENT && column + n > HELP_WIDTH) {
            fprintf(out, "\n%*s", HELP_INDENT, "");
            column = HELP_INDENT;
        }
        fprintf(out, "%s%.*s", column > HELP_INDENT ? " " : "", (int)n, text);
        column += n + 1;
        text += n + strspn(text + n, " ");
    }
}

static void print_option(FILE *out, const cli_option *o) {
    char left[80], help[400];
    int n = o->letter ? snprintf(left, sizeof left, "-%c, --%s", o->letter, o->name)
                      : snprintf(left, sizeof left, "    --%s", o->name);
    if (o->metavar && n > 0 && (size_t)n < sizeof left)
        snprintf(left + n, sizeof left - (size_t)n, " %s", o->metavar);
    int more_bytes = (int)(strlen(left) - cli_text_width(left));
    fprintf(out, "  %-*s", HELP_INDENT - 2 + more_bytes, left);
    snprintf(help, sizeof help, o->fallback ? "%s [%s]" : "%s", o->help, o->fallback);
    print_wrapped(out, help);
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

/* A growing array of any item, and what its messages speak of. */
typedef struct list_sink {
    void *items;
    size_t n, capacity, size;
    const char *what;
    long low, high;
} list_sink;

typedef skd_status (*add_piece)(list_sink *sink, skd_span piece, skd_error *err);

static skd_status push(list_sink *sink, const void *item, skd_error *err) {
    skd_status status = skd_grow(&sink->items, &sink->capacity, sink->n + 1, sink->size, err);
    if (status == SKD_OK)
        memcpy((char *)sink->items + sink->size * sink->n++, item, sink->size);
    return status;
}

static bool holds(const list_sink *sink, const void *item) {
    for (size_t i = 0; i < sink->n; i++)
        if (memcmp((const char *)sink->items + sink->size * i, item, sink->size) == 0)
            return true;
    return false;
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

static skd_status add_range(list_sink *sink, skd_span piece, skd_error *err) {
    long from = 0, to = 0;
    char found[40];
    if (!read_range(piece, &from, &to) || from < sink->low || to > sink->high)
        return skd_fail(err, SKD_EARG, "%s: expected integers from %ld to %ld like '-2,0,1' or '-2..1'; found '%s'",
                        sink->what, sink->low, sink->high, skd_span_copy(piece, found, sizeof found));
    skd_status status = SKD_OK;
    for (long v = from; v <= to && status == SKD_OK; v++)
        if (!holds(sink, &v))
            status = push(sink, &v, err);
    return status;
}

static skd_status add_element(list_sink *sink, skd_span piece, skd_error *err) {
    char found[40];
    int z = skd_element_number(piece);
    if (!z)
        return skd_fail(err, SKD_EARG, "%s: expected element symbols like 'Cl,Se'; found '%s'", sink->what,
                        skd_span_copy(piece, found, sizeof found));
    return holds(sink, &z) ? SKD_OK : push(sink, &z, err);
}

static skd_status add_real(list_sink *sink, skd_span piece, skd_error *err) {
    char found[40];
    double value;
    if (!skd_span_real(piece, &value))
        return skd_fail(err, SKD_EARG, "%s: expected numbers like '-0.4,0.2'; found '%s'", sink->what,
                        skd_span_copy(piece, found, sizeof found));
    return push(sink, &value, err);
}

/* Takes text apart at its commas. On failure nothing is left allocated. */
static skd_status read_list(const char *text, list_sink *sink, add_piece add, skd_error *err) {
    skd_status status = SKD_OK;
    while (text && status == SKD_OK) {
        skd_span whole = {text, strcspn(text, ",")}, piece;
        text = text[whole.n] ? text + whole.n + 1 : NULL;
        skd_span_word(&whole, &piece);
        status = add(sink, piece, err);
    }
    if (status != SKD_OK) {
        skd_free(sink->items);
        *sink = (list_sink){0};
    }
    return status;
}

skd_status cli_int_list(const char *text, const char *what, long low, long high, long **list, size_t *n,
                        skd_error *err) {
    list_sink sink = {.size = sizeof **list, .what = what, .low = low, .high = high};
    skd_status status = read_list(text, &sink, add_range, err);
    *list = sink.items;
    *n = sink.n;
    return status;
}

skd_status cli_element_list(const char *text, const char *what, int **list, size_t *n, skd_error *err) {
    list_sink sink = {.size = sizeof **list, .what = what};
    skd_status status = read_list(text, &sink, add_element, err);
    *list = sink.items;
    *n = sink.n;
    return status;
}

skd_status cli_real_list(const char *text, const char *what, double **list, size_t *n, skd_error *err) {
    list_sink sink = {.size = sizeof **list, .what = what};
    skd_status status = read_list(text, &sink, add_real, err);
    *list = sink.items;
    *n = sink.n;
    return status;
}

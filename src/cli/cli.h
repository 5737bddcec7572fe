/* SPDX-License-Identifier: MIT
 * cli.h - what the verbs share: option tables, parsed arguments, output, exit codes.
 *
 * A verb is one file cmd_<verb>.c with one cli_command, and one row in the table of main.c. Its option
 * table both parses the command line and prints its help, so the two cannot drift apart.
 * Data goes to standard output (or -o), talk to standard error.
 */
#ifndef SKD_CLI_H
#define SKD_CLI_H

#include <stdio.h>

#include "shakedown/base.h"

/* Exit codes; promised in README and help. */
enum {
    CLI_OK = 0,
    CLI_FAILED = 1,         /* something broke: disk full, out of memory, a potential failed */
    CLI_BAD_INPUT = 2,      /* the command line or a file is wrong; nothing was changed      */
    CLI_NOT_CONVERGED = 3,  /* finished, but some relaxation did not converge                */
    CLI_WAITING = 4,        /* inputs wait for a queue; run the same command again with the outputs */
    CLI_INTERRUPTED = 130   /* Ctrl-C; run the same command again to go on                   */
};

typedef enum cli_kind { CLI_FLAG, CLI_TEXT, CLI_REAL, CLI_INT } cli_kind;

/** One option of a verb: "--name VALUE", "--name=VALUE" or "-x VALUE". */
typedef struct cli_option {
    const char *name;     /**< without the dashes                                             */
    char letter;          /**< one-letter form, 0 if none                                     */
    cli_kind kind;
    const char *metavar;  /**< "FILE", "Å", ...; NULL for flags                               */
    const char *fallback; /**< default as text, shown as [x]; NULL: none                      */
    const char *help;
    double low, high;     /**< allowed range of numbers; both 0: any                          */
    const char *group;    /**< heading printed before this option in the help; NULL: same     */
} cli_option;

typedef struct cli_command cli_command;

/** The parsed command line of one verb. Values are read by option name; asking for a name that is not
 *  in the verb's table is a programming error (assert). */
typedef struct cli_args {
    const cli_command *command;
    const char **value;   /**< [options] text given, or the default, or NULL */
    bool *given;          /**< [options] */
    const char **operand; /**< [n_operands] everything that is not an option */
    size_t n_operands;
    int argc;             /**< the whole command line, for provenance */
    char **argv;
    char **owned;         /**< [n_owned] texts of a config file       */
    size_t n_owned, owned_capacity;
} cli_args;

struct cli_command {
    const char *name, *group, *summary; /**< summary: one line */
    const char *usage;                  /**< "HOST [options]" */
    const char *text;                   /**< paragraphs shown after the options, NULL: none */
    const cli_option *options;          /**< ended by name == NULL */
    size_t min_operands, max_operands;
    /** Does the work. On a non-OK status main prints err as one line and chooses the exit code;
     *  with SKD_OK the exit code is *exit_code (preset to CLI_OK). */
    skd_status (*run)(const cli_args *args, int *exit_code, skd_error *err);
};

extern const cli_command cmd_search, cmd_rank, cmd_export, cmd_distort, cmd_relax, cmd_eval, cmd_cluster,
    cmd_convert, cmd_frames, cmd_model, cmd_parse, cmd_analyse, cmd_groundstate, cmd_regenerate, cmd_plot, cmd_report,
    cmd_alloy, cmd_sites, cmd_verify, cmd_collect, cmd_scan,
    cmd_status, cmd_merge, cmd_scan_report, cmd_calibrate;

/** Text, number or flag of an option; the default where none was given (NULL / 0 / false without one). */
const char *cli_text(const cli_args *args, const char *name);
double cli_real(const cli_args *args, const char *name);
long cli_int(const cli_args *args, const char *name);
bool cli_flag(const cli_args *args, const char *name);
bool cli_given(const cli_args *args, const char *name);

/** Parses argv[first..] by the command's table into args (zero-initialised by the caller, released by
 *  cli_args_free). SKD_EARG with one line naming the option. */
skd_status cli_parse(cli_args *args, const cli_command *command, int argc, char **argv, int first, skd_error *err);
void cli_args_free(cli_args *args);
/** Gives an option (by name, '_' as '-') a value from elsewhere; the command line goes before it. Takes `text`
 *  (NULL: no value) in any case. *known tells whether the verb has that option. */
skd_status cli_args_set(cli_args *args, const char *name, char *text, bool *known, skd_error *err);
/** Sets options from a config file: what cli_parse does where the verb has an option "config". */
skd_status cli_config_apply(cli_args *args, const char *path, skd_error *err);
void cli_print_help(FILE *out, const cli_command *command);

/** "-2,-1..1,+3" as integers in [low, high]; the list is the caller's. `what` for messages. */
skd_status cli_int_list(const char *text, const char *what, long low, long high, long **list, size_t *n,
                        skd_error *err);
/** "Cl,Se" as atomic numbers; the list is the caller's. */
skd_status cli_element_list(const char *text, const char *what, int **list, size_t *n, skd_error *err);
/** "-0.6,-0.3,0.2" as reals; the list is the caller's. */
skd_status cli_real_list(const char *text, const char *what, double **list, size_t *n, skd_error *err);

/** Common rows and texts for option tables. */
#define CLI_POTENTIALS                                                                                             \
    "gfn1 (all elements to Rn), sw (silicon), lj:epsilon=..,sigma=.., zbl, model:FILE; sums: gfn1+calibration:FILE"
#define CLI_JSON    {"json", 0, CLI_FLAG, NULL, NULL, "print one JSON document instead of text", 0, 0, NULL}
#define CLI_THREADS                                                                                                \
    {"threads", 'j', CLI_INT, "N", "0", "threads; 0: all cores (results do not depend on it)", 0, 4096, NULL}
#define CLI_QUIET   {"quiet", 'q', CLI_FLAG, NULL, NULL, "no progress, no notices", 0, 0, NULL}
#define CLI_END     {NULL, 0, CLI_FLAG, NULL, NULL, NULL, 0, 0, NULL}

/** A log that writes to standard error: warnings and errors, with `verbose` also information. */
skd_log cli_log(bool verbose);

/** Installs the Ctrl-C handler; cli_interrupted() tells whether it was pressed (twice kills). */
void cli_catch_interrupts(void);
bool cli_interrupted(void);
/** As if it was pressed: for threads of this process that look at it. */
void cli_interrupt(void);
/** Exit code of a status. */
int cli_exit_code(skd_status status);

/** Characters in UTF-8 text (bytes that do not continue one). */
size_t cli_text_width(const char *text);

/** A text table: rows of cells, columns aligned (numbers right, text left), UTF-8 aware. */
typedef struct cli_table {
    size_t n_columns;
    const char *const *heading; /**< [n_columns]; a leading '>' means right-aligned */
    skd_string *cell;           /**< [n_rows * n_columns] */
    size_t n_cells, capacity;
} cli_table;
void cli_table_add(cli_table *table, const char *format, ...) SKD_PRINTF(2, 3); /**< next cell */
void cli_table_print(const cli_table *table, FILE *out);
void cli_table_free(cli_table *table);

#endif

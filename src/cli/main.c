/* SPDX-License-Identifier: MIT */
/* main.c - the program: finds the verb, parses its options, maps statuses to exit codes. */
#include "cli.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shakedown/crystal.h"

/* One row a verb, in the order of the help; ended by NULL. */
static const cli_command *const commands[] = {
    &cmd_search,
    &cmd_rank,
    &cmd_export,
    &cmd_distort,
    &cmd_sites,
    &cmd_relax,
    &cmd_eval,
    &cmd_cluster,
    &cmd_convert,
    &cmd_alloy,
    &cmd_frames,
    &cmd_model,
    &cmd_calibrate,
    &cmd_parse,
    &cmd_analyse,
    &cmd_groundstate,
    &cmd_regenerate,
    &cmd_plot,
    &cmd_report,
    &cmd_verify,
    &cmd_collect,
    &cmd_scan,
    &cmd_status,
    &cmd_merge,
    &cmd_scan_report,
    NULL,
};

static const cli_command *command_named(const char *name) {
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static void print_overview(FILE *out) {
    fputs("shakedown " SKD_VERSION " - finds the ground states of point defects, from a crystal to a ranked list\n\n"
          "usage: shakedown VERB [options]\n",
          out);
    const char *group = "";
    for (size_t i = 0; commands[i]; i++) {
        if (strcmp(group, commands[i]->group) != 0)
            fprintf(out, "\n%s:\n", commands[i]->group);
        group = commands[i]->group;
        fprintf(out, "  %-11s %s\n", commands[i]->name, commands[i]->summary);
    }
    fputs("\n'shakedown help VERB' shows its options. Files: POSCAR, extended XYZ, CIF, outputs of DFT codes,\n"
          "gzipped or not, '-' for standard input/output. Units: Å, eV, eV/Å.\n"
          "Exit codes: 0 done, 1 failed, 2 bad input, 3 done but something did not converge,\n"
          "4 waiting for the outputs of a queue, 130 interrupted.\n",
          out);
}

/* ---- interruption ------------------------------------------------------------------------ */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number) {
    if (interrupted)
        _exit(CLI_INTERRUPTED);
    interrupted = 1;
    (void)signal_number;
}

void cli_catch_interrupts(void) {
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool cli_interrupted(void) { return interrupted != 0; }

void cli_interrupt(void) { interrupted = 1; }

/* ---- log --------------------------------------------------------------------------------- */

static void write_stderr(void *payload, skd_level level, const char *text) {
    (void)payload;
    fprintf(stderr, "shakedown: %s%s\n", level == SKD_LOG_WARNING ? "warning: " : "", text);
}

skd_log cli_log(bool verbose) {
    return (skd_log){.level = verbose ? SKD_LOG_INFO : SKD_LOG_WARNING, .write = write_stderr};
}

/* ---- running a verb ---------------------------------------------------------------------- */

int cli_exit_code(skd_status status) {
    static const int code[] = {[SKD_OK] = CLI_OK,           [SKD_EARG] = CLI_BAD_INPUT,
                               [SKD_ENOMEM] = CLI_FAILED,   [SKD_EIO] = CLI_FAILED,
                               [SKD_EFORMAT] = CLI_BAD_INPUT, [SKD_ENUMERIC] = CLI_FAILED,
                               [SKD_ESTOPPED] = CLI_INTERRUPTED, [SKD_EWAITING] = CLI_WAITING};
    return code[status];
}

static int run_command(const cli_command *command, int argc, char **argv) {
    cli_args args;
    skd_error err = {SKD_OK, ""};
    int code = CLI_OK;
    skd_status status = cli_parse(&args, command, argc, argv, 2, &err);
    if (status == SKD_OK)
        status = command->run(&args, &code, &err);
    cli_args_free(&args);
    if (fflush(stdout) != 0 || ferror(stdout))
        status = skd_fail(&err, SKD_EIO, "standard output could not be written");
    if (status == SKD_OK)
        return code;
    fprintf(stderr, "shakedown: %s\n", err.text);
    return cli_exit_code(status);
}

static int help(int argc, char **argv) {
    const cli_command *command = argc > 2 ? command_named(argv[2]) : NULL;
    if (argc > 2 && !command) {
        fprintf(stderr, "shakedown: there is no verb '%s'; 'shakedown help' lists them\n", argv[2]);
        return CLI_BAD_INPUT;
    }
    if (command)
        cli_print_help(stdout, command);
    else
        print_overview(stdout);
    return CLI_OK;
}

static bool is_any(const char *word, const char *a, const char *b, const char *c) {
    return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

int main(int argc, char **argv) {
#ifdef SKD_TORTURE
    const char *fail_at = getenv("SHAKEDOWN_FAIL_AT"); /* which allocation fails; only in builds for tests */
    skd_alloc_fail_at = fail_at ? strtol(fail_at, NULL, 10) : -1;
#endif
    if (argc < 2) {
        print_overview(stderr);
        return CLI_BAD_INPUT;
    }
    if (is_any(argv[1], "help", "--help", "-h"))
        return help(argc, argv);
    if (is_any(argv[1], "version", "--version", "-V")) {
        printf("shakedown %s (%s, C11)\n", SKD_VERSION, __VERSION__);
        return CLI_OK;
    }
    const cli_command *command = command_named(argv[1]);
    if (!command) {
        fprintf(stderr, "shakedown: there is no verb '%s'; 'shakedown help' lists them\n", argv[1]);
        return CLI_BAD_INPUT;
    }
    for (int i = 2; i < argc; i++)
        if (is_any(argv[i], "--help", "-h", "-?")) {
            cli_print_help(stdout, command);
            return CLI_OK;
        }
    return run_command(command, argc, argv);
}

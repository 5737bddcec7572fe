/* SPDX-License-Identifier: MIT */
/* verify_codes.c - the table of verify_codes.h. */
#include "verify_codes.h"

#include <stdlib.h>
#include <string.h>

#include "shakedown/process.h"

static const verify_code codes[] = {
    {"vasp", "vasp_gam vasp_std", "", "vasp.out", {"vasprun.xml", "OUTCAR"}, NULL},
    {"espresso", "pw.x", "-in {input}", "espresso.out", {"espresso.out", "espresso.pwo"}, "quantum-espresso"},
    {"cp2k", "cp2k.psmp cp2k.popt cp2k", "-i {input}", "relax.out", {"relax.out", "cp2k_input.out"}, "cp2k cp2k-data"},
    {"castep", "castep.mpi castep.serial castep", "castep", "castep.out", {"castep.castep"}, NULL},
    {"fhi-aims", "aims.x aims", "", "aims.out", {"aims.out"}, NULL},
    {"abinit", "abinit", "{input}", "abinit.log", {"abinit.abo"}, "abinit"},
};

const verify_code *verify_code_of(const skd_code *code) {
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(codes[i].code, code->name) == 0)
            return &codes[i];
    return NULL;
}

/* ---- the command -------------------------------------------------------------------------- */

/* Appends the text with {input} filled in. */
static void add_filled(skd_string *out, const char *text, const char *input) {
    for (const char *at; (at = strstr(text, "{input}")) != NULL; text = at + strlen("{input}")) {
        skd_string_add_bytes(out, text, (size_t)(at - text));
        skd_string_add(out, "%s", input);
    }
    skd_string_add(out, "%s", text);
}

static skd_status absent(const verify_code *code, skd_error *err) {
    skd_string text = {0};
    skd_string_add(&text, "--run: %s is not here (looked for %s in PATH); ", code->code, code->program);
    if (code->package)
        skd_string_add(&text, "apt-get install %s, or ", code->package);
    skd_string_add(&text, "give --command 'PROGRAM ... {input}'");
    skd_status status = skd_fail(err, SKD_EARG, "%s", text.failed ? "out of memory" : text.text);
    skd_string_free(&text);
    return status;
}

skd_status verify_command(char **out, const verify_code *code, const char *input, const char *own, bool must_exist,
                          skd_error *err) {
    skd_string text = {0};
    skd_span names = {code->program, strlen(code->program)}, name, first = {code->program, strcspn(code->program, " ")};
    *out = NULL;
    bool found = false;
    while (!own && !found && skd_span_word(&names, &name))
        found = skd_program_exists(name.p, name.n);
    if (!own && !found && must_exist)
        return absent(code, err);
    if (own)
        add_filled(&text, own, input);
    else {
        skd_string_add(&text, "%.*s ", (int)(found ? name.n : first.n), found ? name.p : first.p);
        add_filled(&text, code->arguments, input);
    }
    if (text.failed) {
        skd_string_free(&text);
        return skd_fail(err, SKD_ENOMEM, "out of memory for a command");
    }
    *out = text.text;
    return SKD_OK;
}

/* SPDX-License-Identifier: MIT */
/* fuzz_config.c - fuzz target of the reader of config files, and of templates: any text is filled or refused. */
#include "fuzz.h"

static void fill(const char *text, size_t size) {
    int species[2] = {48, 52};
    double pos[2][3] = {{0.1, 0.2, 0.3}, {3.1, 2.9, 3.3}};
    const skd_cell cell = {
        .n = 2, .lattice = {{6.5, 0, 0}, {0, 6.4, 0}, {0.1, 0, 6.6}}, .species = species, .pos = pos};
    const skd_input input = {.cell = &cell, .charge = -1, .title = "fuzz"};
    skd_string out = {0};
    skd_error err = {0};
    if (skd_template_fill(&out, "fuzz", text, size, &input, &err) != SKD_OK)
        fuzz_check_error(&err);
    skd_string_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    skd_config *config;
    skd_error err = {0};
    const char *text = (const char *)data;
    if (skd_config_parse(&config, "fuzz", text, size, &err) != SKD_OK)
        fuzz_check_error(&err);
    skd_config_free(config);
    fill(text, size);
    return 0;
}

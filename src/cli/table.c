/* SPDX-License-Identifier: MIT */
/* table.c - text tables with aligned columns; widths count characters, not bytes, so that Å aligns. */
#include "cli.h"

#include <string.h>

void cli_table_add(cli_table *table, const char *format, ...) {
    if (skd_grow((void **)&table->cell, &table->capacity, table->n_cells + 1, sizeof *table->cell, NULL) != SKD_OK)
        return;
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    skd_string *cell = &table->cell[table->n_cells++];
    *cell = (skd_string){0};
    skd_string_add_bytes(cell, text, strlen(text));
}

size_t cli_text_width(const char *text) {
    size_t n = 0;
    for (; text && *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static void put_cell(FILE *out, const char *text, size_t width, bool right, bool last) {
    size_t pad = width - cli_text_width(text);
    if (right)
        fprintf(out, "%*s", (int)pad, "");
    fputs(text ? text : "", out);
    if (!right && !last)
        fprintf(out, "%*s", (int)pad, "");
    fputs(last ? "\n" : "  ", out);
}

void cli_table_print(const cli_table *table, FILE *out) {
    size_t n = table->n_columns, width[32] = {0};
    for (size_t c = 0; c < n; c++)
        width[c] = cli_text_width(table->heading[c] + (table->heading[c][0] == '>'));
    for (size_t i = 0; i < table->n_cells; i++)
        if (cli_text_width(table->cell[i].text) > width[i % n])
            width[i % n] = cli_text_width(table->cell[i].text);
    for (size_t c = 0; c < n; c++) {
        bool right = table->heading[c][0] == '>';
        put_cell(out, table->heading[c] + right, width[c], right, c + 1 == n);
    }
    for (size_t i = 0; i < table->n_cells; i++)
        put_cell(out, table->cell[i].text, width[i % n], table->heading[i % n][0] == '>', i % n + 1 == n);
}

void cli_table_free(cli_table *table) {
    for (size_t i = 0; i < table->n_cells; i++)
        skd_string_free(&table->cell[i]);
    skd_free(table->cell);
    table->cell = NULL;
    table->n_cells = table->capacity = 0;
}

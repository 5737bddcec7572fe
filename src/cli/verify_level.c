/* SPDX-License-Identifier: MIT */
/* verify_level.c - the functional that an input asks for. Not a reader of inputs: it looks for the few words that
 * decide, with comments cut off and in capitals. */
#include "verify_codes.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An input in capitals, one blank between words and around '=' and ':', without comments; each line ends in "\n". */
static char *plain_text(const char *input, size_t length) {
    skd_string out = {0};
    for (size_t i = 0; i < length; i++) {
        char c = input[i];
        bool comment = c == '#' || c == '!';
        while (comment && i + 1 < length && input[i + 1] != '\n')
            i++;
        bool blank = comment || c == ' ' || c == '\t' || c == '\r' || c == '=' || c == ':' || c == '\'' || c == '"';
        bool at_blank = out.n == 0 || out.text[out.n - 1] == ' ' || out.text[out.n - 1] == '\n';
        if (blank && at_blank)
            continue;
        if (c == '\n' && out.n > 0 && out.text[out.n - 1] == ' ')
            out.n--;
        skd_string_add(&out, "%c", blank ? ' ' : toupper((unsigned char)c));
    }
    skd_string_add(&out, "\n");
    if (out.failed)
        skd_string_free(&out);
    return out.text;
}

/* The word behind `key` at the beginning of a line (blanks before it are skipped); false if there is none. */
static bool value_of(const char *text, const char *key, char *out, size_t size) {
    skd_text t = skd_text_of("", text, strlen(text));
    skd_span line, word;
    while (skd_text_line(&t, &line))
        if (skd_span_word(&line, &word) && skd_span_is(word, key) && skd_span_word(&line, &word)) {
            skd_span_copy(word, out, size);
            return true;
        }
    return false;
}

/* Names of functionals as codes spell them, and as people do; "" as written. */
static const struct spelling {
    const char *code, *written, *name;
} spellings[] = {
    {"vasp", "PE", "PBE"},          {"vasp", "PS", "PBEsol"},          {"vasp", "RP", "RPBE"},
    {"vasp", "91", "PW91"},         {"vasp", "CA", "LDA"},             {"abinit", "-428", "HSE06"},
    {"abinit", "-406", "PBE0"},     {"abinit", "11", "PBE"},           {"abinit", "-116133", "PBEsol"},
    {"abinit", "1", "LDA"},         {"abinit", "7", "LDA"},            {"abinit", "41", "PBE0"},
    {"abinit", "-101130", "PBE"},   {"espresso", "HSE", "HSE06"},      {"espresso", "PBESOL", "PBEsol"},
    {"castep", "PBESOL", "PBEsol"}, {"fhi-aims", "PBESOL", "PBEsol"},  {"fhi-aims", "PW-LDA", "LDA"},
    {"cp2k", "PADE", "LDA"},        {"cp2k", "PBESOL", "PBEsol"},      {"cp2k", "R2SCAN", "R2SCAN"},
};

static const char *spell(const char *code, const char *written) {
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (strcmp(spellings[i].code, code) == 0 && strcmp(spellings[i].written, written) == 0)
            return spellings[i].name;
    return written;
}

static bool is_true(const char *value) { return value[0] == 'T' || strncmp(value, ".T", 2) == 0; }

static void vasp(const char *text, char *out, size_t size) {
    char value[40] = "", screening[40] = "0";
    bool hybrid = value_of(text, "LHFCALC", value, sizeof value) && is_true(value);
    if (hybrid) {
        value_of(text, "HFSCREEN", screening, sizeof screening);
        snprintf(out, size, "%s", strtod(screening, NULL) > 0.0 ? "HSE06" : "PBE0");
        if (value_of(text, "AEXX", value, sizeof value) && fabs(strtod(value, NULL) - 0.25) > 1e-6)
            snprintf(out, size, "%s(%s)", strtod(screening, NULL) > 0.0 ? "HSE" : "PBE0", value);
        return;
    }
    if (!value_of(text, "METAGGA", out, size))
        snprintf(out, size, "%s", value_of(text, "GGA", value, sizeof value) ? spell("vasp", value) : "PBE");
    if (value_of(text, "LDAU", value, sizeof value) && is_true(value))
        snprintf(out + strlen(out), size - strlen(out), "+U");
}

static void cp2k(const char *text, char *out, size_t size) {
    static const char *const sections[] = {"PBE", "PADE", "BLYP", "B3LYP", "TPSS", "SCAN", "PBE0", NULL};
    char value[40] = "", kind[40] = "", section[42];
    if (value_of(text, "METHOD", kind, sizeof kind) && strcmp(kind, "XTB") == 0) {
        snprintf(out, size, "GFN1-xTB");
        return;
    }
    if (!value_of(text, "&XC_FUNCTIONAL", value, sizeof value))
        for (size_t i = 0; sections[i] && !*value; i++) {
            snprintf(section, sizeof section, "&%s\n", sections[i]);
            if (strstr(text, section))
                snprintf(value, sizeof value, "%s", sections[i]);
        }
    if (value_of(text, "PARAMETRIZATION", kind, sizeof kind) && strcmp(value, "PBE") == 0 && strcmp(kind, "ORIG") != 0)
        snprintf(value, sizeof value, "%s", kind);
    bool hybrid = strstr(text, "&HF\n") && strcmp(value, "PBE") == 0;
    bool screened = value_of(text, "POTENTIAL_TYPE", kind, sizeof kind) && strstr(kind, "SHORTRANGE");
    snprintf(out, size, "%s", hybrid ? (screened ? "HSE06" : "PBE0") : spell("cp2k", value));
    if (strstr(text, "&DFT_PLUS_U"))
        snprintf(out + strlen(out), size - strlen(out), "+U");
}

/* The other codes say it behind one word. */
static const struct keyword {
    const char *code, *key;
} keywords[] = {{"espresso", "INPUT_DFT"}, {"castep", "XC_FUNCTIONAL"}, {"fhi-aims", "XC"}, {"abinit", "IXC"}};

static void by_keyword(const char *code, const char *text, char *out, size_t size) {
    char value[40] = "";
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (strcmp(keywords[i].code, code) == 0 && value_of(text, keywords[i].key, value, sizeof value))
            snprintf(out, size, "%s", spell(code, value));
    if (*out && (strstr(text, "\nHUBBARD") || strstr(text, "LDA_PLUS_U .T") || strstr(text, "HUBBARD_U")))
        snprintf(out + strlen(out), size - strlen(out), "+U");
}

char *verify_functional(const skd_code *code, const char *input, size_t length, char *out, size_t size) {
    char *text = plain_text(input, length);
    out[0] = '\0';
    if (text && strcmp(code->name, "vasp") == 0)
        vasp(text, out, size);
    else if (text && strcmp(code->name, "cp2k") == 0)
        cp2k(text, out, size);
    else if (text)
        by_keyword(code->name, text, out, size);
    skd_string all = {.text = text};
    skd_string_free(&all);
    return out;
}

bool verify_is_semilocal(const char *functional) {
    static const char *const names[] = {"PBE", "PBEsol", "RPBE", "PW91", "LDA", "BLYP", "SCAN", "R2SCAN", "RSCAN",
                                        "TPSS", "RTPSS", "AM05", "WC", "REVPBE", "PADE", NULL};
    for (size_t i = 0; names[i]; i++)
        if (strcmp(functional, names[i]) == 0)
            return true;
    return false;
}

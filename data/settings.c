/* SPDX-License-Identifier: MIT */
/* settings.c - lays settings over an input text: "KEY = value" lines (INCAR, .param, control.in), Fortran
 * namelists (Quantum ESPRESSO), or nested sections (CP2K). Texts are small: every setting scans the base. */
#include "settings.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Walks a text line by line and knows in which section it stands. */
typedef struct walker {
    skd_text t;
    const skd_code *code;
    char path[160]; /* "FORCE_EVAL/DFT"; empty outside */
    bool opens, closes;
    skd_span line, key; /* key empty: not a setting */
} walker;

static bool is_comment(char c) { return c == '#' || c == '!'; }

static bool same_key(skd_span a, skd_span b) {
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (toupper((unsigned char)a.p[i]) != toupper((unsigned char)b.p[i]))
            return false;
    return true;
}

/* "&DFT ..." goes down, "&END" or "/" up. Returns whether the line did. */
static bool follow_section(walker *w, skd_span word) {
    bool nested = w->code->settings == SKD_SETTINGS_WHOLE;
    char name[40];
    size_t n = strlen(w->path);
    if (w->code->settings == SKD_SETTINGS_FLAT || (word.p[0] != '&' && !(word.p[0] == '/' && word.n == 1)))
        return false;
    skd_span_copy((skd_span){word.p + 1, word.n - 1}, name, sizeof name);
    for (char *p = name; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    w->closes = word.p[0] == '/' || (nested && strncmp(name, "END", 3) == 0);
    w->opens = !w->closes;
    if (w->closes) {
        char *slash = strrchr(w->path, '/');
        *(slash ? slash : w->path) = '\0';
    } else if (nested || n == 0)
        snprintf(w->path + n, sizeof w->path - n, "%s%s", n ? "/" : "", name);
    return true;
}

static bool walk(walker *w) {
    if (!skd_text_line(&w->t, &w->line))
        return false;
    skd_span rest = w->line, word;
    w->key = (skd_span){w->line.p, 0};
    w->opens = w->closes = false;
    if (!skd_span_word(&rest, &word) || is_comment(word.p[0]) || follow_section(w, word))
        return true;
    size_t n = 0;
    while (n < word.n && !(w->code->separators[0] && strchr(w->code->separators, word.p[n])))
        n++;
    w->key = (skd_span){word.p, n};
    return true;
}

static walker walker_of(const char *name, skd_span text, const skd_code *code) {
    return (walker){.t = skd_text_of(name, text.p, text.n), .code = code};
}

/* Where a setting goes: the line to replace (n > 0), or the place before which it is added. */
static bool find_place(skd_span base, const walker *over, skd_span *place) {
    walker w = walker_of("", base, over->code);
    char before[sizeof w.path] = "";
    bool found = over->path[0] == '\0';
    *place = (skd_span){base.p + base.n, 0};
    while (walk(&w)) {
        if (w.key.n && strcmp(w.path, over->path) == 0 && same_key(w.key, over->key)) {
            *place = w.line;
            return true;
        }
        if (w.closes && over->path[0] && strcmp(before, over->path) == 0) {
            *place = (skd_span){w.line.p, 0};
            found = true;
        }
        memcpy(before, w.path, sizeof before);
    }
    return found;
}

static skd_status lay_over(skd_string *text, const walker *over, skd_error *err) {
    skd_span place, base = {text->text ? text->text : "", text->n};
    if (!find_place(base, over, &place))
        return skd_text_fail(&over->t, err, "%s has no section '%s' for this", over->code->file[0], over->path);
    skd_string next = {0};
    size_t before = (size_t)(place.p - base.p);
    bool glued = before > 0 && base.p[before - 1] != '\n';
    skd_string_add_bytes(&next, base.p, before);
    skd_string_add_bytes(&next, "\n", glued);
    skd_string_add_bytes(&next, over->line.p, over->line.n);
    skd_string_add_bytes(&next, "\n", place.n == 0);
    skd_string_add_bytes(&next, place.p + place.n, base.n - before - place.n);
    if (next.failed) {
        skd_string_free(&next);
        return skd_fail(err, SKD_ENOMEM, "out of memory for settings");
    }
    skd_string_free(text);
    *text = next;
    return SKD_OK;
}

/* Is the line a setting where settings may stand? */
static skd_status check_setting(const walker *w, skd_error *err) {
    bool assigned = w->code->separators[0] == '\0';
    if (w->code->settings == SKD_SETTINGS_NAMELISTS && w->path[0] == '\0')
        return skd_text_fail(&w->t, err, "expected variables in namelists (&SYSTEM ... /): cards are made from the "
                             "structure; a file with @placeholders@ may hold anything");
    for (size_t i = 0; i < w->line.n; i++)
        assigned = assigned || strchr(w->code->separators, w->line.p[i]);
    return assigned ? SKD_OK
                    : skd_text_fail(&w->t, err, "expected 'KEY %c value'; a file with @placeholders@ may hold anything",
                                    w->code->separators[0]);
}

static skd_span span_of(const char *text) { return (skd_span){text, strlen(text)}; }

/* Has the walker's setting this value? */
static bool has_value(const walker *w, const char *value) {
    skd_span rest = {w->key.p + w->key.n, (size_t)(w->line.p + w->line.n - w->key.p) - w->key.n}, word;
    while (rest.n && (*rest.p == ' ' || strchr(w->code->separators, *rest.p))) {
        rest.p++;
        rest.n--;
    }
    return skd_span_word(&rest, &word) && word.n >= strlen(value) && !strncmp(word.p, value, strlen(value)) &&
           (word.n == strlen(value) || strchr(",!#", word.p[strlen(value)]));
}

/* Takes our setting for spin away where the user's settings leave spin out. */
static void drop_polarisation(skd_string *text, const skd_code *code) {
    const char *const *rule = code->unpolarised;
    walker w = walker_of("", (skd_span){text->text, text->n}, code);
    skd_span line = {NULL, 0};
    bool off = false;
    while (rule[0] && walk(&w)) {
        if (!w.key.n || strcmp(w.path, rule[0]) != 0)
            continue;
        off = off || (same_key(w.key, span_of(rule[1])) && has_value(&w, rule[2]));
        line = same_key(w.key, span_of(rule[3])) ? w.line : line;
    }
    if (!off || !line.p)
        return;
    size_t at = (size_t)(line.p - text->text), n = line.n + (at + line.n < text->n);
    memmove(text->text + at, text->text + at + n, text->n - at - n + 1);
    text->n -= n;
}

skd_status settings_merge(skd_string *out, skd_span base, const char *over_name, skd_span over, const skd_code *code,
                          skd_error *err) {
    skd_string text = {0};
    skd_status status = SKD_OK;
    walker w = walker_of(over_name, over, code);
    skd_string_add_bytes(&text, base.p, base.n);
    if (text.failed)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for settings");
    while (status == SKD_OK && walk(&w)) {
        if (w.key.n == 0)
            continue;
        status = check_setting(&w, err);
        if (status == SKD_OK)
            status = lay_over(&text, &w, err);
    }
    if (status == SKD_OK && text.n)
        drop_polarisation(&text, code);
    if (status == SKD_OK)
        skd_string_add_bytes(out, text.text, text.n);
    skd_string_free(&text);
    return status;
}

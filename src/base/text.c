/* SPDX-License-Identifier: MIT */
/* text.c - lines, words and numbers of a text in memory; growing strings. Parsers stand on this, so
 * that each of their messages can name file and line. */
#include "shakedown/base.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

skd_text skd_text_of(const char *name, const char *text, size_t length) {
    return (skd_text){.name = name, .p = text, .end = text + length, .line = 0};
}

bool skd_text_line(skd_text *t, skd_span *line) {
    if (t->p >= t->end)
        return false;
    const char *start = t->p, *p = start;
    while (p < t->end && *p != '\n' && *p != '\r')
        p++;
    *line = (skd_span){start, (size_t)(p - start)};
    if (p < t->end)
        p += (*p == '\r' && p + 1 < t->end && p[1] == '\n') ? 2 : 1;
    t->p = p;
    t->line++;
    return true;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f'; }

bool skd_span_word(skd_span *line, skd_span *word) {
    while (line->n && is_blank(*line->p)) {
        line->p++;
        line->n--;
    }
    word->p = line->p;
    while (line->n && !is_blank(*line->p)) {
        line->p++;
        line->n--;
    }
    word->n = (size_t)(line->p - word->p);
    return word->n > 0;
}

/* Checks [sign] digits [. digits] [e|d [sign] digits]: strtod alone would take hexadecimal, "inf"
 * and "nan". Writes it with 'e' for Fortran's 'd'. */
static bool number_shape(skd_span word, char *buffer, size_t size) {
    if (word.n == 0 || word.n >= size)
        return false;
    size_t i = 0, digits = 0;
    if (word.p[i] == '+' || word.p[i] == '-')
        i++;
    for (; i < word.n && word.p[i] >= '0' && word.p[i] <= '9'; i++)
        digits++;
    if (i < word.n && word.p[i] == '.')
        for (i++; i < word.n && word.p[i] >= '0' && word.p[i] <= '9'; i++)
            digits++;
    memcpy(buffer, word.p, word.n);
    buffer[word.n] = '\0';
    if (digits == 0)
        return false;
    if (i == word.n)
        return true;
    if (!strchr("eEdD", word.p[i]))
        return false;
    buffer[i++] = 'e';
    if (i < word.n && (word.p[i] == '+' || word.p[i] == '-'))
        i++;
    size_t first = i;
    while (i < word.n && word.p[i] >= '0' && word.p[i] <= '9')
        i++;
    return i == word.n && i > first;
}

/* [sign] digits [. digits] with at most 15 significant digits: both the digits and the power of ten are exact
 * doubles, so their quotient is the correctly rounded value, the bits that strtod gives, in a tenth of its time. */
static bool short_decimal(skd_span word, double *out) {
    static const double power[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    size_t i = word.n > 0 && (*word.p == '-' || *word.p == '+'), start = i, point = word.n;
    uint64_t digits = 0;
    if (word.n > start + 16)
        return false;
    for (; i < word.n; i++) {
        unsigned digit = (unsigned)(unsigned char)word.p[i] - '0';
        if (digit < 10)
            digits = 10 * digits + digit;
        else if (word.p[i] == '.' && point == word.n)
            point = i;
        else
            return false;
    }
    size_t decimals = point < word.n ? word.n - point - 1 : 0, n_digits = word.n - start - (point < word.n);
    if (n_digits == 0 || n_digits > 15)
        return false;
    double value = (double)digits / power[decimals];
    *out = *word.p == '-' ? -value : value;
    return true;
}

bool skd_span_real(skd_span word, double *out) {
    char buffer[128];
    if (short_decimal(word, out))
        return true;
    if (!number_shape(word, buffer, sizeof buffer))
        return false;
    double value = strtod(buffer, NULL); /* the library never calls setlocale, so '.' is the point */
    if (!isfinite(value))
        return false;
    *out = value;
    return true;
}

bool skd_span_int(skd_span word, long *out) {
    char buffer[32];
    if (word.n == 0 || word.n >= sizeof buffer)
        return false;
    memcpy(buffer, word.p, word.n);
    buffer[word.n] = '\0';
    if (strspn(buffer, "+-0123456789") != word.n)
        return false;
    char *end;
    errno = 0;
    long value = strtol(buffer, &end, 10);
    if (errno || *end || end == buffer)
        return false;
    *out = value;
    return true;
}

bool skd_span_is(skd_span word, const char *text) {
    return word.n == strlen(text) && memcmp(word.p, text, word.n) == 0;
}

char *skd_span_copy(skd_span word, char *out, size_t size) {
    size_t n = word.n < size - 1 ? word.n : size - 1;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)word.p[i];
        out[i] = (c < 0x20 || c == 0x7f) ? '?' : (char)c;
    }
    out[n] = '\0';
    return out;
}

static void fail_at(const skd_text *t, skd_error *err, const char *format, va_list args) {
    char text[360];
    vsnprintf(text, sizeof text, format, args);
    skd_fail(err, SKD_EFORMAT, "%s:%zu: %s", t->name, t->line, text);
}

skd_status skd_text_fail(const skd_text *t, skd_error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fail_at(t, err, format, args);
    va_end(args);
    return SKD_EFORMAT;
}

/* "expected <what>, a real number; found 'abc'" */
static skd_status unexpected(const skd_text *t, skd_span word, const char *what, const char *kind, skd_error *err) {
    char found[40];
    if (word.n == 0)
        return skd_text_fail(t, err, "expected %s, %s; found the end of the line", what, kind);
    return skd_text_fail(t, err, "expected %s, %s; found '%s'", what, kind, skd_span_copy(word, found, sizeof found));
}

skd_status skd_text_real(const skd_text *t, skd_span *line, const char *what, double *out, skd_error *err) {
    skd_span word;
    skd_span_word(line, &word);
    return skd_span_real(word, out) ? SKD_OK : unexpected(t, word, what, "a finite real number", err);
}

skd_status skd_text_int(const skd_text *t, skd_span *line, const char *what, long low, long high, long *out,
                        skd_error *err) {
    skd_span word;
    skd_span_word(line, &word);
    long value;
    if (skd_span_int(word, &value) && value >= low && value <= high) {
        *out = value;
        return SKD_OK;
    }
    char kind[80];
    snprintf(kind, sizeof kind, "an integer from %ld to %ld", low, high);
    return unexpected(t, word, what, kind, err);
}

static bool string_room(skd_string *s, size_t extra) {
    if (s->failed || skd_grow((void **)&s->text, &s->capacity, s->n + extra + 1, 1, NULL) != SKD_OK)
        s->failed = true;
    return !s->failed;
}

void skd_string_add_bytes(skd_string *s, const char *bytes, size_t n) {
    if (!string_room(s, n))
        return;
    memcpy(s->text + s->n, bytes, n);
    s->n += n;
    s->text[s->n] = '\0';
}

/* Into what room there is; only a text that does not fit is printed again, into more. */
void skd_string_add(skd_string *s, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    size_t room = s->failed ? 0 : s->capacity - s->n;
    int n = vsnprintf(room ? s->text + s->n : NULL, room, format, args);
    va_end(args);
    if (n < 0)
        s->failed = true;
    else if ((size_t)n < room)
        s->n += (size_t)n;
    else if (string_room(s, (size_t)n)) {
        vsnprintf(s->text + s->n, (size_t)n + 1, format, again);
        s->n += (size_t)n;
    }
    va_end(again);
}

void skd_string_free(skd_string *s) {
    skd_free(s->text);
    *s = (skd_string){0};
}

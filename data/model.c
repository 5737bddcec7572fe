/* SPDX-License-Identifier: MIT */
/* model.c - files of learned models: text, gzipped where the name ends in .gz.
 *
 *   shakedown-model 1                     format and version
 *   checksum 0123456789abcdef             FNV-1a, 64 bit, of all bytes after this line
 *   KEY: VALUE                            settings and provenance, one a line, in any order
 *   ...
 *   array NAME N                          N numbers, up to 8 a line, in as many digits as give the same bits
 *   ...
 *   labels N                              N frames as extended XYZ, to the end of the file
 *
 * Who writes it gives keys and arrays their meaning (src/cli/models.c). What a file's checksum does not bear out is
 * refused whole: a model with one wrong weight would go unnoticed. */
#include "frames.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAGIC   "shakedown-model"
#define VERSION 1
#define A_LINE  8    /* numbers a line */
#define MOST    (1L << 28) /* numbers of an array, frames */

void skd_model_file_free(skd_model_file *file) {
    for (size_t k = 0; k < file->n_info; k++) {
        skd_free(file->info[k].key);
        skd_free(file->info[k].value);
    }
    skd_model_file_forget(file);
    skd_free(file->info);
    skd_free(file->array);
    skd_frames_free(&file->labels);
    *file = (skd_model_file){0};
}

void skd_model_file_forget(skd_model_file *file) {
    for (size_t k = 0; k < file->n_array; k++) {
        skd_free(file->array[k].name);
        skd_free(file->array[k].value);
    }
    file->n_array = 0;
}

const char *skd_model_file_get(const skd_model_file *file, const char *key) {
    for (size_t k = 0; k < file->n_info; k++)
        if (!strcmp(file->info[k].key, key))
            return file->info[k].value;
    return NULL;
}

const skd_model_array *skd_model_file_array(const skd_model_file *file, const char *name) {
    for (size_t k = 0; k < file->n_array; k++)
        if (!strcmp(file->array[k].name, name))
            return &file->array[k];
    return NULL;
}

static bool is_word(const char *word) { return *word && strcspn(word, " :\t\r\n") == strlen(word); }

static skd_status no_memory(skd_error *err) { return skd_fail(err, SKD_ENOMEM, "out of memory for a model file"); }

static char *one_line(const char *value) {
    char *copy = skd_strdup(value + strspn(value, " \t"));
    for (char *p = copy; p && *p; p++)
        if ((unsigned char)*p < ' ')
            *p = ' ';
    for (size_t n = copy ? strlen(copy) : 0; n > 0 && copy[n - 1] == ' '; n--)
        copy[n - 1] = '\0';
    return copy;
}

skd_status skd_model_file_set(skd_model_file *file, const char *key, const char *value, skd_error *err) {
    if (!is_word(key))
        return skd_fail(err, SKD_EARG, "model file: the key '%s' is no word", key);
    char *copy = one_line(value);
    if (!copy)
        return no_memory(err);
    for (size_t k = 0; k < file->n_info; k++)
        if (!strcmp(file->info[k].key, key)) {
            skd_free(file->info[k].value);
            file->info[k].value = copy;
            return SKD_OK;
        }
    skd_info *more = skd_realloc(file->info, file->n_info + 1, sizeof *more);
    char *name = more ? skd_strdup(key) : NULL;
    file->info = more ? more : file->info;
    if (!name) {
        skd_free(copy);
        return no_memory(err);
    }
    file->info[file->n_info++] = (skd_info){name, copy};
    return SKD_OK;
}

skd_status skd_model_file_add(skd_model_file *file, const char *name, const double *value, size_t n, skd_error *err) {
    if (!is_word(name))
        return skd_fail(err, SKD_EARG, "model file: the array name '%s' is no word", name);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(value[i]))
            return skd_fail(err, SKD_ENUMERIC, "model file: number %zu of '%s' is not finite", i + 1, name);
    skd_model_array *more = skd_realloc(file->array, file->n_array + 1, sizeof *more);
    if (!more)
        return no_memory(err);
    file->array = more;
    skd_model_array *array = &more[file->n_array];
    *array = (skd_model_array){.name = skd_strdup(name), .value = skd_copy(value, n, sizeof *value), .n = n};
    if (array->name && array->value) {
        file->n_array++;
        return SKD_OK;
    }
    skd_free(array->name);
    skd_free(array->value);
    return no_memory(err);
}

/* ---- writing ---------------------------------------------------------------------------------- */

static skd_status print_body(skd_string *s, const skd_model_file *file, skd_error *err) {
    for (size_t k = 0; k < file->n_info; k++)
        skd_string_add(s, "%s: %s\n", file->info[k].key, file->info[k].value);
    for (size_t k = 0; k < file->n_array; k++) {
        const skd_model_array *array = &file->array[k];
        skd_string_add(s, "array %s %zu\n", array->name, array->n);
        for (size_t i = 0; i < array->n; i++) {
            skd_string_add_real(s, array->value[i]);
            skd_string_add_bytes(s, (i + 1) % A_LINE == 0 || i + 1 == array->n ? "\n" : " ", 1);
        }
    }
    skd_string_add(s, "labels %zu\n", file->labels.n);
    skd_status status = file->labels.n ? skd_format_xyz.print(s, &file->labels, err) : SKD_OK;
    return status == SKD_OK && s->failed ? no_memory(err) : status;
}

skd_status skd_model_file_write(const skd_model_file *file, const char *path, skd_error *err) {
    skd_string body = {0}, all = {0};
    skd_status status = print_body(&body, file, err);
    if (status == SKD_OK) {
        skd_string_add(&all, "%s %d\nchecksum %016" PRIx64 "\n", MAGIC, VERSION,
                       skd_hash(SKD_HASH_START, body.text, body.n));
        skd_string_add_bytes(&all, body.text, body.n);
        status = all.failed ? no_memory(err) : skd_file_write(path, all.text, all.n, err);
    }
    skd_string_free(&body);
    skd_string_free(&all);
    return status;
}

/* ---- reading ---------------------------------------------------------------------------------- */

static skd_status parse_magic(skd_text *t, skd_error *err) {
    skd_span line = {0}, word = {0};
    long version = 0;
    char found[24];
    bool ok = skd_text_line(t, &line) && skd_span_word(&line, &word) && skd_span_is(word, MAGIC);
    if (!ok)
        return skd_text_fail(t, err, "not a model file; expected '%s %d'", MAGIC, VERSION);
    if (!skd_span_word(&line, &word) || !skd_span_int(word, &version) || version != VERSION)
        return skd_text_fail(t, err, "version '%s' of model files; this program reads version %d",
                             skd_span_copy(word, found, sizeof found), VERSION);
    return SKD_OK;
}

static skd_status parse_checksum(skd_text *t, skd_error *err) {
    skd_span line = {0}, word = {0};
    char said[24] = "", is[24];
    bool ok = skd_text_line(t, &line) && skd_span_word(&line, &word) && skd_span_is(word, "checksum") &&
              skd_span_word(&line, &word);
    if (!ok)
        return skd_text_fail(t, err, "expected 'checksum' and 16 hexadecimal digits");
    snprintf(is, sizeof is, "%016" PRIx64, skd_hash(SKD_HASH_START, t->p, (size_t)(t->end - t->p)));
    if (strcmp(skd_span_copy(word, said, sizeof said), is) != 0)
        return skd_text_fail(t, err, "checksum %s, but that of the contents is %s: damaged or truncated", said, is);
    return SKD_OK;
}

static skd_status parse_array(skd_text *t, skd_span head, skd_model_file *file, skd_error *err) {
    skd_span name, line = {0}, word;
    char copy[80];
    long n = 0;
    if (!skd_span_word(&head, &name) || name.n >= sizeof copy)
        return skd_text_fail(t, err, "expected 'array NAME N'");
    skd_status status = skd_text_int(t, &head, "how many numbers the array has", 0, MOST, &n, err);
    if (status != SKD_OK)
        return status;
    if ((size_t)n > (size_t)(t->end - t->p)) /* each takes two bytes at least */
        return skd_text_fail(t, err, "an array of %ld numbers, more than the file can hold", n);
    double *value = skd_alloc((size_t)n, sizeof *value);
    if (!value)
        return no_memory(err);
    for (long i = 0; i < n && status == SKD_OK;) {
        if (!skd_text_line(t, &line))
            status = skd_text_fail(t, err, "the file ends after %ld of %ld numbers", i, n);
        while (i < n && status == SKD_OK && skd_span_word(&line, &word))
            if (!skd_span_real(word, &value[i++]))
                status = skd_text_fail(t, err, "'%s'; expected a number", skd_span_copy(word, copy, sizeof copy));
    }
    if (status == SKD_OK)
        status = skd_model_file_add(file, skd_span_copy(name, copy, sizeof copy), value, (size_t)n, err);
    skd_free(value);
    return status;
}

static skd_status parse_key(skd_text *t, skd_span line, skd_model_file *file, skd_error *err) {
    const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
    if (!colon)
        return skd_text_fail(t, err, "expected 'KEY: VALUE', 'array NAME N' or 'labels N'");
    char *key = skd_span_dup((skd_span){line.p, (size_t)(colon - line.p)});
    char *value = skd_span_dup((skd_span){colon + 1, line.n - (size_t)(colon + 1 - line.p)});
    skd_status status = !key || !value  ? no_memory(err)
                        : !is_word(key) ? skd_text_fail(t, err, "expected 'KEY: VALUE' with a key of one word")
                                        : skd_model_file_set(file, key, value, err);
    skd_free(key);
    skd_free(value);
    return status;
}

static skd_status parse_labels(skd_text *t, skd_span head, skd_model_file *file, skd_error *err) {
    long n = 0;
    skd_status status = skd_text_int(t, &head, "how many labels the file has", 0, MOST, &n, err);
    if (status == SKD_OK && n > 0)
        status = skd_format_xyz.parse(&file->labels, t->name, t->p, (size_t)(t->end - t->p), err);
    if (status == SKD_OK && file->labels.n != (size_t)n)
        status = skd_text_fail(t, err, "%zu labels; expected %ld", file->labels.n, n);
    return status;
}

static skd_status parse_body(skd_text *t, skd_model_file *file, skd_error *err) {
    skd_span line, rest, word;
    while (skd_text_line(t, &line)) {
        skd_status status;
        rest = line;
        bool any = skd_span_word(&rest, &word);
        if (any && skd_span_is(word, "labels"))
            return parse_labels(t, rest, file, err);
        status = any && skd_span_is(word, "array") ? parse_array(t, rest, file, err) : parse_key(t, line, file, err);
        if (status != SKD_OK)
            return status;
    }
    return skd_text_fail(t, err, "the file ends without its labels");
}

skd_status skd_model_file_parse(skd_model_file *out, const char *name, const char *text, size_t length,
                                skd_error *err) {
    skd_text t = skd_text_of(name, text, length);
    *out = (skd_model_file){0};
    skd_status status = parse_magic(&t, err);
    if (status == SKD_OK)
        status = parse_checksum(&t, err);
    if (status == SKD_OK)
        status = parse_body(&t, out, err);
    if (status != SKD_OK)
        skd_model_file_free(out);
    return status;
}

skd_status skd_model_file_read(skd_model_file *out, const char *path, skd_error *err) {
    char *text;
    size_t length;
    *out = (skd_model_file){0};
    skd_status status = skd_file_read(path, &text, &length, err);
    if (status == SKD_OK)
        status = skd_model_file_parse(out, path, text, length, err);
    skd_free(text);
    return status;
}

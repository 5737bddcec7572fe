/* SPDX-License-Identifier: MIT */
/* memory.c - checked allocation. In SKD_TORTURE builds a countdown makes the k-th request fail, so
 * that tests can walk every out-of-memory path (after SQLite's test_malloc.c). */
#include "shakedown/base.h"

#include <stdlib.h>
#include <string.h>

#ifdef SKD_TORTURE
long skd_alloc_fail_at = -1;

static bool must_fail(void) {
    if (skd_alloc_fail_at < 0)
        return false;
    return skd_alloc_fail_at-- == 0;
}
#else
static inline bool must_fail(void) { return false; }
#endif

void *skd_alloc(size_t n, size_t size) {
    if (must_fail())
        return NULL;
    return calloc(n ? n : 1, size ? size : 1);
}

void *skd_realloc(void *old, size_t n, size_t size) {
    if (must_fail() || (size && n > SIZE_MAX / size))
        return NULL;
    size_t bytes = n * size;
    return realloc(old, bytes ? bytes : 1);
}

void skd_free(void *p) { free(p); }

void *skd_copy(const void *source, size_t n, size_t size) {
    void *p = skd_alloc(n, size);
    if (p && n && size)
        memcpy(p, source, n * size);
    return p;
}

char *skd_strdup(const char *text) { return skd_copy(text, strlen(text) + 1, 1); }

skd_status skd_grow(void **array, size_t *capacity, size_t need, size_t size, skd_error *err) {
    if (need <= *capacity)
        return SKD_OK;
    size_t wanted = *capacity > SIZE_MAX / 2 ? need : 2 * *capacity;
    if (wanted < need)
        wanted = need;
    if (wanted < 8)
        wanted = 8;
    void *p = skd_realloc(*array, wanted, size);
    if (!p)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu items of %zu bytes", wanted, size);
    *array = p;
    *capacity = wanted;
    return SKD_OK;
}

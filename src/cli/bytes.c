/* SPDX-License-Identifier: MIT */
/* bytes.c - see bytes.h. */
#include "bytes.h"

#include <string.h>

void bytes_refuse(bytes_reader *r) {
    if (r->status == SKD_OK)
        r->status = skd_fail(r->err, SKD_EFORMAT, "%s is cut off or of another build", r->what);
}

void bytes_get(bytes_reader *r, void *out, size_t n) {
    if (r->status != SKD_OK || n > r->left) {
        bytes_refuse(r);
        memset(out, 0, n);
        return;
    }
    if (n)
        memcpy(out, r->p, n);
    r->p += n;
    r->left -= n;
}

void *bytes_get_new(bytes_reader *r, size_t n, size_t size) {
    if (r->status != SKD_OK || n == 0)
        return NULL;
    if (n > r->left / size) {
        bytes_refuse(r);
        return NULL;
    }
    void *out = skd_alloc(n, size);
    if (!out)
        r->status = skd_fail(r->err, SKD_ENOMEM, "out of memory for %s", r->what);
    else
        bytes_get(r, out, n * size);
    return out;
}

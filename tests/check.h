/* SPDX-License-Identifier: MIT */
/* check.h - the thin layer over cmocka that all tests use: one row, one fact; a failed check prints
 * file, line, expression, got and want; NaN fails by construction. */
#ifndef SKD_CHECK_H
#define SKD_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "shakedown/base.h"

#define CHECK(condition)                                                                                         \
    do {                                                                                                         \
        if (!(condition)) {                                                                                      \
            print_error("%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                                \
            fail();                                                                                              \
        }                                                                                                        \
    } while (0)

/* The call must return SKD_OK; on failure its text is shown. Needs a local `skd_error err`. */
#define CHECK_OK(call)                                                                                           \
    do {                                                                                                         \
        err = (skd_error){SKD_OK, ""};                                                                           \
        skd_status status_ = (call);                                                                             \
        if (status_ != SKD_OK) {                                                                                 \
            print_error("%s:%d: %s: status %d: %s\n", __FILE__, __LINE__, #call, (int)status_, err.text);        \
            fail();                                                                                              \
        }                                                                                                        \
    } while (0)

/* The call must fail with this status and a text that contains `words`. */
#define CHECK_FAILS(call, wanted, words)                                                                         \
    do {                                                                                                         \
        err = (skd_error){SKD_OK, ""};                                                                           \
        skd_status status_ = (call);                                                                             \
        if (status_ != (wanted) || !strstr(err.text, (words))) {                                                 \
            print_error("%s:%d: %s: status %d, '%s'; wanted status %d, '%s'\n", __FILE__, __LINE__, #call,       \
                        (int)status_, err.text, (int)(wanted), (words));                                         \
            fail();                                                                                              \
        }                                                                                                        \
    } while (0)

#define CHECK_CLOSE(got, want, atol, rtol)                                                                       \
    do {                                                                                                         \
        double got_ = (got), want_ = (want);                                                                     \
        if (!(fabs(got_ - want_) <= (atol) + (rtol)*fabs(want_))) {                                              \
            print_error("%s:%d: %s = %.17g, want %.17g (%s), off by %g\n", __FILE__, __LINE__, #got, got_,       \
                        want_, #want, got_ - want_);                                                             \
            fail();                                                                                              \
        }                                                                                                        \
    } while (0)

#define CHECK_INT(got, want)                                                                                     \
    do {                                                                                                         \
        long long got_ = (long long)(got), want_ = (long long)(want);                                            \
        if (got_ != want_) {                                                                                     \
            print_error("%s:%d: %s = %lld, want %lld\n", __FILE__, __LINE__, #got, got_, want_);                 \
            fail();                                                                                              \
        }                                                                                                        \
    } while (0)

#define CHECK_TEXT(got, want)                                                                                    \
    do {                                                                                                         \
        const char *got_ = (got), *want_ = (want);                                                               \
        if (strcmp(got_, want_) != 0) {                                                                          \
            print_error("%s:%d: %s = '%s', want '%s'\n", __FILE__, __LINE__, #got, got_, want_);                 \
            fail();                                                                                              \
        }                                                                                                        \
    } while (0)

/* Tests of ../shared/data are skipped where the data is absent (a user's clone has none). The folder
 * can be named by SHAKEDOWN_SHARED. Returns NULL if absent. */
#include <stdlib.h>
#include <sys/stat.h>
static inline const char *check_shared(void) {
    const char *folder = getenv("SHAKEDOWN_SHARED");
    struct stat info;
    if (!folder)
        folder = "../shared";
    return stat(folder, &info) == 0 ? folder : NULL;
}
#define NEED_SHARED(folder)                                                                                      \
    const char *folder = check_shared();                                                                         \
    if (!folder)                                                                                                 \
    skip()

#endif

/* SPDX-License-Identifier: MIT
 * shakedown/base.h - what every other module stands on: status and error, checked memory, log,
 * random numbers, 3-vectors, the parallel loop, and text scanning that names file and line.
 *
 * House rules, for the whole library:
 *   units        Å, eV, eV/Å, eV/Å^3, amu, fs, K; anything else is converted in data/ only
 *   ownership    `T **out` is new and the caller's, NULL on failure; `const T *` is borrowed;
 *                a returned pointer is borrowed from its parent; every _free accepts NULL
 *   errors       a status is returned, the text goes to the caller's skd_error (NULL allowed)
 *   outcomes     (converged, out of steps, collapsed) are not errors and have enums of their own
 */
#ifndef SHAKEDOWN_BASE_H
#define SHAKEDOWN_BASE_H

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define SKD_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define SKD_CHECKED           __attribute__((warn_unused_result))
#else
#define SKD_PRINTF(fmt, args)
#define SKD_CHECKED
#endif

/* On a function whose loops are vectors: it is compiled twice, for AVX2 and for any processor, and the
 * right one is taken at load time. Without FMA both give the same bits. */
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
#define SKD_VECTOR_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define SKD_VECTOR_CLONES
#endif

#define SKD_VERSION "0.1.0"

/* ---- status and error ------------------------------------------------------------------- */

/** What went wrong, coarse enough to choose an exit code by. */
typedef enum skd_status {
    SKD_OK = 0,
    SKD_EARG,     /**< the caller asked for something impossible                    */
    SKD_ENOMEM,   /**< memory ran out                                               */
    SKD_EIO,      /**< a file could not be opened, read or written                  */
    SKD_EFORMAT,  /**< a file's content is not what its format allows               */
    SKD_ENUMERIC, /**< a computation has no usable answer                           */
    SKD_ESTOPPED, /**< the caller asked to stop (Ctrl-C)                            */
    SKD_EWAITING  /**< somebody was asked, and the answer is not there yet          */
} skd_status;

/** Carries one line of text back to whoever can show it. Says where, what was found, what was
 *  expected. Zero-initialise before first use. */
typedef struct skd_error {
    skd_status status;
    char text[480];
} skd_error;

/** Fills err (if not NULL) and returns status, so that `return skd_fail(...)` reads as one act.
 *  Control characters become '?': a text is always one line. The only place where errors are born: put
 *  a breakpoint here. */
skd_status skd_fail(skd_error *err, skd_status status, const char *format, ...) SKD_PRINTF(3, 4);

/** Puts "prefix: " before the text already in err; returns err's status. For adding a file name
 *  or an item's name on the way up. */
skd_status skd_error_prefix(skd_error *err, const char *format, ...) SKD_PRINTF(2, 3);

/* ---- memory ----------------------------------------------------------------------------- */

/** Zeroed memory for n objects of the given size; NULL if n*size overflows or memory is out.
 *  n = 0 gives a valid pointer. Release with skd_free. */
void *skd_alloc(size_t n, size_t size) SKD_CHECKED;

/** Resizes to n objects; new tail is not zeroed; on failure returns NULL and `old` stays valid. */
void *skd_realloc(void *old, size_t n, size_t size) SKD_CHECKED;
void skd_free(void *p);

/** Copies n objects; NULL if memory is out. */
void *skd_copy(const void *source, size_t n, size_t size) SKD_CHECKED;

/** Copy of a string, the caller's. */
char *skd_strdup(const char *text) SKD_CHECKED;

/** Makes room for at least `need` objects in a growing array (doubling). On SKD_ENOMEM the array
 *  and its capacity are unchanged. Usage: skd_grow((void **)&a, &cap, need, sizeof *a, err). */
skd_status skd_grow(void **array, size_t *capacity, size_t need, size_t size, skd_error *err) SKD_CHECKED;

#ifdef SKD_TORTURE
/** Test builds only: the k-th allocation from now fails (0 = the next one); negative = never.
 *  The one global of the library. */
extern long skd_alloc_fail_at;
#endif

/* ---- log -------------------------------------------------------------------------------- */

typedef enum skd_level { SKD_LOG_ERROR, SKD_LOG_WARNING, SKD_LOG_INFO, SKD_LOG_DEBUG } skd_level;

/** Where messages go; handed in by the caller. A NULL log, or NULL write, is silent. */
typedef struct skd_log {
    skd_level level; /**< messages above this level are dropped */
    void (*write)(void *payload, skd_level level, const char *text);
    void *payload;
} skd_log;

void skd_say(const skd_log *log, skd_level level, const char *format, ...) SKD_PRINTF(3, 4);

/* ---- random numbers (MT19937; the only door to GSL's generator) -------------------------- */

typedef struct skd_rng skd_rng;

/** New generator, seeded as init_genrand (Matsumoto & Nishimura 2002) does, seed 0 included: the
 *  same 32-bit words as numpy's legacy RandomState(seed). */
skd_status skd_rng_new(skd_rng **out, uint32_t seed, skd_error *err) SKD_CHECKED;
void skd_rng_free(skd_rng *rng);
void skd_rng_seed(skd_rng *rng, uint32_t seed);

uint32_t skd_rng_u32(skd_rng *rng);     /**< uniform 32-bit word                                       */
double skd_rng_uniform(skd_rng *rng);   /**< [0,1) with 53 bits from two words, as numpy's legacy      */
double skd_rng_normal(skd_rng *rng);    /**< mean 0, variance 1; Marsaglia polar, second value cached  */
/** Uniform integer in [low, high), masked rejection on 32-bit words (numpy's legacy randint). */
uint32_t skd_rng_below(skd_rng *rng, uint32_t low, uint32_t high);

/** Mixes a run seed and item indices to an independent 32-bit seed (SplitMix64 finaliser). */
uint32_t skd_seed_mix(uint64_t seed, uint64_t item);

/** FNV-1a, 64 bit, of n bytes; start with SKD_HASH_START and chain. For checksums in provenance. */
#define SKD_HASH_START 14695981039346656037ULL
uint64_t skd_hash(uint64_t hash, const void *bytes, size_t n);

/* ---- 3-vectors and 3x3 matrices ---------------------------------------------------------- */

static inline double skd_dot(const double a[3], const double b[3]) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
static inline double skd_norm(const double a[3]) { return sqrt(skd_dot(a, a)); }
static inline void skd_cross(const double a[3], const double b[3], double out[3]) {
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}
static inline double skd_det3(const double m[3][3]) {
    double bc[3];
    skd_cross(m[1], m[2], bc);
    return skd_dot(m[0], bc);
}
/** out = row vector v times m: Cartesian = fractional times lattice (rows a, b, c). */
static inline void skd_row_times(const double v[3], const double m[3][3], double out[3]) {
    const double x = v[0], y = v[1], z = v[2];
    for (int k = 0; k < 3; k++)
        out[k] = x * m[0][k] + y * m[1][k] + z * m[2][k];
}
/** out = m times column vector v. */
static inline void skd_times_col(const double m[3][3], const double v[3], double out[3]) {
    const double x = v[0], y = v[1], z = v[2];
    for (int k = 0; k < 3; k++)
        out[k] = m[k][0] * x + m[k][1] * y + m[k][2] * z;
}
/** out = a b; out may be neither a nor b. */
void skd_mul3(const double a[3][3], const double b[3][3], double out[3][3]);
/** Inverse; SKD_ENUMERIC if |det| is 0 or not finite. out may be m. */
skd_status skd_inv3(const double m[3][3], double out[3][3]) SKD_CHECKED;
long skd_det3i(const int m[3][3]);

/* ---- real spherical harmonics -------------------------------------------------------------- */

#define SKD_HARMONICS_L_MAX 30
#define SKD_HARMONICS_WIDE  8 /**< vectors evaluated together */

typedef struct skd_harmonics skd_harmonics; /**< coefficients; immutable, may be shared by threads */

skd_status skd_harmonics_new(skd_harmonics **out, int l_max, skd_error *err) SKD_CHECKED;
void skd_harmonics_free(skd_harmonics *harmonics);
/** Solid harmonics r^l Y_lm of eight vectors (x, y, z); unit vectors give Y_lm itself. Orthonormal on the
 *  sphere, no Condon-Shortley phase, m < 0 are the sines; out[l^2 + l + m][8], (l_max+1)^2 rows. */
void skd_harmonics_eval(const skd_harmonics *harmonics, const double x[SKD_HARMONICS_WIDE],
                        const double y[SKD_HARMONICS_WIDE], const double z[SKD_HARMONICS_WIDE],
                        double (*out)[SKD_HARMONICS_WIDE]);

/* ---- parallel loop ----------------------------------------------------------------------- */

/** Work on item i by worker w (0 <= w < threads). Results must be stored by item. */
typedef skd_status (*skd_item_fn)(void *payload, size_t i, int worker, skd_error *err);

/** Runs fn for i = 0..n-1 on `threads` threads (<= 0: all cores). Every item is run, whatever the
 *  others return; the error reported is that of the lowest failing item, so the outcome does not
 *  depend on the number of threads. */
skd_status skd_parallel(size_t n, int threads, skd_item_fn fn, void *payload, skd_error *err) SKD_CHECKED;
int skd_threads_available(void);

/* ---- text scanning: numbers and lines, errors that name file and line -------------------- */

/** A cursor over text in memory; `name` (file name, for messages) is borrowed. The text need not be
 *  NUL-terminated and may hold \n, \r\n or lone \r line ends. */
typedef struct skd_text {
    const char *name;
    const char *p, *end;  /**< unread rest */
    size_t line;          /**< 1-based number of the current line; 0 before the first */
} skd_text;

/** One line or word of the text, not NUL-terminated. */
typedef struct skd_span {
    const char *p;
    size_t n;
} skd_span;

skd_text skd_text_of(const char *name, const char *text, size_t length);

/** Takes the next line (without its line end); false at the end of the text. */
bool skd_text_line(skd_text *t, skd_span *line);
/** Takes the next blank-separated word off the line; false if none is left. */
bool skd_span_word(skd_span *line, skd_span *word);
/** Whole word as a finite real number (also Fortran's 1.0D+00) / decimal integer; false if it is
 *  not one, is NaN or infinite, or out of range. Independent of the locale. */
bool skd_span_real(skd_span word, double *out);
bool skd_span_int(skd_span word, long *out);
bool skd_span_is(skd_span word, const char *text);
/** Copies at most size-1 bytes and terminates; returns out. Bytes that are not printable ASCII or
 *  valid UTF-8 lead/continuation become '?', so it is safe to put into messages. */
char *skd_span_copy(skd_span word, char *out, size_t size);

/** "name:line: text" with status SKD_EFORMAT. */
skd_status skd_text_fail(const skd_text *t, skd_error *err, const char *format, ...) SKD_PRINTF(3, 4);

/** Next word of `line` as a real / an integer in [low, high]; otherwise SKD_EFORMAT naming file,
 *  line, what was found and `what` was expected (e.g. "lattice vector 2, component 1"). */
skd_status skd_text_real(const skd_text *t, skd_span *line, const char *what, double *out, skd_error *err) SKD_CHECKED;
skd_status skd_text_int(const skd_text *t, skd_span *line, const char *what, long low, long high, long *out,
                        skd_error *err) SKD_CHECKED;

/** A growing string; zero-initialise; free with skd_string_free. */
typedef struct skd_string {
    char *text; /**< NUL-terminated once anything was added */
    size_t n, capacity;
    bool failed; /**< memory ran out somewhere; checked once at the end */
} skd_string;
void skd_string_add(skd_string *s, const char *format, ...) SKD_PRINTF(2, 3);
void skd_string_add_bytes(skd_string *s, const char *bytes, size_t n);
/** Adds x as "%*.*f" would with this width and so many decimals, in a tenth of its time. */
void skd_string_add_fixed(skd_string *s, double x, int width, int decimals);
void skd_string_free(skd_string *s);

#endif

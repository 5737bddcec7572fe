/* SPDX-License-Identifier: MIT */
/* Tests of src/base: generator against numpy's words, scanning and printing numbers, vectors, the parallel loop. */
#include "check.h"

/* numpy 2: RandomState(s): first 32-bit word; seed 0 is a real seed, not GSL's default */
static const struct { uint32_t seed, word; } words[] = {{0, 2357136044U}, {42, 1608637542U}, {5489, 3499211612U}};

static void rng_gives_numpy_words(void **state) {
    (void)state;
    skd_error err;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        skd_rng *rng;
        CHECK_OK(skd_rng_new(&rng, words[i].seed, &err));
        CHECK_INT(skd_rng_u32(rng), words[i].word);
        skd_rng_free(rng);
    }
}

/* numpy 2, RandomState(7): randint(1, 10**9), normal(), normal(), uniform() */
static void rng_gives_numpy_deviates(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, 7, &err));
    CHECK_INT(skd_rng_below(rng, 1, 1000000000), 327741616);
    CHECK_CLOSE(skd_rng_normal(rng), -0.72014443138059381, 0, 0);
    CHECK_CLOSE(skd_rng_normal(rng), -1.0846691572990186, 0, 0);
    CHECK_CLOSE(skd_rng_uniform(rng), 0.97822289707858245, 0, 0);
    skd_rng_free(rng);
}

static const struct { const char *text; bool ok; double value; } reals[] = {
    {"1", true, 1}, {"-2.5e-3", true, -2.5e-3}, {".5", true, .5}, {"5.", true, 5}, {"1.0D+02", true, 100},
    {"nan", false, 0}, {"inf", false, 0}, {"0x10", false, 0}, {"1e", false, 0}, {"--1", false, 0},
    {"1e999", false, 0}, {"", false, 0}, {".", false, 0}, {"1,5", false, 0}};

static void scanning_reads_only_finite_decimals(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
        double value = 0;
        bool ok = skd_span_real((skd_span){reals[i].text, strlen(reals[i].text)}, &value);
        CHECK_INT(ok, reals[i].ok);
        if (ok)
            CHECK_CLOSE(value, reals[i].value, 0, 1e-15);
    }
}

static void scanning_names_file_and_line(void **state) {
    (void)state;
    skd_error err;
    const char text[] = "first\r\nsecond word\r\rfourth";
    skd_text t = skd_text_of("POSCAR", text, sizeof text - 1);
    skd_span line;
    size_t lines = 0;
    while (skd_text_line(&t, &line))
        lines++;
    CHECK_INT(lines, 4);
    double x;
    CHECK_FAILS(skd_text_real(&t, &line, "scale factor", &x, &err), SKD_EFORMAT,
                "POSCAR:4: expected scale factor, a finite real number; found 'fourth'");
}

/* Numbers of structures, ties, carries, and every exponent that there is. */
static double number_to_print(skd_rng *rng, size_t i) {
    static const double odd[] = {0.0, -0.0, 0.5, 1.5, -2.5, 0.125, 0.375, 0.9999999999999999, 9.9999999999999995, 5e-17,
                                 1.5e-16, -4e-324, 999999999999999.9, 1e15, -1e300, HUGE_VAL, -HUGE_VAL};
    const double wide = skd_rng_uniform(rng) - 0.5;
    if (i < sizeof odd / sizeof *odd)
        return odd[i];
    if (i % 4 == 0)
        return ldexp(wide, (int)skd_rng_below(rng, 0, 2100) - 1060);
    if (i % 4 == 1) /* ties at some number of decimals */
        return (double)skd_rng_u32(rng) / ldexp(1.0, (int)skd_rng_below(rng, 0, 40));
    return i % 4 == 2 ? wide : 40.0 * wide;
}

static void fixed_numbers_are_printfs(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, 3, &err));
    for (size_t i = 0; i < 60000; i++) {
        const double x = number_to_print(rng, i);
        const int decimals = i % 2 ? 16 : (int)(i / 2 % 18), width = (int)(i % 50);
        char want[400];
        skd_string got = {0};
        skd_string_add(&got, "x");
        skd_string_add_fixed(&got, x, width, decimals);
        snprintf(want, sizeof want, "x%*.*f", width, decimals, x);
        if (!got.failed)
            CHECK_TEXT(got.text, want);
        skd_string_free(&got);
    }
    skd_rng_free(rng);
}

static void a_string_grows_where_it_must(void **state) {
    (void)state;
    skd_string s = {0};
    skd_string_add(&s, "%s", "");
    CHECK_TEXT(s.text, "");
    for (int i = 0; i < 500; i++)
        skd_string_add(&s, "%0*d", i % 40 + 1, i % 10);
    CHECK_INT(s.failed, false);
    CHECK_INT(s.n, strlen(s.text));
    CHECK_INT(s.n, 10050);
    skd_string_free(&s);
}

static void an_error_is_one_line(void **state) {
    (void)state;
    skd_error err = {SKD_OK, ""};
    CHECK_FAILS(skd_fail(&err, SKD_EFORMAT, "found '%s'", "a\nb\r\x1b[2J"), SKD_EFORMAT, "found 'a?b??[2J'");
    skd_error_prefix(&err, "in\n%s", "here");
    CHECK_TEXT(err.text, "in?here: found 'a?b??[2J'");
}

static void inverse_times_matrix_is_one(void **state) {
    (void)state;
    double m[3][3] = {{2.385, 0.3, -1.1}, {0.7, 3.9, 0.2}, {-0.4, 1.3, 5.2}}, inverse[3][3], product[3][3];
    CHECK_INT(skd_inv3(m, inverse), SKD_OK);
    skd_mul3(m, inverse, product);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            CHECK_CLOSE(product[i][k], i == k, 1e-14, 0);
    double flat[3][3] = {{1, 2, 3}, {2, 4, 6}, {0, 0, 1}};
    CHECK_INT(skd_inv3(flat, inverse), SKD_ENUMERIC);
}

static skd_status square_or_fail(void *payload, size_t i, int worker, skd_error *err) {
    (void)worker;
    ((size_t *)payload)[i] = i * i;
    return i % 7 == 5 ? skd_fail(err, SKD_EARG, "item %zu", i) : SKD_OK;
}

static void parallel_reports_the_lowest_failure(void **state) {
    (void)state;
    skd_error err;
    for (int threads = 1; threads <= 4; threads++) {
        size_t square[100] = {0};
        CHECK_FAILS(skd_parallel(100, threads, square_or_fail, square, &err), SKD_EARG, "item 5");
        for (size_t i = 0; i < 100; i++)
            CHECK_INT(square[i], i * i);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rng_gives_numpy_words),
        cmocka_unit_test(rng_gives_numpy_deviates),
        cmocka_unit_test(scanning_reads_only_finite_decimals),
        cmocka_unit_test(scanning_names_file_and_line),
        cmocka_unit_test(fixed_numbers_are_printfs),
        cmocka_unit_test(a_string_grows_where_it_must),
        cmocka_unit_test(an_error_is_one_line),
        cmocka_unit_test(inverse_times_matrix_is_one),
        cmocka_unit_test(parallel_reports_the_lowest_failure),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Tests of the readers of outputs: what each code's samples (tests/golden/outputs) hold, files cut at every line,
 * XML that is refused, and the lane beside libxml2 against libxml2 alone. */
#include "check.h"

#include "shakedown/data.h"

#define GOLDEN "tests/golden/outputs/"

/* All frames of a file; the caller's. */
static skd_frames read_all(const char *path) {
    skd_error err;
    skd_frames frames;
    CHECK_OK(skd_frames_read(&frames, path, NULL, &err));
    return frames;
}

static double info_real(const skd_frame *frame, const char *key) {
    const char *text = skd_frame_info(frame, key);
    return text ? strtod(text, NULL) : (double)NAN;
}

/* What the last frame of a sample holds; NAN: not there. Numbers read off the files by hand, constants CODATA 2018. */
static const struct {
    const char *path;
    size_t n, atoms;
    double energy, free_energy, force_z, stress_xx, charge, magmom; /* force on the last atom */
    const char *scf, *ionic;
} samples[] = {
    {GOLDEN "MgO2.vasprun.xml", 2, 2, -11.92 - 0.001 - 0.00624150907 * 74.088, -11.92 - 0.00624150907 * 74.088, 0.0,
     -0.00624150907, 0.0, 1.075, "T", "T"}, /* 0.25 2 + 0.75 1.5 - (0.25 1 + 0.75 0.4) */
    {GOLDEN "GaN.vasprun.xml.gz", 5, 32, -206.95793434, -206.95933711, NAN, 0.02632502904, 0.0, NAN, "T", "T"},
    {GOLDEN "MgO.OUTCAR.gz", 1, 7, -34.9108436, -34.9108436, NAN, -100.54168 * 0.000624150907, 0.0, 1.03e-5, "T", "T"},
    {GOLDEN "ML_AB", 2, 3, -11.75, NAN, -0.05, -10 * 0.000624150907, NAN, NAN, NULL, NULL},
    {GOLDEN "oszicar/OSZICAR", 2, 2, -34.989, -34.99, NAN, NAN, NAN, 0.05, NULL, NULL},
    {GOLDEN "n2.pwo.gz", 3, 2, -55.83790121 * 13.605693122994, NAN, -0.08571613 * 25.71103373815, NAN, 1.0, 1.0, "T",
     "F"},
    {GOLDEN "n2.xml.gz", 3, 2, -27.91895060555877 * 27.211386245988, NAN, -0.0428580652 * 51.4220674763, NAN, 1.0, NAN,
     "T", "F"},
    {GOLDEN "si.pwo.gz", 3, 2, -212.44613962354939, NAN, NAN, NAN, 0.0, NAN, "T", "F"},
    {GOLDEN "geo.out.gz", 4, 3, -17.101188396835315 * 27.211386245988, NAN, -0.0542116358 * 51.4220674763, NAN, 0.0,
     NAN, "T", "F"},
    {GOLDEN "geo-1.restart.gz", 1, 3, NAN, NAN, NAN, NAN, 0.0, NAN, NULL, NULL},
    {GOLDEN "sp.out.gz", 1, 3, -455.7979763775355, NAN, 0.07966818 * 51.4220674763, -19.5482900097 * 0.00624150907, 1.0,
     NAN, "F", NULL},
    {GOLDEN "o2.out.gz", 1, 2, -31.623571783903909 * 27.211386245988, NAN, 4.594539103300028, NAN, 0.0, 2.0, "T", NULL},
    {GOLDEN "Si.castep", 2, 2, -327.56228002, -327.56338003, -0.03456, -4.5 * 0.00624150907, 1.0, 0.95, "F", "T"},
    {GOLDEN "Si.aims.out", 2, 2, -15750.9299470124, -15750.9310470124, -0.0034, -0.015, 1.0, 1.0, "T", "T"},
    {GOLDEN "h2.abo.gz", 3, 2, -7.56195202194972 * 27.211386245988, NAN, -0.014198660554 * 51.4220674763,
     1.2194392271e-4 * 183.6315353, 1.0, 1.0, "T", "F"},
    {GOLDEN "vc.abo.gz", 3, 2, -7.32751023448769 * 27.211386245988, NAN, -7.40802191e-4 * 51.4220674763,
     -3.14991875e-4 * 183.6315353, 0.0, NAN, "T", "F"},
};

static void check_real(const char *path, const char *what, double got, double want) {
    if (isnan(want) || fabs(got - want) <= 2e-7 * fmax(1.0, fabs(want)))
        return;
    print_error("%s: %s = %.12g, want %.12g\n", path, what, got, want);
    fail();
}

static void check_word(const char *path, const char *got, const char *want) {
    if (want ? got && strcmp(got, want) == 0 : !got)
        return;
    print_error("%s: '%s', want '%s'\n", path, got ? got : "nothing", want ? want : "nothing");
    fail();
}

static void each_code_says_what_its_sample_holds(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        const char *path = samples[i].path;
        skd_frames frames = read_all(path);
        CHECK_INT(frames.n, samples[i].n);
        CHECK_TEXT(frames.warning, "");
        const skd_frame *last = frames.frame[frames.n - 1];
        size_t n = last->cell->n;
        CHECK_INT(n, samples[i].atoms);
        CHECK_INT(last->has_energy, !isnan(samples[i].energy));
        check_real(path, "energy", last->energy, samples[i].energy);
        check_real(path, "free energy", info_real(last, "free_energy"), samples[i].free_energy);
        check_real(path, "force", last->force ? last->force[n - 1][2] : (double)NAN, samples[i].force_z);
        check_real(path, "stress", last->has_stress ? last->stress[0][0] : (double)NAN, samples[i].stress_xx);
        check_real(path, "charge", info_real(last, "charge"), samples[i].charge);
        check_real(path, "magmom", info_real(last, "magmom"), samples[i].magmom);
        check_word(path, skd_frame_info(last, "scf_converged"), samples[i].scf);
        check_word(path, skd_frame_info(last, "ionic_converged"), samples[i].ionic);
        check_word(path, skd_frame_info(last, "source"), path);
        check_real(path, "step", info_real(last, "step"), (double)samples[i].n);
        for (size_t k = 0; k + 1 < frames.n; k++)
            CHECK(!skd_frame_info(frames.frame[k], "ionic_converged"));
        skd_frames_free(&frames);
    }
}

/* Moments of the two atoms of a file's first frame, its only column. */
static void check_moments(const char *path, double one, double other) {
    skd_frames frames = read_all(path);
    const skd_frame *first = frames.frame[0];
    CHECK_INT((long)first->n_column, 1);
    CHECK_TEXT(first->column[0].name, "magmoms");
    CHECK_CLOSE(first->column[0].real[0], one, 1e-9, 0);
    CHECK_CLOSE(first->column[0].real[1], other, 1e-9, 0);
    skd_frames_free(&frames);
}

static void cp2k_gives_moments_of_atoms(void **state) {
    (void)state;
    check_moments(GOLDEN "o2.out.gz", 0.974036, 1.025964);
}

static void abinit_gives_moments_in_spheres(void **state) {
    (void)state;
    check_moments(GOLDEN "h2.abo.gz", 0.266757, 0.261181);
}

/* The last frame's moment, NAN without one, of a file in which `new` stands for `old`, of the same length. */
static double moment_with(const char *path, const char *old, const char *new) {
    skd_error err;
    char *text, *at, *from;
    size_t length;
    skd_outputs *source;
    skd_frame *frame;
    double moment = (double)NAN;
    CHECK_OK(skd_file_read(path, &text, &length, &err));
    CHECK(strstr(text, old) != NULL && strlen(old) == strlen(new));
    for (from = text; (at = strstr(from, old)) != NULL; from = at + strlen(old))
        memcpy(at, new, strlen(new));
    CHECK_OK(skd_outputs_of(&source, path, text, length, &err));
    for (;;) {
        CHECK_OK(skd_outputs_next(source, &frame, &err));
        if (!frame)
            break;
        moment = info_real(frame, "magmom");
        skd_frame_free(frame);
    }
    skd_outputs_close(source);
    skd_free(text);
    return moment;
}

static void a_moment_is_given_where_it_is_known(void **state) {
    (void)state;
    const char *xml = GOLDEN "MgO2.vasprun.xml", *pwo = GOLDEN "n2.pwo.gz";
    CHECK_CLOSE(moment_with(xml, "0.4000", "0.0000"), 1.375, 1e-12, 0);
    CHECK(isnan(moment_with(xml, "0.4000", "******")));                       /* an occupation that cannot be read */
    CHECK(isnan(moment_with(xml, "ISPIN\">     2", "ISPIN\">     1")));       /* one spin */
    CHECK(isnan(moment_with(xml, "<v>       0.75000000 </v>", "<v>       xx         </v>"))); /* a weight */
    CHECK_CLOSE(moment_with(pwo, "1.00 Bohr mag/cell", "2.00 Bohr mag/cell"), 2.0, 1e-12, 0);
    CHECK(isnan(moment_with(pwo, "1.00 Bohr mag/cell", "1. 2. 3. Bohr mag/"))); /* not collinear */
}

static void cp2k_takes_positions_of_its_trajectory(void **state) {
    (void)state;
    skd_frames frames = read_all(GOLDEN "geo.out.gz");
    CHECK_CLOSE(frames.frame[0]->cell->pos[0][2], 0.1, 1e-12, 0);
    CHECK_CLOSE(frames.frame[1]->cell->pos[0][2], -0.15, 1e-12, 0);
    CHECK_CLOSE(frames.frame[2]->cell->pos[0][0], 0.2400804596, 1e-12, 0);
    CHECK_CLOSE(frames.frame[2]->cell->lattice[1][0], 0.3, 1e-12, 0);
    skd_frames_free(&frames);
}

/* ---- files that are cut ------------------------------------------------------------------- */

/* Frames of a text; their number, or SIZE_MAX where it is refused. */
static size_t count_frames(const char *text, size_t length, bool *is_cut, double *energy) {
    skd_error err = {SKD_OK, ""};
    skd_outputs *source;
    skd_frame *frame = NULL;
    size_t n = 0;
    skd_status status = skd_outputs_of(&source, "text", text, length, &err);
    while (status == SKD_OK && (status = skd_outputs_next(source, &frame, &err)) == SKD_OK && frame) {
        *energy += frame->energy;
        skd_frame_free(frame);
        n++;
    }
    *is_cut = status == SKD_OK && skd_outputs_warning(source);
    skd_outputs_close(source);
    if (status != SKD_OK)
        CHECK(strstr(err.text, "text: ") == err.text && !strpbrk(err.text, "\n\r"));
    return status == SKD_OK ? n : SIZE_MAX;
}

/* Cut anywhere, a file gives whole frames and says that it is cut, or, before the first one's end, is refused in one
 * line; never does it give a frame of half a number. */
static void a_cut_file_gives_its_whole_frames(void **state) {
    (void)state;
    static const struct {
        const char *path;
        size_t stride;
    } files[] = {{GOLDEN "MgO2.vasprun.xml", 7},     {GOLDEN "Si.castep", 11},
                 {GOLDEN "Si.aims.out", 11},         {GOLDEN "ML_AB", 11},
                 {"tests/fuzz/corpus_outcar/MgO", 7}, {"tests/fuzz/corpus_espresso/short.pwo", 11},
                 {GOLDEN "vc.abo.gz", 97}, {"tests/fuzz/corpus_espresso_xml/n2.xml", 13}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        skd_error err;
        char *text;
        size_t length;
        bool is_cut;
        double whole[8] = {0}, energy = 0.0;
        CHECK_OK(skd_file_read(files[i].path, &text, &length, &err));
        size_t n_all = count_frames(text, length, &is_cut, &energy), n_before = 0;
        CHECK(n_all >= 2 && n_all < 8 && !is_cut);
        for (size_t cut = 200; cut < length; cut += files[i].stride) {
            energy = 0.0;
            size_t n = count_frames(text, cut, &is_cut, &energy);
            if (n == SIZE_MAX) {
                CHECK_INT(n_before, 0);
                continue;
            }
            CHECK(n >= n_before && n <= n_all);
            if (n > n_before)
                whole[n] = energy;
            CHECK_CLOSE(energy, whole[n], 0, 0);
            n_before = n;
        }
        CHECK(n_before >= 1);
        skd_free(text);
    }
}

/* ---- XML ---------------------------------------------------------------------------------- */

static void entities_are_refused(void **state) {
    (void)state;
    static const char *const bombs[] = {
        "<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>\n<modeling>&b;</modeling>",
        "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">\n<modeling></modeling>\n",
        "<!DOCTYPE x [<!ENTITY % p SYSTEM \"http://localhost/x\"> %p;]><qes:espresso xmlns:qes=\"x\"></qes:espresso>"};
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        skd_error err;
        skd_outputs *source;
        skd_frame *frame;
        CHECK_OK(skd_outputs_of(&source, "bomb", bombs[i], strlen(bombs[i]), &err));
        CHECK_FAILS(skd_outputs_next(source, &frame, &err), SKD_EFORMAT, "document type declaration");
        skd_outputs_close(source);
    }
}

/* The text of all frames. */
static skd_string frames_text(const char *text, size_t length) {
    skd_error err;
    skd_outputs *source;
    skd_frame *frame;
    skd_string out = {0};
    CHECK_OK(skd_outputs_of(&source, "text", text, length, &err));
    for (;;) {
        CHECK_OK(skd_outputs_next(source, &frame, &err));
        if (!frame)
            break;
        CHECK_OK(skd_format_named("xyz")->print(&out, &(skd_frames){.n = 1, .frame = &frame}, &err));
        skd_frame_free(frame);
    }
    skd_outputs_close(source);
    return out;
}

/* Rows in the form that VASP writes go beside libxml2, others through it: <v > instead of <v> must change nothing. */
static void the_lane_reads_what_libxml2_reads(void **state) {
    (void)state;
    skd_error err;
    char *text;
    size_t length;
    skd_string slow = {0};
    CHECK_OK(skd_file_read(GOLDEN "GaN.vasprun.xml.gz", &text, &length, &err));
    for (size_t i = 0; i < length; i++) {
        if (i + 3 < length && memcmp(text + i, "<v>", 3) == 0) {
            skd_string_add(&slow, "<v >");
            i += 2;
        } else
            skd_string_add_bytes(&slow, text + i, 1);
    }
    skd_string a = frames_text(text, length), b = frames_text(slow.text, slow.n);
    CHECK_INT(a.n, b.n);
    CHECK(memcmp(a.text, b.text, a.n) == 0);
    skd_string_free(&a);
    skd_string_free(&b);
    skd_string_free(&slow);
    skd_free(text);
}

#ifdef SKD_TORTURE
static void every_failing_allocation_is_reported(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        long k = 0;
        skd_status status = SKD_ENOMEM;
        for (; status == SKD_ENOMEM; k = k < 150 ? k + 1 : k + k / 3) {
            skd_error err = {SKD_OK, ""};
            skd_frames frames;
            skd_alloc_fail_at = k;
            status = skd_frames_read(&frames, samples[i].path, NULL, &err);
            skd_alloc_fail_at = -1;
            CHECK(status == SKD_OK || (status == SKD_ENOMEM && *err.text));
            skd_frames_free(&frames);
        }
        CHECK(k > 20);
    }
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_code_says_what_its_sample_holds),
        cmocka_unit_test(cp2k_takes_positions_of_its_trajectory),
        cmocka_unit_test(abinit_gives_moments_in_spheres),
        cmocka_unit_test(a_moment_is_given_where_it_is_known),
        cmocka_unit_test(cp2k_gives_moments_of_atoms),
        cmocka_unit_test(a_cut_file_gives_its_whole_frames),
        cmocka_unit_test(entities_are_refused),
        cmocka_unit_test(the_lane_reads_what_libxml2_reads),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_failing_allocation_is_reported),
#endif
    };
    return cmocka_run_group_tests_name("data: outputs of codes", tests, NULL, NULL);
}

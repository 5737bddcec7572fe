/* SPDX-License-Identifier: MIT */
/* test_teachers.c - the teachers that run a program: settings, a command's answers, good and bad, a queue that answers
 * late, CP2K played by a script. */
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "shakedown/data.h"
#include "shakedown/teachers.h"

static char folder[256], site[300];

/* ---- what all need -------------------------------------------------------------------------- */

static void put(const char *name, const char *text) {
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int begin(void **state) {
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/teachers.XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(site, sizeof site, "%s/site", folder);
    return 0;
}

static int end(void **state) {
    (void)state;
    char command[320];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

/* Two atoms that pull at each other. */
static skd_cell *make_cell(double x) {
    skd_error err;
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, 2, &err));
    for (int k = 0; k < 3; k++) {
        cell->lattice[k][k] = 5.0;
        cell->pbc[k] = true;
    }
    cell->species[0] = 12;
    cell->species[1] = 8;
    cell->pos[1][0] = x;
    return cell;
}

#define BOX     "\nLattice=\"5 0 0 0 5 0 0 0 5\" Properties=species:S:1:pos:R:3"
#define HEAD(N) N BOX ":forces:R:3 energy=-7.5\n"
#define GOOD    HEAD("2") "Mg 0 0 0 0.5 0 0\nO 2 0 0 -0.5 0 0\n"

static skd_potential *make(const char *spec, const teachers_place *place) {
    skd_error err;
    skd_potential *potential;
    CHECK_OK(teachers_potential_new(&potential, spec, place, &err));
    return potential;
}

/* One answer to the frame with the second atom at x. */
static skd_status ask_at(const skd_potential *potential, double x, skd_result *result, char *origin, skd_error *err) {
    skd_cell *cell = make_cell(x);
    skd_potential_work *work;
    skd_status status = skd_potential_work_new(&work, potential, err);
    assert_int_equal(status, SKD_OK);
    status = skd_potential_compute(work, cell, 0.0, 0, result, err);
    if (status == SKD_OK && origin)
        strcpy(origin, potential->type->origin(work->work));
    skd_potential_work_free(work);
    skd_cell_free(cell);
    return status;
}

static skd_status ask(const skd_potential *potential, skd_result *result, skd_error *err) {
    return ask_at(potential, 2.0, result, NULL, err);
}

/* ---- settings ------------------------------------------------------------------------------- */

static void settings_are_checked_and_make_the_level(void **state) {
    (void)state;
    skd_error err;
    skd_potential *p;
    const teachers_place place = {.folder = site, .command = "true", .output = "out.xyz"};
    p = make("cp2k:cores=2,functional=PBEsol,jobs=3", &place);
    CHECK(strstr(p->spec, "cp2k:functional=PBEsol,") == p->spec);
    CHECK(!strstr(p->spec, "cores") && !strstr(p->spec, "jobs"));
    CHECK_INT(p->at_once, 3);
    CHECK(p->type->dear && p->type->knows_charge);
    skd_potential *again = make(p->spec, &place); /* a level is a spec */
    CHECK_TEXT(again->spec, p->spec);
    skd_potential_free(again);
    skd_potential_free(p);
    CHECK_FAILS(teachers_potential_new(&p, "cp2k:functional=LDA", &place, &err), SKD_EARG, "PBE, PBEsol");
    CHECK_FAILS(teachers_potential_new(&p, "cp2k:cutof=3", &place, &err), SKD_EARG, "no setting 'cutof'");
    CHECK_FAILS(teachers_potential_new(&p, "cp2k:cutoff=x", &place, &err), SKD_EARG, "cutoff=x; expected auto");
    CHECK_FAILS(teachers_potential_new(&p, "cp2k:grid_step=1", &place, &err), SKD_EARG, "from 1.5 to 10");
    CHECK_FAILS(teachers_potential_new(&p, "cp2k:eps_scf=x", &place, &err), SKD_EARG, "found 'x'");
    CHECK_FAILS(teachers_potential_new(&p, "cp2k:PBE", &place, &err), SKD_EARG, "key=value");
    CHECK_FAILS(teachers_potential_new(&p, "files:a=1", &place, &err), SKD_EARG, "no settings");
    CHECK_FAILS(teachers_potential_new(&p, "dft", &place, &err), SKD_EARG, "no teacher");
    const teachers_place nothing = {.folder = site};
    CHECK_FAILS(teachers_potential_new(&p, "command", &nothing, &err), SKD_EARG, "--teacher-command");
    CHECK_FAILS(teachers_potential_new(&p, "files", &nothing, &err), SKD_EARG, "--teacher-output");
    CHECK(teachers_knows("cp2k") && teachers_knows("command:cores=2") && !teachers_knows("gfn1"));
    const teachers_place named = {.folder = site, .command = "true", .output = "out.xyz", .level = "PBE of ours"};
    p = make("command", &named);
    CHECK_TEXT(p->spec, "PBE of ours");
    skd_potential_free(p);
}

static void an_absent_cp2k_is_named_with_its_package(void **state) {
    (void)state;
    skd_error err;
    skd_potential *p;
    char *path = strdup(getenv("PATH"));
    const teachers_place place = {.folder = site};
    setenv("PATH", folder, 1);
    CHECK_FAILS(teachers_potential_new(&p, "cp2k", &place, &err), SKD_EARG, "apt-get install cp2k cp2k-data");
    put("cp2k.psmp", "#!/bin/sh\n");
    char program[300];
    snprintf(program, sizeof program, "%s/cp2k.psmp", folder);
    chmod(program, 0755);
    setenv("CP2K_DATA_DIR", folder, 1);
    CHECK_FAILS(teachers_potential_new(&p, "cp2k", &place, &err), SKD_EARG, "install cp2k-data");
    unsetenv("CP2K_DATA_DIR");
    setenv("PATH", path, 1);
    free(path);
}

/* ---- a command ------------------------------------------------------------------------------ */

/* Whatever can be wrong with an answer is told; nothing of it is taken. */
static const struct {
    const char *answer, *words;
} answers[] = {
    {GOOD, NULL},
    {HEAD("2") "O 2 0 0 -0.5 0 0\nMg 0 0 0 0.5 0 0\n", NULL},          /* another order */
    {HEAD("2") "Mg 5 5 0 0.5 0 0\nO -3 0 5 -0.49 0 0\n", NULL},        /* other images; nearly no net force */
    {HEAD("2") "Mg 0 0 0 0.5 0 0\nO 2 0 0 nan 0 0\n", "nan"},
    {HEAD("2") "Mg 0 0 0 0.5 0 0\nO 2 0 0 inf 0 0\n", "inf"},
    {HEAD("3") "Mg 0 0 0 0.5 0 0\nO 2 0 0 -0.5 0 0\nO 3 0 0 0 0 0\n", "3 atoms; 2 were asked for"},
    {HEAD("2") "Mg 0 0 0 0.5 0 0\nO 2.1 0 0 -0.5 0 0\n", "0.100 Å away"},
    {HEAD("2") "O 0 0 0 0.5 0 0\nMg 2 0 0 -0.5 0 0\n", "no Mg where atom 1 was asked for"},
    {HEAD("2") "Mg 0 0 0 0.5 0 0\nO 2 0 0 0.5 0 0\n", "forces sum to 0.500 eV/Å an atom"},
    {HEAD("2") "Mg 0 0 0 0.5 0 0\n", "2 atoms claimed"},                         /* cut off */
    {"2" BOX " energy=-7.5\nMg 0 0 0\nO 2 0 0\n", "no forces"},
    {"2" BOX ":forces:R:3\nMg 0 0 0 0 0 0\nO 2 0 0 0 0 0\n", "no energy"},
    {"", "out.xyz"},
};

static void answers_of_a_command_are_judged(void **state) {
    (void)state;
    skd_error err;
    skd_result *result;
    char command[400], text[300];
    snprintf(command, sizeof command, "test -s {input} && cp '%s/answer' out.xyz", folder);
    CHECK_OK(skd_result_new(&result, 2, &err));
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        snprintf(text, sizeof text, "%s/site%zu", folder, i);
        const teachers_place place = {.folder = text, .command = command, .output = "none out.xyz"};
        skd_potential *p = make("command", &place);
        put("answer", answers[i].answer);
        if (answers[i].words) {
            CHECK_FAILS(ask(p, result, &err), SKD_ENUMERIC, answers[i].words);
        } else {
            CHECK_OK(ask(p, result, &err));
            CHECK_CLOSE(result->energy, -7.5, 1e-12, 0);
            CHECK_CLOSE(result->force[0][0], 0.5, 1e-12, 0);
            CHECK_CLOSE(result->force[1][0], -0.5, 0.011, 0);
        }
        skd_potential_free(p);
    }
    skd_result_free(result);
}

static void a_command_that_fails_or_hangs_is_told(void **state) {
    (void)state;
    static const struct {
        const char *command, *words;
    } bad[] = {{"echo 'no licence'; exit 3", "exit code 3: no licence"},
               {"kill -9 $$", "exit code 137"},
               {"printf '2\\n' >out.xyz; kill -9 $$", "exit code 137"},
               {"true", "no none.xyz out.xyz"},
               {"sleep 60", "no answer within 0.3 s"},
               {"sh -c 'trap \"\" TERM; sleep 60 & wait'; sleep 60", "no answer within 0.3 s"}};
    skd_error err;
    skd_result *result;
    CHECK_OK(skd_result_new(&result, 2, &err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const teachers_place place = {.folder = site, .command = bad[i].command, .output = "none.xyz out.xyz",
                                      .timeout = i < 4 ? 60.0 : 0.3};
        skd_potential *p = make("command", &place);
        CHECK_FAILS(ask(p, result, &err), SKD_ENUMERIC, bad[i].words);
        skd_potential_free(p);
    }
    skd_result_free(result);
}

static bool always(void) { return true; }

static void a_command_is_ended_on_request(void **state) {
    (void)state;
    skd_error err;
    skd_result *result;
    const teachers_place place = {.folder = site, .command = "sleep 60", .output = "out.xyz", .stopped = always};
    skd_potential *p = make("command", &place);
    CHECK_OK(skd_result_new(&result, 2, &err));
    CHECK_FAILS(ask(p, result, &err), SKD_ESTOPPED, "interrupted");
    skd_result_free(result);
    skd_potential_free(p);
}

/* A search killed before it could store an answer finds it; another frame, or another level, is asked anew. */
static void an_answer_is_found_again(void **state) {
    (void)state;
    skd_error err;
    skd_result *result;
    char command[400], origin[240];
    snprintf(command, sizeof command, "echo x >>'%s/asked'; cp '%s/answer' out.xyz", folder, folder);
    const teachers_place place = {.folder = site, .command = command, .output = "out.xyz", .level = "one"},
                         other = {.folder = site, .command = command, .output = "out.xyz", .level = "two"};
    skd_potential *p = make("command", &place), *q = make("command", &other);
    struct stat about;
    char path[300];
    snprintf(path, sizeof path, "%s/asked", folder);
    CHECK_OK(skd_result_new(&result, 2, &err));
    put("answer", GOOD);
    for (int k = 0; k < 3; k++) {
        CHECK_OK(ask_at(k < 2 ? p : q, 2.0, result, origin, &err));
        CHECK(strstr(origin, "/POSCAR (FNV "));
        CHECK(stat(path, &about) == 0);
        CHECK_INT(about.st_size, k < 2 ? 2 : 4);
    }
    CHECK_FAILS(ask_at(p, 2.2, result, NULL, &err), SKD_ENUMERIC, "0.200 Å away");
    CHECK(stat(path, &about) == 0);
    CHECK_INT(about.st_size, 6);
    skd_result_free(result);
    skd_potential_free(p);
    skd_potential_free(q);
}

/* ---- a queue -------------------------------------------------------------------------------- */

/* The folder of the k-th line that waits. */
static void waiting_folder(const skd_potential *p, size_t k, char *out) {
    const char *line = teachers_waiting(p, k);
    CHECK(line);
    snprintf(out, 500, "%.*s", (int)strcspn(line, ":"), line);
}

static void answer_in(const char *where, const char *text) {
    char path[600];
    snprintf(path, sizeof path, "%s/out.xyz", where);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void a_queue_may_answer_late_and_out_of_order(void **state) {
    (void)state;
    skd_error err;
    skd_result *result;
    char where[500];
    const teachers_place place = {.folder = site, .output = "out.xyz"};
    skd_potential *p = make("files", &place);
    CHECK_OK(skd_result_new(&result, 2, &err));
    CHECK_FAILS(ask_at(p, 2.0, result, NULL, &err), SKD_EWAITING, "no output yet");
    CHECK_FAILS(ask_at(p, 2.1, result, NULL, &err), SKD_EWAITING, "no output yet");
    CHECK(teachers_waiting(p, 1) && !teachers_waiting(p, 2));
    bool first = false;
    for (size_t k = 0; k < 2; k++) { /* only that of the second question comes, the other's is cut off */
        char path[600];
        skd_frame *frame;
        waiting_folder(p, k, where);
        snprintf(path, sizeof path, "%s/POSCAR", where);
        CHECK_OK(skd_structure_read(&frame, path, &err));
        first = fabs(frame->cell->pos[1][0] - 2.0) < 1e-9;
        answer_in(where, first ? HEAD("2") "Mg 0 0 0 0" : HEAD("2") "Mg 0 0 0 0.1 0 0\nO 2.1 0 0 -0.1 0 0\n");
        skd_frame_free(frame);
    }
    skd_potential_free(p);
    p = make("files", &place); /* the search begins again */
    CHECK_FAILS(ask_at(p, 2.0, result, NULL, &err), SKD_EWAITING, "2 atoms claimed");
    CHECK_OK(ask_at(p, 2.1, result, NULL, &err));
    CHECK_CLOSE(result->force[0][0], 0.1, 1e-12, 0);
    CHECK(teachers_waiting(p, 0) && !teachers_waiting(p, 1));
    waiting_folder(p, 0, where);
    answer_in(where, GOOD);
    CHECK_OK(ask_at(p, 2.0, result, NULL, &err));
    answer_in(where, HEAD("2") "Mg 0 0 0 0.5 0 0\nO 2 0 0 0.5 0 0\n"); /* wrong is not late */
    CHECK_FAILS(ask_at(p, 2.0, result, NULL, &err), SKD_ENUMERIC, "forces sum to");
    skd_result_free(result);
    skd_potential_free(p);
}

/* ---- CP2K, played by a script --------------------------------------------------------------- */

/* Reads the positions of cp2k.inp, notes what it starts from, leaves wave functions. MODE: what it is to do. */
static const char fake[] =
    "#!/bin/sh\n"
    "mode=$(cat '%s/mode')\n"
    "start=atoms; grep -q WFN_RESTART_FILE_NAME cp2k.inp && start=$(cat start.wfn)\n"
    "way=diagonal; grep -q '&OT' cp2k.inp && way=ot\n"
    "exchange=no; grep -q '&HF' cp2k.inp && exchange=yes\n"
    "echo \"$start $way $exchange\" >>'%s/seen'\n"
    "pwd | sed 's/.*-/of /' >cp2k-RESTART.wfn\n"
    "echo ' CP2K| version string:                 CP2K version 2023.1'\n"
    "if [ \"$mode\" = $way ]; then echo ' *** SCF run NOT converged ***'; exit 1; fi\n"
    "awk '/&COORD/ { on = 1; next } /&END COORD/ { on = 0 } on { n++; s[n] = $1; x[n] = $2; y[n] = $3; z[n] = $4 }\n"
    "END {\n"
    " print \" CELL| Vector a [angstrom]:       5.000     0.000     0.000   |a| =       5.000\"\n"
    " print \" CELL| Vector b [angstrom]:       0.000     5.000     0.000   |b| =       5.000\"\n"
    " print \" CELL| Vector c [angstrom]:       0.000     0.000     5.000   |c| =       5.000\"\n"
    " print \" DFT| Charge                                                                   0\"\n"
    " print \" MODULE QUICKSTEP: ATOMIC COORDINATES IN ANGSTROM\\n\"\n"
    " print \"   Atom Kind Element         X             Y             Z       Z(eff)     Mass\\n\"\n"
    " for (i = 1; i <= n; i++)\n"
    "  printf \"%%7d %%4d %%-2s %%4d %%14.6f %%14.6f %%14.6f 6.0 16.0\\n\", i, i, s[i], i, x[i], y[i], z[i]\n"
    " print \"\\n  *** SCF run converged in     8 steps ***\\n\"\n"
    " print \" ENERGY| Total FORCE_EVAL ( QS ) energy [a.u.]:              -17.000000000000000\\n\\n\"\n"
    " print \" ATOMIC FORCES in [a.u.]\\n\\n # Atom   Kind   Element          X              Y              Z\"\n"
    " for (i = 1; i <= n; i++) printf \"%%7d %%6d %%6s %%18.8f 0.0 0.0\\n\", i, i, s[i], i == 1 ? 0.01 : -0.01\n"
    " print \" SUM OF ATOMIC FORCES           0.00000000     0.00000000     0.00000000     0.00000000\\n\"\n"
    " print \"  **** **** ******  **  PROGRAM ENDED AT                 2026-01-01 00:00:00.000\"\n"
    "}' cp2k.inp\n";

static void put_fake(void) {
    char text[sizeof fake + 1200];
    snprintf(text, sizeof text, fake, folder, folder);
    put("fake", text);
}

static void seen(char *out, size_t room) {
    char path[300];
    snprintf(path, sizeof path, "%s/seen", folder);
    FILE *file = fopen(path, "r");
    size_t n = file ? fread(out, 1, room - 1, file) : 0;
    out[n] = '\0';
    if (file)
        fclose(file);
    remove(path);
}

static void cp2k_starts_from_the_nearest_frame(void **state) {
    (void)state;
    skd_error err;
    skd_result *result;
    char command[400], text[400], origin[240];
    snprintf(command, sizeof command, "sh '%s/fake'", folder);
    const teachers_place place = {.folder = site, .command = command};
    skd_potential *p = make("cp2k", &place);
    put_fake();
    put("mode", "good");
    CHECK_OK(skd_result_new(&result, 2, &err));
    static const double x[] = {2.0, 2.5, 2.1, 2.45};
    char name[4][40];
    for (size_t i = 0; i < 4; i++) {
        CHECK_OK(ask_at(p, x[i], result, origin, &err));
        CHECK(strstr(origin, "CP2K 2023.1, ") == origin || strstr(origin, "CP2K version") == origin);
        CHECK_CLOSE(result->energy, -17.0 * 27.211386245988, 1e-6, 0);
        CHECK_CLOSE(result->force[0][0], 0.01 * 27.211386245988 / 0.529177210903, 1e-7, 0);
        seen(text, sizeof text);
        const char *hash = strstr(origin, "-") + 1;
        snprintf(name[i], sizeof name[i], "of %.*s", (int)strcspn(hash, "/"), hash);
        char want[100];
        snprintf(want, sizeof want, "%s diagonal no\n", i == 0 ? "atoms" : i == 3 ? name[1] : name[0]);
        CHECK_TEXT(text, want);
    }
    CHECK_OK(ask_at(p, 2.1, result, NULL, &err)); /* known */
    seen(text, sizeof text);
    CHECK_TEXT(text, "");
    skd_result_free(result);
    skd_potential_free(p);
}

/* O: 600 Ry; 50 Ry for each unit of an exponent; the most diffuse pairs that count, 0.15, want 7.5 Ry. */
static void cp2k_has_grids_down_to_the_diffuse_pairs(void **state) {
    (void)state;
    static const struct {
        const char *spec, *grids;
    } rows[] = {
        {"cp2k", "CUTOFF 600\n   REL_CUTOFF 50\n   NGRIDS 8\n   PROGRESSION_FACTOR 2\n"},
        {"cp2k:grid_step=3", "CUTOFF 600\n   REL_CUTOFF 50\n   NGRIDS 5\n   PROGRESSION_FACTOR 3\n"},
        {"cp2k:cutoff=50,rel_cutoff=500", "CUTOFF 50\n   REL_CUTOFF 500\n   NGRIDS 2\n   PROGRESSION_FACTOR 2\n"},
        {"cp2k:cutoff=5000,rel_cutoff=10", "CUTOFF 5000\n   REL_CUTOFF 10\n   NGRIDS 12\n   PROGRESSION_FACTOR 2\n"},
    };
    skd_error err;
    skd_result *result;
    char command[400], origin[240];
    snprintf(command, sizeof command, "sh '%s/fake'", folder);
    const teachers_place place = {.folder = site, .command = command};
    put_fake();
    put("mode", "good");
    CHECK_OK(skd_result_new(&result, 2, &err));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        skd_potential *p = make(rows[i].spec, &place);
        CHECK_OK(ask_at(p, 2.0 + 0.1 * (double)i, result, origin, &err));
        char *path = strchr(origin, '/'), *text;
        size_t n;
        path[strcspn(path, " ")] = '\0';
        CHECK_OK(skd_file_read(path, &text, &n, &err));
        CHECK(strstr(text, rows[i].grids));
        skd_free(text);
        skd_potential_free(p);
    }
    skd_result_free(result);
}

static void cp2k_takes_another_way_where_the_first_does_not_converge(void **state) {
    (void)state;
    static const struct {
        const char *functional, *mode, *seen;
    } rows[] = {{"PBE", "diagonal", "atoms diagonal no\natoms ot no\n"},
                {"HSE06", "good", "atoms diagonal no\nof X ot yes\n"},
                {"PBE0", "ot", "atoms diagonal no\nof X ot yes\natoms ot no\n"}};
    skd_error err;
    skd_result *result;
    char command[400], text[400], spec[100];
    snprintf(command, sizeof command, "sh '%s/fake'", folder);
    const teachers_place place = {.folder = site, .command = command};
    put_fake();
    CHECK_OK(skd_result_new(&result, 2, &err));
    for (size_t i = 0; i < 3; i++) {
        snprintf(spec, sizeof spec, "cp2k:functional=%s", rows[i].functional);
        skd_potential *p = make(spec, &place);
        put("mode", rows[i].mode);
        if (i < 2)
            CHECK_OK(ask(p, result, &err));
        else /* its semilocal step has but one other way */
            CHECK_FAILS(ask(p, result, &err), SKD_ENUMERIC, "NOT converged");
        seen(text, sizeof text);
        for (char *at; (at = strstr(text, "of ")) != NULL && at[3] != 'X';) {
            size_t n = strcspn(at + 3, " ");
            at[3] = 'X';
            memmove(at + 4, at + 3 + n, strlen(at + 3 + n) + 1);
        }
        CHECK_TEXT(text, rows[i].seen);
        skd_potential_free(p);
    }
    skd_result_free(result);
}

#ifdef SKD_TORTURE
/* Every allocation fails once: no leak (the sanitizer looks), and no other status than 'no memory' where it is told. */
static void memory_may_run_out_anywhere(void **state) {
    (void)state;
    static const char *const spec[] = {"command", "files", "cp2k"};
    char command[400], where[300];
    snprintf(command, sizeof command, "cp '%s/answer' out.xyz", folder);
    put("answer", GOOD);
    for (size_t i = 0; i < 3; i++) {
        skd_status status = SKD_ENOMEM;
        for (long k = 0; k < 60 && status != SKD_OK; k++) {
            skd_error err;
            skd_potential *p = NULL;
            snprintf(where, sizeof where, "%s/%s%ld", folder, spec[i], k);
            const teachers_place place = {.folder = where, .command = command, .output = "out.xyz"};
            skd_alloc_fail_at = k;
            status = teachers_potential_new(&p, spec[i], &place, &err);
            skd_alloc_fail_at = -1;
            CHECK(status == SKD_OK || status == SKD_ENOMEM);
            CHECK((p != NULL) == (status == SKD_OK));
            skd_potential_free(p);
        }
        CHECK(status == SKD_OK);
    }
}

static void memory_may_run_out_in_an_evaluation(void **state) {
    (void)state;
    skd_error err;
    skd_result *result;
    skd_cell *cell = make_cell(2.0);
    char command[400], where[300];
    snprintf(command, sizeof command, "cp '%s/answer' out.xyz", folder);
    put("answer", GOOD);
    CHECK_OK(skd_result_new(&result, 2, &err));
    skd_status status = SKD_ENOMEM;
    for (long k = 0; k < 400 && status != SKD_OK; k++) {
        snprintf(where, sizeof where, "%s/site%ld", folder, k);
        const teachers_place place = {.folder = where, .command = command, .output = "out.xyz", .level = "x"};
        skd_potential *p = make("command", &place);
        skd_potential_work *work;
        CHECK_OK(skd_potential_work_new(&work, p, &err));
        skd_alloc_fail_at = k;
        status = skd_potential_compute(work, cell, 0.0, 0, result, &err);
        skd_alloc_fail_at = -1;
        skd_potential_work_free(work);
        skd_potential_free(p);
    }
    CHECK(status == SKD_OK);
    skd_cell_free(cell);
    skd_result_free(result);
}
#endif

#define ROW(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        ROW(settings_are_checked_and_make_the_level),
        ROW(an_absent_cp2k_is_named_with_its_package),
        ROW(answers_of_a_command_are_judged),
        ROW(a_command_that_fails_or_hangs_is_told),
        ROW(a_command_is_ended_on_request),
        ROW(an_answer_is_found_again),
        ROW(a_queue_may_answer_late_and_out_of_order),
        ROW(cp2k_starts_from_the_nearest_frame),
        ROW(cp2k_has_grids_down_to_the_diffuse_pairs),
        ROW(cp2k_takes_another_way_where_the_first_does_not_converge),
#ifdef SKD_TORTURE
        ROW(memory_may_run_out_anywhere),
        ROW(memory_may_run_out_in_an_evaluation),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

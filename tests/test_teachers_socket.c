/* SPDX-License-Identifier: MIT */
/* The socket teacher: answers of well-behaved clients to the last digits, and every way in which a client can fail. The
 * clients are children of this program (ipi_client.h), or it starts itself as one. */
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "check.h"
#include "ipi_client.h"
#include "shakedown/teachers.h"

static const char *self; /* path of this program */

/* ---- a place, a cell, clients ------------------------------------------------------------------- */

typedef struct fixture {
    char folder[40], name[64], init[64];
    skd_potential *potential, *lj;
    skd_cell *cell;
    skd_result *result, *wanted;
    pid_t client[4];
    int n_clients;
    teachers_place place;
} fixture;

static bool always(void) { return true; }
static int looks;
static bool at_last(void) { return ++looks > 5; }

/* Argon in a sheared, rattled cell of 2 x 2 x 2 cubes, without the last `missing` atoms. */
static skd_cell *argon(uint32_t seed, size_t missing) {
    skd_error err;
    skd_rng *rng;
    skd_cell *cell;
    static const double basis[4][3] = {{0, 0, 0}, {0.5, 0.5, 0}, {0.5, 0, 0.5}, {0, 0.5, 0.5}};
    const double lattice[3][3] = {{10.6, 0.1, -0.2}, {0.3, 10.5, 0.4}, {-0.1, 0.2, 10.7}};
    CHECK_OK(skd_rng_new(&rng, seed, &err));
    CHECK_OK(skd_cell_new(&cell, 32 - missing, &err));
    memcpy(cell->lattice, lattice, sizeof lattice);
    for (size_t i = 0; i < cell->n; i++) {
        double f[3];
        for (int k = 0; k < 3; k++)
            f[k] = 0.5 * ((double)(i >> (2 + k) & 1U) + basis[i % 4][k]);
        skd_row_times(f, cell->lattice, cell->pos[i]);
        for (int k = 0; k < 3; k++)
            cell->pos[i][k] += 0.2 * skd_rng_uniform(rng);
        cell->species[i] = 18;
    }
    skd_rng_free(rng);
    return cell;
}

/* settings: of a unix socket with a name of its own, or all of it, from "socket:" on. */
static void begin(fixture *f, const char *settings, teachers_place place) {
    skd_error err;
    char spec[300];
    static int number;
    *f = (fixture){.place = place};
    snprintf(f->folder, sizeof f->folder, "skd_socket_XXXXXX");
    CHECK(mkdtemp(f->folder) != NULL);
    snprintf(f->init, sizeof f->init, "%s/init.xyz", f->folder);
    snprintf(f->name, sizeof f->name, "skdtest%ld_%d", (long)getpid(), ++number);
    f->place.folder = f->folder;
    if (strncmp(settings, "socket:", 7) == 0)
        snprintf(spec, sizeof spec, "%s", settings);
    else
        snprintf(spec, sizeof spec, "socket:unix=%s%s%s", f->name, *settings ? "," : "", settings);
    CHECK_OK(teachers_potential_new(&f->potential, spec, &f->place, &err));
    CHECK_OK(skd_potential_new(&f->lj, "lj", &err));
    f->cell = argon(1, 0);
    CHECK_OK(skd_result_new(&f->result, f->cell->n, &err));
    CHECK_OK(skd_result_new(&f->wanted, f->cell->n, &err));
}

static void add_client(fixture *f, const char *mode, bool again) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
#ifdef SKD_TORTURE
        skd_alloc_fail_at = -1;
#endif
        _exit(client_run(f->init, mode, "lj", again));
    }
    CHECK(child > 0);
    f->client[f->n_clients++] = child;
}

static void remove_tree(const char *folder) {
    char command[80];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    CHECK_INT(system(command), 0);
}

/* Ends all; answers[] of the clients, if wanted. */
static void end(fixture *f, int *answers) {
    skd_potential_free(f->potential);
    skd_potential_free(f->lj);
    skd_result_free(f->result);
    skd_result_free(f->wanted);
    skd_cell_free(f->cell);
    for (int k = 0; k < f->n_clients; k++) {
        int state;
        if (!answers)
            kill(f->client[k], SIGKILL);
        CHECK(waitpid(f->client[k], &state, 0) == f->client[k]);
        if (answers)
            answers[k] = WIFEXITED(state) ? WEXITSTATUS(state) : -1;
    }
    remove_tree(f->folder);
}

static skd_status compute_with(const skd_potential *potential, const skd_cell *cell, double charge, skd_result *out,
                               skd_error *err) {
    skd_potential_work *work;
    skd_status status = skd_potential_work_new(&work, potential, err);
    if (status != SKD_OK)
        return status;
    status = skd_potential_compute(work, cell, charge, SKD_WANT_STRESS, out, err);
    skd_potential_work_free(work);
    return status;
}

static skd_status ask(fixture *f, skd_error *err) { return compute_with(f->potential, f->cell, 0.0, f->result, err); }

static void check_same(const skd_result *got, const skd_result *want, size_t n, bool stress) {
    CHECK_CLOSE(got->energy, want->energy, 0.0, 1e-12);
    for (size_t i = 0; i < 3 * n; i++)
        CHECK_CLOSE(got->force[i / 3][i % 3], want->force[i / 3][i % 3], 1e-12, 1e-10);
    CHECK(got->has_stress == stress);
    for (int i = 0; i < 9 && stress; i++)
        CHECK_CLOSE(got->stress[i / 3][i % 3], want->stress[i / 3][i % 3], 1e-14, 1e-10);
}

static void check_answer(fixture *f, bool stress) {
    skd_error err;
    CHECK_OK(ask(f, &err));
    CHECK_OK(compute_with(f->lj, f->cell, 0.0, f->wanted, &err));
    check_same(f->result, f->wanted, f->cell->n, stress);
}

/* ---- clients that do it right ------------------------------------------------------------------- */

static void test_answers(void **state) {
    static const struct { const char *settings, *mode; } rows[] = {
        {"", "ok"}, {"", "init"}, {"", "extra"}, {"", "zero_header"}, {"socket:port=0", "ok"},
        {"socket:host=127.0.0.1,port=0", "init"}};
    (void)state;
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        fixture f;
        int answers[4];
        begin(&f, rows[k].settings, (teachers_place){0});
        add_client(&f, rows[k].mode, false);
        check_answer(&f, true);
        f.cell->pos[3][1] += 0.05;
        check_answer(&f, true);
        end(&f, answers);
        CHECK_INT(answers[0], 2);
    }
}

static void test_no_stress(void **state) {
    fixture f;
    (void)state;
    begin(&f, "", (teachers_place){0});
    add_client(&f, "no_stress", false);
    check_answer(&f, false);
    end(&f, NULL);
}

static void test_level_is_the_spec(void **state) {
    fixture f;
    (void)state;
    begin(&f, "level=EMT of ASE 3", (teachers_place){0});
    CHECK(!strcmp(f.potential->spec, "socket:level=EMT of ASE 3"));
    CHECK(f.potential->type->dear);
    end(&f, NULL);
    begin(&f, "", (teachers_place){.level = "CHGNet"});
    CHECK(!strcmp(f.potential->spec, "socket:level=CHGNet"));
    end(&f, NULL);
}

/* The init file: the atoms in their order, charge and address. */
static void test_init_file(void **state) {
    fixture f;
    skd_error err;
    skd_frame *init;
    (void)state;
    begin(&f, "charge=init", (teachers_place){0});
    f.cell->species[5] = 36;
    add_client(&f, "ok", false);
    CHECK_OK(compute_with(f.potential, f.cell, 1.0, f.result, &err));
    CHECK_OK(skd_structure_read(&init, f.init, &err));
    CHECK(!memcmp(init->cell->species, f.cell->species, f.cell->n * sizeof *f.cell->species));
    CHECK(!strcmp(skd_frame_info(init, "charge"), "1"));
    CHECK(!strcmp(skd_frame_info(init, "unixsocket"), f.name));
    skd_frame_free(init);
    end(&f, NULL);
}

typedef struct several {
    fixture *f;
    uint32_t seed;
    bool good;
} several;

static void *ask_several(void *of) {
    several *s = of;
    s->good = true;
    for (uint32_t k = 0; k < 4; k++) {
        skd_error err;
        skd_cell *cell = argon(s->seed + k, 0);
        skd_result *got = NULL, *want = NULL;
        s->good &= skd_result_new(&got, cell->n, &err) == SKD_OK && skd_result_new(&want, cell->n, &err) == SKD_OK &&
                   compute_with(s->f->potential, cell, 0.0, got, &err) == SKD_OK &&
                   compute_with(s->f->lj, cell, 0.0, want, &err) == SKD_OK &&
                   fabs(got->energy - want->energy) < 1e-10;
        skd_result_free(got);
        skd_result_free(want);
        skd_cell_free(cell);
    }
    return NULL;
}

/* Two clients, two threads: both have work, and each thread gets the answer to its own frames. */
static void test_several_clients(void **state) {
    fixture f;
    int answers[4];
    (void)state;
    begin(&f, "wait=60", (teachers_place){0});
    add_client(&f, "pair", false);
    add_client(&f, "pair", false);
    several s[2] = {{&f, 10, false}, {&f, 20, false}};
    pthread_t thread[2];
    for (int k = 0; k < 2; k++)
        CHECK(pthread_create(&thread[k], NULL, ask_several, &s[k]) == 0);
    for (int k = 0; k < 2; k++)
        pthread_join(thread[k], NULL);
    CHECK(s[0].good && s[1].good);
    end(&f, answers);
    CHECK_INT(answers[0] + answers[1], 8);
    CHECK(answers[0] > 0 && answers[1] > 0);
}

/* ---- clients that do not ------------------------------------------------------------------------ */

static const struct { const char *mode, *settings, *words; } faults[] = {
    {"drop", "wait=1", "no client at unix socket"}, /* it does not come back */
    {"hang", "timeout=2", "did not answer in time"},
    {"count", "", "answers for 33 atoms; the frame has 32"},
    {"net", "", "forces sum to 0.514 eV/Å an atom"},
    {"nan_energy", "", "energy is not finite"},
    {"nan_force", "", "a force is not finite"},
    {"garbage", "", "says 'HELLO WORLD!'; expected READY NEEDINIT"},
    {"busy", "", "says 'HAVEDATA'; expected READY"},
    {"extra_bad", "", "announces a text of -7 bytes"},
    {"extra_huge", "", "announces a text of 2147483647 bytes"},
};

/* Each is one line of text, and the next client is asked as if nothing had been. */
static void test_faults(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof faults / sizeof *faults; k++) {
        fixture f;
        skd_error err;
        begin(&f, faults[k].settings, (teachers_place){0});
        add_client(&f, faults[k].mode, false);
        CHECK_FAILS(ask(&f, &err), SKD_ENUMERIC, faults[k].words);
        if (!strcmp(faults[k].mode, "drop")) { /* it is not waited for long */
            end(&f, NULL);
            continue;
        }
        kill(f.client[0], SIGKILL);
        add_client(&f, "ok", false);
        check_answer(&f, true);
        end(&f, NULL);
    }
}

/* NaN is not the connection's fault: the same client is asked again. */
static void test_keeps_the_client(void **state) {
    fixture f;
    skd_error err;
    int answers[4];
    (void)state;
    begin(&f, "", (teachers_place){0});
    add_client(&f, "nan_energy", false);
    CHECK_FAILS(ask(&f, &err), SKD_ENUMERIC, "energy is not finite");
    check_answer(&f, true);
    end(&f, answers);
    CHECK_INT(answers[0], 2);
}

static void test_comes_back(void **state) {
    fixture f;
    (void)state;
    begin(&f, "wait=60", (teachers_place){0});
    add_client(&f, "drop_once", false);
    check_answer(&f, true);
    end(&f, NULL);
}

/* The frame goes to another client when one dies over it. */
static void test_goes_to_another(void **state) {
    fixture f;
    (void)state;
    begin(&f, "wait=60", (teachers_place){0});
    add_client(&f, "drop", false);
    add_client(&f, "ok", false);
    check_answer(&f, true);
    end(&f, NULL);
}

static void test_gives_up(void **state) {
    fixture f;
    skd_error err;
    (void)state;
    begin(&f, "wait=60", (teachers_place){0});
    add_client(&f, "drop", true);
    CHECK_FAILS(ask(&f, &err), SKD_ENUMERIC, "closed the connection");
    end(&f, NULL);
    begin(&f, "wait=0.1", (teachers_place){0});
    CHECK_FAILS(ask(&f, &err), SKD_ENUMERIC, "within 0.1 s (for the 32 atoms of");
    end(&f, NULL);
}

static void test_stopped(void **state) {
    fixture f;
    skd_error err;
    (void)state;
    begin(&f, "", (teachers_place){.stopped = always});
    CHECK_FAILS(ask(&f, &err), SKD_ESTOPPED, "while waiting for a client");
    end(&f, NULL);
    looks = -100;
    begin(&f, "", (teachers_place){.stopped = at_last});
    add_client(&f, "hang", false);
    CHECK_FAILS(ask(&f, &err), SKD_ESTOPPED, "interrupted");
    end(&f, NULL);
}

/* ---- addresses and settings --------------------------------------------------------------------- */

static void test_addresses(void **state) {
    fixture f;
    skd_error err;
    skd_potential *second;
    char spec[80], path[100];
    struct sockaddr_un left = {.sun_family = AF_UNIX};
    struct stat file;
    (void)state;
    begin(&f, "", (teachers_place){0});
    snprintf(spec, sizeof spec, "socket:unix=%s", f.name);
    snprintf(path, sizeof path, "/tmp" "/ipi_%s", f.name);
    CHECK_FAILS(teachers_potential_new(&second, spec, &f.place, &err), SKD_EIO, "in use by another program");
    CHECK(stat(path, &file) == 0 && (file.st_mode & 0777) == 0600); /* nobody else gets in */
    skd_potential_free(f.potential);
    CHECK(stat(path, &file) != 0);
    /* what a program that was killed left there */
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(left.sun_path, sizeof left.sun_path, "%s", path);
    CHECK(bind(fd, (struct sockaddr *)&left, sizeof left) == 0);
    close(fd);
    CHECK_OK(teachers_potential_new(&f.potential, spec, &f.place, &err));
    skd_potential_free(f.potential);
    f.potential = NULL;
    /* a file that is no socket is not ours to remove */
    fclose(fopen(path, "w"));
    CHECK_FAILS(teachers_potential_new(&second, spec, &f.place, &err), SKD_EIO, "in use");
    CHECK(remove(path) == 0);
    end(&f, NULL);
}

static void test_bad_settings(void **state) {
    static const struct { const char *spec, *words; } rows[] = {
        {"socket:port=70000", "from 0 to 65535, found '70000'"},
        {"socket:unix=a/b", "expected a short name without '/'"},
        {"socket:unix=a,port=3", "are two addresses"},
        {"socket:unix=a,charge=x", "expected a number or 'init'"},
        {"socket:colour=red", "no setting 'colour'"},
        {"socket:timeout=0", "timeout: expected a number"},
    };
    (void)state;
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        skd_error err;
        skd_potential *none;
        CHECK_FAILS(teachers_potential_new(&none, rows[k].spec, &(teachers_place){0}, &err), SKD_EARG, rows[k].words);
        CHECK(none == NULL);
    }
}

static void test_charges(void **state) {
    fixture f;
    skd_error err;
    (void)state;
    begin(&f, "", (teachers_place){0});
    CHECK_FAILS(compute_with(f.potential, f.cell, -1.0, f.result, &err), SKD_EARG, "charge -1 is not the client's, +0");
    end(&f, NULL);
    begin(&f, "charge=-1", (teachers_place){0});
    add_client(&f, "ok", false);
    CHECK_OK(compute_with(f.potential, f.cell, -1.0, f.result, &err));
    CHECK_FAILS(ask(&f, &err), SKD_EARG, "charge +0 is not the client's, -1");
    end(&f, NULL);
}

/* ---- clients that we start ---------------------------------------------------------------------- */

/* A list of atoms each has its own client and init file; the commas of a command are its own. */
static void test_launch(void **state) {
    fixture f;
    skd_error err;
    char settings[200], path[80];
    (void)state;
    snprintf(settings, sizeof settings, "socket:level=x,launch='%s' client {init} ok lj a,b", self);
    begin(&f, settings, (teachers_place){0});
    check_answer(&f, true);
    skd_cell_free(f.cell);
    f.cell = argon(2, 1);
    check_answer(&f, true);
    snprintf(path, sizeof path, "%s/init-2.xyz", f.folder);
    CHECK(skd_file_exists(path));
    skd_cell_free(f.cell);
    f.cell = argon(3, 0); /* the first had to make room */
    check_answer(&f, true);
    end(&f, NULL);
    snprintf(settings, sizeof settings, "socket:timeout=0.5,launch='%s' client {init} hang lj", self);
    begin(&f, settings, (teachers_place){0});
    CHECK_FAILS(ask(&f, &err), SKD_ENUMERIC, "did not answer in time");
    end(&f, NULL);
    snprintf(settings, sizeof settings, "socket:launch='%s' client {init} one lj", self);
    begin(&f, settings, (teachers_place){0});
    for (int k = 0; k < 3; k++) /* each dies after its answer */
        check_answer(&f, true);
    end(&f, NULL);
    begin(&f, "socket:launch=exit 3", (teachers_place){0});
    CHECK_FAILS(ask(&f, &err), SKD_ENUMERIC, "clients end without an answer, the last one with exit code 3");
    end(&f, NULL);
}

/* A list of atoms keeps its number from one call to the next, whichever is asked for first. */
static void test_numbers_last(void **state) {
    fixture f;
    skd_error err;
    skd_frame *init;
    char settings[200];
    (void)state;
    snprintf(settings, sizeof settings, "socket:launch='%s' client {init} ok lj", self);
    begin(&f, settings, (teachers_place){.lasts = true});
    check_answer(&f, true);
    for (uint32_t k = 0; k < 2; k++) {
        skd_potential_free(f.potential);
        CHECK_OK(teachers_potential_new(&f.potential, settings, &f.place, &err));
        skd_cell_free(f.cell);
        f.cell = argon(5 + k, 3);
        check_answer(&f, true);
    }
    CHECK_OK(skd_structure_read(&init, f.init, &err));
    CHECK_INT(init->cell->n, 32);
    skd_frame_free(init);
    snprintf(settings, sizeof settings, "%s/init-2.xyz", f.folder);
    CHECK_OK(skd_structure_read(&init, settings, &err));
    CHECK_INT(init->cell->n, 29);
    skd_frame_free(init);
    snprintf(settings, sizeof settings, "%s/init-3.xyz", f.folder);
    CHECK(!skd_file_exists(settings));
    end(&f, NULL);
    /* in a folder that is nobody's each call begins anew: clients with a name in their input find it */
    begin(&f, "", (teachers_place){0});
    add_client(&f, "ok", false);
    check_answer(&f, true);
    skd_potential_free(f.potential);
    snprintf(settings, sizeof settings, "socket:unix=%s", f.name);
    CHECK_OK(teachers_potential_new(&f.potential, settings, &f.place, &err));
    CHECK(!skd_file_exists(f.init));
    skd_cell_free(f.cell);
    f.cell = argon(7, 2);
    add_client(&f, "ok", false);
    check_answer(&f, true);
    end(&f, NULL);
}

/* ---- failing allocations ------------------------------------------------------------------------ */

#ifdef SKD_TORTURE
static void test_torture(void **state) {
    fixture f;
    skd_error err;
    skd_potential *another;
    char spec[100];
    (void)state;
    begin(&f, "", (teachers_place){0});
    add_client(&f, "ok", true);
    skd_potential_free(f.potential);
    f.potential = NULL;
    skd_status status = SKD_ENOMEM;
    snprintf(spec, sizeof spec, "socket:unix=%s,launch=true", f.name);
    for (long k = 0; k < 200 && status != SKD_OK; k++) {
        skd_alloc_fail_at = k;
        status = teachers_potential_new(&another, spec, &f.place, &err);
        if (status == SKD_OK)
            status = compute_with(another, f.cell, 0.0, f.result, &err);
        skd_alloc_fail_at = -1;
        CHECK(status == SKD_OK || status == SKD_ENOMEM);
        skd_potential_free(another);
    }
    CHECK_INT(status, SKD_OK);
    end(&f, NULL);
}
#endif

int main(int argc, char **argv) {
    static char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (argc > 4 && !strcmp(argv[1], "client")) /* client INIT MODE POTENTIAL */
        return client_run(argv[2], argv[3], argv[4], false) > 0 ? 0 : 1;
    path[n > 0 ? n : 0] = '\0';
    self = path;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_no_stress),
        cmocka_unit_test(test_level_is_the_spec),
        cmocka_unit_test(test_init_file),
        cmocka_unit_test(test_several_clients),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_keeps_the_client),
        cmocka_unit_test(test_comes_back),
        cmocka_unit_test(test_goes_to_another),
        cmocka_unit_test(test_gives_up),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_bad_settings),
        cmocka_unit_test(test_charges),
        cmocka_unit_test(test_launch),
        cmocka_unit_test(test_numbers_last),
#ifdef SKD_TORTURE
        cmocka_unit_test(test_torture),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

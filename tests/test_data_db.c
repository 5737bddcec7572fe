/* SPDX-License-Identifier: MIT */
/* Tests of the run database (data/db*.c): the same bits back, nothing lost to kill -9 or a full disk, one
 * writer at a time. What ASE makes of the file is checked in tests/peers/ase_db.py. */
#include "check.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shakedown/data.h"

/* ---- helpers ------------------------------------------------------------------------------- */

typedef struct scene {
    char folder[64], path[96];
} scene;

static int scene_new(void **state) {
    scene *s = calloc(1, sizeof *s);
    const char *base = getenv("TMPDIR");
    snprintf(s->folder, sizeof s->folder, "%s/skd_db_XXXXXX", base && strlen(base) < 40 ? base : "/tmp");
    if (!mkdtemp(s->folder))
        return -1;
    snprintf(s->path, sizeof s->path, "%s/run.db", s->folder);
    *state = s;
    return 0;
}

static int scene_end(void **state) {
    scene *s = *state;
    static const char *const leftovers[] = {"", ".lock", "-journal"};
    for (size_t i = 0; i < 3; i++) {
        char name[120];
        snprintf(name, sizeof name, "%s%s", s->path, leftovers[i]);
        unlink(name);
    }
    rmdir(s->folder);
    free(s);
    return 0;
}

/* A cell of n atoms with numbers that have no short decimal form. */
static skd_cell *odd_cell(size_t n, uint32_t seed) {
    skd_error err;
    skd_cell *cell = NULL;
    skd_rng *rng = NULL;
    CHECK_OK(skd_cell_new(&cell, n, &err));
    CHECK_OK(skd_rng_new(&rng, seed, &err));
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            cell->lattice[i][k] = (i == k ? 7.3 : 0.0) + skd_rng_uniform(rng);
    for (size_t i = 0; i < n; i++) {
        cell->species[i] = i % 3 ? 48 : 52;
        for (int k = 0; k < 3; k++)
            cell->pos[i][k] = 40.0 * skd_rng_normal(rng);
    }
    cell->pbc[1] = false;
    skd_rng_free(rng);
    return cell;
}

static long long ask(const char *path, const char *question) {
    sqlite3 *sql;
    sqlite3_stmt *statement;
    CHECK_INT(sqlite3_open(path, &sql), SQLITE_OK);
    CHECK_INT(sqlite3_prepare_v2(sql, question, -1, &statement, NULL), SQLITE_OK);
    CHECK_INT(sqlite3_step(statement), SQLITE_ROW);
    long long answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(sql);
    return answer;
}

static double ask_real(const char *path, const char *question) {
    sqlite3 *sql;
    sqlite3_stmt *statement;
    CHECK_INT(sqlite3_open(path, &sql), SQLITE_OK);
    CHECK_INT(sqlite3_prepare_v2(sql, question, -1, &statement, NULL), SQLITE_OK);
    CHECK_INT(sqlite3_step(statement), SQLITE_ROW);
    double answer = sqlite3_column_double(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(sql);
    return answer;
}

static void tell(const char *path, const char *order) {
    sqlite3 *sql;
    CHECK_INT(sqlite3_open(path, &sql), SQLITE_OK);
    CHECK_INT(sqlite3_exec(sql, order, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sql);
}

static void write_text(const char *path, const char *text, size_t n) {
    FILE *f = fopen(path, "wb");
    CHECK(f != NULL);
    CHECK_INT(fwrite(text, 1, n, f), n);
    fclose(f);
}

static void check_bits(const void *got, const void *want, size_t n) { CHECK(memcmp(got, want, n) == 0); }

/* ---- rows ---------------------------------------------------------------------------------- */

static void a_row_is_read_back_bit_for_bit(void **state) {
    scene *s = *state;
    skd_error err;
    skd_db *db;
    skd_cell *cell = odd_cell(13, 5), *force = odd_cell(13, 6);
    cell->pos[0][0] = -0.0;
    cell->pos[0][1] = 4.9e-324;
    cell->pos[0][2] = 1.7976931348623157e308;
    skd_db_row in = {.id = 7, .cell = cell, .has_energy = true, .energy = -123.45678901234567, .has_stress = true,
                     .stress = {{0.1, 0.6, 0.5}, {0.6, 0.2, 0.4}, {0.5, 0.4, -0.3}}, .force = force->pos,
                     .charge = -2.0, .time = 1763700000.25, .calculator = "sw", .key_values = "{\"start\":\"Rattled\"}",
                     .data = "{\"calls\": [1, 2.5, \"Å\"]}"};
    CHECK_OK(skd_db_open(&db, s->path, true, &err));
    CHECK_OK(skd_db_write(db, &in, &err));
    skd_db_close(db);
    CHECK_OK(skd_db_open(&db, s->path, false, &err));
    skd_db_row out;
    bool found;
    CHECK_OK(skd_db_read(db, 7, &out, &found, &err));
    CHECK(found && out.id == 7 && out.has_energy && out.has_stress);
    CHECK_INT(out.cell->n, 13);
    check_bits(out.cell->pos, cell->pos, 13 * sizeof *cell->pos);
    check_bits(out.cell->lattice, cell->lattice, sizeof cell->lattice);
    check_bits(out.cell->species, cell->species, 13 * sizeof *cell->species);
    check_bits(out.cell->pbc, cell->pbc, sizeof cell->pbc);
    check_bits(out.force, force->pos, 13 * sizeof *force->pos);
    check_bits(&out.energy, &in.energy, sizeof in.energy);
    check_bits(out.stress, in.stress, sizeof in.stress);
    CHECK_CLOSE(out.charge, -2.0, 0, 0);
    CHECK_CLOSE(out.time, in.time, 1e-6, 0);
    CHECK_TEXT(out.calculator, "sw");
    CHECK_TEXT(out.key_values, in.key_values);
    CHECK_TEXT(out.data, in.data);
    skd_db_row_free(&out);
    CHECK_OK(skd_db_read(db, 6, &out, &found, &err));
    CHECK(!found && !out.cell);
    skd_db_close(db);
    skd_cell_free(cell);
    skd_cell_free(force);
}

static void what_a_row_lacks_stays_absent(void **state) {
    scene *s = *state;
    skd_error err;
    skd_db *db;
    skd_cell *cell = odd_cell(0, 1);
    skd_db_row in = {.cell = cell, .has_energy = true, .energy = (double)NAN}, out;
    bool found;
    CHECK_OK(skd_db_open(&db, s->path, true, &err));
    CHECK_INT(skd_db_count(db), 0);
    CHECK_OK(skd_db_write(db, &in, &err));
    CHECK_INT(in.id, 1);
    CHECK_OK(skd_db_read(db, 1, &out, &found, &err));
    CHECK(found && !out.has_energy && !out.has_stress && !out.force && !out.calculator && out.cell->n == 0);
    CHECK_TEXT(out.key_values, "{}");
    CHECK_TEXT(out.data, "{}");
    skd_db_row_free(&out);
    skd_db_close(db);
    skd_cell_free(cell);
}

/* The columns by which ASE selects; the stress is chosen so that its largest part is negative and off the
 * diagonal, and the file must hold it as xx yy zz yz xz xy. */
static void derived_columns_are_ases(void **state) {
    scene *s = *state;
    skd_error err;
    skd_db *db;
    skd_cell *cell = odd_cell(3, 2);
    double force[3][3] = {{0.1, -0.2, 0.05}, {2.0, 3.0, -6.0}, {0.3, 0.1, 0.2}};
    double lattice[3][3] = {{0, 3.1, 3.1}, {3.1, 0, 3.1}, {3.1, 3.1, 0}};
    memcpy(cell->lattice, lattice, sizeof lattice);
    skd_db_row row = {.cell = cell, .force = force, .has_stress = true, .charge = 3.0,
                      .stress = {{0.1, 0.6, 0.5}, {0.6, 0.2, -0.7}, {0.5, -0.7, 0.3}},
                      .key_values = "{\"n\": 2.385, \"name\": \"b\", \"flag\": true}"};
    CHECK_OK(skd_db_open(&db, s->path, true, &err));
    CHECK_OK(skd_db_write(db, &row, &err));
    skd_db_close(db);
    CHECK_CLOSE(ask_real(s->path, "SELECT fmax FROM systems"), 7.0, 0, 1e-15);
    CHECK_CLOSE(ask_real(s->path, "SELECT smax FROM systems"), 0.7, 0, 0);
    CHECK_CLOSE(ask_real(s->path, "SELECT volume FROM systems"), 2 * 3.1 * 3.1 * 3.1, 0, 1e-14);
    CHECK_CLOSE(ask_real(s->path, "SELECT mass FROM systems"), 127.60 + 2 * 112.414, 0, 1e-3);
    CHECK_CLOSE(ask_real(s->path, "SELECT charge FROM systems"), 3.0, 0, 0);
    CHECK_INT(ask(s->path, "SELECT natoms FROM systems"), 3);
    CHECK_INT(ask(s->path, "SELECT pbc FROM systems"), 5);
    CHECK_INT(ask(s->path, "SELECT n FROM species WHERE Z=48 AND id=1"), 2);
    CHECK_INT(ask(s->path, "SELECT count(*) FROM keys"), 3);
    CHECK_INT(ask(s->path, "SELECT count(*) FROM number_key_values WHERE key='flag' AND value=1"), 1);
    CHECK_CLOSE(ask_real(s->path, "SELECT value FROM number_key_values WHERE key='n'"), 2.385, 0, 0);
    CHECK_INT(ask(s->path, "SELECT length(stress)=48 AND substr(stress,25,8)=x'666666666666e6bf' FROM systems"), 1);
    skd_cell_free(cell);
}

static void a_replaced_row_leaves_no_old_keys(void **state) {
    scene *s = *state;
    skd_error err;
    skd_db *db;
    skd_cell *cell = odd_cell(4, 3), *other = odd_cell(1, 4);
    skd_db_row row = {.id = 5, .cell = cell, .time = 1.7e9, .key_values = "{\"stage\":\"start\",\"steps\":3}"};
    CHECK_OK(skd_db_open(&db, s->path, true, &err));
    CHECK_OK(skd_db_write(db, &row, &err));
    row = (skd_db_row){.id = 5, .cell = other, .time = 1.8e9, .key_values = "{\"stage\":\"minimum\"}"};
    CHECK_OK(skd_db_write(db, &row, &err));
    CHECK_INT(skd_db_count(db), 5);
    skd_db_close(db);
    CHECK_INT(ask(s->path, "SELECT count(*) FROM systems"), 1);
    CHECK_INT(ask(s->path, "SELECT ctime < mtime FROM systems"), 1);
    CHECK_INT(ask(s->path, "SELECT count(*) FROM species"), 1);
    CHECK_INT(ask(s->path, "SELECT count(*) FROM keys"), 1);
    CHECK_INT(ask(s->path, "SELECT count(*) FROM number_key_values"), 0);
    CHECK_INT(ask(s->path, "SELECT count(*) FROM text_key_values WHERE value='minimum'"), 1);
    skd_cell_free(cell);
    skd_cell_free(other);
}

static void several_rows_are_written_all_or_none(void **state) {
    scene *s = *state;
    skd_error err;
    skd_db *db;
    skd_cell *cell = odd_cell(2, 9), *bad = odd_cell(2, 9);
    bad->species[1] = 119;
    skd_db_row row[3] = {{.cell = cell}, {.id = 9, .cell = cell}, {.cell = bad}};
    CHECK_OK(skd_db_open(&db, s->path, true, &err));
    CHECK_FAILS(skd_db_write_many(db, row, 3, &err), SKD_EARG, "atom 2: expected an atomic number from 1 to 118");
    CHECK_INT(skd_db_count(db), 0);
    CHECK_INT(row[0].id, 0);
    row[2].cell = cell;
    CHECK_OK(skd_db_write_many(db, row, 3, &err));
    CHECK_INT(row[0].id, 1);
    CHECK_INT(row[1].id, 9);
    CHECK_INT(row[2].id, 10);
    skd_db_close(db);
    skd_cell_free(cell);
    skd_cell_free(bad);
}

static const struct { const char *key_values, *data, *words; } refused[] = {
    {"{\"energy\": 1}", NULL, "'energy' is reserved by ASE"},
    {"{\"Si\": 1}", NULL, "'Si' is reserved by ASE"},
    {"{\"a b\": 1}", NULL, "letters, digits and _"},
    {"{\"1st\": 1}", NULL, "letters, digits and _"},
    {"{\"\": 1}", NULL, "letters, digits and _"},
    {"{\"list\": [1]}", NULL, "a text or a number"},
    {"{\"none\": null}", NULL, "a text or a number"},
    {"[1]", NULL, "key_values: expected a JSON object, found '[1]'"},
    {"{\"a\": nan}", NULL, "key_values: expected a JSON object"},
    {NULL, "{\"a\": 1} x", "data: expected a JSON object"},
};

static void keys_that_ase_cannot_hold_are_refused(void **state) {
    scene *s = *state;
    skd_error err;
    skd_db *db;
    skd_cell *cell = odd_cell(2, 9);
    CHECK_OK(skd_db_open(&db, s->path, true, &err));
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        skd_db_row row = {.cell = cell, .key_values = (char *)refused[i].key_values, .data = (char *)refused[i].data};
        CHECK_FAILS(skd_db_write(db, &row, &err), SKD_EARG, refused[i].words);
        CHECK_FAILS(skd_db_write(db, &row, &err), SKD_EARG, s->path);
    }
    CHECK_INT(skd_db_count(db), 0);
    skd_db_close(db);
    skd_cell_free(cell);
}

static void metadata_is_one_text_for_the_whole_file(void **state) {
    scene *s = *state;
    skd_error err;
    skd_db *db;
    char *text;
    CHECK_OK(skd_db_open(&db, s->path, true, &err));
    CHECK_OK(skd_db_metadata_get(db, &text, &err));
    CHECK(text == NULL);
    CHECK_OK(skd_db_metadata_set(db, "{\"command\": \"old\"}", &err));
    CHECK_OK(skd_db_metadata_set(db, "{\"command\": \"shakedown search 'it''s' Å\"}", &err));
    skd_db_close(db);
    CHECK_OK(skd_db_open(&db, s->path, false, &err));
    CHECK_OK(skd_db_metadata_get(db, &text, &err));
    CHECK_TEXT(text, "{\"command\": \"shakedown search 'it''s' Å\"}");
    skd_free(text);
    skd_db_close(db);
}

static skd_status note_row(void *payload, long id, const char *key_values, skd_error *err) {
    skd_string *seen = payload;
    skd_string_add(seen, "%ld%s ", id, key_values);
    return id < 9 ? SKD_OK : skd_fail(err, SKD_EARG, "enough");
}

static void rows_and_metadata_are_written_together_and_scanned(void **state) {
    scene *s = *state;
    skd_error err;
    skd_db *db;
    char *text;
    skd_cell *cell = odd_cell(2, 9), *bad = odd_cell(2, 9);
    bad->species[1] = 119;
    skd_db_row row[3] = {{.id = 8, .cell = cell}, {.id = 3, .cell = cell, .key_values = "{\"a\":1}"}, {.cell = bad}};
    CHECK_OK(skd_db_open(&db, s->path, true, &err));
    CHECK_FAILS(skd_db_write_all(db, row, 3, "{}", &err), SKD_EARG, "atom 2");
    CHECK_OK(skd_db_metadata_get(db, &text, &err));
    CHECK(text == NULL);
    row[2].cell = cell;
    CHECK_OK(skd_db_write_all(db, row, 3, "{\"b\": 2}", &err));
    CHECK_OK(skd_db_metadata_get(db, &text, &err));
    CHECK_TEXT(text, "{\"b\": 2}");
    skd_string seen = {0};
    CHECK_FAILS(skd_db_scan(db, note_row, &seen, &err), SKD_EARG, "enough");
    CHECK_TEXT(seen.text, "3{\"a\":1} 8{} 9{} ");
    skd_string_free(&seen);
    skd_free(text);
    skd_db_close(db);
    skd_cell_free(cell);
    skd_cell_free(bad);
}

static skd_status write_one(void *payload, size_t i, int worker, skd_error *err) {
    (void)worker;
    skd_cell *cell = NULL;
    skd_status status = skd_cell_new(&cell, 1 + i % 5, err);
    if (status != SKD_OK)
        return status;
    for (size_t k = 0; k < cell->n; k++)
        cell->species[k] = 1 + (int)i;
    skd_db_row row = {.id = 1 + (long)i, .cell = cell, .has_energy = true, .energy = (double)i,
                      .key_values = "{\"k\":1}"};
    status = skd_db_write(payload, &row, err);
    skd_cell_free(cell);
    return status;
}

static void many_threads_may_write_at_once(void **state) {
    scene *s = *state;
    skd_error err;
    skd_db *db;
    CHECK_OK(skd_db_open(&db, s->path, true, &err));
    CHECK_OK(skd_parallel(60, 8, write_one, db, &err));
    CHECK_INT(skd_db_count(db), 60);
    skd_db_close(db);
    CHECK_INT(ask(s->path, "SELECT count(*) FROM systems WHERE energy = id - 1"), 60);
    CHECK_INT(ask(s->path, "SELECT count(*) FROM species WHERE Z = id AND n = 1 + (id - 1) % 5"), 60);
}

/* ---- opening ------------------------------------------------------------------------------- */

static void a_file_that_is_no_run_database_is_named(void **state) {
    scene *s = *state;
    skd_error err;
    skd_db *db;
    char junk[5000];
    memset(junk, 'x', sizeof junk);
    CHECK_FAILS(skd_db_open(&db, s->path, false, &err), SKD_EIO, "run.db: No such file or directory");
    CHECK_FAILS(skd_db_open(&db, s->folder, false, &err), SKD_EIO, "not a file");
    write_text(s->path, junk, sizeof junk);
    CHECK_FAILS(skd_db_open(&db, s->path, false, &err), SKD_EFORMAT,
                "run.db: not readable as a run database: file is not a database");
    CHECK_FAILS(skd_db_open(&db, s->path, true, &err), SKD_EFORMAT, "file is not a database");
    write_text(s->path, "", 0);
    CHECK_FAILS(skd_db_open(&db, s->path, false, &err), SKD_EFORMAT, "expected the 6 tables of ASE's layout, found 0");
    tell(s->path, "CREATE TABLE bookmarks (id INTEGER)");
    CHECK_FAILS(skd_db_open(&db, s->path, true, &err), SKD_EFORMAT, "expected the 6 tables of ASE's layout, found 0");
    CHECK(db == NULL);
}

static void another_version_of_the_layout_is_refused(void **state) {
    scene *s = *state;
    skd_error err;
    skd_db *db;
    CHECK_OK(skd_db_open(&db, s->path, true, &err));
    skd_db_close(db);
    tell(s->path, "UPDATE information SET value='8' WHERE name='version'");
    CHECK_FAILS(skd_db_open(&db, s->path, true, &err), SKD_EFORMAT,
                "expected version 9 of ASE's database layout, found 8");
    tell(s->path, "DELETE FROM information");
    CHECK_FAILS(skd_db_open(&db, s->path, true, &err), SKD_EFORMAT, "found none");
}

static const struct { const char *order, *words; } damages[] = {
    {"UPDATE systems SET positions=x'0011'", "column positions holds 2 bytes, expected 48"},
    {"UPDATE systems SET natoms=3", "column numbers holds 8 bytes, expected 12"},
    {"UPDATE systems SET natoms=-1", "column numbers holds 8 bytes"},
    {"UPDATE systems SET numbers=x'0100000000000000'", "atom 2 has atomic number 0"},
    {"UPDATE systems SET cell=NULL", "column cell holds 0 bytes, expected 72"},
    {"UPDATE systems SET forces=x''", "column forces holds 0 bytes, expected 48"},
    {"UPDATE systems SET stress=x'00'", "column stress holds 1 bytes, expected 48"},
    {"UPDATE systems SET data=x'ff00000000000000'", "data of a row are damaged"},
};

static void a_damaged_row_is_refused_not_believed(void **state) {
    scene *s = *state;
    skd_error err;
    skd_db *db;
    skd_cell *cell = odd_cell(2, 9);
    skd_db_row row = {.id = 1, .cell = cell, .force = cell->pos, .has_stress = true}, out;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        bool found;
        CHECK_OK(skd_db_open(&db, s->path, true, &err));
        CHECK_OK(skd_db_write(db, &row, &err));
        tell(s->path, damages[i].order);
        CHECK_FAILS(skd_db_read(db, 1, &out, &found, &err), SKD_EFORMAT, damages[i].words);
        CHECK(!found && !out.cell && !out.force);
        skd_db_close(db);
    }
    skd_cell_free(cell);
}

static void a_second_writer_is_told_that_the_file_is_in_use(void **state) {
    scene *s = *state;
    skd_error err;
    skd_db *first, *second, *reader;
    skd_cell *cell = odd_cell(2, 9);
    skd_db_row row = {.cell = cell}, out;
    bool found;
    CHECK_OK(skd_db_open(&first, s->path, true, &err));
    CHECK_OK(skd_db_write(first, &row, &err));
    CHECK_FAILS(skd_db_open(&second, s->path, true, &err), SKD_EIO, "run.db: in use by another process (number ");
    CHECK_OK(skd_db_open(&reader, s->path, false, &err));
    CHECK_OK(skd_db_read(reader, 1, &out, &found, &err));
    CHECK(found);
    skd_db_row_free(&out);
    CHECK_FAILS(skd_db_write(reader, &row, &err), SKD_EIO, "in use by another process");
    skd_db_close(first);
    CHECK_OK(skd_db_write(reader, &row, &err));
    skd_db_close(reader);
    CHECK_INT(ask(s->path, "SELECT count(*) FROM systems"), 1);
    char lock[120];
    snprintf(lock, sizeof lock, "%s.lock", s->path);
    CHECK(!skd_file_exists(lock));
    skd_cell_free(cell);
}

/* ---- accidents ----------------------------------------------------------------------------- */

/* Writes rows 1, 2, ... for ever and tells each finished one through the pipe. */
static void write_until_killed(const char *path, int pipe_end) {
    skd_error err;
    skd_db *db;
    skd_cell *cell;
    if (skd_cell_new(&cell, 64, &err) != SKD_OK || skd_db_open(&db, path, true, &err) != SKD_OK)
        _exit(1);
    for (size_t i = 0; i < cell->n; i++)
        cell->species[i] = 14;
    for (long id = skd_db_count(db) + 1;; id++) {
        skd_db_row row = {.id = id, .cell = cell, .force = cell->pos, .key_values = "{\"stage\":\"minimum\"}"};
        if (skd_db_write(db, &row, &err) != SKD_OK || write(pipe_end, &id, sizeof id) != sizeof id)
            _exit(1);
    }
}

static void what_was_written_survives_kill_9(void **state) {
    scene *s = *state;
    skd_error err;
    long told = 0;
    for (int round = 0; round < 10; round++) {
        int ends[2];
        CHECK_INT(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            write_until_killed(s->path, ends[1]);
        }
        close(ends[1]);
        long id, wait_for = 3 + 7 * round % 11; /* then kill it somewhere in the next row */
        for (long n = 0; n < wait_for && read(ends[0], &id, sizeof id) == sizeof id; n++)
            told = id;
        struct timespec pause = {.tv_nsec = 137000L * round};
        nanosleep(&pause, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        while (read(ends[0], &id, sizeof id) == sizeof id)
            told = id;
        close(ends[0]);
        skd_db *db;
        CHECK_OK(skd_db_open(&db, s->path, false, &err));
        CHECK(told > 0 && skd_db_count(db) >= told && skd_db_count(db) <= told + 1);
        told = skd_db_count(db);
        skd_db_close(db);
        CHECK_INT(ask(s->path, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
        CHECK_INT(ask(s->path, "SELECT count(*) FROM systems"), told);
        CHECK_INT(ask(s->path, "SELECT count(*) FROM keys"), told);
    }
}

/* A limit on file size stands in for the full disk: write() fails alike. */
static void a_full_disk_is_an_error_and_costs_no_row(void **state) {
    scene *s = *state;
    skd_error err = {0};
    skd_db *db;
    skd_cell *cell = odd_cell(216, 9);
    struct rlimit old, small;
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 300000;
    signal(SIGXFSZ, SIG_IGN);
    CHECK_OK(skd_db_open(&db, s->path, true, &err));
    setrlimit(RLIMIT_FSIZE, &small);
    skd_status status = SKD_OK;
    long kept = 0;
    while (status == SKD_OK && kept < 1000) {
        skd_db_row row = {.cell = cell, .force = cell->pos, .key_values = "{\"stage\":\"minimum\"}"};
        status = skd_db_write(db, &row, &err);
        kept += status == SKD_OK;
    }
    setrlimit(RLIMIT_FSIZE, &old);
    CHECK_INT(status, SKD_EIO);
    CHECK(strstr(err.text, "run.db: writing: ") && (strstr(err.text, "disk I/O error") || strstr(err.text, "full")));
    CHECK(kept > 5 && kept < 1000);
    CHECK_INT(skd_db_count(db), kept);
    skd_db_row row = {.cell = cell};
    CHECK_OK(skd_db_write(db, &row, &err));
    skd_db_close(db);
    CHECK_INT(ask(s->path, "SELECT count(*) FROM systems"), kept + 1);
    CHECK_INT(ask(s->path, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
    skd_cell_free(cell);
}

#ifdef SKD_TORTURE
/* A whole visit: open, write, read, metadata. */
static skd_status visit(const char *path, skd_cell *cell, skd_error *err) {
    skd_db *db;
    skd_status status = skd_db_open(&db, path, true, err);
    if (status != SKD_OK)
        return status;
    skd_db_row row = {.id = 3, .cell = cell, .force = cell->pos, .has_stress = true, .charge = 1.0, .calculator = "lj",
                      .key_values = "{\"a\":1,\"b\":\"c\"}", .data = "{\"d\":[1]}"}, out = {0};
    bool found;
    char *text = NULL;
    status = skd_db_write(db, &row, err);
    if (status == SKD_OK)
        status = skd_db_read(db, 3, &out, &found, err);
    if (status == SKD_OK)
        status = skd_db_metadata_set(db, "{}", err);
    if (status == SKD_OK)
        status = skd_db_metadata_get(db, &text, err);
    skd_free(text);
    skd_db_row_free(&out);
    skd_db_close(db);
    return status;
}

static void every_failed_allocation_is_reported(void **state) {
    scene *s = *state;
    skd_error err;
    skd_cell *cell = odd_cell(9, 9);
    skd_status status = SKD_ENOMEM;
    long k = 0;
    for (; status != SKD_OK && k < 1000; k++) {
        skd_alloc_fail_at = k;
        status = visit(s->path, cell, &err);
        skd_alloc_fail_at = -1;
        CHECK(status == SKD_OK || status == SKD_ENOMEM);
    }
    CHECK(k > 10 && k < 1000);
    skd_cell_free(cell);
}
#endif

#define WITH_SCENE(f) cmocka_unit_test_setup_teardown(f, scene_new, scene_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_SCENE(a_row_is_read_back_bit_for_bit),
        WITH_SCENE(what_a_row_lacks_stays_absent),
        WITH_SCENE(derived_columns_are_ases),
        WITH_SCENE(a_replaced_row_leaves_no_old_keys),
        WITH_SCENE(several_rows_are_written_all_or_none),
        WITH_SCENE(keys_that_ase_cannot_hold_are_refused),
        WITH_SCENE(metadata_is_one_text_for_the_whole_file),
        WITH_SCENE(rows_and_metadata_are_written_together_and_scanned),
        WITH_SCENE(a_file_that_is_no_run_database_is_named),
        WITH_SCENE(another_version_of_the_layout_is_refused),
        WITH_SCENE(a_damaged_row_is_refused_not_believed),
        WITH_SCENE(a_second_writer_is_told_that_the_file_is_in_use),
        WITH_SCENE(what_was_written_survives_kill_9),
        WITH_SCENE(a_full_disk_is_an_error_and_costs_no_row),
        WITH_SCENE(many_threads_may_write_at_once), /* after the tests that fork: threads stay */
#ifdef SKD_TORTURE
        WITH_SCENE(every_failed_allocation_is_reported),
#endif
    };
    return cmocka_run_group_tests_name("data: run database", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* db_row.c - one row of the run database, out and in. Numbers travel as their bits, little-endian on any
 * machine, so what is read equals what was written. Columns and blobs: db_schema.c. */
#include "db_private.h"

#include <cjson/cJSON.h>
#include <string.h>

#define SECONDS_AT_2000  946681200.0 /* ase.db.core.T2000: 2000-01-01 00:00 in Copenhagen */
#define SECONDS_PER_YEAR 31557600.0

/* ASE's order of stress components: xx yy zz yz xz xy. */
static const int voigt[6][2] = {{0, 0}, {1, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}};

/* ---- bytes -------------------------------------------------------------------------------- */

static void put_bytes(unsigned char *p, uint64_t word, size_t n) {
    for (size_t k = 0; k < n; k++)
        p[k] = (unsigned char)(word >> (8 * k));
}

static uint64_t get_bytes(const unsigned char *p, size_t n) {
    uint64_t word = 0;
    for (size_t k = 0; k < n; k++)
        word |= (uint64_t)p[k] << (8 * k);
    return word;
}

static void put_reals(unsigned char *p, const double *v, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint64_t word;
        memcpy(&word, &v[i], 8);
        put_bytes(p + 8 * i, word, 8);
    }
}

static void get_reals(const unsigned char *p, double *v, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint64_t word = get_bytes(p + 8 * i, 8);
        memcpy(&v[i], &word, 8);
    }
}

/* ---- binding: what cannot be bound (no memory, absurd size) is found out once, at the end ----- */

typedef struct binder {
    skd_db *db;
    sqlite3_stmt *statement;
    bool failed;
} binder;

static void bind_text(binder *b, int column, const char *text) {
    b->failed |= sqlite3_bind_text(b->statement, column, text, -1, SQLITE_TRANSIENT) != SQLITE_OK;
}

static void bind_int(binder *b, int column, long value) {
    b->failed |= sqlite3_bind_int64(b->statement, column, value) != SQLITE_OK;
}

/* NaN becomes NULL: SQLite has none. */
static void bind_real(binder *b, int column, double value) {
    b->failed |= sqlite3_bind_double(b->statement, column, value) != SQLITE_OK;
}

/* Room for n bytes in the scratch; NULL if there is none. */
static unsigned char *scratch(binder *b, size_t n) {
    if (skd_grow((void **)&b->db->blob, &b->db->blob_capacity, n + 1, 1, NULL) != SKD_OK)
        b->failed = true;
    return b->failed ? NULL : b->db->blob;
}

static void bind_scratch(binder *b, int column, size_t n) {
    b->failed |= sqlite3_bind_blob64(b->statement, column, b->db->blob, n, SQLITE_TRANSIENT) != SQLITE_OK;
}

static void bind_reals(binder *b, int column, const double *v, size_t n) {
    unsigned char *p = scratch(b, 8 * n);
    if (!p)
        return;
    put_reals(p, v, n);
    bind_scratch(b, column, 8 * n);
}

static void bind_species(binder *b, const skd_cell *cell) {
    unsigned char *p = scratch(b, 4 * cell->n);
    if (!p)
        return;
    for (size_t i = 0; i < cell->n; i++)
        put_bytes(p + 4 * i, (uint64_t)cell->species[i], 4);
    bind_scratch(b, DB_NUMBERS, 4 * cell->n);
}

static void bind_data(binder *b, const char *json) {
    size_t n = strlen(json);
    unsigned char *p = scratch(b, 8 + n);
    if (!p)
        return;
    put_bytes(p, 8, 8);
    memcpy(p + 8, json, n);
    bind_scratch(b, DB_DATA, 8 + n);
}

/* ASE has no column that it reads a charge back from: it sums the atoms' initial charges. We spread ours
 * evenly, in multiples of 2^-30 so that the sum is exact in any order. */
static void bind_charge(binder *b, double charge, size_t n) {
    bind_real(b, DB_CHARGE, charge);
    if (charge == 0.0 || n == 0)
        return;
    unsigned char *p = scratch(b, 8 * n);
    if (!p)
        return;
    double share = floor(charge / (double)n * 0x1p30) * 0x1p-30, first = charge - (double)(n - 1) * share;
    for (size_t i = 0; i < n; i++)
        put_reals(p + 8 * i, i ? &share : &first, 1);
    bind_scratch(b, DB_INITIAL_CHARGES, 8 * n);
}

/* Energy, forces and stress with the columns that ASE derives from them for its queries. */
static void bind_results(binder *b, const skd_db_row *row) {
    if (row->has_energy)
        bind_real(b, DB_ENERGY, row->energy);
    if (row->force) {
        double largest = 0.0;
        for (size_t i = 0; i < row->cell->n; i++) {
            double f2 = skd_dot(row->force[i], row->force[i]);
            if (f2 > largest || isnan(f2)) /* a NaN, once met, stays */
                largest = f2;
        }
        bind_reals(b, DB_FORCES, row->cell->n ? row->force[0] : NULL, 3 * row->cell->n);
        bind_real(b, DB_FMAX, sqrt(largest));
    }
    if (row->has_stress) {
        double stress[6], largest = 0.0;
        for (int k = 0; k < 6; k++) {
            stress[k] = row->stress[voigt[k][0]][voigt[k][1]];
            if (fabs(stress[k]) > largest || isnan(stress[k]))
                largest = fabs(stress[k]);
        }
        bind_reals(b, DB_STRESS, stress, 6);
        bind_real(b, DB_SMAX, largest);
    }
}

static void bind_cell(binder *b, const skd_cell *cell) {
    double mass = 0.0, volume = skd_cell_volume(cell);
    for (size_t i = 0; i < cell->n; i++)
        mass += skd_element_of(cell->species[i])->mass;
    bind_species(b, cell);
    bind_reals(b, DB_POSITIONS, cell->n ? cell->pos[0] : NULL, 3 * cell->n);
    bind_reals(b, DB_CELL, cell->lattice[0], 9);
    bind_int(b, DB_PBC, cell->pbc[0] + 2 * cell->pbc[1] + 4 * cell->pbc[2]);
    bind_int(b, DB_NATOMS, (long)cell->n);
    bind_real(b, DB_MASS, mass);
    if (volume > 0.0)
        bind_real(b, DB_VOLUME, volume);
}

static const char *json_or_empty(const char *json) { return json ? json : "{}"; }

/* ASE draws a random number; ours follows from the content, so that equal runs give equal files. */
static void bind_unique_id(binder *b, const skd_db_row *row, long id) {
    static const char digits[] = "0123456789abcdef";
    char text[33] = "";
    for (int half = 0; half < 2; half++) {
        uint64_t h = skd_hash(half ? ~SKD_HASH_START : SKD_HASH_START, &id, sizeof id);
        h = skd_hash(h, row->cell->pos, row->cell->n * sizeof *row->cell->pos);
        h = skd_hash(h, row->cell->species, row->cell->n * sizeof *row->cell->species);
        h = skd_hash(h, row->cell->lattice, sizeof row->cell->lattice);
        h = skd_hash(h, json_or_empty(row->key_values), strlen(json_or_empty(row->key_values)));
        h = skd_hash(h, json_or_empty(row->data), strlen(json_or_empty(row->data)));
        for (int k = 0; k < 16; k++)
            text[16 * half + k] = digits[(h >> (4 * k)) & 15];
    }
    bind_text(b, DB_UNIQUE_ID, text);
}

static skd_status insert_system(skd_db *db, const skd_db_row *row, long *id, skd_error *err) {
    binder b = {.db = db};
    skd_status status = db_statement(db, DB_INSERT_SYSTEM, &b.statement, err);
    if (status != SKD_OK)
        return status;
    bind_int(&b, DB_ID, *id);
    bind_unique_id(&b, row, *id);
    bind_real(&b, DB_TIME, row->time > 0.0 ? (row->time - SECONDS_AT_2000) / SECONDS_PER_YEAR : 0.0);
    bind_cell(&b, row->cell);
    bind_charge(&b, row->charge, row->cell->n);
    bind_results(&b, row);
    if (row->calculator) {
        bind_text(&b, DB_CALCULATOR, row->calculator);
        bind_text(&b, DB_PARAMETERS, "{}");
    }
    bind_text(&b, DB_KEY_VALUES, json_or_empty(row->key_values));
    bind_data(&b, json_or_empty(row->data));
    if (b.failed)
        return skd_fail(err, SKD_ENOMEM, "%s: out of memory for row %ld of %zu atoms", db->path, *id, row->cell->n);
    return db_run(db, b.statement, err);
}

/* ---- side tables, by which ASE searches ------------------------------------------------------ */

static skd_status delete_old(skd_db *db, long id, skd_error *err) {
    static const int which[] = {DB_DELETE_SPECIES, DB_DELETE_KEYS, DB_DELETE_TEXTS, DB_DELETE_NUMBERS};
    sqlite3_stmt *s;
    skd_status status = db_statement(db, DB_SELECT_EXISTS, &s, err);
    if (status != SKD_OK)
        return status;
    sqlite3_bind_int64(s, 1, id);
    bool exists = sqlite3_step(s) == SQLITE_ROW;
    sqlite3_reset(s);
    for (int i = 0; i < 4 && exists && status == SKD_OK; i++) {
        status = db_statement(db, which[i], &s, err);
        if (status != SKD_OK)
            break;
        sqlite3_bind_int64(s, 1, id);
        status = db_run(db, s, err);
    }
    return status;
}

static skd_status insert_species(skd_db *db, const skd_cell *cell, long id, skd_error *err) {
    long count[SKD_ELEMENT_MAX + 1] = {0};
    skd_status status = SKD_OK;
    for (size_t i = 0; i < cell->n; i++)
        count[cell->species[i]]++;
    for (int z = 1; z <= SKD_ELEMENT_MAX && status == SKD_OK; z++) {
        binder b = {.db = db};
        if (!count[z])
            continue;
        status = db_statement(db, DB_INSERT_SPECIES, &b.statement, err);
        if (status != SKD_OK)
            break;
        bind_int(&b, 1, z);
        bind_int(&b, 2, count[z]);
        bind_int(&b, 3, id);
        status = db_run(db, b.statement, err);
    }
    return status;
}

static bool is_text(const cJSON *item) { return cJSON_IsString(item) != 0; }

static skd_status insert_pair(skd_db *db, const cJSON *item, long id, skd_error *err) {
    binder key = {.db = db}, pair = {.db = db};
    skd_status status = db_statement(db, DB_INSERT_KEY, &key.statement, err);
    if (status == SKD_OK)
        status = db_statement(db, is_text(item) ? DB_INSERT_TEXT : DB_INSERT_NUMBER, &pair.statement, err);
    if (status != SKD_OK)
        return status;
    bind_text(&key, 1, item->string);
    bind_int(&key, 2, id);
    bind_text(&pair, 1, item->string);
    if (is_text(item))
        bind_text(&pair, 2, item->valuestring);
    else
        bind_real(&pair, 2, cJSON_IsNumber(item) ? item->valuedouble : cJSON_IsTrue(item));
    bind_int(&pair, 3, id);
    if (key.failed || pair.failed)
        return skd_fail(err, SKD_ENOMEM, "%s: out of memory for the keys of row %ld", db->path, id);
    status = db_run(db, key.statement, err);
    return status == SKD_OK ? db_run(db, pair.statement, err) : status;
}

static bool is_word(const char *key) {
    static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    return key[0] && strspn(key, allowed) == strlen(key) && strspn(key, "0123456789") == 0;
}

static bool is_reserved(const char *key) {
    for (size_t i = 0; db_reserved[i]; i++)
        if (strcmp(key, db_reserved[i]) == 0)
            return true;
    const skd_element *element = skd_element_of(skd_element_number((skd_span){key, strlen(key)}));
    return element && strcmp(element->symbol, key) == 0; /* D and T are nobody's symbol */
}

static skd_status check_pair(const skd_db *db, const cJSON *item, skd_error *err) {
    if (!is_word(item->string))
        return skd_fail(err, SKD_EARG, "%s: key '%s': expected letters, digits and _", db->path, item->string);
    if (is_reserved(item->string))
        return skd_fail(err, SKD_EARG, "%s: key '%s' is reserved by ASE", db->path, item->string);
    if (!cJSON_IsString(item) && !cJSON_IsNumber(item) && !cJSON_IsBool(item))
        return skd_fail(err, SKD_EARG, "%s: key '%s': expected a text or a number", db->path, item->string);
    return SKD_OK;
}

static skd_status insert_pairs(skd_db *db, const cJSON *object, long id, skd_error *err) {
    const cJSON *item;
    skd_status status = SKD_OK;
    cJSON_ArrayForEach(item, object) {
        status = check_pair(db, item, err);
        if (status == SKD_OK)
            status = insert_pair(db, item, id, err);
        if (status != SKD_OK)
            break;
    }
    return status;
}

/* ---- writing ------------------------------------------------------------------------------- */

static skd_status parse_object(const skd_db *db, const char *json, const char *what, cJSON **out, skd_error *err) {
    *out = cJSON_ParseWithOpts(json, NULL, true);
    if (cJSON_IsObject(*out))
        return SKD_OK;
    cJSON_Delete(*out);
    *out = NULL;
    return skd_fail(err, SKD_EARG, "%s: %s: expected a JSON object, found '%.60s'", db->path, what, json);
}

static skd_status check_row(const skd_db *db, const skd_db_row *row, skd_error *err) {
    if (row->id < 0)
        return skd_fail(err, SKD_EARG, "%s: row %ld: expected a positive number", db->path, row->id);
    for (size_t i = 0; i < row->cell->n; i++)
        if (!skd_element_of(row->cell->species[i]))
            return skd_fail(err, SKD_EARG, "%s: atom %zu: expected an atomic number from 1 to %d, found %d", db->path,
                            i + 1, SKD_ELEMENT_MAX, row->cell->species[i]);
    cJSON *data;
    skd_status status = parse_object(db, json_or_empty(row->data), "data", &data, err);
    cJSON_Delete(data);
    return status;
}

static skd_status next_id(skd_db *db, long *id, skd_error *err) {
    sqlite3_stmt *s;
    skd_status status = db_statement(db, DB_SELECT_MAX_ID, &s, err);
    if (status != SKD_OK)
        return status;
    if (sqlite3_step(s) == SQLITE_ROW)
        *id = 1 + (long)sqlite3_column_int64(s, 0);
    else
        status = db_fail(db, err, "looking for a free row");
    sqlite3_reset(s);
    return status;
}

skd_status db_row_write(skd_db *db, const skd_db_row *row, long *id, skd_error *err) {
    cJSON *pairs = NULL;
    skd_status status = check_row(db, row, err);
    if (status == SKD_OK)
        status = parse_object(db, json_or_empty(row->key_values), "key_values", &pairs, err);
    if (status == SKD_OK)
        status = *id ? delete_old(db, *id, err) : next_id(db, id, err);
    if (status == SKD_OK)
        status = insert_system(db, row, id, err);
    if (status == SKD_OK)
        status = insert_species(db, row->cell, *id, err);
    if (status == SKD_OK)
        status = insert_pairs(db, pairs, *id, err);
    cJSON_Delete(pairs);
    return status;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* Columns of DB_SELECT_SYSTEM, in its order. */
enum { NATOMS, NUMBERS, POSITIONS, CELL, PBC, ENERGY, FORCES, STRESS, CHARGE, MTIME, CALCULATOR, KEY_VALUES, DATA };

static bool has(sqlite3_stmt *s, int column) { return sqlite3_column_type(s, column) != SQLITE_NULL; }

/* The blob of a column, checked to hold n bytes. */
static skd_status blob_of(skd_db *db, sqlite3_stmt *s, int column, size_t n, const unsigned char **out,
                          skd_error *err) {
    *out = sqlite3_column_blob(s, column);
    size_t found = (size_t)sqlite3_column_bytes(s, column);
    if (found == n)
        return SKD_OK;
    return skd_fail(err, SKD_EFORMAT, "%s: column %s holds %zu bytes, expected %zu", db->path,
                    sqlite3_column_name(s, column), found, n);
}

static skd_status read_reals(skd_db *db, sqlite3_stmt *s, int column, double *v, size_t n, skd_error *err) {
    const unsigned char *p;
    skd_status status = blob_of(db, s, column, 8 * n, &p, err);
    if (status == SKD_OK)
        get_reals(p, v, n);
    return status;
}

static skd_status read_cell(skd_db *db, sqlite3_stmt *s, skd_db_row *out, skd_error *err) {
    const unsigned char *p;
    size_t n = (size_t)sqlite3_column_bytes(s, NUMBERS) / 4;
    skd_status status = blob_of(db, s, NUMBERS, 4 * (size_t)sqlite3_column_int64(s, NATOMS), &p, err);
    if (status == SKD_OK)
        status = skd_cell_new(&out->cell, n, err);
    if (status != SKD_OK)
        return status;
    skd_cell *cell = out->cell;
    for (size_t i = 0; i < n; i++) {
        uint64_t z = get_bytes(p + 4 * i, 4);
        if (z < 1 || z > SKD_ELEMENT_MAX)
            return skd_fail(err, SKD_EFORMAT, "%s: atom %zu has atomic number %ld", db->path, i + 1, (long)z);
        cell->species[i] = (int)z;
    }
    int pbc = sqlite3_column_int(s, PBC);
    for (int k = 0; k < 3; k++)
        cell->pbc[k] = (pbc >> k) & 1;
    status = read_reals(db, s, CELL, cell->lattice[0], 9, err);
    return status == SKD_OK ? read_reals(db, s, POSITIONS, n ? cell->pos[0] : NULL, 3 * n, err) : status;
}

static skd_status read_results(skd_db *db, sqlite3_stmt *s, skd_db_row *out, skd_error *err) {
    skd_status status = SKD_OK;
    out->has_energy = has(s, ENERGY);
    out->energy = sqlite3_column_double(s, ENERGY);
    out->charge = sqlite3_column_double(s, CHARGE);
    if (has(s, FORCES)) {
        out->force = skd_alloc(out->cell->n, sizeof *out->force);
        if (!out->force)
            return skd_fail(err, SKD_ENOMEM, "%s: out of memory for %zu forces", db->path, out->cell->n);
        status = read_reals(db, s, FORCES, out->force[0], 3 * out->cell->n, err);
    }
    if (has(s, STRESS) && status == SKD_OK) {
        double stress[6];
        status = read_reals(db, s, STRESS, stress, 6, err);
        for (int k = 0; k < 6 && status == SKD_OK; k++)
            out->stress[voigt[k][0]][voigt[k][1]] = out->stress[voigt[k][1]][voigt[k][0]] = stress[k];
        out->has_stress = true;
    }
    return status;
}

static char *copy_text(const char *text, size_t n) {
    char *copy = skd_alloc(n + 1, 1);
    if (copy && n)
        memcpy(copy, text, n);
    return copy;
}

/* The JSON text behind the arrays (ASE may have rewritten the row with some); plain text in older rows. */
static skd_status read_data(skd_db *db, sqlite3_stmt *s, skd_db_row *out, skd_error *err) {
    const unsigned char *p = sqlite3_column_blob(s, DATA);
    size_t n = (size_t)sqlite3_column_bytes(s, DATA), offset = 0;
    if (n && sqlite3_column_type(s, DATA) == SQLITE_BLOB) {
        uint64_t word = n < 8 ? 0 : get_bytes(p, 8);
        if (word < 8 || word > n)
            return skd_fail(err, SKD_EFORMAT, "%s: the data of a row are damaged", db->path);
        offset = (size_t)word;
    }
    bool none = n == 0 || (n - offset == 4 && memcmp(p + offset, "null", 4) == 0);
    out->data = none ? skd_strdup("{}") : copy_text((const char *)p + offset, n - offset);
    return out->data ? SKD_OK : skd_fail(err, SKD_ENOMEM, "%s: out of memory for a row's data", db->path);
}

static skd_status read_texts(skd_db *db, sqlite3_stmt *s, skd_db_row *out, skd_error *err) {
    const char *calculator = (const char *)sqlite3_column_text(s, CALCULATOR);
    const char *pairs = (const char *)sqlite3_column_text(s, KEY_VALUES);
    out->calculator = calculator ? skd_strdup(calculator) : NULL;
    out->key_values = skd_strdup(json_or_empty(pairs));
    if ((calculator && !out->calculator) || !out->key_values)
        return skd_fail(err, SKD_ENOMEM, "%s: out of memory for a row's text", db->path);
    return read_data(db, s, out, err);
}

static skd_status read_row(skd_db *db, sqlite3_stmt *s, skd_db_row *out, skd_error *err) {
    double years = sqlite3_column_double(s, MTIME);
    out->time = years > 0.0 ? years * SECONDS_PER_YEAR + SECONDS_AT_2000 : 0.0;
    skd_status status = read_cell(db, s, out, err);
    if (status == SKD_OK)
        status = read_results(db, s, out, err);
    return status == SKD_OK ? read_texts(db, s, out, err) : status;
}

skd_status db_row_read(skd_db *db, long id, skd_db_row *out, bool *found, skd_error *err) {
    *out = (skd_db_row){.id = id};
    *found = false;
    sqlite3_stmt *s;
    skd_status status = db_statement(db, DB_SELECT_SYSTEM, &s, err);
    if (status != SKD_OK)
        return status;
    sqlite3_bind_int64(s, 1, id);
    int code = sqlite3_step(s);
    if (code == SQLITE_ROW) {
        *found = true;
        status = read_row(db, s, out, err);
    } else if (code != SQLITE_DONE)
        status = db_fail(db, err, "reading a row");
    sqlite3_reset(s);
    if (status != SKD_OK) {
        skd_db_row_free(out);
        *found = false;
    }
    return status;
}

void skd_db_row_free(skd_db_row *row) {
    skd_cell_free(row->cell);
    skd_free(row->force);
    skd_free(row->calculator);
    skd_free(row->key_values);
    skd_free(row->data);
    *row = (skd_db_row){0};
}

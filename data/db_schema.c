/* SPDX-License-Identifier: MIT */
/* db_schema.c - the run database's tables: the layout of ASE's ase.db, version 9 (ase/db/sqlite.py of
 * ASE 3.2x writes and reads the same; column order matters to it).
 *
 * Blobs are little-endian: numbers int32[n], positions and forces float64[n][3], cell float64[3][3],
 * stress float64[6] = xx yy zz yz xz xy. pbc is the sum of 1, 2, 4 for the periodic axes. Times are
 * years of 365.25 days since 2000-01-01. `data` is the offset of its JSON text as int64, then any arrays
 * that the JSON refers to (we write none), then the text. Sizes: a row of 216 atoms is 13 kB.
 */
#include "db_private.h"

const char db_schema[] =
    "CREATE TABLE systems (id INTEGER PRIMARY KEY AUTOINCREMENT, unique_id TEXT UNIQUE, ctime REAL, mtime REAL,"
    " username TEXT, numbers BLOB, positions BLOB, cell BLOB, pbc INTEGER, initial_magmoms BLOB,"
    " initial_charges BLOB, masses BLOB, tags BLOB, momenta BLOB, constraints TEXT, calculator TEXT,"
    " calculator_parameters TEXT, energy REAL, free_energy REAL, forces BLOB, stress BLOB, dipole BLOB,"
    " magmoms BLOB, magmom REAL, charges BLOB, key_value_pairs TEXT, data BLOB, natoms INTEGER, fmax REAL,"
    " smax REAL, volume REAL, mass REAL, charge REAL);"
    "CREATE TABLE species (Z INTEGER, n INTEGER, id INTEGER, FOREIGN KEY (id) REFERENCES systems(id));"
    "CREATE TABLE keys (key TEXT, id INTEGER, FOREIGN KEY (id) REFERENCES systems(id));"
    "CREATE TABLE text_key_values (key TEXT, value TEXT, id INTEGER, FOREIGN KEY (id) REFERENCES systems(id));"
    "CREATE TABLE number_key_values (key TEXT, value REAL, id INTEGER, FOREIGN KEY (id) REFERENCES systems(id));"
    "CREATE TABLE information (name TEXT, value TEXT);"
    "INSERT INTO information VALUES ('version', '9');"
    "CREATE INDEX unique_id_index ON systems(unique_id);"
    "CREATE INDEX ctime_index ON systems(ctime);"
    "CREATE INDEX username_index ON systems(username);"
    "CREATE INDEX calculator_index ON systems(calculator);"
    "CREATE INDEX species_index ON species(Z);"
    "CREATE INDEX key_index ON keys(key);"
    "CREATE INDEX text_index ON text_key_values(key);"
    "CREATE INDEX number_index ON number_key_values(key);";

const char *const db_sql[DB_N_STATEMENTS] = {
    /* a replaced row keeps the time of its creation, as in ASE */
    [DB_INSERT_SYSTEM] =
        ("INSERT OR REPLACE INTO systems (id, unique_id, ctime, mtime, numbers, positions, cell, pbc,"
         " initial_charges, calculator, calculator_parameters, energy, forces, stress, key_value_pairs, data,"
         " natoms, fmax, smax, volume, mass, charge) VALUES (?1, ?2,"
         " coalesce((SELECT ctime FROM systems WHERE id = ?1), ?3), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
         " ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)"),
    [DB_INSERT_SPECIES] = "INSERT INTO species VALUES (?1, ?2, ?3)",
    [DB_INSERT_KEY] = "INSERT INTO keys VALUES (?1, ?2)",
    [DB_INSERT_TEXT] = "INSERT INTO text_key_values VALUES (?1, ?2, ?3)",
    [DB_INSERT_NUMBER] = "INSERT INTO number_key_values VALUES (?1, ?2, ?3)",
    [DB_DELETE_SPECIES] = "DELETE FROM species WHERE id = ?1",
    [DB_DELETE_KEYS] = "DELETE FROM keys WHERE id = ?1",
    [DB_DELETE_TEXTS] = "DELETE FROM text_key_values WHERE id = ?1",
    [DB_DELETE_NUMBERS] = "DELETE FROM number_key_values WHERE id = ?1",
    [DB_SELECT_SYSTEM] =
        ("SELECT natoms, numbers, positions, cell, pbc, energy, forces, stress, charge, mtime, calculator,"
         " key_value_pairs, data FROM systems WHERE id = ?1"),
    [DB_SELECT_EXISTS] = "SELECT 1 FROM systems WHERE id = ?1",
    [DB_SELECT_MAX_ID] = "SELECT max(id) FROM systems",
    [DB_SELECT_KEY_VALUES] = "SELECT id, key_value_pairs FROM systems ORDER BY id",
    [DB_SELECT_INFORMATION] = "SELECT value FROM information WHERE name = ?1",
    [DB_DELETE_INFORMATION] = "DELETE FROM information WHERE name = ?1",
    [DB_INSERT_INFORMATION] = "INSERT INTO information VALUES (?1, ?2)",
};

/* Words that ASE keeps for itself (ase.db.core.reserved_keys), besides the element symbols. */
const char *const db_reserved[] = {
    "id",          "unique_id",  "ctime",   "mtime",      "user",          "fmax",
    "smax",        "momenta",    "constraints", "natoms", "formula",       "age",
    "calculator",  "calculator_parameters", "key_value_pairs", "data",     "energy",
    "forces",      "stress",     "stresses", "dipole",    "charges",       "magmom",
    "magmoms",     "free_energy", "energies", "dielectric_tensor", "born_effective_charges", "polarization",
    "positions",   "numbers",    "cell",    "pbc",        "initial_charges", "initial_magmoms",
    "X",    NULL,
};

/* SPDX-License-Identifier: MIT
 * shakedown/data.h - files: structures in every format, gz anywhere, folders, and the run database.
 * Parsers work on text in memory; only skd_file_* and skd_db_* touch the disk.
 */
#ifndef SHAKEDOWN_DATA_H
#define SHAKEDOWN_DATA_H

#include "shakedown/crystal.h"

/* ---- files ------------------------------------------------------------------------------- */

/** Whole file (gunzipped if it is gzip, whatever its name; "-" is standard input) as text; the
 *  caller's (skd_free). Refuses more than 4 GiB. */
skd_status skd_file_read(const char *path, char **text, size_t *length, skd_error *err) SKD_CHECKED;
/** The same of gzip data in memory; `name` is for messages. */
skd_status skd_text_unpack(const char *name, const void *bytes, size_t n, char **text, size_t *length,
                           skd_error *err) SKD_CHECKED;
/** Writes all bytes or nothing: to path.tmp, then rename; "-" is standard output; .gz compresses. */
skd_status skd_file_write(const char *path, const char *text, size_t length, skd_error *err) SKD_CHECKED;
/** mkdir -p. */
skd_status skd_folder_make(const char *path, skd_error *err) SKD_CHECKED;
bool skd_file_exists(const char *path);
/** The names in a folder, sorted, without hidden ones. */
typedef struct skd_names {
    char **name; /**< [n] owned */
    size_t n, capacity;
} skd_names;
/** *is_folder false and no names where path is none. */
skd_status skd_folder_list(skd_names *out, const char *path, bool *is_folder, skd_error *err) SKD_CHECKED;
/** Paths that a pattern of the shell (*, ?, [..]) matches, sorted; none: n = 0. */
skd_status skd_files_matching(skd_names *out, const char *pattern, skd_error *err) SKD_CHECKED;
void skd_names_free(skd_names *names); /**< frees the contents, not names itself */

/* ---- frames ------------------------------------------------------------------------------ */

/** Extra per-atom column of an extended XYZ (or selective dynamics of a POSCAR, as L:3). */
typedef struct skd_column {
    char name[64];
    char type;    /**< 'R' real, 'I' integer, 'L' logical, 'S' string */
    size_t width;
    double *real; /**< [n][width] for R, I and L (0/1); else NULL */
    char **text;  /**< [n*width] for S */
} skd_column;

/** key=value of an extended XYZ's comment line; value as written, unquoted. */
typedef struct skd_info {
    char *key, *value;
} skd_info;

/** A cell with all that its file said of it, so that writing it back loses nothing. */
typedef struct skd_frame {
    skd_cell *cell;
    char *comment;        /**< POSCAR line 1, or NULL                                  */
    double (*frac)[3];    /**< [n] fractional as read from a Direct POSCAR/CIF; NULL otherwise. Writers
                               use it so that digits survive. Drop it when moving atoms. */
    bool has_energy, has_stress;
    double energy;        /**< eV                                                      */
    double stress[3][3];  /**< eV/Å^3                                                  */
    double (*force)[3];   /**< [n] eV/Å or NULL                                        */
    double (*velocity)[3];/**< [n] Å/fs or NULL                                        */
    skd_column *column;
    size_t n_column;
    skd_info *info;
    size_t n_info;
} skd_frame;
skd_status skd_frame_new(skd_frame **out, skd_cell *cell_taken, skd_error *err) SKD_CHECKED;
void skd_frame_free(skd_frame *frame);
skd_status skd_frame_set_info(skd_frame *frame, const char *key, const char *value, skd_error *err) SKD_CHECKED;
const char *skd_frame_info(const skd_frame *frame, const char *key); /**< NULL if absent */
/** Selective dynamics: what a POSCAR writes as T T T (moves[i]) or F F F. */
skd_status skd_frame_set_moves(skd_frame *frame, const bool *moves, skd_error *err) SKD_CHECKED;

typedef struct skd_frames {
    size_t n, capacity;
    skd_frame **frame; /**< owned */
    char warning[400]; /**< one line if the file is the output of a calculation and its end is missing; else "" */
} skd_frames;
void skd_frames_free(skd_frames *frames); /**< frees the contents, not frames itself */

/** A file format: one file, one row in data/formats.c. */
typedef struct skd_format {
    const char *name, *summary;
    /** Does the file name (folder and .gz stripped) or the beginning of the text look like it? */
    bool (*matches_name)(const char *name);
    bool (*matches_text)(const char *text, size_t length);
    /** Either may be NULL. */
    skd_status (*parse)(skd_frames *out, const char *name, const char *text, size_t length, skd_error *err);
    skd_status (*print)(skd_string *out, const skd_frames *frames, skd_error *err);
} skd_format;
extern const skd_format *const skd_formats[]; /**< ended by NULL */
const skd_format *skd_format_named(const char *name);
/** By name, then content; NULL if unknown. */
const skd_format *skd_format_of(const char *path, const char *text, size_t length);

/** Reads all frames of a file; format NULL: recognised, outputs of codes (see below) too. */
skd_status skd_frames_read(skd_frames *out, const char *path, const skd_format *format, skd_error *err) SKD_CHECKED;
skd_status skd_frames_write(const skd_frames *frames, const char *path, const skd_format *format,
                            skd_error *err) SKD_CHECKED;
/** First (POSCAR, CIF) or last (XYZ trajectory, output) frame's structure; the caller's. */
skd_status skd_structure_read(skd_frame **out, const char *path, skd_error *err) SKD_CHECKED;

/* ---- outputs of electronic-structure codes -------------------------------------------------- */

/** Frames of a file one after another, with one of them in memory: outputs of VASP (vasprun.xml, OUTCAR, OSZICAR,
 *  ML_AB), Quantum ESPRESSO, CP2K, CASTEP, FHI-aims and ABINIT; extended XYZ, ASE databases, POSCAR, CIF; gzipped or
 *  not. Which it is, its content says.
 *  Of each step: cell, positions, species; energy extrapolated to no smearing where the code gives it (data/outputs.c
 *  says which), forces, stress (eV/Å^3, positive = wants to shrink); and as info, where the code says them: source
 *  (the path), step (1-based), code, free_energy (eV), charge (e), electrons, magmom (µB; the column magmoms per
 *  atom), scf_converged (T or F), ionic_converged (in the last frame of a relaxation). */
typedef struct skd_outputs skd_outputs;
skd_status skd_outputs_open(skd_outputs **out, const char *path, skd_error *err) SKD_CHECKED;
/** The same of a text, which is borrowed. */
skd_status skd_outputs_of(skd_outputs **out, const char *name, const char *text, size_t length,
                          skd_error *err) SKD_CHECKED;
void skd_outputs_close(skd_outputs *source);
/** Next frame, the caller's; NULL after the last one. SKD_EFORMAT if there is not one whole step, and where a line
 *  is not what it should be (frames before it have been given). */
skd_status skd_outputs_next(skd_outputs *source, skd_frame **out, skd_error *err) SKD_CHECKED;
/** After the last frame: one line if the file is cut off or the calculation still runs; else NULL. */
const char *skd_outputs_warning(const skd_outputs *source);

/** Writes frames one after another as extended XYZ (.gz compresses, "-" is standard output): all or nothing, like
 *  skd_file_write. */
typedef struct skd_writer skd_writer;
skd_status skd_writer_open(skd_writer **out, const char *path, skd_error *err) SKD_CHECKED;
skd_status skd_writer_add(skd_writer *writer, skd_frame *frame, skd_error *err) SKD_CHECKED;
/** keep false: nothing is left. Frees the writer in any case; NULL is accepted. */
skd_status skd_writer_close(skd_writer *writer, bool keep, skd_error *err) SKD_CHECKED;

/** How a POSCAR is laid out. */
typedef struct skd_poscar_style {
    const char *comment;
    bool site_labels; /**< element after each position, as pymatgen writes */
} skd_poscar_style;
/** POSCAR text; atoms are grouped by consecutive species as they stand (sort before). 16 decimals. */
skd_status skd_poscar_print(skd_string *out, const skd_frame *frame, const skd_poscar_style *style,
                            skd_error *err) SKD_CHECKED;

/* ---- files of learned models -------------------------------------------------------------- */

/** Named numbers of a model file. */
typedef struct skd_model_array {
    char *name;    /**< one word */
    double *value; /**< [n]      */
    size_t n;
} skd_model_array;

/** What a model file holds (data/model.c says how): settings and provenance as text, numbers, and the labels it was
 *  fitted to. Zero-initialise; free with skd_model_file_free. */
typedef struct skd_model_file {
    skd_info *info; /**< keys of one word, each once; values of one line */
    size_t n_info;
    skd_model_array *array;
    size_t n_array;
    skd_frames labels; /**< energy, force, stress if known, charge as info */
} skd_model_file;
void skd_model_file_free(skd_model_file *file); /**< frees the contents, not file itself */
/** Sets (or replaces) a key; SKD_EARG if the key is no word. Line ends in the value become blanks. */
skd_status skd_model_file_set(skd_model_file *file, const char *key, const char *value, skd_error *err) SKD_CHECKED;
const char *skd_model_file_get(const skd_model_file *file, const char *key); /**< NULL if absent */
skd_status skd_model_file_add(skd_model_file *file, const char *name, const double *value, size_t n,
                              skd_error *err) SKD_CHECKED;
const skd_model_array *skd_model_file_array(const skd_model_file *file, const char *name); /**< NULL if absent */
void skd_model_file_forget(skd_model_file *file); /**< drops all arrays */
/** Reading gives back the same bits as were written. SKD_EFORMAT in one line for another format, another version,
 *  a wrong checksum, a truncated file. */
skd_status skd_model_file_read(skd_model_file *out, const char *path, skd_error *err) SKD_CHECKED;
skd_status skd_model_file_parse(skd_model_file *out, const char *name, const char *text, size_t length,
                                skd_error *err) SKD_CHECKED;
skd_status skd_model_file_write(const skd_model_file *file, const char *path, skd_error *err) SKD_CHECKED;

/** The model files that the program carries (data/models), for one host each; unpacked and parsed anew by each call.
 *  *name: of the k-th, NULL (and SKD_OK, out empty) after the last. */
skd_status skd_model_file_ready(skd_model_file *out, size_t k, const char **name, skd_error *err) SKD_CHECKED;

/* ---- the run database: SQLite in the layout of ASE (ase.db) ------------------------------- */

typedef struct skd_db skd_db;

/** One row; pointers borrowed when writing, owned (skd_db_row_free) when read. */
typedef struct skd_db_row {
    long id;               /**< 1..; 0 when writing: next free                        */
    skd_cell *cell;
    bool has_energy, has_stress;
    double energy;         /**< eV                                                    */
    double stress[3][3];   /**< eV/Å^3                                                */
    double (*force)[3];    /**< [n] eV/Å or NULL                                      */
    double charge;         /**< e                                                     */
    double time;           /**< of writing, s since 1970 (the caller's clock); 0: unknown */
    char *calculator;      /**< potential's name, or NULL                             */
    char *key_values;      /**< JSON object of strings and numbers, searchable in ASE; keys are words that
                                ASE has not reserved. NULL when writing: {}           */
    char *data;            /**< JSON object of anything. NULL when writing: {}        */
} skd_db_row;
void skd_db_row_free(skd_db_row *row); /**< frees the contents, not row itself */

/** Opens a run database; with `create` for writing, made if absent. SKD_EIO / SKD_EFORMAT with the file
 *  named. One process writes: a second one gets SKD_EIO "in use by another process" from this call with
 *  `create`, from its first write without. Others may read meanwhile. Any thread (calls are serialised). */
skd_status skd_db_open(skd_db **out, const char *path, bool create, skd_error *err) SKD_CHECKED;
void skd_db_close(skd_db *db);
/** Inserts or replaces the row of this id, durably (survives kill -9 and loss of power once it returns
 *  SKD_OK); on failure the database is as before. row->id becomes the id. An energy that is NaN is stored
 *  as none. Reading gives back the same bits. */
skd_status skd_db_write(skd_db *db, skd_db_row *row, skd_error *err) SKD_CHECKED;
/** Several rows in one transaction: all or none. */
skd_status skd_db_write_many(skd_db *db, skd_db_row *row, size_t n, skd_error *err) SKD_CHECKED;
/** The same, and the database-wide text with them. */
skd_status skd_db_write_all(skd_db *db, skd_db_row *row, size_t n, const char *metadata, skd_error *err) SKD_CHECKED;
/** Reads a row; *found tells whether there is one. key_values and data are then never NULL. */
skd_status skd_db_read(skd_db *db, long id, skd_db_row *out, bool *found, skd_error *err) SKD_CHECKED;
/** Tells the id and the key_values of every row, by ascending id; ends at the first status that is not SKD_OK. `each`
 *  must leave the database alone. */
skd_status skd_db_scan(skd_db *db, skd_status (*each)(void *payload, long id, const char *key_values, skd_error *err),
                       void *payload, skd_error *err) SKD_CHECKED;
long skd_db_count(skd_db *db); /**< largest id; 0 if empty, -1 on error */
/** Database-wide JSON text (ASE's metadata, provenance goes here). out is the caller's; NULL if none. */
skd_status skd_db_metadata_set(skd_db *db, const char *json, skd_error *err) SKD_CHECKED;
skd_status skd_db_metadata_get(skd_db *db, char **out, skd_error *err) SKD_CHECKED;

/* ---- inputs of electronic-structure codes -------------------------------------------------- */

/** What an input is made from; everything borrowed. */
typedef struct skd_input {
    const skd_cell *cell;
    int charge;                /**< e, of the cell                                                    */
    const char *title;         /**< one line, NULL: none                                              */
    const char *const *pseudo; /**< [SKD_ELEMENT_MAX + 1] potential of each atomic number; NULL (the list or
                                    an entry): the symbol                                             */
    const char *pseudo_dir;    /**< the folder that inputs name; NULL: "."                            */
    double valence;            /**< electrons of the neutral cell in its potentials; 0: unknown       */
    bool single_point;         /**< energy and forces, no relaxation                                  */
} skd_input;

/** Appends `text` with its @placeholders@ filled; data/template.c lists them. SKD_EFORMAT names file and line. */
skd_status skd_template_fill(skd_string *out, const char *name, const char *text, size_t length,
                             const skd_input *input, skd_error *err) SKD_CHECKED;
bool skd_template_is(const char *text, size_t length);  /**< does the text hold placeholders?                 */
const char *skd_template_text(const char *name);        /**< a file of data/templates, as built in; or NULL */

/** How settings are written: "KEY = value" lines, Fortran namelists, or only as a whole file. */
typedef enum skd_settings { SKD_SETTINGS_FLAT, SKD_SETTINGS_NAMELISTS, SKD_SETTINGS_WHOLE } skd_settings;

#define SKD_CODE_FILES 3

/** An electronic-structure code: one row in data/codes.c, one template a file in data/templates. */
typedef struct skd_code {
    const char *name, *alias, *summary;    /**< alias: more names, blank-separated                        */
    const char *file[SKD_CODE_FILES];      /**< what is written; the first holds the settings; ends in NULL */
    const char *structure, *format;        /**< file for the structure alone, and its skd_format; or NULL   */
    skd_settings settings;
    const char *separators;                /**< between key and value; "": a blank                          */
    const char *forced;                    /**< laid over a user's own settings: the charge                 */
    const char *point;                     /**< laid over any settings for a single point                   */
    const char *unpolarised[4];            /**< section, setting, its value without spin, what that then refuses */
    const char *pseudo_table;              /**< text file of "symbol potential" lines, or NULL              */
    const char *pseudo;                    /**< else the ending of a potential's name, after the symbol     */
    const char *library;                   /**< environment variable that names a folder of potentials      */
    const char *const *place;              /**< where potentials lie in it                                  */
    const char *library_file;              /**< the file their texts are appended to; NULL: not needed      */
} skd_code;
extern const skd_code skd_codes[]; /**< ended by name == NULL */
const skd_code *skd_code_named(const char *name); /**< "CP2K", "FHI-aims", "quantum_espresso", ...; or NULL */
/** The potential used for element z unless the user names one ("In_d", "Te.UPF"); the caller's. */
char *skd_code_pseudo(const skd_code *code, int z);

/** A text and the name it goes by in messages. */
typedef struct skd_input_text {
    const char *name, *text; /**< text NULL: none */
    size_t n;
} skd_input_text;
/** Appends the text of code->file[file]. own: a template instead of the built-in one. user: for file 0, a
 *  template, or plain settings in the code's syntax that are laid over ours (CP2K: the whole input); the
 *  charge is always the input's, and so is whether it is a single point. Both may be NULL. */
skd_status skd_input_print(skd_string *out, const skd_code *code, size_t file, const skd_input_text *own,
                           const skd_input_text *user, const skd_input *input, skd_error *err) SKD_CHECKED;
/** Appends the potentials of the cell's species, in their order, from a user's folder. valence: electrons of
 *  the neutral cell by the potentials' ZVAL; 0 if they do not say. functional: "PBE", "PBE_54", ... */
skd_status skd_potentials_read(skd_string *out, double *valence, const skd_code *code, const char *folder,
                               const char *functional, const skd_input *input, skd_error *err) SKD_CHECKED;

/* ---- config files: ShakeNBreak's subset of YAML --------------------------------------------- */

/** A node of the tree; owned by its parent. A scalar has a value; lists and maps have children; "key:" with
 *  nothing, null, ~ or None has neither. */
typedef struct skd_config {
    char *key, *value;          /**< key NULL: item of a list, or the root          */
    size_t line;                /**< 1-based                                        */
    bool is_list, is_map;
    struct skd_config **child;  /**< [n] in the order of the file                   */
    size_t n, capacity;
} skd_config;

/** Parses the text (data/config.c says what of YAML it takes); the root is a map. SKD_EFORMAT naming file and
 *  line otherwise. */
skd_status skd_config_parse(skd_config **out, const char *name, const char *text, size_t length,
                            skd_error *err) SKD_CHECKED;
void skd_config_free(skd_config *config);
const skd_config *skd_config_get(const skd_config *config, const char *key); /**< child of a map; NULL if absent */

#endif

/* SPDX-License-Identifier: MIT */
/* cmd_frames.c - picks frames out of the outputs of calculations and writes them as extended XYZ or POSCARs. Rules
 * that look at one frame are applied as it comes; for the others the files are gone through twice, once to choose
 * and once to write. One frame is in memory. */
#include <string.h>

#include "cli.h"
#include "frames_select.h"

static const cli_option options[] = {
    {"output", 'o', CLI_TEXT, "OUT", "-", "extended XYZ (.gz compresses); with --to poscar a folder", 0, 0, NULL},
    {"to", 0, CLI_TEXT, "FORMAT", "xyz", "xyz, or poscar: one file a frame, 00001.POSCAR ...", 0, 0, NULL},
    {"converged", 0, CLI_FLAG, NULL, NULL, "only frames whose self-consistency converged", 0, 0, "which frames"},
    {"relaxed", 0, CLI_FLAG, NULL, NULL, "only the ends of converged relaxations", 0, 0, NULL},
    {"drop-positive", 0, CLI_FLAG, NULL, NULL, "no frames of positive energy", 0, 0, NULL},
    {"window", 0, CLI_REAL, "EV", NULL, "only frames so much above the lowest of their composition and charge", 0, 1e9,
     NULL},
    {"last", 0, CLI_FLAG, NULL, NULL, "the last of each file", 0, 0, NULL},
    {"spaced", 0, CLI_INT, "N", NULL, "N of each file, evenly spaced, first and last among them", 1, 1e9, NULL},
    {"diverse", 0, CLI_INT, "N", NULL, "the N that differ most, by fingerprint (farthest points)", 1, 1e9, NULL},
    CLI_THREADS,
    CLI_QUIET,
    CLI_END};

/* Does something with frame number i (of all files). */
typedef skd_status (*visit_fn)(void *payload, size_t i, size_t file, skd_frame **frame, skd_error *err);

/* Shows every frame of the files to visit, which may take it (*frame = NULL). */
static skd_status walk(const cli_args *args, visit_fn visit, void *payload, bool *is_cut, skd_error *err) {
    skd_status status = SKD_OK;
    skd_log log = cli_log(false);
    for (size_t f = 0, i = 0; f < args->n_operands && status == SKD_OK; f++) {
        skd_outputs *source;
        skd_frame *frame = NULL;
        status = skd_outputs_open(&source, args->operand[f], err);
        if (status != SKD_OK)
            return status;
        while ((status = skd_outputs_next(source, &frame, err)) == SKD_OK && frame) {
            status = visit(payload, i++, f, &frame, err);
            skd_frame_free(frame);
            if (status != SKD_OK)
                break;
            if (cli_interrupted())
                status = skd_fail(err, SKD_ESTOPPED, "interrupted");
            if (status != SKD_OK)
                break;
        }
        if (is_cut && status == SKD_OK && skd_outputs_warning(source)) {
            skd_say(&log, SKD_LOG_WARNING, "%s", skd_outputs_warning(source));
            *is_cut = true;
        }
        skd_outputs_close(source);
    }
    return status;
}

static skd_status note_frame(void *payload, size_t i, size_t file, skd_frame **frame, skd_error *err) {
    (void)i;
    return frame_notes_add(payload, file, *frame, err);
}

/* ---- the most different ones -------------------------------------------------------------- */

typedef struct gathering {
    const frame_notes *notes;
    skd_frames frames;
} gathering;

static skd_status gather(void *payload, size_t i, size_t file, skd_frame **frame, skd_error *err) {
    gathering *g = payload;
    skd_frames *frames = &g->frames;
    (void)file;
    if (i >= g->notes->n || !g->notes->note[i].is_kept)
        return SKD_OK;
    skd_status status =
        skd_grow((void **)&frames->frame, &frames->capacity, frames->n + 1, sizeof *frames->frame, err);
    if (status == SKD_OK) {
        frames->frame[frames->n++] = *frame;
        *frame = NULL;
    }
    return status;
}

static skd_status keep_diverse(const cli_args *args, frame_notes *notes, skd_error *err) {
    gathering g = {.notes = notes};
    skd_status status = walk(args, gather, &g, NULL, err);
    if (status == SKD_OK && g.frames.n != frame_notes_kept(notes))
        status = skd_fail(err, SKD_EIO, "the files changed while they were read");
    if (status == SKD_OK)
        status = frames_keep_diverse(notes, g.frames.frame, (size_t)cli_int(args, "diverse"),
                                     (int)cli_int(args, "threads"), err);
    skd_frames_free(&g.frames);
    return status;
}

/* The rules that look at one frame. */
static void drop_by_itself(const cli_args *args, frame_notes *notes) {
    if (cli_flag(args, "converged"))
        frames_drop_unconverged(notes);
    if (cli_flag(args, "relaxed"))
        frames_drop_unrelaxed(notes);
    if (cli_flag(args, "drop-positive"))
        frames_drop_positive(notes);
}

static skd_status choose(const cli_args *args, frame_notes *notes, skd_error *err) {
    skd_status status = SKD_OK;
    drop_by_itself(args, notes);
    if (cli_given(args, "window"))
        status = frames_drop_above(notes, cli_real(args, "window"), err);
    if (cli_flag(args, "last"))
        frames_keep_last(notes);
    else if (cli_given(args, "spaced"))
        frames_keep_spaced(notes, (size_t)cli_int(args, "spaced"));
    if (status == SKD_OK && cli_given(args, "diverse"))
        status = keep_diverse(args, notes, err);
    return status;
}

/* ---- writing ------------------------------------------------------------------------------ */

typedef struct output {
    const cli_args *args;
    frame_notes *notes;
    skd_writer *writer; /* NULL: POSCARs */
    const char *folder;
    size_t n, file;  /* written; file of the held frame */
    skd_frame *held; /* NULL: none */
} output;

static skd_status write_poscar(const output *out, skd_frame *frame, skd_error *err) {
    skd_string text = {0}, path = {0}, comment = {0};
    const char *source = skd_frame_info(frame, "source"), *step = skd_frame_info(frame, "step");
    skd_string_add(&path, "%s/%05zu.POSCAR", out->folder, out->n + 1);
    skd_string_add(&comment, "%s step %s", source ? source : "", step ? step : "");
    skd_status status = path.failed || comment.failed ? skd_fail(err, SKD_ENOMEM, "out of memory") : SKD_OK;
    if (status == SKD_OK)
        status = skd_poscar_print(&text, frame, &(skd_poscar_style){.comment = comment.text}, err);
    if (status == SKD_OK)
        status = skd_file_write(path.text, text.text, text.n, err);
    skd_string_free(&text);
    skd_string_free(&path);
    skd_string_free(&comment);
    return status;
}

static skd_status write_one(output *out, skd_frame *frame, skd_error *err) {
    skd_status status = out->writer ? skd_writer_add(out->writer, frame, err) : write_poscar(out, frame, err);
    out->n += status == SKD_OK;
    return status;
}

static skd_status write_frame(void *payload, size_t i, size_t file, skd_frame **frame, skd_error *err) {
    output *out = payload;
    (void)file;
    if (i >= out->notes->n || !out->notes->note[i].is_kept)
        return SKD_OK;
    return write_one(out, *frame, err);
}

static skd_status write_chosen(const cli_args *args, output *out, bool *is_cut, skd_error *err) {
    (void)is_cut;
    return walk(args, write_frame, out, NULL, err);
}

/* With --last: the frame of this file that is written unless a later one comes. */
static skd_status write_held(output *out, skd_error *err) {
    skd_status status = out->held ? write_one(out, out->held, err) : SKD_OK;
    skd_frame_free(out->held);
    out->held = NULL;
    return status;
}

static skd_status write_as_it_comes(void *payload, size_t i, size_t file, skd_frame **frame, skd_error *err) {
    output *out = payload;
    (void)i;
    skd_status status = frame_notes_add(out->notes, file, *frame, err);
    if (status == SKD_OK && out->held && file != out->file)
        status = write_held(out, err);
    if (status != SKD_OK)
        return status;
    frame_note *note = &out->notes->note[out->notes->n - 1];
    frame_notes one = {.note = note, .n = 1};
    drop_by_itself(out->args, &one);
    if (!note->is_kept)
        return SKD_OK;
    if (!cli_flag(out->args, "last"))
        return write_one(out, *frame, err);
    skd_frame_free(out->held);
    out->held = *frame;
    out->file = file;
    *frame = NULL;
    return SKD_OK;
}

static skd_status write_directly(const cli_args *args, output *out, bool *is_cut, skd_error *err) {
    skd_status status = walk(args, write_as_it_comes, out, is_cut, err);
    if (status == SKD_OK)
        status = write_held(out, err);
    skd_frame_free(out->held);
    return status;
}

static skd_status write_all(const cli_args *args, frame_notes *notes, bool directly, bool *is_cut, size_t *n,
                            skd_error *err) {
    const char *path = cli_text(args, "output");
    output out = {.args = args, .notes = notes, .folder = path};
    bool is_xyz = strcmp(cli_text(args, "to"), "xyz") == 0;
    skd_status status = is_xyz ? skd_writer_open(&out.writer, path, err) : skd_folder_make(path, err);
    if (status == SKD_OK)
        status = (directly ? write_directly : write_chosen)(args, &out, is_cut, err);
    *n = out.n;
    if (status == SKD_OK && out.n == 0)
        status = skd_fail(err, SKD_EARG, "none of the %zu frames is left; expected at least one", notes->n);
    skd_status closed = skd_writer_close(out.writer, status == SKD_OK, status == SKD_OK ? err : NULL);
    return status == SKD_OK ? closed : status;
}

static skd_status check(const cli_args *args, skd_error *err) {
    const char *to = cli_text(args, "to");
    if (strcmp(to, "xyz") != 0 && strcmp(to, "poscar") != 0)
        return skd_fail(err, SKD_EARG, "--to: expected xyz or poscar; found '%s'", to);
    if (strcmp(to, "poscar") == 0 && strcmp(cli_text(args, "output"), "-") == 0)
        return skd_fail(err, SKD_EARG, "--to poscar: expected a folder with -o");
    if (cli_flag(args, "last") && cli_given(args, "spaced"))
        return skd_fail(err, SKD_EARG, "--last and --spaced: expected one of them");
    for (size_t f = 0; f < args->n_operands; f++)
        if (strcmp(args->operand[f], "-") == 0)
            return skd_fail(err, SKD_EARG, "-: expected files, which are gone through twice; 'convert' reads "
                                           "standard input");
    return SKD_OK;
}

static skd_status run_frames(const cli_args *args, int *exit_code, skd_error *err) {
    frame_notes notes = {0};
    bool is_cut = false;
    bool directly = !cli_given(args, "window") && !cli_given(args, "spaced") && !cli_given(args, "diverse");
    size_t written = 0;
    cli_catch_interrupts();
    skd_status status = check(args, err);
    if (status == SKD_OK && !directly)
        status = walk(args, note_frame, &notes, &is_cut, err);
    if (status == SKD_OK && !directly)
        status = choose(args, &notes, err);
    if (status == SKD_OK)
        status = write_all(args, &notes, directly, &is_cut, &written, err);
    if (status == SKD_OK && !cli_flag(args, "quiet"))
        fprintf(stderr, "%zu of %zu frames of %zu file%s\n", written, notes.n, args->n_operands,
                args->n_operands == 1 ? "" : "s");
    if (status == SKD_OK && is_cut)
        *exit_code = CLI_NOT_CONVERGED;
    frame_notes_free(&notes);
    return status;
}

const cli_command cmd_frames = {
    .name = "frames",
    .group = "structures",
    .summary = "Pick frames with energies and forces out of calculations",
    .usage = "FILES...",
    .text = "FILES are outputs of VASP (vasprun.xml, OUTCAR, ML_AB, OSZICAR with its XDATCAR), Quantum ESPRESSO\n"
            "(.pwo, XML), CP2K (with its -pos-1.xyz), CASTEP, FHI-aims and ABINIT; extended XYZ; ASE databases;\n"
            "gzipped or not, known by their content. Rules apply in the order of the list above. Each frame keeps\n"
            "source (file) and step, and code, charge, electrons, magmom, scf_converged and ionic_converged where\n"
            "the file says them; energy is that extrapolated to no smearing where the code gives it, free_energy\n"
            "the free energy; stress is in eV/Å^3, positive = wants to shrink. Of a file that is cut off or still\n"
            "running the whole steps before its end are used, with a warning and exit code 3. --diverse keeps\n"
            "fingerprints of all frames that are left to it in memory.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1000000,
    .run = run_frames,
};

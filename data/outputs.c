/* SPDX-License-Identifier: MIT */
/* outputs.c - the table of codes whose outputs are read, and frames from any file one after another: outputs,
 * extended XYZ, run databases and structure files, with one frame in memory. */
#include "outputs.h"

#include <stdio.h>
#include <string.h>

/* The first that matches reads the file; all look for words that only their code writes. */
static const skd_output_format *const formats[] = {
    &skd_output_vasprun,
    &skd_output_outcar,
    &skd_output_espresso,
    &skd_output_espresso_xml,
    &skd_output_castep,
    &skd_output_aims,
    &skd_output_abinit,
    &skd_output_mlab,
    &skd_output_cp2k,
    &skd_output_cp2k_restart,
    &skd_output_oszicar,
    NULL,
};

/** How one kind of file gives its frames. */
struct skd_outputs {
    const skd_output_format *format; /* NULL: a structure file, read whole */
    skd_step step;
    void *reader;
    skd_frame *held;   /* read, not yet handed out */
    bool at_end;
    size_t n;          /* handed out */
    skd_frames frames; /* of a structure file */
    skd_db *db;        /* of a run database    */
    skd_string text;   /* of one XYZ frame     */
    size_t line;       /* lines before it      */
    bool is_xyz, is_cut; /* is_cut: lines of that frame are missing */
    char warning[400];
};

const skd_output_format *skd_output_of(const char *path, const char *text, size_t length) {
    const char *slash = strrchr(path, '/');
    for (size_t k = 0; formats[k]; k++)
        if (formats[k]->matches(slash ? slash + 1 : path, text, length))
            return formats[k];
    return NULL;
}

void skd_outputs_close(skd_outputs *source) {
    if (!source)
        return;
    if (source->reader && source->format->end)
        source->format->end(source->reader);
    skd_free(source->reader);
    skd_frame_free(source->held);
    skd_frame_free(source->step.done);
    skd_free(source->step.species);
    skd_free(source->step.pos);
    skd_free(source->step.force);
    skd_free(source->step.moment);
    skd_stream_close(source->step.stream);
    skd_frames_free(&source->frames);
    skd_db_close(source->db);
    skd_string_free(&source->text);
    skd_free(source);
}

static skd_status begin_output(skd_outputs *source, skd_error *err) {
    const skd_output_format *format = source->format;
    skd_step *step = &source->step;
    skd_step_clear(step);
    step->ionic = SKD_UNKNOWN;
    source->reader = skd_alloc(1, format->size ? format->size : 1);
    if (!source->reader)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a reader");
    step->knows_end = format->knows_end;
    snprintf(step->code, sizeof step->code, "%s", format->code ? format->code : "");
    return format->begin ? format->begin(source->reader, step, err) : SKD_OK;
}

/* ---- other files that hold frames --------------------------------------------------------- */

static skd_status begin_structures(skd_outputs *source, const char *path, skd_span beginning, skd_error *err) {
    if (skd_span_starts(beginning, "SQLite format 3"))
        return skd_db_open(&source->db, path, false, err);
    const skd_format *format = skd_format_of(path, beginning.p, beginning.n);
    source->is_xyz = format == &skd_format_xyz;
    if (source->is_xyz)
        return SKD_OK;
    if (strcmp(path, "-") == 0)
        return skd_fail(err, SKD_EARG, "standard input: expected an output or extended XYZ here");
    return skd_frames_read(&source->frames, path, format, err);
}

/* source and step, where the file itself has not said them. */
static skd_status sign_frame(const skd_outputs *source, skd_frame *frame, skd_error *err) {
    char number[32];
    snprintf(number, sizeof number, "%zu", source->n + 1);
    if (skd_frame_info(frame, "source"))
        return SKD_OK;
    skd_status status = skd_frame_set_info(frame, "source", skd_stream_text(source->step.stream)->name, err);
    if (status == SKD_OK && !skd_frame_info(frame, "step"))
        status = skd_frame_set_info(frame, "step", number, err);
    return status;
}

/* The lines of one frame into source->text; false in *more at the end of the file. */
static skd_status gather_xyz(skd_outputs *source, bool *more, skd_error *err) {
    skd_stream *stream = source->step.stream;
    skd_span line, word, rest;
    long n = 0;
    source->text.n = 0;
    do {
        source->line = skd_stream_text(stream)->line;
        *more = skd_stream_line(stream, &line);
        rest = line;
    } while (*more && !skd_span_word(&rest, &word));
    if (!*more)
        return skd_stream_status(stream, err);
    for (long k = skd_span_int(word, &n) && n > 0 && n <= SKD_ATOMS_MAX ? n + 2 : 1; k > 0; k--) {
        skd_string_add_bytes(&source->text, line.p, line.n);
        skd_string_add_bytes(&source->text, "\n", 1);
        if (k > 1 && !skd_stream_line(stream, &line)) {
            source->is_cut = true;
            break;
        }
    }
    /* programs end their last line; in a trajectory one without its end may hold half a number */
    source->is_cut = source->is_cut || !skd_stream_line_ended(stream);
    if (source->text.failed)
        return skd_fail(err, SKD_ENOMEM, "%s: out of memory for a frame", skd_stream_text(stream)->name);
    return skd_stream_status(stream, err);
}

static skd_status next_xyz(skd_outputs *source, skd_frame **out, skd_error *err) {
    bool more;
    skd_frames one = {0};
    skd_status status = gather_xyz(source, &more, err);
    if (status == SKD_OK && source->n > 0 && (source->is_cut || (!more && skd_stream_is_cut(source->step.stream)))) {
        snprintf(source->warning, sizeof source->warning, "%s: cut off after %zu whole frames",
                 skd_stream_text(source->step.stream)->name, source->n);
        return SKD_OK;
    }
    if (status != SKD_OK || !more)
        return status == SKD_OK && source->n == 0
                   ? skd_fail(err, SKD_EFORMAT, "%s: expected a number of atoms; found only blank lines",
                              skd_stream_text(source->step.stream)->name)
                   : status;
    status = skd_xyz_parse(&one, skd_stream_text(source->step.stream)->name, source->text.text, source->text.n,
                           source->line, source->n, err);
    if (status == SKD_OK && one.n > 0)
        *out = one.frame[--one.n];
    skd_frames_free(&one);
    return status;
}

static skd_status frame_of_row(skd_db_row *row, skd_frame **out, skd_error *err) {
    skd_cell *cell = row->cell;
    char text[40];
    row->cell = NULL;
    skd_status status = skd_frame_new(out, cell, err);
    if (status != SKD_OK)
        return status;
    (*out)->has_energy = row->has_energy;
    (*out)->energy = row->energy;
    (*out)->has_stress = row->has_stress;
    memcpy((*out)->stress, row->stress, sizeof row->stress);
    (*out)->force = row->force;
    row->force = NULL;
    snprintf(text, sizeof text, "%g", row->charge);
    status = skd_frame_set_info(*out, "charge", text, err);
    if (status == SKD_OK && row->calculator)
        status = skd_frame_set_info(*out, "code", row->calculator, err);
    snprintf(text, sizeof text, "%ld", row->id);
    return status == SKD_OK ? skd_frame_set_info(*out, "step", text, err) : status;
}

/* step.number counts the ids gone through. */
static skd_status next_row(skd_outputs *source, skd_frame **out, skd_error *err) {
    skd_status status = SKD_OK;
    long last = skd_db_count(source->db);
    while (status == SKD_OK && !*out && (long)source->step.number < last) {
        skd_db_row row = {0};
        bool found = false;
        status = skd_db_read(source->db, (long)++source->step.number, &row, &found, err);
        if (status == SKD_OK && found)
            status = frame_of_row(&row, out, err);
        skd_db_row_free(&row);
    }
    return status;
}

static skd_status next_structure(skd_outputs *source, skd_frame **out, skd_error *err) {
    skd_status status = SKD_OK;
    if (source->is_xyz)
        status = next_xyz(source, out, err);
    else if (source->db)
        status = next_row(source, out, err);
    else if (source->n < source->frames.n) {
        *out = source->frames.frame[source->n];
        source->frames.frame[source->n] = NULL;
    }
    if (status == SKD_OK && *out)
        status = sign_frame(source, *out, err);
    if (status == SKD_OK) {
        source->n += *out != NULL;
        return SKD_OK;
    }
    skd_frame_free(*out);
    *out = NULL;
    return status;
}

/* Takes the stream in any case. */
static skd_status open_stream(skd_outputs **out, const char *path, skd_stream *stream_taken, skd_error *err) {
    skd_outputs *source = skd_alloc(1, sizeof *source);
    *out = NULL;
    if (!source) {
        skd_stream_close(stream_taken);
        return skd_fail(err, SKD_ENOMEM, "%s: out of memory", path);
    }
    source->step.stream = stream_taken;
    skd_span beginning = skd_stream_peek(stream_taken);
    skd_status status = SKD_OK;
    source->format = skd_output_of(path, beginning.p, beginning.n);
    if (source->format)
        status = begin_output(source, err);
    else
        status = begin_structures(source, path, beginning, err);
    if (status == SKD_OK)
        *out = source;
    else
        skd_outputs_close(source);
    return status;
}

skd_status skd_outputs_open(skd_outputs **out, const char *path, skd_error *err) {
    skd_stream *stream;
    *out = NULL;
    skd_status status = skd_stream_open(&stream, path, err);
    return status == SKD_OK ? open_stream(out, path, stream, err) : status;
}

skd_status skd_outputs_of(skd_outputs **out, const char *name, const char *text, size_t length, skd_error *err) {
    skd_stream *stream;
    *out = NULL;
    skd_status status = skd_stream_of(&stream, name, text, length, err);
    return status == SKD_OK ? open_stream(out, name, stream, err) : status;
}

/* ---- frames ------------------------------------------------------------------------------- */

/* One more step, or none (then step.done is NULL). */
static skd_status read_step(skd_outputs *source, skd_error *err) {
    skd_step *step = &source->step;
    bool more = true;
    const skd_output_format *format = source->format;
    skd_status status = format->rules ? skd_rules_run(format->rules, source->reader, step, &more, err)
                                      : format->next(source->reader, step, &more, err);
    source->at_end = status != SKD_OK || !more;
    return status;
}

static skd_status say_end(skd_outputs *source, skd_error *err) {
    skd_step *step = &source->step;
    const char *name = skd_stream_text(step->stream)->name;
    bool is_cut = skd_stream_is_cut(step->stream) || (step->knows_end ? !step->is_whole : step->is_cut);
    size_t n = source->n + (source->held != NULL);
    if (n == 0)
        return skd_fail(err, SKD_EFORMAT, "%s: expected at least one whole step of a calculation; found none", name);
    if (is_cut)
        snprintf(source->warning, sizeof source->warning,
                 "%s: cut off or still running: its end is missing after %zu whole step%s", name, n, n == 1 ? "" : "s");
    if (source->held && step->ionic != SKD_UNKNOWN)
        return skd_frame_set_info(source->held, "ionic_converged", step->ionic == SKD_YES && !is_cut ? "T" : "F", err);
    return SKD_OK;
}

static void hand_out(skd_outputs *source, skd_frame **out) {
    *out = source->held;
    source->n += source->held != NULL;
    source->held = source->step.done;
    source->step.done = NULL;
}

skd_status skd_outputs_next(skd_outputs *source, skd_frame **out, skd_error *err) {
    skd_status status = SKD_OK;
    *out = NULL;
    if (!source->format)
        return next_structure(source, out, err);
    if (source->at_end && !source->held)
        return SKD_OK;
    while (status == SKD_OK && !source->at_end && !*out) {
        status = read_step(source, err);
        if (status == SKD_OK && source->step.done)
            hand_out(source, out);
    }
    if (status == SKD_OK && !*out) {
        status = say_end(source, err);
        if (status == SKD_OK)
            hand_out(source, out);
    }
    return status;
}

const char *skd_outputs_warning(const skd_outputs *source) { return *source->warning ? source->warning : NULL; }

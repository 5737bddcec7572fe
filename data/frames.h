/* SPDX-License-Identifier: MIT */
/* frames.h - what the readers and writers of all formats share; private to data/. */
#ifndef SKD_DATA_FRAMES_H
#define SKD_DATA_FRAMES_H

#include "shakedown/data.h"

/** Name of the per-atom column that holds VASP's selective dynamics, L:3, true = free to move (ASE's
 *  name in extended XYZ, same meaning). */
#define SKD_MOVE_MASK "move_mask"

/** Appends a frame; it is taken in any case (freed on failure). */
skd_status skd_frames_add(skd_frames *frames, skd_frame *frame_taken, skd_error *err) SKD_CHECKED;

/** Appends an empty column of n*width zeroed cells; borrowed pointer in *out. */
skd_status skd_frame_add_column(skd_frame *frame, skd_span name, char type, size_t width, skd_column **out,
                                skd_error *err) SKD_CHECKED;
/** Column of this name and type, or NULL. */
const skd_column *skd_frame_column(const skd_frame *frame, const char *name, char type);

/** What every reader checks last: periodic vectors that span a volume, coordinates of a sane size, no
 *  two atoms within 0.01 Å. SKD_EFORMAT with `where` in front. */
skd_status skd_frame_check(const skd_frame *frame, const char *where, skd_error *err) SKD_CHECKED;

/** SKD_EFORMAT if the text is empty or holds a NUL byte. */
skd_status skd_text_check(const char *name, const char *text, size_t length, skd_error *err) SKD_CHECKED;

/** Fractional coordinates, frame->frac if there, else from the positions; the caller's. */
skd_status skd_frame_frac(double (**out)[3], const skd_frame *frame, skd_error *err) SKD_CHECKED;

/** Atomic number of the letters a word begins with ("Mg_pv", "Cd2+", "O1", "Cd/abc"); 0 if none. */
int skd_word_element(skd_span word);

/** Copy of a span as a string, the caller's; NULL if memory is out. */
char *skd_span_dup(skd_span span) SKD_CHECKED;

/** Fewest digits (15 to 17) that read back as the same double. */
void skd_string_add_real(skd_string *s, double value);

/** First line of a file: control characters become blanks. */
void skd_string_add_line(skd_string *s, const char *text);

/** Extended XYZ that begins after `line` lines and `frame_number` frames of its file (for messages). */
skd_status skd_xyz_parse(skd_frames *out, const char *name, const char *text, size_t length, size_t line,
                         size_t frame_number, skd_error *err) SKD_CHECKED;

extern const skd_format skd_format_poscar, skd_format_xyz, skd_format_cif;

#endif

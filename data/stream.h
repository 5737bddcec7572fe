/* SPDX-License-Identifier: MIT */
/* stream.h - a file (gunzipped as it comes), standard input or a text in memory, read through one window;
 * private to data/. What is read ends early, without an error, where a gzip file is cut off. */
#ifndef SKD_DATA_STREAM_H
#define SKD_DATA_STREAM_H

#include "shakedown/data.h"

typedef struct skd_stream skd_stream;

/** "-": standard input. */
skd_status skd_stream_open(skd_stream **out, const char *path, skd_error *err) SKD_CHECKED;
/** Of a text; borrowed. */
skd_status skd_stream_of(skd_stream **out, const char *name, const char *text, size_t length,
                         skd_error *err) SKD_CHECKED;
void skd_stream_close(skd_stream *s);

/** Next line without its end; borrowed until the next call. false at the end and after a failure, which
 *  skd_stream_status returns. */
bool skd_stream_line(skd_stream *s, skd_span *line);
bool skd_stream_line_ended(const skd_stream *s); /**< did the last line have a line end? */
/** The line is given again by the next call. */
void skd_stream_again(skd_stream *s);

/** Unread bytes at hand; skd_stream_more gets more of them (false: there are none), skd_stream_skip takes n off. */
skd_span skd_stream_peek(const skd_stream *s);
bool skd_stream_more(skd_stream *s);
void skd_stream_skip(skd_stream *s, size_t n);

skd_status skd_stream_status(const skd_stream *s, skd_error *err) SKD_CHECKED;
/** Stream of another file in the same folder, also as NAME.gz; *out NULL if there is none, or no folder. */
skd_status skd_stream_beside(skd_stream **out, const skd_stream *s, const char *name, skd_error *err) SKD_CHECKED;
bool skd_stream_is_cut(const skd_stream *s); /**< did a gzip file end too early? */
/** Name and number of the line last given, for skd_text_real and its kin. */
const skd_text *skd_stream_text(const skd_stream *s);

#endif

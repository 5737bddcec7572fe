/* SPDX-License-Identifier: MIT */
/* lesson.h - what the parts of one learning search share: learn.c (rounds), ask.c, last_word.c, assign.c. */
#ifndef SKD_SEARCH_LESSON_H
#define SKD_SEARCH_LESSON_H

#include "learn.h"

/* One search of one job. */
typedef struct skd_lesson {
    skd_learner *learner;
    skd_job *job;
    skd_trails trails;
    skd_kin kin;
    skd_model *model;
    skd_learn_summary *summary;
    size_t n_doubts; /* times that a sure surrogate was checked */
    size_t n_looks_back; /* times that slow frames on the way were looked for */
    size_t n_hops;   /* times that copies of minima were made   */
    size_t n_hop_labels; /* labels that only teach what is around minima */
} skd_lesson;

/* ---- learn.c ---- */

/* Fits, follows all trails that are not settled, finds their families. */
skd_status skd_lesson_explore(skd_lesson *l, skd_error *err) SKD_CHECKED;
/* Does any member of the family carry this mark, a bool of skd_trail? */
bool skd_family_has(const skd_lesson *l, size_t family, size_t mark_offset);
#define FAMILY_HAS(lesson, family, mark) skd_family_has(lesson, family, offsetof(skd_trail, mark))

/* ---- ask.c ---- */

skd_status skd_ask_first(skd_lesson *l, skd_error *err) SKD_CHECKED;
/* Writes at most `room` trails whose ends are worth a label to chosen. */
skd_status skd_ask_choose(const skd_lesson *l, size_t *chosen, size_t *n_chosen, size_t room,
                          skd_error *err) SKD_CHECKED;
skd_status skd_ask_chosen(skd_lesson *l, const size_t *chosen, size_t n, skd_error *err) SKD_CHECKED;

/* Labels slow frames on the way of starts whose ends are all known; asked: how many. */
skd_status skd_ask_slow(skd_lesson *l, size_t room, size_t *asked, skd_error *err) SKD_CHECKED;

/* ---- confirm.c ---- */

#define SKD_DRIFTED 0.4 /* Å: a trail that ends farther from its beginning has left its basin */
/* A label that was asked for at the end of `trail` (SIZE_MAX: of none), which began from this start: near a minimum it
 * becomes a trail, and with small forces it confirms its family. */
skd_status skd_confirm_point(skd_lesson *l, size_t start, size_t trail, size_t label, skd_error *err);
/* After each exploration: do the confirmed basins still stand? */
skd_status skd_confirm_watch(skd_lesson *l, skd_error *err);
/* At the end of the budget: labels near minima count as they are. */
skd_status skd_confirm_rest(skd_lesson *l, skd_error *err);
/* As skd_ask_choose. */
skd_status skd_confirm_choose(const skd_lesson *l, size_t *chosen, size_t *n_chosen, size_t room, skd_error *err);

/* ---- hop.c ---- */

/* Adds trails around the lowest minima where there are none yet; *any: there are new ones. */
skd_status skd_hop(skd_lesson *l, bool *any, skd_error *err) SKD_CHECKED;
/* After each exploration: retires those that do not lead lower than what is known. */
void skd_hop_forget(skd_lesson *l);
/* One of them whose turn to be labelled is not in this round. */
bool skd_hop_waits(const skd_lesson *l, size_t trail);

/* ---- doubt.c ---- */

/* Labels frames far from all others; *off: they are not as the surrogate says, which has more to learn. */
skd_status skd_doubt(skd_lesson *l, bool *off, skd_error *err);

/* ---- last_word.c ---- */

/* "v_Cd_0/Bond_Distortion_-40.0%" */
void skd_lesson_name(const skd_lesson *l, size_t trail, char *text, size_t size);
/* A relaxation by the teacher, from a trail's end or its beginning. */
typedef struct skd_finish {
    size_t trail;
    const skd_cell *from;
    size_t max_steps; /* 0: to the end */
    bool known;       /* the surrogate is sure of `from` */
    bool stuck;       /* the trail goes on from where this ends */
} skd_finish;
/* Was the teacher asked for the end of this trail, without that making the model sure of it? Such frames are kept out
 * of fits: too far above the lowest, atoms too close, no answer. Frames like it would teach as little. */
bool skd_lesson_is_stuck(const skd_lesson *l, size_t trail);
/* Has the teacher been asked as often as for relaxing each start itself? Then only where starts lead still counts. */
bool skd_lesson_is_dear(const skd_lesson *l);
/* Starts that are stuck: the teacher takes them a few steps on. */
size_t skd_finish_stuck(const skd_lesson *l, skd_finish *list, size_t room);
/* n: how many were listed. */
skd_status skd_finish_families(const skd_lesson *l, bool any, skd_finish *list, size_t room, size_t *n,
                               skd_error *err) SKD_CHECKED;
skd_status skd_finish_listed(skd_lesson *l, const skd_finish *list, size_t n, skd_error *err) SKD_CHECKED;
/* Starts that stayed unsure, and minima that got lost; *any: there were some, and all is to be followed again. */
skd_status skd_finish_leftovers(skd_lesson *l, bool *any, skd_error *err) SKD_CHECKED;

/* ---- assign.c ---- */

/* Hands the minima out, and to the caller. */
skd_status skd_lesson_assign(skd_lesson *l, skd_error *err) SKD_CHECKED;

#endif

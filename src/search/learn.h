/* SPDX-License-Identifier: MIT */
/* learn.h - parts of the search that learns: the pool of labels, the surrogate's relaxations of one round, the choice
 * of what to label, the teacher's last word. */
#ifndef SKD_SEARCH_LEARN_H
#define SKD_SEARCH_LEARN_H

#include "shakedown/search.h"

/* ---- labels.c, finish.c ------------------------------------------------------------------------------- */

/* A frame to be labelled. */
typedef struct skd_question {
    const skd_cell *cell;
    const skd_cell *known; /* a frame that the teacher could answer: a second attempt begins from its electrons; NULL */
    size_t max_steps; /* of a relaxation; 0: as the learner's options say */
    const skd_potential *guide; /* a surrogate, sure of the frame, whose Hessian is the metric of a relaxation; NULL */
    char from[128];
} skd_question;

/* What the prior level says of a label: of the frame that counts, then of those on its way. */
typedef struct skd_below {
    enum { SKD_BELOW_UNKNOWN, SKD_BELOW_KNOWN, SKD_BELOW_FAILED } state[1 + SKD_WAY];
    double energy[1 + SKD_WAY]; /* eV */
    double (*force)[3];         /* [1 + SKD_WAY][n] eV/Å, owned */
} skd_below;

struct skd_learner {
    const skd_potential *teacher;
    skd_relax_options relax;
    skd_learn_options options;
    const skd_learn_hooks *hooks;
    int threads;
    skd_potential_work **teacher_work; /* [threads] */
    skd_kept_label **label;            /* [n_labels] all that are known, owned */
    size_t n_labels, room;
    size_t *fitted;                    /* [n_fitted] those that count in fits, in that order */
    size_t n_fitted, fitted_room;
    skd_potential_work *prior_work;    /* NULL: no prior level */
    skd_below *below;                  /* [n_below] as far as they were asked for, by number of the label */
    size_t n_below, below_room;
    skd_features *features;            /* of the elements of the last job */
    skd_fit *fit;
    size_t n_added;                    /* of `fitted` that have been put to this fit */
};

/* Asks the teacher for n frames of one charge at once, remembers and tells the hook; of[i]: number of the label. Frames
 * known already cost nothing. Every label counts in fits from now on. */
skd_status skd_learner_ask(skd_learner *learner, const skd_question *question, size_t n, double charge, size_t *of,
                           skd_error *err) SKD_CHECKED;
/* The same for relaxations by the teacher, which end as learner->relax says; calls are counted in the labels.
 * start[i]: of the job, for the progress hook. */
skd_status skd_learner_relax(skd_learner *learner, const skd_job *job, const skd_question *question, size_t n,
                             const size_t *start, size_t *of, skd_error *err) SKD_CHECKED;
/* Number of the label of this very frame; SIZE_MAX if there is none. */
/* Questions at a time: threads, or fewer where each of the teacher's answers uses several. */
int skd_learner_at_once(const skd_learner *learner);
size_t skd_learner_find(const skd_learner *learner, const skd_cell *cell, double charge, bool relaxed);
/* Does a single point of this very frame count in fits? One that is only remembered (of a search that was interrupted)
 * does not yet: what a search does must not depend on that. */
bool skd_learner_counts(const skd_learner *learner, const skd_cell *cell, double charge);
/* Which of the labels that count the answer to question item[i] will be; of[]: answers that are known, or SIZE_MAX. The
 * same whether a search is undisturbed or finds answers of before. */
size_t skd_learner_place(const skd_learner *learner, const size_t *of, const size_t *item, size_t i);
/* Files answers[n] to questions item[n] in this order; takes their contents. */
skd_status skd_learner_file(skd_learner *learner, skd_kept_label *answer, const size_t *item, size_t n, size_t *of,
                            skd_error *err) SKD_CHECKED;
skd_status skd_learner_count_in(skd_learner *learner, size_t number, skd_error *err) SKD_CHECKED;
/* The labels that a job was given before, in the order of its undisturbed search. */
skd_status skd_learner_count_in_job(skd_learner *learner, const skd_job *job, skd_error *err) SKD_CHECKED;
/* eV/Å, of the atoms that the job leaves free; infinite if it failed. */
double skd_label_force_max(const skd_kept_label *label, const skd_job *job);
/* Do fits leave this label out: no answer, or too far above the lowest? */
bool skd_learner_left_out(const skd_learner *learner, const skd_job *job, size_t number);
/* A model of the elements of `cell` for a charge, from all labels that count. NULL (SKD_OK) if none does. */
skd_status skd_learner_fit(skd_learner *learner, const skd_cell *cell, double charge, skd_model **out,
                           skd_fit_report *report, skd_error *err) SKD_CHECKED;

/* ---- prior.c -------------------------------------------------------------------------------- */

/* Adds frame k (0: the one that counts, else of the way) of a label to the fit, less what the prior level says of it. A
 * frame that the prior level cannot do is left out. */
skd_status skd_learner_add(skd_learner *learner, size_t number, size_t k, const skd_label *label,
                           skd_error *err) SKD_CHECKED;
/* eV, of the frame that counts; false if it is not known. */
bool skd_learner_prior_energy(const skd_learner *learner, size_t number, double *energy);
void skd_learner_forget_prior(skd_learner *learner);

/* ---- reference.c ---------------------------------------------------------------------------- */

/* The frame that the guard compares energies with: the unperturbed defect, or the lowest label if that is too far below
 * it; borrowed. */
const skd_cell *skd_learner_reference(const skd_learner *learner, const skd_job *job);

/* How many labels that count are of this defect, at any charge, in any cell. */
size_t skd_learner_own(const skd_learner *learner, const skd_defect *defect);

/* ---- explore.c ------------------------------------------------------------------------------ */

/* Something the surrogate relaxes in every round: a start, or a minimum of an earlier round. */
typedef struct skd_trail {
    const skd_cell *from;
    size_t start;       /* in the job; of the one that first led there, for earlier ones                     */
    bool earlier;       /* no start: a labelled frame or a minimum of an earlier round                       */
    bool near;          /* its label's forces are small: near a minimum of the teacher's                     */
    bool begun;         /* the end of a relaxation by the teacher that was not given steps enough            */
    bool left;          /* a frame that the teacher left so far in such steps: no minimum is there           */
    bool confirmed;     /* a minimum of the teacher's, or (alias) a frame from which the teacher went there;
                           neither is moved by the surrogate                                                 */
    bool alias;
    bool follows;       /* an alias that the surrogate does relax: it stands for the basin around a confirmed label,
                           and is confirmed as long as it does not leave it                                  */
    bool hop;           /* a copy of a minimum with its core moved: see hop.c                                */
    size_t spared;      /* such a copy: the last round in which it was worth a label; 0: none                */
    bool hopped;        /* such copies of it were made                                                       */
    bool retired;       /* a later label of the same basin took its place                                    */
    size_t asked;       /* labels that its basin had before this one                                         */
    bool tried;         /* the teacher was asked to relax it to the end, wherever it ended then              */
    bool audited;       /* ... from where the trail begins                                                   */
    bool agrees;        /* and ended with the energy that the surrogate gives its end                        */
    bool failed;        /* and could not                                                                     */
    bool asked_end;     /* a start: the teacher was asked about its end, `answer` is the last such label     */
    size_t answer;
    bool no_way_on;     /* and could not take it on from there                                               */
    size_t label;       /* of an earlier one: its single point, or its relaxation if confirmed               */
    size_t leads_to;    /* trail of the confirmed minimum in whose family it ended; SIZE_MAX: none           */
    size_t times;       /* rounds in a row that it did                                                       */
    bool settled;       /* often enough: not followed any more                                               */
    skd_cell *middle;   /* of a start, with labels alone: on its way once its strain has relaxed; owned      */
    bool checked;       /* `middle` was labelled                                                             */
    /* of the last round in which it was followed: */
    skd_stop stop;
    size_t n_calls;           /* of the potential that relaxed it */
    bool unsure;              /* stopped by the guard, or lost: `end` is the last frame before               */
    skd_cell *end;            /* owned                                                                       */
    double *row;              /* [m] energy row of end, owned                                                */
    double energy, deviation; /* eV; deviation of the energy against the unperturbed defect's                */
    skd_cell *slow; /* the frame on the way with the smallest force before it grew again, owned; NULL        */
    double slow_force, slow_energy; /* eV/Å, eV                                                              */
} skd_trail;

typedef struct skd_trails {
    skd_job *job;
    skd_trail *trail; /* [n] */
    size_t n, room;
    double *reference; /* [m] energy row of the unperturbed defect, of the present model */
    skd_cell **kept;   /* [n_kept] cells that trails begin from, owned */
    size_t n_kept, kept_room;
} skd_trails;

skd_status skd_trails_init(skd_trails *trails, skd_job *job, skd_error *err) SKD_CHECKED;
void skd_trails_free(skd_trails *trails);
/* Adds an earlier minimum, which begins from a copy of cell. */
skd_status skd_trails_add(skd_trails *trails, const skd_cell *cell, const skd_trail *like, skd_error *err) SKD_CHECKED;
/* Lets a trail begin from a copy of cell. */
skd_status skd_trails_move(skd_trails *trails, size_t number, const skd_cell *cell, skd_error *err) SKD_CHECKED;
/* Relaxes every trail with the model under the guard. */
skd_status skd_trails_follow(skd_trails *trails, const skd_learner *learner, const skd_model *model,
                             skd_error *err) SKD_CHECKED;

/* ---- core.c ---------------------------------------------------------------------------------- */

/* core[n]: the atoms that starts move on purpose, and those of `cell` that are far from their sites. */
skd_status skd_core_mark(bool *core, const skd_cell *cell, const skd_job *job, skd_error *err) SKD_CHECKED;
/* core[n]: the atoms that a start moved on purpose. In `cell`, a copy of it, those too close are moved apart. */
skd_status skd_core_find(bool *core, skd_cell *cell, const skd_job *job, size_t start, skd_error *err) SKD_CHECKED;

/* ---- choose.c ------------------------------------------------------------------------------- */

/* Which of the n wanted trails to label so that most becomes known with at most `room` labels: greedy, each choice
 * lowers the variance of those like it. Writes their numbers to chosen, returns how many. */
skd_status skd_trails_choose(const skd_trails *trails, const skd_model *model, const size_t *wanted, size_t n,
                             double least, size_t room, size_t *chosen, size_t *n_chosen, skd_error *err) SKD_CHECKED;

/* ---- families.c ----------------------------------------------------------------------------- */

/* Families of the trails that ended surely, by fingerprint and surrogate energy: family[i] of every trail, SIZE_MAX for
 * the others; best[f]: its trail of lowest energy. Owned by the caller. */
typedef struct skd_kin {
    size_t n;       /* families               */
    size_t n_trails; /* that there were        */
    size_t *family; /* [trails]               */
    size_t *best;   /* [n]                    */
} skd_kin;
skd_status skd_kin_find(skd_kin *out, const skd_trails *trails, int threads, skd_error *err) SKD_CHECKED;
void skd_kin_free(skd_kin *kin);

#endif

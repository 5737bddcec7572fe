/* SPDX-License-Identifier: MIT
 * shakedown/search.h - the workflow as a library: host -> defects -> starts -> relaxed minima ->
 * families -> ranked candidates. No files, no printing: progress and storage go through hooks.
 */
#ifndef SHAKEDOWN_SEARCH_H
#define SHAKEDOWN_SEARCH_H

#include "shakedown/distortions.h"
#include "shakedown/fingerprints.h"
#include "shakedown/learned.h"

/** The relaxed end of one start. */
typedef struct skd_minimum {
    size_t start;          /**< index into the job's starts                            */
    size_t like;           /**< the start whose minimum it shares: itself, or the representative that the teacher
                                relaxed for all that the surrogate found equal (then `cell` is the surrogate's) */
    bool done;             /**< relaxed (now or in an earlier run)                     */
    skd_stop stop;
    double energy;         /**< eV                                                     */
    double force_max;      /**< eV/Å                                                   */
    double spring;         /**< eV, of the tethers; not part of energy                 */
    size_t n_steps, n_calls;
    skd_cell *cell;        /**< owned */
    double (*force)[3];    /**< [n] eV/Å, owned */
    char reason[200];
    skd_trace trace;       /**< of its relaxation, where the search's own potential did it; owned */
    bool nudged;           /**< nudged and relaxed again (skd_search_saddles)          */
    double fall;           /**< eV, by which it then fell                              */
    bool has_prior;        /**< found by a search on a prior level                     */
    double prior_energy;   /**< eV, of this very structure at that level               */
} skd_minimum;

/** Relaxation of all starts of one defect and charge. */
typedef struct skd_job {
    const skd_defect *defect;
    int charge;
    skd_start_list starts;
    skd_minimum *minimum;  /**< [starts.n] */
    size_t capacity;       /**< of minimum */
    double *tether;        /**< [atoms] as in skd_relax_options, owned; NULL: all atoms are free */
    double (*anchor)[3];   /**< [atoms] Å, owned */
} skd_job;
skd_status skd_job_new(skd_job **out, const skd_defect *defect, int charge, const skd_start_options *options,
                       skd_error *err) SKD_CHECKED;
/** The same from starts made elsewhere (read from a store); takes the list's contents, also on failure. */
skd_status skd_job_of_starts(skd_job **out, const skd_defect *defect, int charge, skd_start_list *starts,
                             skd_error *err) SKD_CHECKED;
/** Adds a start, taking its contents, also on failure; pointers to the job's starts and minima move. Not while it
 *  is being relaxed. */
skd_status skd_job_add_start(skd_job *job, skd_start *start, skd_error *err) SKD_CHECKED;
void skd_job_free(skd_job *job);

/** What the caller may want to see and keep. Calls are serialised (never two at once). */
typedef struct skd_search_hooks {
    /** A start was relaxed: store it. A non-OK status stops the search. */
    skd_status (*finished)(void *payload, const skd_job *job, size_t start, skd_error *err);
    /** After some steps of a running relaxation; returns false to stop everything. */
    bool (*progress)(void *payload, const skd_job *job, size_t start, const skd_relax_frame *frame);
    void *payload;
    /** n starts were added to the jobs (skd_search_charges): store them, all or none. A non-OK status stops the
     *  search. */
    skd_status (*added)(void *payload, size_t n, skd_error *err);
    /** A minimum was nudged (skd_search_saddles): store it again. A non-OK status stops the search. */
    skd_status (*nudged)(void *payload, const skd_job *job, size_t start, skd_error *err);
} skd_search_hooks;

/** How the perfect crystal fares under a potential. */
typedef struct skd_host_state {
    double energy;    /**< eV, as given                                                          */
    double force_max; /**< eV/Å, as given                                                        */
    double pressure;  /**< eV/Å^3, positive: wants to grow                                       */
    double rms;       /**< Å, from its sites after a rattle of 0.1 Å (each coordinate) and a relaxation to
                           0.03 eV/Å in at most 60 steps; over atoms, common drift removed       */
    double largest;   /**< Å, the atom that is farthest then                                     */
    double gain;      /**< eV/atom below the crystal as given; negative where it was at rest     */
    size_t n_calls;   /**< evaluations that this took                                            */
    skd_stop stop;    /**< of that relaxation                                                    */
    bool returns;     /**< rms < 0.1 Å: the host is a minimum at this level                     */
} skd_host_state;
/** SKD_ESTOPPED if the observer (may be NULL) stopped it. */
skd_status skd_host_check(skd_host_state *out, const skd_cell *bulk, const skd_potential *potential, uint32_t seed,
                          const skd_relax_observer *observer, skd_error *err) SKD_CHECKED;

/** The primitive cell as this level has it, the caller's: the supercell matrix . primitive is relaxed with its
 *  lattice and folded back. SKD_ENUMERIC if it does not converge, SKD_ESTOPPED if the observer stopped it. */
skd_status skd_host_relax(skd_cell **out, const skd_cell *primitive, const int matrix[3][3],
                          const skd_potential *potential, const skd_relax_observer *observer,
                          skd_error *err) SKD_CHECKED;
/** A structure of the defect (in the order of defect->cell), made in a relaxed host, moved into the host as it was
 *  given: `given`, the perfect supercell, has the atoms of defect->bulk. Each atom keeps its fractional
 *  displacement from its site; those without a site their fractional coordinates. */
skd_status skd_host_map_back(skd_cell **out, const skd_cell *cell, const skd_defect *defect, const skd_cell *given,
                             skd_error *err) SKD_CHECKED;

/** What is done with the atoms far from a defect. */
typedef enum skd_far_mode {
    SKD_FAR_FREE,     /**< nothing                                                                     */
    SKD_FAR_FROZEN,   /**< they stay on the sites of the perfect crystal; starts are put back to them  */
    SKD_FAR_TETHERED, /**< springs of 1 eV/Å^2 pull them there; starts stay as they are                */
    SKD_FAR_AUTO      /**< free where the host returns, else frozen; see skd_far_field_choose          */
} skd_far_mode;

typedef struct skd_far_field {
    skd_far_mode mode;
    double radius; /**< Å from the nearest site of the defect, images included; farther atoms are held */
} skd_far_field;
#define SKD_FAR_RADIUS 6.0 /**< Å, that of auto where the cell allows it */

/** Resolves auto: free where the host returns, else frozen beyond 6 Å, or less: of each defect's atoms one in ten
 *  is beyond. Cells too small for that stay free. */
skd_status skd_far_field_choose(skd_far_field *far, const skd_host_state *host, skd_defect *const *defect, size_t n,
                                skd_error *err) SKD_CHECKED;
/** tether[cell->n] for skd_relax_options, by the distance from site[n_sites] (fractional). SKD_EARG if no atom or
 *  every atom is beyond the radius. */
skd_status skd_far_field_tether(double *tether, const skd_far_field *far, const skd_cell *cell,
                                const double (*site)[3], size_t n_sites, skd_error *err) SKD_CHECKED;
/** Holds the far atoms of a job on the host's sites in all its relaxations, and puts frozen ones of its starts back
 *  there. Not for auto. */
skd_status skd_job_hold(skd_job *job, const skd_far_field *far, skd_error *err) SKD_CHECKED;
/** Puts a job's charge and its held atoms (borrowed) into the options of a relaxation. */
void skd_job_set_options(const skd_job *job, skd_relax_options *options);
/** eV/Å, the largest force on a held atom of a minimum; 0 where all are free. */
double skd_job_held_force(const skd_job *job, size_t start);

/** Relaxes every start of every job that is not done yet, in parallel over starts. Results do not
 *  depend on the number of threads. SKD_ESTOPPED if a hook stopped it. */
skd_status skd_search_relax(skd_job *const *job, size_t n_jobs, const skd_potential *potential,
                            const skd_relax_options *options, int threads, const skd_search_hooks *hooks,
                            skd_error *err) SKD_CHECKED;

/* ---- the search that learns while it relaxes --------------------------------------------------- */

typedef struct skd_learn_options {
    size_t labels;          /**< at most so many a job, those of the final relaxations not counted        */
    size_t rounds;          /**< at most                                                                  */
    size_t batch;           /**< labels a round, at most                                                  */
    double guard;           /**< eV: a surrogate relaxation stops where the calibrated deviation of its energy from
                                 the unperturbed defect's is larger                                       */
    size_t guard_every;     /**< steps between tests                                                      */
    size_t grace;           /**< steps in which a start's strain may relax before the first test          */
    double finish_force;    /**< eV/Å: the teacher relaxes a family's best member once its own largest force there
                                 is below                                                                 */
    size_t finish_at_once;  /**< such relaxations a round: what the first teach may spare others            */
    size_t steps;           /**< of a surrogate relaxation                                                */
    double force_max;       /**< eV/Å, its end                                                            */
    const skd_potential *prior; /**< borrowed: a cheaper level. What is learned is the difference to it, and what
                                     relaxes is its sum with the model; NULL: none                        */
    double confirm_force;   /**< eV/Å; 0: the teacher relaxes every family to its own minimum. Else, for teachers
                                 that cost minutes, it is only asked for labels: a family is confirmed by one of its
                                 own whose largest force is below                                         */
    skd_features_options features;
    skd_fit_options fit;    /**< without its short-range prior and far_above where there is a prior level   */
} skd_learn_options;
#define SKD_LEARN_DEFAULT                                                                                            \
    {.labels = 80, .rounds = 30, .batch = 8, .guard = 0.3, .guard_every = 5, .grace = 10, .finish_force = 0.5,        \
     .finish_at_once = 2, .steps = 400, .force_max = 0.01, .features = SKD_FEATURES_DEFAULT, .fit = SKD_FIT_DEFAULT}

#define SKD_WAY 4
/** A teacher's answer to one question: energy and forces of a frame, or where it relaxes to. Owned by the learner it
 *  was given to. */
typedef struct skd_kept_label {
    skd_cell *cell;          /**< the frame asked about                                         */
    skd_cell *relaxed;       /**< where the teacher relaxed it to; NULL: a single point         */
    double charge, energy;   /**< e, eV; of `relaxed` if there is one                           */
    double (*force)[3];      /**< [n] eV/Å, likewise                                            */
    skd_stop stop;           /**< of the relaxation                                             */
    size_t n_steps, n_calls; /**< of the relaxation                                             */
    size_t n_way;            /**< frames on the way of the relaxation, at most SKD_WAY          */
    double *way_energy;      /**< [n_way] eV                                                    */
    double (*way)[3];        /**< [n_way][2][n] positions (Å) and forces (eV/Å)                 */
    skd_trace trace;         /**< of the relaxation                                             */
    bool failed;             /**< no answer, asked twice; `why` says what the teacher said      */
    char why[160];           /**< also: why a relaxation did not converge                       */
    size_t order;            /**< among those that count, in an undisturbed search              */
    char from[128];          /**< "v_Cd_0/Bond_Distortion_-40.0%": what it was asked for        */
    char origin[240];        /**< program, version and input of the answer; "": computed here   */
} skd_kept_label;

/** What a round of learning came to. */
typedef struct skd_learn_round {
    const skd_job *job;
    size_t number, n_labels;       /**< round (1-based), labels asked for this job so far            */
    size_t n_stopped, n_families;  /**< relaxations stopped by the guard, families of the others     */
    double lowest;                 /**< eV, of the surrogate; NAN if none                            */
    skd_fit_report fit;
} skd_learn_round;

typedef struct skd_learn_hooks {
    skd_status (*labelled)(void *payload, const skd_kept_label *label, skd_error *err); /**< store it */
    bool (*round)(void *payload, const skd_learn_round *round); /**< false: stop                      */
    bool (*progress)(void *payload, const skd_job *job, size_t start, const skd_relax_frame *frame); /**< of a final
                                                                     relaxation; false: stop           */
    /** All minima of the job are known: store those of start[n] together, or none of them. */
    skd_status (*finished)(void *payload, const skd_job *job, const size_t *start, size_t n, skd_error *err);
    void *payload;
} skd_learn_hooks;

/** What the search of one job cost. */
typedef struct skd_learn_summary {
    size_t n_labels;   /**< asked of the teacher while learning (those remembered included)          */
    size_t n_finish;   /**< calls of the final relaxations                                           */
    size_t n_prior;    /**< evaluations of the prior level                                           */
    size_t n_rounds, n_failed;
    bool spent;        /**< the budget of labels ended the learning                                  */
    skd_fit_report fit;
} skd_learn_summary;

/** Labels of one host at one level, and the models fitted to them; serves one job after another. */
typedef struct skd_learner skd_learner;
/** Borrows the teacher and hooks (may be NULL). relax: the final relaxations. */
skd_status skd_learner_new(skd_learner **out, const skd_potential *teacher, const skd_relax_options *relax,
                           const skd_learn_options *options, int threads, const skd_learn_hooks *hooks,
                           skd_error *err) SKD_CHECKED;
void skd_learner_free(skd_learner *learner);
/** Takes a label from elsewhere. fitted: it counts from now on (another search of this host); otherwise it only
 *  answers when the same frame is asked for again (a search that was interrupted, repeated). On failure the label's
 *  contents are freed too. */
skd_status skd_learner_keep(skd_learner *learner, skd_kept_label *label, bool fitted, skd_error *err) SKD_CHECKED;
void skd_kept_label_free(skd_kept_label *label); /**< frees the contents */

/** Finds the minima of all starts of the job that are not done: labels a few frames, fits, relaxes every start with
 *  the surrogate under its guard, labels where that was unsure and the best member of each family; where the teacher's
 *  forces are small it relaxes that itself; again, until nothing is unsure and each family has a minimum of the
 *  teacher's. With confirm_force the teacher relaxes nothing: families end at labels of their own, and starts that were
 *  added as minima of another level (`later`) are labelled first. The result is a function of starts, options, labels:
 *  the same for any number of threads, and when repeated with its labels kept. SKD_ESTOPPED if a hook stopped it. */
skd_status skd_learner_search(skd_learner *learner, skd_job *job, skd_learn_summary *summary,
                              skd_error *err) SKD_CHECKED;

/** A family of minima that are the same but for symmetry. */
typedef struct skd_family {
    size_t rank;             /**< 1 = lowest energy                                            */
    size_t best;             /**< start whose minimum is lowest: the candidate                 */
    size_t n_members;
    size_t *member;          /**< [n_members] starts, owned                                    */
    double energy;           /**< eV, of the candidate                                         */
    double relative;         /**< eV, to the unperturbed minimum (NAN if there is none)        */
    bool has_unperturbed;    /**< the unperturbed start fell into this family                  */
    char symmetry[16];       /**< Schoenflies point group of the relaxed cell, "D2d"           */
    double degeneracy;       /**< equivalent orientations per site: |G(site)| / |G(minimum)|   */
    char bond[32];           /**< shortest new bond, "Te-Te 2.76"; "" if none                  */
    double displacement;     /**< Å, largest displacement against the unperturbed defect       */
    skd_stop stop;           /**< of the candidate                                             */
    double fall;             /**< eV, by which the candidate falls when nudged; NAN: not tried */
    bool saddle;             /**< it falls: no minimum, but a saddle point                     */
    bool warned;             /**< not converged, or a saddle                                   */
} skd_family;

typedef struct skd_ranking {
    size_t n;
    skd_family *family;      /**< [n] by energy */
    double unperturbed;      /**< eV, energy of the unperturbed minimum; NAN if absent */
    size_t n_unusable;       /**< starts that collapsed, exploded or failed: in no family */
    double *distance;        /**< [n][n] fingerprint distance between candidates, owned; NULL unless asked for */
} skd_ranking;

typedef struct skd_rank_options {
    skd_soap_options soap;
    skd_cluster_options cluster;
    double same_energy; /**< eV; minima that differ by more are never one family; takes the place of
                             cluster.energy_threshold */
    bool distances;     /**< also those between families of other energies */
} skd_rank_options;
/* Relaxed copies of one minimum in published DFT sets differ by up to 8 meV, families by 0.1 eV and more. */
#define SKD_RANK_DEFAULT {.soap = SKD_SOAP_DEFAULT, .cluster = SKD_CLUSTER_DEFAULT, .same_energy = 0.05}

skd_status skd_rank(skd_ranking *out, const skd_job *job, const skd_rank_options *options, int threads,
                    skd_error *err) SKD_CHECKED;
void skd_ranking_free(skd_ranking *ranking); /**< frees the contents, not ranking itself */

/** eV; far above what a relaxation leaves, far below what tells families apart. */
#define SKD_SADDLE_FALL 0.01
/** Nudges every family's candidate that was not yet (0.02 Å, seeded by the start's name) and relaxes it again: one
 *  that falls by more than SKD_SADDLE_FALL is a saddle point, which a symmetric start may relax to. Marks minima
 *  and families; ranking[n_jobs] is that of the jobs. */
skd_status skd_search_saddles(skd_job *const *job, skd_ranking *ranking, size_t n_jobs, const skd_potential *potential,
                              const skd_relax_options *options, uint64_t seed, int threads,
                              const skd_search_hooks *hooks, skd_error *err) SKD_CHECKED;
/** fall, saddle and warned of the family whose candidate this is. */
void skd_family_mark(skd_family *family, const skd_minimum *minimum);

/** Minima of one charge state as starts of another. */
typedef struct skd_cross_options {
    bool compat;         /**< ShakeNBreak's rule, below                                                        */
    double min_energy;   /**< eV; only minima this far below the unperturbed one of their charge; negative:
                              also some above it                                                               */
    size_t max_rounds;   /**< at most so many exchanges                                                        */
    skd_rank_options rank;
} skd_cross_options;
#define SKD_CROSS_DEFAULT {.min_energy = 0.05, .max_rounds = 5, .rank = SKD_RANK_DEFAULT}

/** One exchange between the jobs that are charge states of one defect (the same name). The representative of every
 *  family of one state that is low enough becomes a start "<start>_from_+1" of each other state that has no family
 *  closer than rank.cluster.threshold and was not given the like of it before; after the first exchange, only that of
 *  the lowest family. Lower families first, states in the order of the jobs. ShakeNBreak's rule (`snb-regenerate`):
 *  only the lowest family of each state; the same if no atom is 0.2 Å away after matching; never back to the state
 *  that it was taken from. *n_added is 0 once nothing is new. All starts must have been relaxed. */
skd_status skd_cross_charges(size_t *n_added, skd_job *const *job, size_t n_jobs, const skd_cross_options *options,
                             int threads, skd_error *err) SKD_CHECKED;

/** skd_search_relax, then exchanges and relaxations in turn until nothing new appears. Goes on from jobs whose
 *  starts were added, and minima found, in an earlier run, to the same end. */
skd_status skd_search_charges(skd_job *const *job, size_t n_jobs, const skd_potential *potential,
                              const skd_relax_options *options, const skd_cross_options *cross, int threads,
                              const skd_search_hooks *hooks, skd_error *err) SKD_CHECKED;

/* ---- verification at another level ------------------------------------------------------------- */

/** Which families another level should look at: those within `window` (eV) of the lowest, at most `most` of them
 *  (0: all), and wherever it lies that of the unperturbed start. family[ranking->n] becomes their places in the
 *  ranking, ascending; returns how many. */
size_t skd_verify_choose(size_t *family, const skd_ranking *ranking, double window, size_t most);

/** A pair that two levels order differently. */
typedef struct skd_disagreement {
    size_t lower, higher;   /**< for the first level                                        */
    double first, second;   /**< eV, E(higher) - E(lower) at either level; first > 0 > second */
} skd_disagreement;
/** All such pairs of n structures with energies first[n] and second[n] (eV, NAN: unknown), the largest contradiction
 *  (first - second) first. *n_pairs: how many pairs are known at both levels. The list is the caller's. */
skd_status skd_verify_compare(skd_disagreement **out, size_t *n_out, size_t *n_pairs, const double *first,
                              const double *second, size_t n, skd_error *err) SKD_CHECKED;

/** Fingerprint distance up to which a structure relaxed at one level is still that of another: the least between
 *  families of relaxed DFT structures (fingerprints.h). */
#define SKD_VERIFY_KIN 6e-3
/** Which of candidate[n] (same atoms) a structure is most like, and how far from it. *nearest is SIZE_MAX for n = 0. */
skd_status skd_verify_match(size_t *nearest, double *distance, const skd_cell *cell,
                            const skd_cell *const *candidate, size_t n, const skd_defect *defect,
                            const skd_soap_options *soap, int threads, skd_error *err) SKD_CHECKED;

/** A relaxation seen from outside, step by step; zero-initialise. */
#define SKD_WATCH_STEPS 50
typedef struct skd_watch {
    size_t n, n_scf;                /**< steps; those whose electrons converged            */
    double energy[SKD_WATCH_STEPS]; /**< eV, the last ones, step i at i % SKD_WATCH_STEPS */
    char close[120];                /**< which atoms are too close in the last step; else "" */
} skd_watch;
/** What there is to hope for. */
typedef enum skd_hope {
    SKD_HOPE,           /**< go on                                                */
    SKD_HOPE_STALLED,   /**< as good as converged: stop and take it               */
    SKD_HOPE_NONE       /**< stop and drop it                                     */
} skd_hope;
/** scf_converged: of this step. Atoms are too close below 1 Å, in cells without hydrogen. */
void skd_watch_step(skd_watch *watch, double energy, bool scf_converged, const skd_cell *cell);
/** ShakeNBreak's rules for stopping relaxations: atoms too close; positive energy after five steps and 1 eV above
 *  the unperturbed defect; 150 steps and 2 eV above; 500 steps, stalled, and 0.5 eV above; no converged electrons in
 *  five steps. Stalled: the last 50 steps within 2 meV. unperturbed: eV at this level, NAN: unknown. why: the
 *  reason, "" with SKD_HOPE. */
skd_hope skd_watch_judge(const skd_watch *watch, double unperturbed, char *why, size_t size);

#endif

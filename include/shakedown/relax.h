/* SPDX-License-Identifier: MIT
 * shakedown/relax.h - energies, forces and stresses behind one interface, and the minimisers that
 * walk down them.
 */
#ifndef SHAKEDOWN_RELAX_H
#define SHAKEDOWN_RELAX_H

#include "shakedown/crystal.h"

/* ---- potentials -------------------------------------------------------------------------- */

/** What one evaluation gives. Arrays are the caller's (see skd_result_new). */
typedef struct skd_result {
    double energy;        /**< eV                                                              */
    double (*force)[3];   /**< [n] eV/Å, -dE/dr                                                */
    double stress[3][3];  /**< eV/Å^3, (1/V) dE/d(strain); positive = wants to shrink          */
    double *atom_energy;  /**< [n] eV, sums to energy; NULL if the caller does not want it     */
    bool has_stress, has_atom_energy;
} skd_result;
skd_status skd_result_new(skd_result **out, size_t n, skd_error *err) SKD_CHECKED;
void skd_result_free(skd_result *result);

/** What to compute besides energy and forces. */
enum { SKD_WANT_STRESS = 1, SKD_WANT_ATOM_ENERGY = 2 };

/** The electrons of one cell, of a potential that has them. Orbitals ascend in energy; both spins share them. */
typedef struct skd_electronic {
    size_t n;              /**< atoms                                                                  */
    size_t n_shells, n_orbitals;
    double *charge;        /**< [n] e, Mulliken                                                        */
    size_t *shell_atom;    /**< [n_shells] atom of a shell, ascending                                  */
    int (*shell)[2];       /**< [n_shells] principal and angular quantum number                        */
    double *shell_charge;  /**< [n_shells] e, Mulliken, relative to the free atom; sums to charge      */
    double *energy;        /**< [n_orbitals] eV                                                        */
    double *occupation;    /**< [n_orbitals] 0..2, both spins together                                 */
    double *weight;        /**< [n_orbitals][n] Mulliken weight on the atoms, sums to 1 for an orbital */
    size_t electrons[2];   /**< of either spin                                                         */
    double fermi[2];       /**< eV, of either spin                                                     */
    size_t cycles;         /**< diagonalisations it took to become self-consistent                     */
    const char *way;       /**< how it became so; static text                                          */
    size_t dropped;        /**< functions of the basis left out, because others span them              */
    size_t bounded;        /**< atoms so negative (or positive) that the energy's third order was bounded, without
                                which there is no state; 0: plain GFN1-xTB                             */
} skd_electronic;
void skd_electronic_free(skd_electronic *electrons);
/** Highest occupied and lowest empty level of a spin (0, 1) at 0 K, eV; false if there is none of either. */
bool skd_electronic_edges(const skd_electronic *electrons, int spin, double *highest, double *lowest);
/** Inverse participation number of an orbital, the sum over atoms of squared Mulliken weights: 1 on a single atom,
 *  1/n when spread over n atoms evenly. */
double skd_electronic_participation(const skd_electronic *electrons, size_t orbital);

/** A kind of potential: one row in the table of relax/potential.c. */
typedef struct skd_potential_type {
    const char *name;      /**< as on the command line: "sw"                       */
    const char *summary;   /**< one line for help, with defaults and units         */
    const char *reference; /**< paper                                              */
    bool knows_charge;     /**< does the total charge change its energies?         */
    bool dear;             /**< costs more than milliseconds: worth a surrogate    */
    const char *method;    /**< minimiser that needs the fewest calls; NULL: FIRE  */
    double force_max;      /**< eV/Å, above its own noise; 0: exact, relaxations end by the mean force */
    /** Parses "key=value,key=value" (may be empty) into new parameters. */
    skd_status (*create)(void **params, const char *settings, skd_error *err);
    void (*destroy)(void *params);
    /** SKD_EARG naming the atom if the potential cannot treat the cell (element). */
    skd_status (*check)(const void *params, const skd_cell *cell, skd_error *err);
    skd_status (*work_new)(const void *params, void **work, skd_error *err);
    void (*work_free)(void *work);
    /** Forgets what work may carry from one evaluation to the next (self-consistent charges); may be NULL. */
    void (*begin)(void *work);
    /** Energy and forces (and what `want` asks) of the cell with total charge (e). work grows once
     *  and is then reused: no allocation in a relaxation's loop. */
    skd_status (*compute)(const void *params, const skd_cell *cell, double charge, int want, void *work,
                          skd_result *out, skd_error *err);
    /** The electrons of the cell that work computed last; NULL: the potential has none. */
    skd_status (*electronic)(void *work, skd_electronic **out, skd_error *err);
    /** Where the last evaluation came from (program, version, input), one line; NULL: there is nothing to tell. */
    const char *(*origin)(const void *work);
} skd_potential_type;

extern const skd_potential_type *const skd_potential_types[]; /**< ended by NULL */

/** Parameters of one potential; immutable, may be shared by threads. */
typedef struct skd_potential {
    const skd_potential_type *type;
    void *params;
    char spec[256]; /**< the text it was made from, for provenance */
    int at_once;    /**< evaluations at a time, where each uses several cores; 0: as many as there are threads */
} skd_potential;

/** From "name" or "name:key=value,...", e.g. "lj:epsilon=0.0104,sigma=3.4,cutoff=8.5"; or "a+b", the sum of such. */
skd_status skd_potential_new(skd_potential **out, const char *spec, skd_error *err) SKD_CHECKED;
/** Makes the potential of one kind from its text. */
typedef skd_status (*skd_potential_maker)(skd_potential **out, const char *spec, const void *payload, skd_error *err);
/** skd_potential_new for callers who know more kinds: what "a+b" is made of comes from `make`. A '+' parts two terms
 *  where a kind's name follows, ended by ':', '+' or the text's end. */
skd_status skd_potential_parse(skd_potential **out, const char *spec, skd_potential_maker make, const void *payload,
                               skd_error *err) SKD_CHECKED;
/** Energies, forces and stresses of term[n] added up; borrows the terms, which must outlive it. */
skd_status skd_potential_sum(skd_potential **out, const skd_potential *const *term, size_t n,
                             skd_error *err) SKD_CHECKED;
/** The same, and the terms' end is the sum's. On failure they stay the caller's. */
skd_status skd_potential_taking_sum(skd_potential **out, skd_potential *const *term_taken, size_t n,
                                    skd_error *err) SKD_CHECKED;
void skd_potential_free(skd_potential *potential);

/** Scratch of one thread for one potential. */
typedef struct skd_potential_work {
    const skd_potential *potential;
    void *work;
} skd_potential_work;
skd_status skd_potential_work_new(skd_potential_work **out, const skd_potential *potential, skd_error *err) SKD_CHECKED;
void skd_potential_work_free(skd_potential_work *work);
/** The result does not depend on what work was used for before. */
skd_status skd_potential_compute(skd_potential_work *work, const skd_cell *cell, double charge, int want,
                                 skd_result *out, skd_error *err) SKD_CHECKED;
/** The next point of a path: may start from what the last evaluation left (and depend on it within the
 *  potential's tolerance). */
skd_status skd_potential_compute_next(skd_potential_work *work, const skd_cell *cell, double charge, int want,
                                      skd_result *out, skd_error *err) SKD_CHECKED;
/** The same for n cells on `threads` threads (<= 0: all cores); out[i] is the caller's, made for cell[i].
 *  charge[n] may be NULL (all 0). Results do not depend on the number of threads. */
skd_status skd_potential_compute_many(const skd_potential *potential, const skd_cell *const *cell,
                                      const double *charge, size_t n, int want, int threads, skd_result *const *out,
                                      skd_error *err) SKD_CHECKED;

/** The electrons of the cell that work has just computed without error; the caller's. SKD_EARG for a potential
 *  without electrons, or before the first cell. */
skd_status skd_potential_electronic(skd_potential_work *work, skd_electronic **out, skd_error *err) SKD_CHECKED;
/** skd_potential_compute_many that also keeps the electrons: electrons[n] (NULL: not wanted) are the caller's,
 *  those left NULL on errors included. */
skd_status skd_potential_electrons_many(const skd_potential *potential, const skd_cell *const *cell,
                                        const double *charge, size_t n, int want, int threads,
                                        skd_result *const *out, skd_electronic **electrons,
                                        skd_error *err) SKD_CHECKED;

/* ---- minimisers of any function of m variables ------------------------------------------- */

/** f and its gradient g[m] at x[m]. A non-OK status ends the minimisation. */
typedef skd_status (*skd_objective_fn)(void *payload, const double *x, double *f, double *g, skd_error *err);

typedef struct skd_minimiser skd_minimiser;

/** A method: FIRE, FIRE 2.0, L-BFGS; one row in the table of relax/minimiser.c. */
typedef struct skd_minimiser_type {
    const char *name, *summary, *reference;
    size_t (*state_size)(size_t m); /**< doubles of private state */
    void (*start)(skd_minimiser *s);
    /** One step: moves s->x using s->g, then calls skd_minimiser_evaluate (once or more). */
    skd_status (*step)(skd_minimiser *s, skd_error *err);
} skd_minimiser_type;
extern const skd_minimiser_type *const skd_minimiser_types[]; /**< ended by NULL; [0] is the default, FIRE */
const skd_minimiser_type *skd_minimiser_named(const char *name); /**< NULL if unknown */

struct skd_minimiser {
    const skd_minimiser_type *type;
    size_t m;
    double *x, *g; /**< [m] current point and gradient */
    double f;
    double max_step;  /**< longest step, 0.2 (house unit Å): of all variables together in FIRE and FIRE 2.0 (as in
                           ASE), of each 3-vector in L-BFGS */
    size_t n_calls;   /**< of the objective */
    const double *metric; /**< [m][m] symmetric, positive where g can be other than 0: the inverse Hessian that L-BFGS
                               begins from; borrowed, set after skd_minimiser_new; NULL: one number */
    double *state;    /**< of the method */
    skd_objective_fn objective;
    void *payload;
};
/** New minimiser at x0[m] (copied), objective already called once. m is a multiple of 3 where steps are
 *  limited per 3-vector; other m are limited as a whole. */
skd_status skd_minimiser_new(skd_minimiser **out, const skd_minimiser_type *type, size_t m, const double *x0,
                             double max_step, skd_objective_fn objective, void *payload, skd_error *err) SKD_CHECKED;
skd_status skd_minimiser_step(skd_minimiser *s, skd_error *err) SKD_CHECKED;
skd_status skd_minimiser_evaluate(skd_minimiser *s, skd_error *err) SKD_CHECKED;
void skd_minimiser_free(skd_minimiser *s);

/* ---- relaxation of a cell ---------------------------------------------------------------- */

/** Why a relaxation ended. All but ERROR are outcomes, not errors. */
typedef enum skd_stop {
    SKD_STOP_NONE,        /**< still running                                               */
    SKD_STOP_FORCE_MAX,   /**< converged: largest force below force_max                    */
    SKD_STOP_FORCE_MEAN,  /**< converged: mean force below force_mean                      */
    SKD_STOP_STEPS,       /**< step limit                                                  */
    SKD_STOP_COLLAPSED,   /**< two atoms closer than `collapse` x sum of covalent radii    */
    SKD_STOP_EXPLODED,    /**< energy rose, or a force is not finite or absurd             */
    SKD_STOP_INTERRUPTED, /**< the observer asked to stop                                  */
    SKD_STOP_FAILED       /**< the potential gave an error (text in the outcome)           */
} skd_stop;
const char *skd_stop_name(skd_stop stop);      /**< "force_max", ... (stable, goes into stores) */
skd_stop skd_stop_named(const char *name);     /**< inverse; SKD_STOP_NONE if unknown           */
bool skd_stop_converged(skd_stop stop);
/** Did it end somewhere that can be compared, converged or not? Not if it collapsed, exploded or failed. */
bool skd_stop_has_minimum(skd_stop stop);

typedef struct skd_relax_options {
    const skd_minimiser_type *method; /**< NULL: FIRE                                        */
    double force_max;    /**< eV/Å; 0: not tested                                            */
    double force_mean;   /**< eV/Å, mean over atoms of |F|; 0: not tested                    */
    size_t max_steps;
    double max_step;     /**< Å, see skd_minimiser                                           */
    double collapse;     /**< fraction of the sum of covalent radii; 0: not tested           */
    double explode;      /**< eV/atom above the start's energy                               */
    bool relax_cell;     /**< variable cell (UnitCellFilter-like)                            */
    double pressure;     /**< eV/Å^3                                                         */
    double stress_max;   /**< eV/Å^3, with relax_cell                                        */
    double charge;       /**< e                                                              */
    const double *tether;      /**< [n] eV/Å^2: 0 free, INFINITY frozen, else a spring to its anchor; NULL: all
                                    free. Not with relax_cell                                */
    const double (*anchor)[3]; /**< [n] Å: frozen atoms are put there before the first step, springs pull
                                    there; NULL: the start's positions                       */
    const double *metric;      /**< [3n][3n] Å^2/eV, what L-BFGS begins from instead of one number
                                    (skd_relax_metric); the other methods and relax_cell ignore it; NULL: none */
} skd_relax_options;
#define SKD_RELAX_DEFAULT                                                                                  \
    {.force_max = 0.0, .force_mean = 1e-5, .max_steps = 1500, .max_step = 0.2, .collapse = 0.5,           \
     .explode = 100.0, .stress_max = 1e-5}
/** The defaults with the method and stop rule that suit the potential. */
skd_relax_options skd_relax_options_for(const skd_potential *potential);

/** State shown to an observer after every step; borrowed. */
typedef struct skd_relax_frame {
    size_t step;
    const skd_cell *cell;
    const skd_result *result;
    double force_max, force_mean; /**< eV/Å, of the atoms that are not frozen, springs included */
} skd_relax_frame;

typedef struct skd_relax_observer {
    bool (*see)(void *payload, const skd_relax_frame *frame); /**< false: stop (INTERRUPTED) */
    void *payload;
} skd_relax_observer;

/** One step of a relaxation. */
typedef struct skd_trace_point {
    size_t step;
    double energy, force_max; /**< eV, eV/Å; NAN: unknown */
} skd_trace_point;
#define SKD_TRACE_POINTS 120
/** Energy and force along a relaxation: every step, of longer ones every 2nd, 4th, ... and always the last, so that
 *  there are at most SKD_TRACE_POINTS. Zero-initialise. */
typedef struct skd_trace {
    skd_trace_point *point; /**< [n] steps ascending; owned */
    size_t n, every;
} skd_trace;
skd_status skd_trace_add(skd_trace *trace, const skd_trace_point *point, skd_error *err) SKD_CHECKED;
skd_status skd_trace_copy(skd_trace *out, const skd_trace *trace, skd_error *err) SKD_CHECKED;
void skd_trace_free(skd_trace *trace); /**< frees the contents */

typedef struct skd_relax_outcome {
    skd_stop stop;
    size_t n_steps, n_calls;
    double energy_start, energy; /**< eV; of the first and last frame that could be evaluated, 0 if none */
    double force_max, force_mean; /**< eV/Å, of the atoms that are not frozen, springs included */
    double held_force;            /**< eV/Å, the potential's largest force on a frozen or tethered atom; 0: none */
    double spring_energy;         /**< eV, of the tethers; not part of energy */
    skd_cell *cell;     /**< the end structure; owned */
    skd_result *result; /**< its forces (the potential's, on every atom) and stress; owned */
    skd_trace trace;    /**< owned */
    char reason[200];   /**< e.g. "atoms 3 (Te) and 17 (Te) at 0.91 Å" ; "" if converged */
} skd_relax_outcome;

/** Relaxes a copy of `start`. Deterministic. Errors only for bad arguments or memory; whatever the
 *  relaxation runs into is an outcome. observer may be NULL. */
skd_status skd_relax(skd_relax_outcome *out, const skd_cell *start, skd_potential_work *potential,
                     const skd_relax_options *options, const skd_relax_observer *observer, skd_error *err) SKD_CHECKED;
void skd_relax_outcome_free(skd_relax_outcome *out); /**< frees the contents, not out itself */

/** [3n][3n] Å^2/eV, the caller's: the inverse Hessian of a cheap potential at `cell`, every mode made stable, to be the
 *  metric of relaxations by a dear one (options->metric). Costs 3n + 1 evaluations of the cheap one. Charge and tethers
 *  are those of options; rows of frozen atoms are 0. */
skd_status skd_relax_metric(double **out, const skd_cell *cell, skd_potential_work *potential,
                            const skd_relax_options *options, skd_error *err) SKD_CHECKED;

#endif

/* SPDX-License-Identifier: MIT */
/* cp2k_input.c - CP2K's input: a text of sections that the settings choose, filled in like any template. */
#include "cp2k_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shakedown/data.h"

enum { MAGNESIUM = 12 };

/* Elements whose potentials need a finer grid. */
static const struct hard {
    int z;
    double cutoff; /* Ry */
} hard[] = {{7, 600.0}, {8, 600.0}, {9, 600.0}, {10, 600.0}, {11, 600.0}, {MAGNESIUM, 1200.0}};

/* ---- functionals ---------------------------------------------------------------------------- */

/* A functional: the sections of &XC without and (a hybrid's) with exact exchange. HSE06: Krukau et al., J. Chem. Phys.
 * 125, 224106 (2006), screening 0.11 per bohr. */
static const struct functional {
    const char *name, *semilocal, *hybrid;
} functionals[] = {
    {"PBE", "&PBE\n &END PBE", NULL},
    {"PBEsol", "&PBE\n PARAMETRIZATION PBESOL\n &END PBE", NULL},
    {"r2SCAN", "&MGGA_X_R2SCAN\n &END\n &MGGA_C_R2SCAN\n &END", NULL},
    {"PBE0", "&PBE\n &END PBE", "&PBE\n SCALE_X 0.75\n SCALE_C 1.0\n &END PBE"},
    {"HSE06", "&PBE\n &END PBE",
     "&PBE\n SCALE_X 0.0\n SCALE_C 1.0\n &END PBE\n"
     " &XWPBE\n SCALE_X -0.25\n SCALE_X0 1.0\n OMEGA 0.11\n &END XWPBE"},
};

static const struct functional *functional_of(const cp2k_settings *s) {
    for (size_t i = 0; i < sizeof functionals / sizeof *functionals; i++)
        if (strcmp(functionals[i].name, s->functional) == 0)
            return &functionals[i];
    return NULL;
}

skd_status cp2k_settings_check(const cp2k_settings *s, skd_error *err) {
    if (!functional_of(s))
        return skd_fail(err, SKD_EARG, "cp2k: functional=%s; expected PBE, PBEsol, r2SCAN, PBE0 or HSE06",
                        s->functional);
    double cutoff;
    if (strcmp(s->cutoff, "auto") != 0 &&
        !(skd_span_real((skd_span){s->cutoff, strlen(s->cutoff)}, &cutoff) && cutoff >= 50.0 && cutoff <= 5000.0))
        return skd_fail(err, SKD_EARG, "cp2k: cutoff=%s; expected auto, or 50 to 5000 (Ry)", s->cutoff);
    if (strcmp(s->kpoints, "gamma") != 0)
        return skd_fail(err, SKD_EARG, "cp2k: kpoints=%s; expected gamma", s->kpoints);
    if (strcmp(s->spin, "auto") != 0 && !(strtol(s->spin, NULL, 10) >= 1))
        return skd_fail(err, SKD_EARG, "cp2k: spin=%s; expected auto, or the multiplicity", s->spin);
    return SKD_OK;
}

bool cp2k_is_hybrid(const cp2k_settings *s) { return functional_of(s)->hybrid != NULL; }

/* ---- sections ------------------------------------------------------------------------------- */

/* PBE0: the interaction cut off at half the cell's least height (Guidon, Hutter and VandeVondele, J. Chem. Theory
 * Comput. 5, 3010 (2009)); HSE06: short range. */
static void add_exchange(skd_string *out, const cp2k_settings *s) {
    bool screened = strcmp(s->functional, "HSE06") == 0;
    skd_string_add(out, "   &HF\n    FRACTION 0.25\n    &SCREENING\n     EPS_SCHWARZ %g\n"
                        "     SCREEN_ON_INITIAL_P TRUE\n"
                        "    &END SCREENING\n    &INTERACTION_POTENTIAL\n",
                   s->eps_schwarz);
    skd_string_add(out, "%s", screened ? "     POTENTIAL_TYPE SHORTRANGE\n     OMEGA 0.11\n"
                                       : "     POTENTIAL_TYPE TRUNCATED\n     CUTOFF_RADIUS @exchange_radius@\n"
                                         "     T_C_G_DATA t_c_g.dat\n");
    skd_string_add(out, "    &END INTERACTION_POTENTIAL\n    &MEMORY\n     MAX_MEMORY %.0f\n"
                        "     EPS_STORAGE_SCALING 0.1\n    &END MEMORY\n   &END HF\n",
                   s->memory);
}

/* Diagonalisation with Broyden's mixing needs 18 cycles from atoms and 8 from a frame nearby where a defect leaves
 * levels close together (V_Cd in CdTe, 31 atoms), orbital transformation more than 60; where there is a gap either
 * will do. With exact exchange levels are wide apart, and a cycle costs more. */
static void add_diagonalisation(skd_string *out, const cp2k_settings *s) {
    skd_string_add(out, "   MAX_SCF 100\n   ADDED_MOS 30\n   &DIAGONALIZATION\n    ALGORITHM STANDARD\n"
                        "   &END DIAGONALIZATION\n");
    if (s->smear > 0.0)
        skd_string_add(out, "   &SMEAR ON\n    METHOD FERMI_DIRAC\n    ELECTRONIC_TEMPERATURE [K] %g\n"
                            "   &END SMEAR\n", s->smear);
    skd_string_add(out, "   &MIXING\n    METHOD BROYDEN_MIXING\n    ALPHA 0.3\n    NBROYDEN 8\n   &END MIXING\n");
}

static void add_transformation(skd_string *out, const cp2k_settings *s) {
    skd_string_add(out, "   MAX_SCF 25\n   &OT\n    MINIMIZER DIIS\n    PRECONDITIONER FULL_SINGLE_INVERSE\n"
                        "   &END OT\n   &OUTER_SCF\n    MAX_SCF 8\n    EPS_SCF %g\n   &END OUTER_SCF\n",
                   s->eps_scf);
}

static void add_states(skd_string *out, const cp2k_settings *s, const cp2k_way *way) {
    bool exchange = way->exact_exchange && cp2k_is_hybrid(s);
    skd_string_add(out, "  &SCF\n   SCF_GUESS %s\n   EPS_SCF %g\n", way->start ? "RESTART" : "ATOMIC", s->eps_scf);
    if (exchange == way->otherwise)
        add_diagonalisation(out, s);
    else
        add_transformation(out, s);
    skd_string_add(out, "   &PRINT\n    &RESTART\n     BACKUP_COPIES 0\n     &EACH\n      QS_SCF 0\n     &END EACH\n"
                        "    &END RESTART\n    &RESTART_HISTORY OFF\n    &END RESTART_HISTORY\n   &END PRINT\n"
                        "  &END SCF\n");
}

static void add_physics(skd_string *out, const cp2k_settings *s, const cp2k_way *way) {
    const struct functional *f = functional_of(s);
    bool exchange = way->exact_exchange && f->hybrid;
    if (exchange)
        skd_string_add(out, "  &AUXILIARY_DENSITY_MATRIX_METHOD\n   METHOD BASIS_PROJECTION\n"
                            "   ADMM_PURIFICATION_METHOD NONE\n  &END AUXILIARY_DENSITY_MATRIX_METHOD\n");
    skd_string_add(out, "  &XC\n   &XC_FUNCTIONAL\n %s\n   &END XC_FUNCTIONAL\n", exchange ? f->hybrid : f->semilocal);
    if (exchange)
        add_exchange(out, s);
    skd_string_add(out, "  &END XC\n");
}

/* Lowest spin unless the user says otherwise; closed cores do not matter to its parity. */
static int multiplicity(const cp2k_settings *s, const skd_cell *cell, double charge) {
    long electrons = -lround(charge);
    for (size_t i = 0; i < cell->n; i++)
        electrons += cell->species[i];
    return strcmp(s->spin, "auto") != 0 ? (int)strtol(s->spin, NULL, 10) : 1 + (int)labs(electrons % 2);
}

/* Ry. A coarse grid pulls at atoms with hard cores: O by 0.07 eV/Å at 400 Ry, 0.016 at 600 (MgO). */
static double cutoff(const cp2k_settings *s, const skd_cell *cell) {
    double most = 400.0;
    for (size_t i = 0; i < cell->n; i++)
        for (size_t k = 0; k < sizeof hard / sizeof *hard; k++)
            most = cell->species[i] == hard[k].z ? fmax(most, hard[k].cutoff) : most;
    if (strcmp(s->cutoff, "auto") != 0)
        return strtod(s->cutoff, NULL);
    return cp2k_is_hybrid(s) ? most : fmin(most, 600.0);
}

/* A pair of Gaussians goes to the coarsest grid that has rel_cutoff for each unit of its exponent. CP2K's own four end
 * where diffuse pairs, the most, still lie on too fine a one; with grids down to what those need a third less time. */
static int grids(double finest, const cp2k_settings *s) {
    const double diffuse = 0.15; /* bohr^-2 */
    double steps = ceil(log(finest / (diffuse * s->rel_cutoff)) / log(s->grid_step));
    return 1 + (int)fmin(fmax(steps, 1.0), 11.0);
}

/* EPS_DEFAULT 1e-8 leaves 1e-4 eV/Å in forces against 1e-10, and takes two thirds of the time. */
static void add_dft(skd_string *out, const cp2k_settings *s, const cp2k_way *way, const skd_cell *cell, double charge) {
    const int spin = multiplicity(s, cell, charge);
    const double finest = cutoff(s, cell);
    skd_string_add(out, " &DFT\n  BASIS_SET_FILE_NAME BASIS_MOLOPT\n  BASIS_SET_FILE_NAME BASIS_MOLOPT_UCL\n"
                        "  BASIS_SET_FILE_NAME BASIS_MOLOPT_LnPP1\n  BASIS_SET_FILE_NAME BASIS_ADMM_UZH\n"
                        "  POTENTIAL_FILE_NAME GTH_POTENTIALS\n  CHARGE @charge@\n  MULTIPLICITY %d\n  UKS %s\n",
                   spin, spin > 1 || strcmp(s->spin, "auto") != 0 ? "TRUE" : "FALSE");
    if (way->start)
        skd_string_add(out, "  WFN_RESTART_FILE_NAME %s\n", way->start);
    skd_string_add(out, "  &MGRID\n   CUTOFF %g\n   REL_CUTOFF %g\n   NGRIDS %d\n"
                        "   PROGRESSION_FACTOR %g\n  &END MGRID\n  &QS\n   EPS_DEFAULT 1e-8\n"
                        "  &END QS\n  &POISSON\n   PERIODIC XYZ\n  &END POISSON\n",
                   finest, s->rel_cutoff, grids(finest, s), s->grid_step);
    add_states(out, s, way);
    add_physics(out, s, way);
    skd_string_add(out, " &END DFT\n");
}

static void add_system(skd_string *out, const cp2k_settings *s, const cp2k_way *way, const skd_cell *cell) {
    skd_string_add(out, " &SUBSYS\n  &CELL\n   PERIODIC XYZ\n");
    for (int k = 0; k < 3; k++)
        skd_string_add(out, "   %c %.10f %.10f %.10f\n", 'A' + k, cell->lattice[k][0], cell->lattice[k][1],
                       cell->lattice[k][2]);
    skd_string_add(out, "  &END CELL\n  &COORD\n@each atom\n   @symbol@ @x@ @y@ @z@\n@end\n  &END COORD\n"
                        "@each species\n  &KIND @symbol@\n   BASIS_SET %s-@pseudo@\n   POTENTIAL %s-@pseudo@\n",
                   s->basis, s->potential);
    if (way->exact_exchange && cp2k_is_hybrid(s))
        skd_string_add(out, "   BASIS_SET AUX_FIT %s-@pseudo@\n", s->admm);
    skd_string_add(out, "  &END KIND\n@end\n &END SUBSYS\n");
}

/* Names of potentials and basis sets end in the number of valence electrons. The semicore states of Mg need 1000 Ry and
 * more; without them (-q2) O decides. */
static char *pseudo_of(const skd_code *code, const cp2k_settings *s, int z) {
    return z == MAGNESIUM && !cp2k_is_hybrid(s) ? skd_strdup("q2") : skd_code_pseudo(code, z);
}

static skd_status fill(skd_string *out, const skd_string *text, const cp2k_settings *s, const skd_cell *cell,
                       double charge, skd_error *err) {
    const skd_code *code = skd_code_named("cp2k");
    char *pseudo[SKD_ELEMENT_MAX + 1] = {NULL};
    skd_status status = SKD_OK;
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++) {
        int z = cell->species[i];
        if (!pseudo[z] && !(pseudo[z] = pseudo_of(code, s, z)))
            status = skd_fail(err, SKD_ENOMEM, "out of memory for CP2K's input");
    }
    const skd_input input = {.cell = cell, .charge = (int)lround(charge), .pseudo = (const char *const *)pseudo};
    if (status == SKD_OK)
        status = skd_template_fill(out, "cp2k.inp", text->text, text->n, &input, err);
    for (int z = 0; z <= SKD_ELEMENT_MAX; z++)
        skd_free(pseudo[z]);
    return status;
}

skd_status cp2k_input(skd_string *out, const cp2k_settings *s, const cp2k_way *way, const skd_cell *cell, double charge,
                      skd_error *err) {
    skd_string text = {0};
    skd_string_add(&text, "&GLOBAL\n PROJECT cp2k\n RUN_TYPE %s\n PRINT_LEVEL MEDIUM\n&END GLOBAL\n&FORCE_EVAL\n"
                          " METHOD Quickstep\n &PRINT\n  &FORCES ON\n  &END FORCES\n",
                   way->energy_only ? "ENERGY" : "ENERGY_FORCE");
    skd_string_add(&text, "%s &END PRINT\n", way->stress ? "  &STRESS_TENSOR ON\n  &END STRESS_TENSOR\n" : "");
    if (way->stress)
        skd_string_add(&text, " STRESS_TENSOR ANALYTICAL\n");
    add_dft(&text, s, way, cell, charge);
    add_system(&text, s, way, cell);
    skd_string_add(&text, "&END FORCE_EVAL\n");
    skd_status status = text.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for CP2K's input")
                                    : fill(out, &text, s, cell, charge, err);
    skd_string_free(&text);
    return status;
}

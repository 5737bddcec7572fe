/* SPDX-License-Identifier: MIT */
/* plan.c - host file -> symmetry -> supercell -> defects and charges. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

/* ---- supercell --------------------------------------------------------------------------- */

/* "3" -> diagonal; "3,3,2" -> diagonal; nine integers -> rows. */
static skd_status read_matrix(const char *text, int matrix[3][3], skd_error *err) {
    double *value;
    size_t n;
    skd_status status = cli_real_list(text, "--supercell", &value, &n, err);
    if (status != SKD_OK)
        return status;
    bool whole = n == 1 || n == 3 || n == 9;
    for (size_t i = 0; i < n; i++)
        whole = whole && value[i] == nearbyint(value[i]) && fabs(value[i]) <= 100;
    for (size_t i = 0; whole && i < 9; i++) {
        size_t row = i / 3, column = i % 3;
        double diagonal = n == 9 ? 0.0 : value[n == 1 ? 0 : row];
        matrix[row][column] = (int)(n == 9 ? value[i] : row == column ? diagonal : 0.0);
    }
    skd_free(value);
    if (!whole || skd_det3i(matrix) == 0)
        return skd_fail(err, SKD_EARG,
                        "--supercell: expected one, three or nine integers up to 100 that span a volume; found '%s'",
                        text);
    return SKD_OK;
}

/* The matrix that makes `lattice` from the primitive one. */
static skd_status express(const double lattice[3][3], const skd_cell *primitive, int matrix[3][3], skd_error *err) {
    double inverse[3][3], exact[3][3];
    skd_status status = skd_cell_inverse(primitive, inverse, err);
    if (status != SKD_OK)
        return status;
    skd_mul3(lattice, inverse, exact);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            matrix[i][k] = (int)nearbyint(exact[i][k]);
            if (fabs(exact[i][k] - matrix[i][k]) > 0.05)
                return skd_fail(err, SKD_ENUMERIC, "the given cell is not a multiple of its primitive cell");
        }
    return SKD_OK;
}

static skd_status given_supercell(int matrix[3][3], const skd_cell *host, const skd_cell *primitive, const char *text,
                                  skd_error *err) {
    int multiple[3][3];
    skd_status status = read_matrix(text, multiple, err);
    if (status != SKD_OK)
        return status;
    double real[3][3], lattice[3][3];
    for (int i = 0; i < 9; i++)
        real[i / 3][i % 3] = multiple[i / 3][i % 3];
    skd_mul3(real, host->lattice, lattice);
    return express(lattice, primitive, matrix, err);
}

/* doped's rule: the given cell itself if it is good enough and not larger than the best one. */
static skd_status searched_supercell(int matrix[3][3], const skd_cell *host, const skd_cell *primitive,
                                     const cli_args *args, skd_error *err) {
    skd_supercell_options options = SKD_SUPERCELL_DEFAULT;
    options.min_distance = cli_real(args, "min-distance");
    options.min_atoms = (size_t)cli_int(args, "min-atoms");
    if (options.max_atoms < 10 * options.min_atoms)
        options.max_atoms = 10 * options.min_atoms;
    skd_status status = skd_supercell_search(primitive, &options, matrix, err);
    bool good = host->n >= options.min_atoms && skd_image_distance(host->lattice) >= options.min_distance;
    size_t found = status == SKD_OK ? primitive->n * (size_t)labs(skd_det3i(matrix)) : SIZE_MAX;
    if (good && host->n <= found)
        return express(host->lattice, primitive, matrix, err);
    return status;
}

skd_status cli_supercell_choose(int matrix[3][3], const skd_cell *host, const skd_cell *primitive,
                                const cli_args *args, skd_error *err) {
    const char *text = cli_text(args, "supercell");
    return text ? given_supercell(matrix, host, primitive, text, err)
                : searched_supercell(matrix, host, primitive, args, err);
}

/* ---- defects ----------------------------------------------------------------------------- */

/* Does the wish ("v_O") select the name ("v_O", "v_O_C2v")? */
static bool selects(skd_span wish, const char *name) {
    return strncmp(name, wish.p, wish.n) == 0 && (name[wish.n] == '\0' || name[wish.n] == '_');
}

static void list_names(const skd_defect_list *list, char *out, size_t size) {
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < list->n && used < size; i++) {
        int n = snprintf(out + used, size - used, "%s%s", i ? ", " : "", list->defect[i]->name);
        used += n > 0 ? (size_t)n : 0;
    }
}

/* Keeps the defects named in the comma-separated wishes; each wish must select one at least. */
static skd_status select_defects(skd_defect_list *list, const char *wishes, skd_error *err) {
    bool *kept = skd_alloc(list->n, sizeof *kept);
    if (!kept)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu defects", list->n);
    skd_status status = SKD_OK;
    while (wishes && status == SKD_OK) {
        skd_span whole = {wishes, strcspn(wishes, ",")}, wish;
        wishes = wishes[whole.n] ? wishes + whole.n + 1 : NULL;
        bool any = false;
        if (!skd_span_word(&whole, &wish))
            continue;
        for (size_t i = 0; i < list->n; i++)
            if (selects(wish, list->defect[i]->name))
                any = kept[i] = true;
        char found[48], names[300];
        list_names(list, names, sizeof names);
        if (!any)
            status = skd_fail(err, SKD_EARG, "--defect: this host has no '%s'; it has %s",
                              skd_span_copy(wish, found, sizeof found), names);
    }
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        if (kept[i])
            list->defect[n++] = list->defect[i];
        else
            skd_defect_free(list->defect[i]);
    }
    list->n = n;
    skd_free(kept);
    return status;
}

/* "Cd=2,Te=-2" */
static skd_status read_oxidation(const char *text, int **species, int **state, size_t *n, skd_error *err) {
    size_t most = 1;
    for (const char *p = text; *p; p++)
        most += *p == ',';
    *species = skd_alloc(most, sizeof **species);
    *state = skd_alloc(most, sizeof **state);
    if (!*species || !*state)
        return skd_fail(err, SKD_ENOMEM, "out of memory for oxidation states");
    while (text) {
        skd_span piece = {text, strcspn(text, ",")};
        const char *equals = memchr(piece.p, '=', piece.n);
        text = text[piece.n] ? text + piece.n + 1 : NULL;
        long value = 0;
        skd_span symbol = {piece.p, equals ? (size_t)(equals - piece.p) : 0};
        skd_span number = {equals ? equals + 1 : piece.p, equals ? piece.n - symbol.n - 1 : 0};
        char found[40];
        (*species)[*n] = skd_element_number(symbol);
        for (size_t k = 0; k < *n; k++)
            if ((*species)[*n] && (*species)[k] == (*species)[*n])
                return skd_fail(err, SKD_EARG, "--oxidation: %s is given twice", skd_element_of((*species)[k])->symbol);
        if (!(*species)[*n] || !skd_span_int(number, &value) || value < -9 || value > 9)
            return skd_fail(err, SKD_EARG, "--oxidation: expected pairs like 'Cd=2,Te=-2'; found '%s'",
                            skd_span_copy(piece, found, sizeof found));
        (*state)[(*n)++] = (int)value;
    }
    return SKD_OK;
}

/* States of elements that are nowhere to be found are a mistake. */
static skd_status check_oxidation(const cli_plan *plan, const skd_defect_options *options, skd_error *err) {
    for (size_t k = 0; k < options->n_oxidation; k++) {
        int z = options->oxidation_species[k];
        bool there = skd_cell_count(plan->primitive, z) > 0;
        for (size_t d = 0; d < plan->defects.n; d++) {
            const skd_defect *defect = plan->defects.defect[d];
            there = there || defect->added == z;
            for (size_t i = 0; i < defect->n_parts; i++)
                there = there || defect->part[i].added == z;
        }
        if (!there)
            return skd_fail(err, SKD_EARG, "--oxidation: %s is neither in the host nor added to it",
                            skd_element_of(z)->symbol);
    }
    return SKD_OK;
}

/* The host's own defects, or those by which given structures differ from it. */
static skd_status make_defects(cli_plan *plan, const cli_args *args, const skd_defect_options *options,
                               skd_error *err) {
    if (cli_given(args, "bulk"))
        return cli_pair_defects(&plan->defects, plan->host->cell, args, options, err);
    skd_status status = cli_pair_refuse(args, err);
    if (status == SKD_OK && (cli_text(args, "defect") || !cli_text(args, "complex")))
        status = skd_defects_of(&plan->defects, plan->primitive, plan->matrix, options, err);
    if (status == SKD_OK && cli_text(args, "defect"))
        status = select_defects(&plan->defects, cli_text(args, "defect"), err);
    if (status == SKD_OK)
        status = cli_sites_check(&plan->sites, plan->primitive, &plan->defects, err);
    if (status == SKD_OK && cli_text(args, "complex"))
        status = cli_complexes_add(plan, args, options, err);
    return status;
}

static skd_status read_defect_options(cli_plan *plan, const cli_args *args, skd_error *err) {
    skd_defect_options options = {.vacancies = true, .antisites = true, .as_shakenbreak = plan->starts.compat,
                                  .symmetry = plan->symmetry};
    int *extrinsic = NULL, *species = NULL, *state = NULL, *inserted = NULL;
    skd_status status = cli_interstitial_options(&options, &inserted, args, err);
    if (status == SKD_OK && cli_text(args, "extrinsic"))
        status = cli_element_list(cli_text(args, "extrinsic"), "--extrinsic", &extrinsic, &options.n_extrinsic, err);
    if (status == SKD_OK && cli_text(args, "oxidation"))
        status = read_oxidation(cli_text(args, "oxidation"), &species, &state, &options.n_oxidation, err);
    options.site = plan->sites.atom;
    options.site_number = plan->sites.number;
    options.n_sites = plan->sites.n;
    options.extrinsic = extrinsic;
    options.oxidation_species = species;
    options.oxidation_state = state;
    if (status == SKD_OK)
        status = make_defects(plan, args, &options, err);
    if (status == SKD_OK)
        status = check_oxidation(plan, &options, err);
    if (status == SKD_OK)
        status = skd_host_states_of(&plan->oxidation, plan->primitive, &options, err);
    skd_free(extrinsic);
    skd_free(inserted);
    skd_free(species);
    skd_free(state);
    return status;
}

/* ---- the whole --------------------------------------------------------------------------- */

static skd_status read_host(cli_plan *plan, const cli_args *args, skd_error *err) {
    bool pair = cli_given(args, "bulk");
    if (pair && !cli_text(args, "defect"))
        return skd_fail(err, SKD_EARG, "--bulk needs --defect FILE, the structure with the defect");
    if (pair && cli_given(args, "complex"))
        return skd_fail(err, SKD_EARG, "--complex needs a HOST, not --defect FILE --bulk FILE");
    if (pair && args->n_operands > 0)
        return skd_fail(err, SKD_EARG, "give either a HOST or --defect FILE --bulk FILE; found both ('%s')",
                        args->operand[0]);
    if (!pair && args->n_operands == 0)
        return skd_fail(err, SKD_EARG, "'%s' needs a HOST file (POSCAR or CIF), or --defect FILE --bulk FILE",
                        args->command->name);
    plan->host_path = pair ? cli_text(args, "bulk") : args->operand[0];
    skd_status status = skd_structure_read(&plan->host, plan->host_path, err);
    if (status == SKD_OK)
        status = skd_symmetry_find(&plan->symmetry, plan->host->cell, cli_real(args, "symprec"), err);
    if (status == SKD_OK && pair) /* the defects are given: any primitive cell will do */
        status = skd_primitive_of(&plan->primitive, plan->host->cell, plan->symmetry, err);
    else if (status == SKD_OK)
        status = skd_primitive(&plan->primitive, plan->host->cell, cli_real(args, "symprec"), err);
    if (status == SKD_OK)
        status = cli_sites_read(&plan->sites, args, plan->host->cell, plan->symmetry, plan->primitive, err);
    return status;
}

static skd_status make_all_defects(cli_plan *plan, const cli_args *args, skd_error *err) {
    skd_status status = read_defect_options(plan, args, err);
    if (status == SKD_OK && plan->defects.n == 0)
        status = skd_fail(err, SKD_EARG, "%s: no defects to make", plan->host_path);
    if (status == SKD_OK)
        status = cli_starts_check(&plan->starts, &plan->defects, err);
    if (status == SKD_OK)
        status = cli_charges_choose(&plan->charges, args, &plan->defects, err);
    if (status == SKD_OK)
        status = skd_cell_copy(&plan->bulk, plan->defects.defect[0]->bulk, err);
    return status;
}

skd_status cli_plan_make(cli_plan *plan, const cli_args *args, skd_error *err) {
    *plan = (cli_plan){0};
    skd_status status = cli_starts_read(&plan->starts, &plan->start_lists, args, err);
    if (status == SKD_OK)
        status = read_host(plan, args, err);
    if (status != SKD_OK)
        return status;
    if (cli_given(args, "bulk"))
        status = express(plan->host->cell->lattice, plan->primitive, plan->matrix, err);
    else
        status = cli_supercell_choose(plan->matrix, plan->host->cell, plan->primitive, args, err);
    return status == SKD_OK ? make_all_defects(plan, args, err) : status;
}

skd_status cli_plan_rehost(cli_plan *plan, skd_cell *primitive_taken, const cli_args *args, skd_error *err) {
    skd_cell_free(plan->primitive);
    skd_cell_free(plan->given);
    plan->primitive = primitive_taken;
    plan->given = plan->bulk;
    plan->bulk = NULL;
    skd_defect_list_free(&plan->defects);
    cli_charges_free(&plan->charges);
    plan->defects = (skd_defect_list){0};
    plan->charges = (cli_charges){0};
    skd_status status = make_all_defects(plan, args, err);
    bool same = status != SKD_OK || (plan->bulk->n == plan->given->n &&
                                     memcmp(plan->bulk->species, plan->given->species,
                                            plan->bulk->n * sizeof *plan->bulk->species) == 0);
    return same ? status : skd_fail(err, SKD_ENUMERIC, "%s: the relaxed host has other atoms", plan->host_path);
}

void cli_plan_free(cli_plan *plan) {
    skd_frame_free(plan->host);
    skd_cell_free(plan->primitive);
    skd_symmetry_free(plan->symmetry);
    cli_sites_free(&plan->sites);
    skd_cell_free(plan->bulk);
    skd_cell_free(plan->given);
    skd_defect_list_free(&plan->defects);
    cli_charges_free(&plan->charges);
    cli_start_lists_free(&plan->start_lists);
    *plan = (cli_plan){0};
}

void cli_plan_print(const cli_plan *plan, FILE *out) {
    const skd_symmetry *s = plan->symmetry;
    char formula[64];
    fprintf(out, "host       %s  %s, space group %s (%d), %zu atoms, %zu in the primitive cell\n", plan->host_path,
            skd_cell_formula(plan->host->cell, formula, sizeof formula), s->international, s->number,
            plan->host->cell->n, plan->primitive->n);
    fprintf(out, "supercell  %zu atoms, images %.2f Å apart, %ld primitive cells\n", plan->bulk->n,
            skd_image_distance(plan->bulk->lattice), labs(skd_det3i(plan->matrix)));
    for (size_t i = 0; i < plan->defects.n; i++) {
        const skd_defect *d = plan->defects.defect[i];
        fprintf(out, "defect     %s  site symmetry %s, %zu equivalent per primitive cell, at [%.3f %.3f %.3f]\n",
                d->name, d->site_symmetry, d->multiplicity, d->site[0], d->site[1], d->site[2]);
    }
    cli_charges_print_oxidation(&plan->oxidation, plan->primitive, &plan->defects, out);
    fprintf(out, "charges    %s\n", plan->charges.summary);
    for (size_t i = 0; i < plan->defects.n && !cli_charges_neutral(&plan->charges); i++) {
        char charges[128];
        const skd_defect *d = plan->defects.defect[i];
        fprintf(out, "           %s: %s\n", d->name, cli_charges_text(&plan->charges, d, charges, sizeof charges));
    }
}

/* SPDX-License-Identifier: MIT */
/* naming.c - names of defects as doped 3 gives them.
 *
 * A name has levels: base, base_PG, base_PG_El1.23, then the second and third shell appended without a
 * separator. A defect goes one level up for as long as it shares its name with another of the same base.
 * Shells: an atom opens a new one if it is more than 0.02 Å farther than the one before, or of another element
 * and 0.02 Å farther than the last of that element. */
#include "naming.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHELL_GAP  0.02 /* Å */
#define MAX_SHELLS 3

void skd_name_base(int removed, int added, char *out, size_t size) {
    const char *site = removed ? skd_element_of(removed)->symbol : "i";
    snprintf(out, size, "%s_%s", added ? skd_element_of(added)->symbol : "v", site);
}

/* One atom around a site. */
typedef struct around {
    double r, rounded; /* Å; to 0.01 Å */
    int species, rank; /* rank: order of the element's first appearance in the host */
} around;

static int nearer(const void *left, const void *right) {
    const around *a = left, *b = right;
    if (a->rounded != b->rounded)
        return a->rounded < b->rounded ? -1 : 1;
    return (a->rank > b->rank) - (a->rank < b->rank);
}

static int rank_of(const skd_cell *host, int species) {
    int i = 0;
    while (host->species[i] != species)
        i++;
    return i;
}

/* Does list[i] open a new shell? list[0] may be the site itself. */
static bool opens_shell(const around *list, size_t i) {
    if (i == 0)
        return list[0].r > SHELL_GAP;
    if (list[i].r - list[i - 1].r > SHELL_GAP)
        return true;
    double last = 0.0;
    for (size_t k = 0; k < i; k++)
        if (list[k].species == list[i].species && list[k].r > last)
            last = list[k].r;
    return list[i].species != list[i - 1].species && list[i].r - last > SHELL_GAP;
}

/* All atoms within the radius of the site, nearest first; images are found by listing lattice vectors. */
static skd_status atoms_around(around **out, size_t *n, const skd_cell *host, const double pos[3], double radius,
                               skd_error *err) {
    double height[3];
    int reach[3];
    size_t capacity = 0;
    double inverse[3][3];
    skd_status status = skd_cell_inverse(host, inverse, err);
    skd_cell_heights(host->lattice, height);
    for (int k = 0; k < 3; k++)
        reach[k] = (int)ceil(radius / height[k]) + 1;
    for (size_t i = 0; status == SKD_OK && i < host->n; i++) {
        double d[3], f[3], r[3];
        for (int k = 0; k < 3; k++)
            d[k] = host->pos[i][k] - pos[k];
        skd_to_frac(inverse, d, f);
        for (int k = 0; k < 3; k++)
            f[k] -= nearbyint(f[k]);
        for (int a = -reach[0]; a <= reach[0]; a++)
            for (int b = -reach[1]; b <= reach[1]; b++)
                for (int c = -reach[2]; c <= reach[2]; c++) {
                    const double g[3] = {f[0] + a, f[1] + b, f[2] + c};
                    skd_row_times(g, host->lattice, r);
                    double length = skd_norm(r);
                    if (length > radius)
                        continue;
                    status = skd_grow((void **)out, &capacity, *n + 1, sizeof **out, err);
                    if (status != SKD_OK)
                        return status;
                    (*out)[(*n)++] = (around){length, nearbyint(100.0 * length) / 100.0, host->species[i],
                                              rank_of(host, host->species[i])};
                }
    }
    if (*n > 0)
        qsort(*out, *n, sizeof **out, nearer);
    return status;
}

/* The first three shells as text: "Cd2.83", "Te4.63", ...; fewer if the host has fewer within 20 Å. */
static skd_status shells_of(char shell[MAX_SHELLS][16], const skd_cell *host, const double pos[3], skd_error *err) {
    size_t found = 0;
    for (double radius = 6.0; found < MAX_SHELLS && radius < 21.0; radius += 7.0) {
        around *list = NULL;
        size_t n = 0;
        skd_status status = atoms_around(&list, &n, host, pos, radius, err);
        found = 0;
        for (size_t i = 0; status == SKD_OK && i < n && found < MAX_SHELLS; i++)
            if (opens_shell(list, i))
                snprintf(shell[found++], sizeof shell[0], "%s%.2f", skd_element_of(list[i].species)->symbol,
                         list[i].r);
        skd_free(list);
        if (status != SKD_OK)
            return status;
    }
    return SKD_OK;
}

static void write_name(char name[64], const char *base, const char *symmetry, char shell[MAX_SHELLS][16], int level) {
    snprintf(name, 64, level > 0 ? "%s_%s" : "%s", base, symmetry);
    for (int k = 0; k < level - 1; k++) {
        size_t used = strlen(name);
        snprintf(name + used, 64 - used, k ? "%s" : "_%s", shell[k]);
    }
}

skd_status skd_name_full(char name[64], const char *base, const skd_cell *host, const double pos[3],
                         const char *symmetry, skd_error *err) {
    char shell[MAX_SHELLS][16] = {{0}};
    skd_status status = shells_of(shell, host, pos, err);
    write_name(name, base, symmetry, shell, 2);
    return status;
}

/* Sites that are still namesakes at the last level get letters, in order. */
static void add_letters(char (*name)[64], const int *level, size_t n) {
    for (size_t i = 0; i < n; i++) {
        char same[64];
        size_t copies = 0;
        memcpy(same, name[i], sizeof same);
        for (size_t j = i; j < n && level[i] == MAX_SHELLS + 1; j++)
            copies += strcmp(name[j], same) == 0;
        for (size_t j = i, k = 0; copies > 1 && j < n; j++)
            if (strcmp(name[j], same) == 0) {
                size_t used = strlen(name[j]), letters = 1 + k / 26;
                for (size_t c = 0; c < letters && used + 1 < 64; c++)
                    name[j][used++] = c + 1 < letters ? 'z' : (char)('a' + k % 26);
                name[j][used] = '\0';
                k++;
            }
    }
}

/* Lifts each name that is not alone by one level; false if nothing more can be done. */
static bool lift(char (*name)[64], int *level, bool *shared, size_t n) {
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        shared[i] = false;
        for (size_t j = 0; j < n && !shared[i]; j++)
            shared[i] = j != i && strcmp(name[i], name[j]) == 0;
    }
    for (size_t i = 0; i < n; i++)
        if (shared[i] && level[i] <= MAX_SHELLS) {
            level[i]++;
            any = true;
        }
    return any;
}

skd_status skd_name_sites(char (*name)[64], const char *base, const skd_cell *host, const skd_name_site *site,
                          size_t n, bool always_symmetry, skd_error *err) {
    skd_status status = SKD_OK;
    char(*shell)[MAX_SHELLS][16] = skd_alloc(n, sizeof *shell);
    int *level = skd_alloc(n, sizeof *level);
    bool *shared = skd_alloc(n, sizeof *shared);
    if (!shell || !level || !shared)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu names", n);
    for (size_t i = 0; status == SKD_OK && i < n; i++) {
        level[i] = always_symmetry;
        status = n > 1 ? shells_of(shell[i], host, site[i].pos, err) : SKD_OK;
    }
    for (bool more = true; status == SKD_OK && more; more = lift(name, level, shared, n))
        for (size_t i = 0; i < n; i++)
            write_name(name[i], base, site[i].symmetry, shell[i], level[i]);
    if (status == SKD_OK)
        add_letters(name, level, n);
    skd_free(shell);
    skd_free(level);
    skd_free(shared);
    return status;
}

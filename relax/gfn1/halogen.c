/* SPDX-License-Identifier: MIT */
/* halogen.c - the halogen-bond term (Grimme, Bannwarth, Shushkov, J. Chem. Theory Comput. 13, 1989 (2017),
 * eqs. 13-15): donor X (Br, I, At), acceptor A (N, O, P, S), and Y, the nearest neighbour of X.
 *
 * The tblite library takes the distance X-A without the translation of A, once for every image of A within the
 * cutoff; its periodic energies are wrong by tens of Hartree. GFN1_LIBRARY repeats that, for comparison. */
#include "classical.h"
#include "pairs.h"

#define DAMPING      0.44
#define RADIUS_SCALE 1.3

static bool accepts(int z) { return z == 7 || z == 8 || z == 15 || z == 16; }

/* Nearest neighbour of the atom i: which it is, and the vector to it. */
static size_t nearest(const gfn1_system *s, const gfn1_cells *c, size_t i, double to[3]) {
    size_t best = s->n;
    double best2 = INFINITY;
    gfn1_images images;
    for (size_t j = 0; j < s->n; j++) {
        double d[3];
        gfn1_difference(s, i, j, d);
        for (size_t next = 0; gfn1_images_of(c, d, &next, &images);)
            for (size_t m = 0; m < images.n; m++)
                if (images.r2[m] < best2) {
                    best2 = images.r2[m];
                    best = j;
                    to[0] = -images.x[m];
                    to[1] = -images.y[m];
                    to[2] = -images.z[m];
                }
    }
    return best;
}

typedef struct triple {
    size_t x, a, y;
    double xa[3], xy[3], ya[3]; /* vectors X to A, X to Y, Y to A */
} triple;

static void add_triple(const gfn1_system *s, const triple *t, gfn1_sum *sum) {
    const double r0 = RADIUS_SCALE * (s->element[t->x].ratom + s->element[t->a].ratom);
    const double ra2 = skd_dot(t->xa, t->xa), ry2 = skd_dot(t->xy, t->xy), ra = sqrt(ra2), ry = sqrt(ry2);
    const double r03 = r0 * r0 / ra2, u = r03 * r03 * r03;
    const double cosine2 = (ry2 + ra2 - skd_dot(t->ya, t->ya)) / (ry * ra);
    const double lj = (u * u - DAMPING * u) / (1 + u * u), k = s->element[t->x].xbond;
    const double bent = 0.5 - 0.25 * cosine2, bent2 = bent * bent, bent5 = bent2 * bent2 * bent;
    sum->energy += k * bent5 * bent * lj;
    if (!sum->gradient)
        return;
    const double top = (2 * u - DAMPING) * (1 + u * u) - (u * u - DAMPING * u) * 2 * u;
    const double dlj = top / ((1 + u * u) * (1 + u * u)) * (-6 * u / ra), c = -1.5 * k * lj * bent5;
    double ga[3], gy[3], gw[3];
    for (int i = 0; i < 3; i++) {
        ga[i] = (k * bent5 * bent * dlj / ra + c * (2 / (ry * ra) - cosine2 / ra2)) * t->xa[i];
        gy[i] = c * (2 / (ry * ra) - cosine2 / ry2) * t->xy[i];
        gw[i] = -2 * c / (ry * ra) * t->ya[i];
        sum->gradient[t->a][i] += ga[i] + gw[i];
        sum->gradient[t->y][i] += gy[i] - gw[i];
        sum->gradient[t->x][i] -= ga[i] + gy[i];
    }
    gfn1_add_dyad(sum->virial, ga, t->xa);
    gfn1_add_dyad(sum->virial, gy, t->xy);
    gfn1_add_dyad(sum->virial, gw, t->ya);
}

static void add_acceptor(const gfn1_system *s, const gfn1_cells *c, triple *t, gfn1_sum *sum) {
    gfn1_images images;
    double d[3];
    gfn1_difference(s, t->a, t->x, d);
    for (size_t next = 0; gfn1_images_of(c, d, &next, &images);)
        for (size_t m = 0; m < images.n; m++) {
            const double to[3] = {images.x[m], images.y[m], images.z[m]};
            for (int k = 0; k < 3; k++) {
                t->xa[k] = s->mode == GFN1_LIBRARY ? d[k] : to[k];
                t->ya[k] = to[k] - t->xy[k];
            }
            add_triple(s, t, sum);
        }
}

void gfn1_halogen(const gfn1_system *s, const gfn1_cells *c, gfn1_sum *sum) {
    for (size_t i = 0; i < s->n; i++) {
        triple t = {.x = i};
        if (s->element[i].xbond == 0)
            continue;
        t.y = nearest(s, c, i, t.xy);
        for (t.a = 0; t.y < s->n && t.a < s->n; t.a++)
            if (accepts(s->z[t.a]))
                add_acceptor(s, c, &t, sum);
    }
}

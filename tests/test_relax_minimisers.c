/* SPDX-License-Identifier: MIT */
/* Tests of the minimisers: step by step against ASE, every method on every function of a table, and
 * Lennard-Jones clusters. Paths are compared only with ASE's; else only where they end. */
#include "check.h"

#include "shakedown/relax.h"

/* ---- functions ---------------------------------------------------------------------------- */

static double rosenbrock(size_t m, const double *x, double *g) {
    double f = 0.0;
    memset(g, 0, m * sizeof *g);
    for (size_t i = 0; i + 1 < m; i++) {
        double bend = x[i + 1] - x[i] * x[i], off = 1.0 - x[i];
        f += 100.0 * bend * bend + off * off;
        g[i] += -400.0 * x[i] * bend - 2.0 * off;
        g[i + 1] += 200.0 * bend;
    }
    return f;
}

/* Ill-conditioned ellipsoid, turned out of the axes by x_i + x_{i+1}; minimum 0 at (1, 2, ..., m). */
static double ellipsoid(size_t m, const double *x, double *g) {
    double f = 0.0;
    memset(g, 0, m * sizeof *g);
    for (size_t i = 0; i < m; i++) {
        double k = pow(1000.0, (double)i / (double)(m - 1)), next = i + 1 < m ? x[i + 1] - (double)(i + 2) : 0.0;
        double u = x[i] - (double)(i + 1) + 0.37 * next;
        f += 0.5 * k * u * u;
        g[i] += k * u;
        if (i + 1 < m)
            g[i + 1] += 0.37 * k * u;
    }
    return f;
}

/* Freudenstein & Roth (1963); minima 0 at (5, 4) and 48.9842536792 at (11.4128, -0.8968). */
static double roth(size_t m, const double *x, double *g) {
    (void)m;
    double y = x[1], a = -13.0 + x[0] + ((5.0 - y) * y - 2.0) * y, b = -29.0 + x[0] + ((y + 1.0) * y - 14.0) * y;
    g[0] = 2.0 * (a + b);
    g[1] = 2.0 * a * (10.0 * y - 3.0 * y * y - 2.0) + 2.0 * b * (3.0 * y * y + 2.0 * y - 14.0);
    return a * a + b * b;
}

/* Colville's function, named after Wood; minimum 0 at (1, 1, 1, 1). */
static double wood(size_t m, const double *x, double *g) {
    (void)m;
    double a = x[1] - x[0] * x[0], b = x[3] - x[2] * x[2], p = x[1] + x[3] - 2.0, q = x[1] - x[3];
    g[0] = -400.0 * x[0] * a - 2.0 * (1.0 - x[0]);
    g[1] = 200.0 * a + 20.0 * p + 0.2 * q;
    g[2] = -360.0 * x[2] * b - 2.0 * (1.0 - x[2]);
    g[3] = 180.0 * b + 20.0 * p - 0.2 * q;
    return 100.0 * a * a + (1.0 - x[0]) * (1.0 - x[0]) + 90.0 * b * b + (1.0 - x[2]) * (1.0 - x[2]) + 10.0 * p * p +
           0.1 * q * q;
}

/* Powell's singular function: the Hessian at the minimum 0 at the origin has rank 2. */
static double powell(size_t m, const double *x, double *g) {
    (void)m;
    double a = x[0] + 10.0 * x[1], b = x[2] - x[3], c = x[1] - 2.0 * x[2], d = x[0] - x[3];
    g[0] = 2.0 * a + 40.0 * d * d * d;
    g[1] = 20.0 * a + 4.0 * c * c * c;
    g[2] = 10.0 * b - 8.0 * c * c * c;
    g[3] = -10.0 * b - 40.0 * d * d * d;
    return a * a + 5.0 * b * b + pow(c, 4) + 10.0 * pow(d, 4);
}

/* Beale (1958); minimum 0 at (3, 0.5). */
static double beale(size_t m, const double *x, double *g) {
    (void)m;
    static const double c[3] = {1.5, 2.25, 2.625};
    double f = 0.0, power = 1.0;
    g[0] = g[1] = 0.0;
    for (int k = 0; k < 3; k++) {
        double u = c[k] - x[0] * (1.0 - power * x[1]);
        f += u * u;
        g[0] -= 2.0 * u * (1.0 - power * x[1]);
        g[1] += 2.0 * u * x[0] * (k + 1) * power;
        power *= x[1];
    }
    return f;
}

/* Lennard-Jones cluster in reduced units, all pairs. */
static double cluster(size_t m, const double *x, double *g) {
    double f = 0.0;
    memset(g, 0, m * sizeof *g);
    for (size_t i = 0; i < m; i += 3)
        for (size_t j = 0; j < i; j += 3) {
            double d[3] = {x[i] - x[j], x[i + 1] - x[j + 1], x[i + 2] - x[j + 2]}, i2 = 1.0 / skd_dot(d, d);
            double i6 = i2 * i2 * i2, slope = 24.0 * i6 * (1.0 - 2.0 * i6) * i2;
            f += 4.0 * i6 * (i6 - 1.0);
            for (size_t k = 0; k < 3; k++) {
                g[i + k] += slope * d[k];
                g[j + k] -= slope * d[k];
            }
        }
    return f;
}

typedef struct function {
    double (*f)(size_t m, const double *x, double *g);
    size_t m;
} function;

static skd_status call(void *payload, const double *x, double *f, double *g, skd_error *err) {
    (void)err;
    const function *fn = payload;
    *f = fn->f(fn->m, x, g);
    return SKD_OK;
}

/* ---- step by step as ASE ------------------------------------------------------------------ */

static const double heptamer[21] = {0.031, 0.017,  -0.022, 1.214, 0.083, 0.051, 0.467, 1.138, -0.094, 0.552, 0.391,
                                    1.017, -0.611, 0.742,  0.688, 1.463, 0.951, 0.873, 0.398, 0.456,  -1.103};
static const double valley[3] = {-1.23, 1.07, 0.66};

/* ASE 3.29.0, FIRE and FIRE2 with their defaults; energies and position of the last atom after `step`
 * steps, calculators rosenbrock in 3 variables and LennardJones(sigma=1, epsilon=1, rc=1000). Later steps
 * of FIRE2 on rosenbrock are left out: there ASE goes back by more than its step limit (energy 195 at
 * step 3), and this FIRE 2.0 does not. */
static const struct {
    const char *method;
    function fn;
    const double *start;
    size_t step;
    double f, last[3];
} ase_rows[] = {
    {"fire", {rosenbrock, 3}, valley, 1, 12.011853616613,
     {-1.06543757164784, 0.98186218247534, 0.731769995797899}},
    {"fire", {rosenbrock, 3}, valley, 3, 3.87329129572997,
     {-0.950134755323388, 0.883631147238513, 0.794998305632276}},
    {"fire", {rosenbrock, 3}, valley, 20, 3.77490191169848,
     {-0.936373211826126, 0.887821454673891, 0.790712776951308}},
    {"fire", {rosenbrock, 3}, valley, 60, 3.60811885148032,
     {-0.88564718978046, 0.792929863351754, 0.633481160363231}},
    {"fire", {cluster, 21}, heptamer, 1, -13.4889262263389,
     {0.399440325227095, 0.457543903548448, -1.0491634251973}},
    {"fire", {cluster, 21}, heptamer, 7, -14.825493628826,
     {0.423924942445751, 0.461846214330786, -0.960825534419474}},
    {"fire", {cluster, 21}, heptamer, 20, -15.5421054856636,
     {0.49612976326165, 0.478425155228798, -0.880592471454126}},
    {"fire", {cluster, 21}, heptamer, 60, -15.5931960820064,
     {0.5410875728629, 0.4699153755355, -0.888625261607934}},
    {"fire2", {rosenbrock, 3}, valley, 2, 4.02802911103039,
     {-0.913554691879278, 0.879736934125561, 0.812405127612165}},
    {"fire2", {cluster, 21}, heptamer, 3, -14.4781606624429,
     {0.408971077309991, 0.456930188177284, -0.983925566047139}},
    {"fire2", {cluster, 21}, heptamer, 20, -15.5492432301037,
     {0.500717574462368, 0.474566136763946, -0.879079015083087}},
    {"fire2", {cluster, 21}, heptamer, 60, -15.5931630139128,
     {0.54191394826727, 0.469305337747069, -0.88888355164325}},
};

static void fire_goes_step_by_step_as_in_ase(void **state) {
    (void)state;
    skd_error err;
    for (size_t row = 0; row < sizeof ase_rows / sizeof *ase_rows; row++) {
        skd_minimiser *s;
        function fn = ase_rows[row].fn;
        CHECK_OK(skd_minimiser_new(&s, skd_minimiser_named(ase_rows[row].method), fn.m, ase_rows[row].start, 0.2, call,
                                   &fn, &err));
        for (size_t step = 0; step < ase_rows[row].step; step++)
            CHECK_OK(skd_minimiser_step(s, &err));
        CHECK_CLOSE(s->f, ase_rows[row].f, 0, 1e-11);
        for (size_t k = 0; k < 3; k++)
            CHECK_CLOSE(s->x[fn.m - 3 + k], ase_rows[row].last[k], 1e-12, 1e-11);
        skd_minimiser_free(s);
    }
}

/* ---- every method on every function ------------------------------------------------------- */

static const struct {
    const char *name;
    function fn;
    double start[10];
    double minimum, tolerance; /* of f */
    size_t steps;              /* all methods get there within */
} functions[] = {
    {"rosenbrock 2", {rosenbrock, 2}, {-1.2, 1.0}, 0.0, 1e-12, 30000},
    {"rosenbrock 10", {rosenbrock, 10}, {-1.2, 1.0, -0.7, 1.3, 0.2, 0.9, 1.7, -0.4, 0.6, 0.1}, 0.0, 1e-12, 30000},
    {"roth", {roth, 2}, {4.5, 3.5}, 0.0, 1e-12, 30000},
    {"roth, other valley", {roth, 2}, {9.7, -1.3}, 48.98425367924, 1e-10, 30000},
    {"wood", {wood, 4}, {-3.0, -1.0, -3.0, -1.0}, 0.0, 1e-12, 30000},
    {"powell singular", {powell, 4}, {3.0, -1.0, 0.0, 1.0}, 0.0, 1e-7, 30000},
    {"beale", {beale, 2}, {1.13, 0.87}, 0.0, 1e-12, 30000},
    {"ellipsoid 6", {ellipsoid, 6}, {2.385, -1.17, 0.71, 6.3, 3.3, 9.1}, 0.0, 1e-12, 30000},
    {"ellipsoid 9", {ellipsoid, 9}, {2.385, -1.17, 0.71, 6.3, 3.3, 9.1, 5.5, 8.9, 7.7}, 0.0, 1e-12, 30000},
};

static double gradient_norm(const skd_minimiser *s) {
    double sum = 0.0;
    for (size_t i = 0; i < s->m; i++)
        sum += s->g[i] * s->g[i];
    return sqrt(sum);
}

static size_t minimise(skd_minimiser *s, double g_max, size_t steps) {
    skd_error err;
    size_t step = 0;
    for (; step < steps && !(gradient_norm(s) <= g_max); step++)
        CHECK_OK(skd_minimiser_step(s, &err));
    return step;
}

static void every_method_minimises_every_function(void **state) {
    (void)state;
    skd_error err;
    for (size_t row = 0; row < sizeof functions / sizeof *functions; row++)
        for (const skd_minimiser_type *const *type = skd_minimiser_types; *type; type++) {
            skd_minimiser *s;
            function fn = functions[row].fn;
            CHECK_OK(skd_minimiser_new(&s, *type, fn.m, functions[row].start, 0.2, call, &fn, &err));
            size_t steps = minimise(s, 1e-7, functions[row].steps);
            if (getenv("SHOW"))
                print_message("%-20s %-6s %5zu steps %5zu calls f - f0 = %.1e\n", functions[row].name, (*type)->name,
                              steps, s->n_calls, s->f - functions[row].minimum);
            CHECK_CLOSE(s->f, functions[row].minimum, functions[row].tolerance, 0);
            skd_minimiser_free(s);
        }
}

static void gradients_of_the_test_functions_are_right(void **state) {
    (void)state;
    for (size_t row = 0; row < sizeof functions / sizeof *functions; row++) {
        size_t m = functions[row].fn.m;
        double x[10], g[10], unused[10], h = 1e-5;
        memcpy(x, functions[row].start, sizeof x);
        functions[row].fn.f(m, x, g);
        for (size_t i = 0; i < m; i++) {
            double x0 = x[i];
            x[i] = x0 + h;
            double up = functions[row].fn.f(m, x, unused);
            x[i] = x0 - h;
            double down = functions[row].fn.f(m, x, unused);
            x[i] = x0;
            CHECK_CLOSE(g[i], (up - down) / (2 * h), 1e-4, 1e-6);
        }
    }
}

/* ---- Lennard-Jones clusters --------------------------------------------------------------- */

/* Deterministic jitter in [-1, 1]. */
static double jitter(size_t i) { return 2.0 * (double)(skd_seed_mix(20260, i) % 100003U) / 100002.0 - 1.0; }

static size_t icosahedron(double *x) { /* centre and 12 vertices, at 1.1 */
    const double golden = 0.5 * (1.0 + sqrt(5.0)), scale = 1.1 / sqrt(1.0 + golden * golden);
    size_t n = 1;
    x[0] = x[1] = x[2] = 0.0;
    for (size_t axis = 0; axis < 3; axis++)
        for (int a = -1; a <= 1; a += 2)
            for (int b = -1; b <= 1; b += 2, n++) {
                x[3 * n + axis] = 0.0;
                x[3 * n + (axis + 1) % 3] = a * scale;
                x[3 * n + (axis + 2) % 3] = b * golden * scale;
            }
    return n;
}

static size_t bipyramid(double *x) { /* pentagon and two caps */
    for (size_t i = 0; i < 7; i++) {
        double angle = 0.4 * acos(-1.0) * (double)i;
        x[3 * i] = i < 5 ? 0.95 * cos(angle) : 0.0;
        x[3 * i + 1] = i < 5 ? 0.95 * sin(angle) : 0.0;
        x[3 * i + 2] = i < 5 ? 0.0 : (i == 5 ? 0.6 : -0.6);
    }
    return 7;
}

static size_t truncated_octahedron(double *x) { /* fcc around an octahedral hole, 44 sites less 6 vertices */
    size_t n = 0;
    for (int a = -3; a <= 3; a++)
        for (int b = -3; b <= 3; b++)
            for (int c = -3; c <= 3; c++) {
                int sum = abs(a) + abs(b) + abs(c);
                if (sum % 2 == 0 || sum > 3 || abs(a) == 3 || abs(b) == 3 || abs(c) == 3)
                    continue;
                x[3 * n] = 0.78 * a;
                x[3 * n + 1] = 0.78 * b;
                x[3 * n++ + 2] = 0.78 * c;
            }
    return n;
}

/* Energies: Cambridge Cluster Database; J. A. Northby, J. Chem. Phys. 87, 6166 (1987); J. P. K. Doye et
 * al., J. Chem. Phys. 103, 4234 (1995). */
static const struct {
    size_t (*build)(double *x);
    size_t n;
    double energy;
} clusters[] = {{bipyramid, 7, -16.505384}, {icosahedron, 13, -44.326801}, {truncated_octahedron, 38, -173.928427}};

static void every_method_finds_the_known_clusters(void **state) {
    (void)state;
    skd_error err;
    for (size_t row = 0; row < sizeof clusters / sizeof *clusters; row++)
        for (const skd_minimiser_type *const *type = skd_minimiser_types; *type; type++) {
            double x[3 * 38];
            CHECK_INT(clusters[row].build(x), clusters[row].n);
            function fn = {cluster, 3 * clusters[row].n};
            for (size_t i = 0; i < fn.m; i++)
                x[i] += 0.07 * jitter(i);
            skd_minimiser *s;
            CHECK_OK(skd_minimiser_new(&s, *type, fn.m, x, 0.2, call, &fn, &err));
            size_t steps = minimise(s, 1e-6, 1500);
            if (getenv("SHOW"))
                print_message("LJ%zu %-6s %5zu steps %5zu calls\n", clusters[row].n, (*type)->name, steps, s->n_calls);
            CHECK(steps < 1500);
            CHECK_CLOSE(s->f, clusters[row].energy, 6e-7, 0);
            skd_minimiser_free(s);
        }
}

/* ---- behaviour ---------------------------------------------------------------------------- */

static void a_step_is_never_longer_than_allowed(void **state) {
    (void)state;
    skd_error err;
    for (const skd_minimiser_type *const *type = skd_minimiser_types; *type; type++) {
        skd_minimiser *s;
        function fn = {cluster, 21};
        double x[21], before[21];
        memcpy(x, heptamer, sizeof x);
        x[0] += 0.7; /* two atoms at 0.5: forces of 1e5 */
        CHECK_OK(skd_minimiser_new(&s, *type, 21, x, 0.11, call, &fn, &err));
        for (int step = 0; step < 40; step++) {
            size_t calls = s->n_calls;
            memcpy(before, s->x, sizeof before);
            CHECK_OK(skd_minimiser_step(s, &err));
            if (s->n_calls != calls + 1)
                continue; /* stepped back first, or backtracked */
            for (size_t i = 0; i < 21; i += 3) {
                double d[3] = {s->x[i] - before[i], s->x[i + 1] - before[i + 1], s->x[i + 2] - before[i + 2]};
                CHECK(skd_norm(d) <= 0.11 * (1 + 1e-12));
            }
        }
        skd_minimiser_free(s);
    }
}

static void resting_at_a_minimum_moves_nothing(void **state) {
    (void)state;
    skd_error err;
    for (const skd_minimiser_type *const *type = skd_minimiser_types; *type; type++) {
        skd_minimiser *s;
        function fn = {rosenbrock, 3};
        double x[3] = {1.0, 1.0, 1.0};
        CHECK_OK(skd_minimiser_new(&s, *type, 3, x, 0.2, call, &fn, &err));
        for (int step = 0; step < 3; step++)
            CHECK_OK(skd_minimiser_step(s, &err));
        for (int k = 0; k < 3; k++)
            CHECK_CLOSE(s->x[k], 1.0, 0, 0);
        skd_minimiser_free(s);
    }
}

static skd_status refuse_third_call(void *payload, const double *x, double *f, double *g, skd_error *err) {
    static const function fn = {rosenbrock, 3};
    int *calls = payload;
    *f = fn.f(3, x, g);
    return ++*calls >= 3 ? skd_fail(err, SKD_ENUMERIC, "no value at call %d", *calls) : SKD_OK;
}

static void a_failing_objective_ends_the_minimisation(void **state) {
    (void)state;
    skd_error err;
    for (const skd_minimiser_type *const *type = skd_minimiser_types; *type; type++) {
        skd_minimiser *s;
        int calls = 0;
        CHECK_OK(skd_minimiser_new(&s, *type, 3, valley, 0.2, refuse_third_call, &calls, &err));
        skd_status status = SKD_OK;
        for (int step = 0; step < 3 && status == SKD_OK; step++)
            status = skd_minimiser_step(s, &err);
        CHECK_INT(status, SKD_ENUMERIC);
        CHECK_TEXT(err.text, "no value at call 3");
        skd_minimiser_free(s);
    }
    CHECK(skd_minimiser_named("bfgs") == NULL);
}

#ifdef SKD_TORTURE
static void minimiser_survives_every_failed_allocation(void **state) {
    (void)state;
    for (const skd_minimiser_type *const *type = skd_minimiser_types; *type; type++) {
        skd_status status = SKD_ENOMEM;
        for (long k = 0; status != SKD_OK; k++) {
            skd_minimiser *s;
            skd_error err = {SKD_OK, ""};
            function fn = {rosenbrock, 3};
            skd_alloc_fail_at = k;
            status = skd_minimiser_new(&s, *type, 3, valley, 0.2, call, &fn, &err);
            skd_alloc_fail_at = -1;
            CHECK(status == SKD_OK || (status == SKD_ENOMEM && !s && k < 20));
            skd_minimiser_free(s);
        }
    }
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fire_goes_step_by_step_as_in_ase),
        cmocka_unit_test(gradients_of_the_test_functions_are_right),
        cmocka_unit_test(every_method_minimises_every_function),
        cmocka_unit_test(every_method_finds_the_known_clusters),
        cmocka_unit_test(a_step_is_never_longer_than_allowed),
        cmocka_unit_test(resting_at_a_minimum_moves_nothing),
        cmocka_unit_test(a_failing_objective_ends_the_minimisation),
#ifdef SKD_TORTURE
        cmocka_unit_test(minimiser_survives_every_failed_allocation),
#endif
    };
    return cmocka_run_group_tests_name("relax: minimisers", tests, NULL, NULL);
}

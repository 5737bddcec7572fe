/* SPDX-License-Identifier: MIT */
/* Tests of the config files: the subset of YAML that ShakeNBreak's hold, and what is refused by line. */
#include "check.h"

#include "shakedown/data.h"

static skd_config *parse(const char *text) {
    skd_error err;
    skd_config *config;
    CHECK_OK(skd_config_parse(&config, "c.yaml", text, strlen(text), &err));
    return config;
}

/* The tree as one line: {key: value, list: [a, b]}. */
static void flatten(const skd_config *node, skd_string *out) {
    if (node->key)
        skd_string_add(out, "%s: ", node->key);
    if (!node->is_list && !node->is_map)
        skd_string_add(out, "%s", node->value ? node->value : "-");
    if (node->is_list || node->is_map)
        skd_string_add(out, node->is_list ? "[" : "{");
    for (size_t i = 0; i < node->n; i++) {
        skd_string_add(out, i ? ", " : "");
        flatten(node->child[i], out);
    }
    if (node->is_list || node->is_map)
        skd_string_add(out, node->is_list ? "]" : "}");
}

static const struct {
    const char *name, *text, *tree;
} good[] = {
    {"empty", "", "{}"},
    {"only remarks", "# a\n\n   # b\n", "{}"},
    {"scalars", "stdev: 0.25 # Å\nseed: 42\n", "{stdev: 0.25, seed: 42}"},
    {"nothing", "a: None\nb:\nc: ~\nd: null\n", "{a: -, b: -, c: -, d: -}"},
    {"quotes", "a: 'x # y'\nb: \"p: q\"\n'c': it's\n", "{a: x # y, b: p: q, c: it's}"},
    {"no comment without a blank", "a: b#c\n", "{a: b#c}"},
    {"colon in a value", "a: b:c\n", "{a: b:c}"},
    {"list in brackets", "x: [-0.6, 0.0 ,'Dimer']\n", "{x: [-0.6, 0.0, Dimer]}"},
    {"empty list and map", "x: []\ny: {}\n", "{x: [], y: {}}"},
    {"list by dashes", "x:\n  - 1\n  - -2\ny: 3\n", "{x: [1, -2], y: 3}"},
    {"dashes at the key's own depth", "x:\n- 1\n- 2\ny: 3\n", "{x: [1, 2], y: 3}"},
    {"map", "o:\n  Cd: 2\n  Te: -2\nz: 1\n", "{o: {Cd: 2, Te: -2}, z: 1}"},
    {"map in braces", "o: {Cd: 2, Te: -2}\n", "{o: {Cd: 2, Te: -2}}"},
    {"scalar in the next line, as in ShakeNBreak's example",
     "e:\n  Int_Cd_2:\n    Cd\nd: 1\n", "{e: {Int_Cd_2: Cd}, d: 1}"},
    {"maps of maps", "d:\n  v:\n    charges: [0, -1]\n    coords: [0.0, 0.5, 0]\n  i:\n    charges: [0, +1]\n",
     "{d: {v: {charges: [0, -1], coords: [0.0, 0.5, 0]}, i: {charges: [0, +1]}}}"},
    {"Windows' line ends", "a: 1\r\nb:\r\n  c: 2\r\n", "{a: 1, b: {c: 2}}"},
    {"no line end", "a: 1", "{a: 1}"},
    {"document mark", "---\na: 1\n", "{a: 1}"},
};

static void config_trees(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        skd_config *config = parse(good[i].text);
        skd_string tree = {0};
        flatten(config, &tree);
        if (strcmp(tree.text, good[i].tree) != 0) {
            print_error("%s: got %s, want %s\n", good[i].name, tree.text, good[i].tree);
            fail();
        }
        skd_string_free(&tree);
        skd_config_free(config);
    }
}

static const struct {
    const char *text, *words;
} bad[] = {
    {"a: 1\nb\n", "c.yaml:2: expected 'key: value'; found 'b'"},
    {"a: 1\n  b: 2\n", "c.yaml:2: this line stands deeper than line 1"},
    {"a:\n    b: 2\n  c: 3\n", "c.yaml:3: this line's indentation fits no line above it"},
    {"  a: 1\nb: 2\n", "c.yaml:2: this line's indentation"},
    {"a: 1\nc: 3\na: 2\n", "c.yaml:3: key 'a' stands here again; first in line 1"},
    {"a:\n\tb: 2\n", "c.yaml:2: a tab"},
    {"a: &x 1\n", "c.yaml:1: expected a plain value; found '&x 1'"},
    {"a: |\n  text\n", "c.yaml:1: expected a plain value; found '|'"},
    {"a: [1, 2\n", "c.yaml:1: expected ']' at the end"},
    {"a: [1, [2]]\n", "c.yaml:1: expected a plain value; found '[2]'"},
    {"a: {b}\n", "c.yaml:1: expected 'key: value'; found 'b'"},
    {"a: {b: 1, b: 2}\n", "c.yaml:1: key 'b' stands here again"},
    {"a:\n  - b: 1\n", "c.yaml:2: expected one plain value after '-'"},
    {"- a\n", "c.yaml:1: expected 'key: value'"},
    {"a: \"x\\n\"\n", "c.yaml:1: expected a plain value"},
    {"a:\n b:\n  c:\n   d:\n    e:\n     f:\n      g:\n       h:\n        i:\n         j:\n          k:\n"
     "           l:\n            m:\n             n:\n              o:\n               p:\n"
     "                q:\n                 r: 1\n",
     "nested deeper than 16"},
};

static void config_refusals_name_file_and_line(void **state) {
    (void)state;
    skd_error err;
    skd_config *config;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_FAILS(skd_config_parse(&config, "c.yaml", bad[i].text, strlen(bad[i].text), &err), SKD_EFORMAT,
                    bad[i].words);
        CHECK(config == NULL);
    }
}

static void config_get_finds_by_key(void **state) {
    (void)state;
    skd_config *config = parse("a: 1\nlist: [a]\nmap:\n  b: 7\n");
    CHECK(strcmp(skd_config_get(skd_config_get(config, "map"), "b")->value, "7") == 0);
    CHECK_INT(skd_config_get(config, "map")->line, 3);
    CHECK(skd_config_get(config, "b") == NULL);
    CHECK(skd_config_get(NULL, "b") == NULL);
    CHECK(skd_config_get(skd_config_get(config, "list"), "a") == NULL);
    skd_config_free(config);
    skd_config_free(NULL);
}

static void config_texts_cut_anywhere_are_read_or_refused(void **state) {
    (void)state;
    skd_error err;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        for (size_t n = 0; n <= strlen(good[i].text); n++) {
            skd_config *config;
            err = (skd_error){SKD_OK, ""};
            skd_status status = skd_config_parse(&config, "c.yaml", good[i].text, n, &err);
            CHECK(status == SKD_OK || (status == SKD_EFORMAT && !config));
            skd_config_free(config);
        }
}

#ifdef SKD_TORTURE
static void config_survives_failing_allocations(void **state) {
    (void)state;
    const char *text = "a: [1, 'b']\nm:\n  k: {x: 1}\n  l:\n  - 2\n";
    for (long k = 0;; k++) {
        skd_error err = {SKD_OK, ""};
        skd_config *config;
        skd_alloc_fail_at = k;
        skd_status status = skd_config_parse(&config, "c.yaml", text, strlen(text), &err);
        skd_alloc_fail_at = -1;
        if (status == SKD_OK) {
            CHECK(k > 5);
            skd_config_free(config);
            return;
        }
        CHECK(status == SKD_ENOMEM && !config);
    }
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config_trees),
        cmocka_unit_test(config_refusals_name_file_and_line),
        cmocka_unit_test(config_get_finds_by_key),
        cmocka_unit_test(config_texts_cut_anywhere_are_read_or_refused),
#ifdef SKD_TORTURE
        cmocka_unit_test(config_survives_failing_allocations),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* config.c - the part of YAML that ShakeNBreak's config files use, as a tree.
 *
 *   key: value            scalar; "quoted" and 'quoted' too; null, ~ and None (or nothing) are no value
 *   key: [a, b]           list;  also as lines "- a" under the key
 *   key:                  map, by indentation; also {a: 1, b: 2}; a lone scalar under a key is its value
 *     inner: value
 *   # comment             to the end of the line, after a blank
 * Anything else of YAML (anchors, tags, block scalars, several documents, tabs as indentation, lists of
 * lists) is refused by name, file and line. Depth is bounded, so that the recursion is. */
#include "shakedown/data.h"

#include <string.h>

enum { DEPTH_MAX = 16 };

void skd_config_free(skd_config *config) {
    if (!config)
        return;
    for (size_t i = 0; i < config->n; i++)
        skd_config_free(config->child[i]);
    skd_free(config->child);
    skd_free(config->key);
    skd_free(config->value);
    skd_free(config);
}

const skd_config *skd_config_get(const skd_config *config, const char *key) {
    for (size_t i = 0; config && i < config->n; i++)
        if (config->child[i]->key && strcmp(config->child[i]->key, key) == 0)
            return config->child[i];
    return NULL;
}

/* ---- lines ------------------------------------------------------------------------------- */

/* A reader that can look at the next line that says something. */
typedef struct reader {
    skd_text t;
    skd_span line;   /* without indentation, comment and trailing blanks */
    size_t indent;
    bool any;        /* is there one? */
    int depth;
} reader;

static bool blank(char c) { return c == ' ' || c == '\t'; }

static skd_span trim(skd_span s) {
    while (s.n && blank(s.p[0]))
        s.p++, s.n--;
    while (s.n && blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

/* Cuts a comment: '#' at the beginning or after a blank, outside quotes. */
static skd_span without_comment(skd_span s) {
    char quote = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (quote)
            quote = c == quote ? 0 : quote;
        else if ((c == '"' || c == '\'') && (i == 0 || strchr(" [{,:", s.p[i - 1])))
            quote = c;
        else if (c == '#' && (i == 0 || blank(s.p[i - 1])))
            s.n = i;
    }
    return s;
}

static skd_status next_line(reader *r, skd_error *err) {
    skd_span line;
    r->any = false;
    while (skd_text_line(&r->t, &line)) {
        skd_span said = trim(without_comment(line));
        if (said.n == 0 || (said.n == 3 && memcmp(said.p, "---", 3) == 0 && r->t.line == 1))
            continue;
        r->indent = (size_t)(said.p - line.p);
        if (memchr(line.p, '\t', r->indent))
            return skd_text_fail(&r->t, err, "a tab in the indentation; YAML wants blanks");
        r->line = said;
        r->any = true;
        return SKD_OK;
    }
    return SKD_OK;
}

/* ---- values ------------------------------------------------------------------------------ */

static skd_status new_node(skd_config **out, const reader *r, skd_span key, skd_error *err) {
    skd_config *node = skd_alloc(1, sizeof *node);
    if (node && key.p && (node->key = skd_alloc(key.n + 1, 1)))
        memcpy(node->key, key.p, key.n);
    if (!node || (key.p && !node->key)) {
        skd_free(node);
        return skd_fail(err, SKD_ENOMEM, "%s: out of memory", r->t.name);
    }
    node->line = r->t.line;
    *out = node;
    return SKD_OK;
}

/* Hangs a new node under parent; a key may stand there once. */
static skd_status add_child(skd_config **out, skd_config *parent, const reader *r, skd_span key, skd_error *err) {
    char name[60];
    for (size_t i = 0; key.p && i < parent->n; i++)
        if (parent->child[i]->key && skd_span_is(key, parent->child[i]->key))
            return skd_text_fail(&r->t, err, "key '%s' stands here again; first in line %zu",
                                 skd_span_copy(key, name, sizeof name), parent->child[i]->line);
    skd_status status = skd_grow((void **)&parent->child, &parent->capacity, parent->n + 1, sizeof *parent->child, err);
    if (status == SKD_OK)
        status = new_node(out, r, key, err);
    if (status == SKD_OK)
        parent->child[parent->n++] = *out;
    return status;
}

static bool is_nothing(skd_span s) {
    return s.n == 0 || skd_span_is(s, "~") || skd_span_is(s, "null") || skd_span_is(s, "None");
}

/* The inside of "quotes"; otherwise the span itself. */
static skd_span unquoted(skd_span s) {
    if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
        return (skd_span){s.p + 1, s.n - 2};
    return s;
}

static skd_status set_scalar(skd_config *node, const reader *r, skd_span s, skd_error *err) {
    char found[60];
    if (is_nothing(s))
        return SKD_OK;
    skd_span inside = unquoted(s);
    bool quoted = inside.p != s.p;
    if ((!quoted && strchr("&*!|>%@`\"'[]{}?", s.p[0])) || memchr(inside.p, '\0', inside.n) ||
        (quoted && memchr(inside.p, s.p[0] == '"' ? '\\' : '\'', inside.n)))
        return skd_text_fail(&r->t, err, "expected a plain value; found '%s'", skd_span_copy(s, found, sizeof found));
    node->value = skd_alloc(inside.n + 1, 1);
    if (!node->value)
        return skd_fail(err, SKD_ENOMEM, "%s: out of memory", r->t.name);
    memcpy(node->value, inside.p, inside.n);
    return SKD_OK;
}

/* Takes the text up to the next ',' that is not quoted, off the inside of a list or map. */
static skd_span next_item(skd_span *rest) {
    char quote = 0;
    size_t i = 0;
    for (; i < rest->n && (quote || rest->p[i] != ','); i++) {
        char c = rest->p[i];
        if (quote ? c == quote : (c == '"' || c == '\''))
            quote = quote ? 0 : c;
    }
    skd_span item = trim((skd_span){rest->p, i});
    size_t used = i < rest->n ? i + 1 : i;
    *rest = (skd_span){rest->p + used, rest->n - used};
    return item;
}

/* Splits "key: value" or "key:"; false if the line is neither. */
static bool split_key(skd_span line, skd_span *key, skd_span *value) {
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] == ':' && (i + 1 == line.n || blank(line.p[i + 1]))) {
            *key = unquoted(trim((skd_span){line.p, i}));
            *value = trim((skd_span){line.p + i + 1, line.n - i - 1});
            return key->n > 0;
        }
    return false;
}

/* "[a, b]" or "{a: 1, b: 2}" on one line. */
static skd_status set_flow(skd_config *node, const reader *r, skd_span s, skd_error *err) {
    char close = s.p[0] == '[' ? ']' : '}', found[60];
    if (s.n < 2 || s.p[s.n - 1] != close)
        return skd_text_fail(&r->t, err, "expected '%c' at the end of the line; found '%s'", close,
                             skd_span_copy(s, found, sizeof found));
    skd_span rest = {s.p + 1, s.n - 2};
    node->is_list = close == ']';
    node->is_map = close == '}';
    while (trim(rest).n > 0) {
        skd_span item = next_item(&rest), key = {NULL, 0}, value = item;
        skd_config *child = NULL;
        if (node->is_map && !split_key(item, &key, &value))
            return skd_text_fail(&r->t, err, "expected 'key: value'; found '%s'",
                                 skd_span_copy(item, found, sizeof found));
        skd_status status = add_child(&child, node, r, key, err);
        if (status == SKD_OK)
            status = set_scalar(child, r, value, err);
        if (status != SKD_OK)
            return status;
    }
    return SKD_OK;
}

static skd_status set_value(skd_config *node, const reader *r, skd_span s, skd_error *err) {
    return s.n && (s.p[0] == '[' || s.p[0] == '{') ? set_flow(node, r, s, err) : set_scalar(node, r, s, err);
}

/* ---- blocks ------------------------------------------------------------------------------ */

static bool is_dash(const reader *r) { return r->line.p[0] == '-' && (r->line.n == 1 || blank(r->line.p[1])); }

static skd_status read_list(skd_config *node, reader *r, size_t indent, skd_error *err) {
    skd_status status = SKD_OK;
    node->is_list = true;
    while (status == SKD_OK && r->any && r->indent == indent && is_dash(r)) {
        skd_config *child;
        skd_span item = trim((skd_span){r->line.p + 1, r->line.n - 1}), key, value;
        if (item.n == 0 || item.p[0] == '[' || item.p[0] == '{' || split_key(item, &key, &value))
            return skd_text_fail(&r->t, err, "expected one plain value after '-'");
        status = add_child(&child, node, r, (skd_span){NULL, 0}, err);
        if (status == SKD_OK)
            status = set_scalar(child, r, item, err);
        if (status == SKD_OK)
            status = next_line(r, err);
    }
    return status;
}

static skd_status read_map(skd_config *node, reader *r, size_t indent, skd_error *err);

/* What stands under "key:": a deeper block, a list (also at the key's own depth), or nothing. */
static skd_status read_block(skd_config *node, reader *r, size_t parent, skd_error *err) {
    skd_span key, value;
    if (!r->any || r->indent < parent || (r->indent == parent && !is_dash(r)))
        return SKD_OK;
    if (++r->depth > DEPTH_MAX)
        return skd_text_fail(&r->t, err, "nested deeper than %d", DEPTH_MAX);
    skd_status status;
    if (is_dash(r))
        status = read_list(node, r, r->indent, err);
    else if (split_key(r->line, &key, &value))
        status = read_map(node, r, r->indent, err);
    else {
        status = set_value(node, r, r->line, err);
        if (status == SKD_OK)
            status = next_line(r, err);
    }
    r->depth--;
    if (status == SKD_OK && r->any && r->indent > parent)
        status = skd_text_fail(&r->t, err, "this line's indentation fits no line above it");
    return status;
}

static skd_status read_map(skd_config *node, reader *r, size_t indent, skd_error *err) {
    skd_status status = SKD_OK;
    node->is_map = true;
    while (status == SKD_OK && r->any && r->indent == indent) {
        skd_span key, value;
        skd_config *child = NULL;
        char found[60];
        if (is_dash(r) || !split_key(r->line, &key, &value))
            return skd_text_fail(&r->t, err, "expected 'key: value'; found '%s'",
                                 skd_span_copy(r->line, found, sizeof found));
        status = add_child(&child, node, r, key, err);
        if (status == SKD_OK && value.n)
            status = set_value(child, r, value, err);
        if (status == SKD_OK)
            status = next_line(r, err);
        if (status == SKD_OK && value.n == 0)
            status = read_block(child, r, indent, err);
        else if (status == SKD_OK && r->any && r->indent > indent)
            status = skd_text_fail(&r->t, err, "this line stands deeper than line %zu, which has its value",
                                   child->line);
    }
    return status;
}

skd_status skd_config_parse(skd_config **out, const char *name, const char *text, size_t length, skd_error *err) {
    reader r = {.t = skd_text_of(name, text, length)};
    skd_config *root = NULL;
    *out = NULL;
    skd_status status = new_node(&root, &r, (skd_span){NULL, 0}, err);
    if (status == SKD_OK)
        status = next_line(&r, err);
    if (status == SKD_OK && r.any)
        status = read_map(root, &r, r.indent, err);
    if (status == SKD_OK && r.any)
        status = skd_text_fail(&r.t, err, "this line's indentation fits no line above it");
    if (status != SKD_OK) {
        skd_config_free(root);
        return status;
    }
    root->is_map = true;
    *out = root;
    return SKD_OK;
}

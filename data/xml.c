/* SPDX-License-Identifier: MIT */
/* xml.c - the door to libxml2 for reading: SAX events of its push parser, with the path of each element. */
#include "xml.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 64
#define PATH_LONG 1000
#define TEXT_LONG 1000000 /* bytes of one element's text */

struct skd_xml {
    const skd_xml_events *events;
    void *payload;
    const char *name;
    xmlParserCtxtPtr parser;
    char path[PATH_LONG + 1];
    size_t length[DEPTH_MAX + 1]; /* of the path, at each depth */
    size_t depth;
    bool is_done;
    skd_string text; /* of the innermost element */
    const xmlChar **attribute;
    int n_attributes;
    skd_error failure;
};

static skd_status stop(skd_xml *xml, skd_status status, const char *words) {
    if (xml->failure.status == SKD_OK)
        skd_fail(&xml->failure, status, "%s: %.160s: %s", xml->name, xml->depth ? xml->path : "the beginning", words);
    xmlStopParser(xml->parser);
    return status;
}

static void clear_text(skd_xml *xml) {
    xml->text.n = 0;
    if (xml->text.text)
        *xml->text.text = '\0';
}

static bool append(skd_xml *xml, size_t *n, const char *text, size_t length) {
    if (*n + length > PATH_LONG)
        return false;
    memcpy(xml->path + *n, text, length);
    *n += length;
    return true;
}

static bool push(skd_xml *xml, const char *local) {
    size_t n = xml->length[xml->depth];
    skd_span name = skd_xml_attribute(xml, "name");
    bool fits = xml->depth < DEPTH_MAX && (n == 0 || append(xml, &n, "/", 1)) && append(xml, &n, local, strlen(local));
    if (fits && name.n)
        fits = append(xml, &n, "=", 1) && append(xml, &n, name.p, name.n);
    if (fits)
        xml->length[++xml->depth] = n;
    xml->path[n] = '\0';
    return fits;
}

static void on_open(void *context, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri, int n_spaces,
                    const xmlChar **spaces, int n_attributes, int n_defaulted, const xmlChar **attributes) {
    skd_xml *xml = context;
    (void)prefix, (void)uri, (void)n_spaces, (void)spaces, (void)n_defaulted;
    if (xml->failure.status != SKD_OK)
        return;
    xml->attribute = attributes;
    xml->n_attributes = n_attributes;
    clear_text(xml);
    skd_error err = {SKD_OK, ""};
    if (!push(xml, (const char *)local))
        stop(xml, SKD_EFORMAT, "elements are nested beyond reason");
    else if (xml->events->open(xml->payload, xml, (skd_span){xml->path, xml->length[xml->depth]}, &err) != SKD_OK)
        stop(xml, err.status, err.text);
    xml->n_attributes = 0;
}

static void on_close(void *context, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri) {
    skd_xml *xml = context;
    (void)local, (void)prefix, (void)uri;
    if (xml->failure.status != SKD_OK || xml->depth == 0)
        return;
    skd_error err = {SKD_OK, ""};
    for (size_t i = 0; i < xml->text.n; i++) /* words are separated by blanks */
        if (xml->text.text[i] == '\n' || xml->text.text[i] == '\r')
            xml->text.text[i] = ' ';
    skd_span text = {xml->text.n ? xml->text.text : "", xml->text.n};
    if (xml->events->close(xml->payload, xml, (skd_span){xml->path, xml->length[xml->depth]}, text, &err) != SKD_OK)
        stop(xml, err.status, err.text);
    clear_text(xml);
    xml->path[xml->length[--xml->depth]] = '\0';
    xml->is_done = xml->depth == 0;
}

static void on_text(void *context, const xmlChar *text, int n) {
    skd_xml *xml = context;
    if (xml->failure.status != SKD_OK)
        return;
    if (xml->text.n + (size_t)n > TEXT_LONG)
        stop(xml, SKD_EFORMAT, "an element holds more than 1 MB of text");
    else
        skd_string_add_bytes(&xml->text, (const char *)text, (size_t)n);
    if (xml->text.failed)
        stop(xml, SKD_ENOMEM, "out of memory");
}

static void on_declaration(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system) {
    (void)name, (void)external, (void)system;
    stop(context, SKD_EFORMAT, "a document type declaration; expected none (entities are not expanded)");
}

/* What libxml2 would print. */
static void on_error(void *context, xmlErrorPtr error) {
    skd_xml *xml = context;
    char words[200];
    const char *said = error->message ? error->message : "";
    size_t n = strcspn(said, "\n");
    snprintf(words, sizeof words, "not XML: %.*s", (int)(n < 150 ? n : 150), said);
    if (error->level == XML_ERR_FATAL)
        stop(xml, error->code == XML_ERR_NO_MEMORY ? SKD_ENOMEM : SKD_EFORMAT, words);
}

skd_status skd_xml_new(skd_xml **out, const skd_xml_events *events, void *payload, const char *name, skd_error *err) {
    static const xmlSAXHandler handler = {.initialized = XML_SAX2_MAGIC,
                                          .startElementNs = on_open,
                                          .endElementNs = on_close,
                                          .characters = on_text,
                                          .cdataBlock = on_text,
                                          .internalSubset = on_declaration,
                                          .serror = on_error};
    xmlSAXHandler copy = handler; /* libxml2 wants it without const, and copies it */
    skd_xml *xml = skd_alloc(1, sizeof *xml);
    *out = xml;
    if (xml)
        xml->parser = xmlCreatePushParserCtxt(&copy, xml, NULL, 0, NULL);
    if (!xml || !xml->parser) {
        skd_xml_free(xml);
        *out = NULL;
        return skd_fail(err, SKD_ENOMEM, "%s: out of memory", name);
    }
    xmlCtxtUseOptions(xml->parser, XML_PARSE_NONET);
    xml->events = events;
    xml->payload = payload;
    xml->name = name;
    return SKD_OK;
}

void skd_xml_free(skd_xml *xml) {
    if (!xml)
        return;
    if (xml->parser)
        xmlFreeParserCtxt(xml->parser);
    skd_string_free(&xml->text);
    skd_free(xml);
}

skd_status skd_xml_feed(skd_xml *xml, const char *text, size_t n, skd_error *err) {
    if (xml->failure.status == SKD_OK && n > 0 && xmlParseChunk(xml->parser, text, (int)n, 0) != 0 &&
        xml->failure.status == SKD_OK && !xml->parser->wellFormed)
        stop(xml, SKD_EFORMAT, "not XML");
    return xml->failure.status == SKD_OK ? SKD_OK : skd_fail(err, xml->failure.status, "%.460s", xml->failure.text);
}

bool skd_xml_is_even(const skd_xml *xml) {
    const xmlParserInput *input = xml->parser->input;
    return input && input->cur >= input->end;
}

bool skd_xml_is_done(const skd_xml *xml) { return xml->is_done; }

skd_span skd_xml_attribute(const skd_xml *xml, const char *name) {
    for (int k = 0; k < xml->n_attributes; k++) { /* local name, prefix, URI, value, its end */
        const xmlChar *const *a = &xml->attribute[5 * k];
        if (strcmp((const char *)a[0], name) == 0)
            return (skd_span){(const char *)a[3], (size_t)(a[4] - a[3])};
    }
    return (skd_span){"", 0};
}

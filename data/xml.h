/* SPDX-License-Identifier: MIT */
/* xml.h - XML read as it comes, by libxml2's push parser; private to data/. Nothing is fetched from anywhere, and a
 * document type declaration (the door of entities) is refused. */
#ifndef SKD_DATA_XML_H
#define SKD_DATA_XML_H

#include "outputs.h"

typedef struct skd_xml skd_xml;

/** An element. path: the names from the root, "a/b/c"; an element with an attribute name="x" is "c=x".
 *  close: text is what stands in it up to its first child or between children, without markup. */
typedef struct skd_xml_events {
    skd_status (*open)(void *payload, skd_xml *xml, skd_span path, skd_error *err);
    skd_status (*close)(void *payload, skd_xml *xml, skd_span path, skd_span text, skd_error *err);
} skd_xml_events;

skd_status skd_xml_new(skd_xml **out, const skd_xml_events *events, void *payload, const char *name,
                       skd_error *err) SKD_CHECKED;
void skd_xml_free(skd_xml *xml);
/** The next n bytes; the events are called from here. SKD_EFORMAT with name and path where it is not XML. */
skd_status skd_xml_feed(skd_xml *xml, const char *text, size_t n, skd_error *err) SKD_CHECKED;
/** Has all that was fed been used? */
bool skd_xml_is_even(const skd_xml *xml);
/** Is the root element closed? */
bool skd_xml_is_done(const skd_xml *xml);
/** Attribute of the element being opened, or an empty span. */
skd_span skd_xml_attribute(const skd_xml *xml, const char *name);

#endif

/* SPDX-License-Identifier: MIT
 * json.h - small helpers over cJSON: reading with a default where a key is absent or of another type.
 */
#ifndef SKD_JSON_H
#define SKD_JSON_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

double json_number(const cJSON *object, const char *key); /* NaN if absent */
long json_integer(const cJSON *object, const char *key);  /* 0 if absent   */
/* "" if absent; cut to size. */
void json_text(const cJSON *object, const char *key, char *out, size_t size);

/* Numbers that are not finite become null. */
void json_add_number(cJSON *object, const char *key, double value);
void json_add_vector(cJSON *object, const char *key, const double v[3]);
#define JSON_HASH "%016llx"
/* 16 hexadecimal digits: a double would lose some. */
void json_add_hash(cJSON *object, const char *key, uint64_t hash);

#endif

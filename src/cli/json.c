/* SPDX-License-Identifier: MIT */
/* json.c - see json.h. */
#include "json.h"

#include <math.h>
#include <stdio.h>

double json_number(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

long json_integer(const cJSON *object, const char *key) {
    double value = json_number(object, key);
    return fabs(value) < 1e15 ? (long)value : 0;
}

void json_text(const cJSON *object, const char *key, char *out, size_t size) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    snprintf(out, size, "%s", cJSON_IsString(item) ? item->valuestring : "");
}

void json_add_number(cJSON *object, const char *key, double value) {
    if (isfinite(value))
        cJSON_AddNumberToObject(object, key, value);
    else
        cJSON_AddNullToObject(object, key);
}

void json_add_vector(cJSON *object, const char *key, const double v[3]) {
    cJSON_AddItemToObject(object, key, cJSON_CreateDoubleArray(v, 3));
}

void json_add_hash(cJSON *object, const char *key, uint64_t hash) {
    char text[20];
    snprintf(text, sizeof text, JSON_HASH, (unsigned long long)hash);
    cJSON_AddStringToObject(object, key, text);
}

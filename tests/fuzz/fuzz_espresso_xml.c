/* SPDX-License-Identifier: MIT */
/* fuzz_espresso_xml.c - fuzz target of a reader of outputs. */
#include "fuzz_outputs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_outputs("<qes:espresso xmlns:qes=\"x\">\n", data, size);
}

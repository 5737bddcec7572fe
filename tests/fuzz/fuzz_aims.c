/* SPDX-License-Identifier: MIT */
/* fuzz_aims.c - fuzz target of a reader of outputs. */
#include "fuzz_outputs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_outputs("          Invoking FHI-aims ...\n", data, size);
}

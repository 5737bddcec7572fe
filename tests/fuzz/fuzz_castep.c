/* SPDX-License-Identifier: MIT */
/* fuzz_castep.c - fuzz target of a reader of outputs. */
#include "fuzz_outputs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_outputs(" +----\n | CASTEP version 22.11|\n", data, size);
}

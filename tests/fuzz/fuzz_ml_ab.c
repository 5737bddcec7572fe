/* SPDX-License-Identifier: MIT */
/* fuzz_ml_ab.c - fuzz target of a reader of outputs. */
#include "fuzz_outputs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_outputs(" 1.0 Version\n     The number of configurations\n", data, size);
}

/* SPDX-License-Identifier: MIT */
/* fuzz_outcar.c - fuzz target of a reader of outputs. */
#include "fuzz_outputs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_outputs(" vasp.6.3.0 fuzz\n", data, size);
}

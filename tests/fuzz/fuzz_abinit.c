/* SPDX-License-Identifier: MIT */
/* fuzz_abinit.c - fuzz target of a reader of outputs. */
#include "fuzz_outputs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_outputs(".Version 9.6.2 of ABINIT\n", data, size);
}

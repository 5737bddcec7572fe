/* SPDX-License-Identifier: MIT */
/* fuzz_espresso.c - fuzz target of a reader of outputs. */
#include "fuzz_outputs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_outputs("     Program PWSCF v.7.2 starts\n", data, size);
}

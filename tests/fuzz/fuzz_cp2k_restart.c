/* SPDX-License-Identifier: MIT */
/* fuzz_cp2k_restart.c - fuzz target of a reader of outputs. */
#include "fuzz_outputs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_outputs(" # Version information for this restart file\n", data, size);
}

/* SPDX-License-Identifier: MIT */
/* fuzz_cp2k.c - fuzz target of a reader of outputs. */
#include "fuzz_outputs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_outputs(" CP2K| version string: CP2K version 2023.1\n", data, size);
}

/* SPDX-License-Identifier: MIT */
/* fuzz_cp2k_pos.c - fuzz target of CP2K's output with its trajectory. */
#include "fuzz_beside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char head[] = " CP2K| version string: CP2K version 2023.1\n GLOBAL| Project name p\n";
    return fuzz_beside(head, "p-pos-1.xyz", data, size);
}

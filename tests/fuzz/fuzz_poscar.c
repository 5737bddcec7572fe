/* SPDX-License-Identifier: MIT */
/* fuzz_poscar.c - fuzz target of the POSCAR reader and writer. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return fuzz_format("poscar", data, size); }

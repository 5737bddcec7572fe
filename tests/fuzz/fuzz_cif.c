/* SPDX-License-Identifier: MIT */
/* fuzz_cif.c - fuzz target of the CIF reader and writer. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return fuzz_format("cif", data, size); }

/* SPDX-License-Identifier: MIT */
/* fuzz_xyz.c - fuzz target of the XYZ reader and writer. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return fuzz_format("xyz", data, size); }

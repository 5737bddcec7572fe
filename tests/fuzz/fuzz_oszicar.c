/* SPDX-License-Identifier: MIT */
/* fuzz_oszicar.c - fuzz target of the reader of OSZICAR and XDATCAR. */
#include "fuzz_beside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_beside("       N       E                     dE             d eps       ncg\n", "XDATCAR", data, size);
}

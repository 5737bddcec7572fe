/* SPDX-License-Identifier: MIT
 * run_trace.h - how a run keeps energy and force along a relaxation: at most SKD_TRACE_POINTS steps, to 1e-6 eV.
 */
#ifndef SKD_RUN_TRACE_H
#define SKD_RUN_TRACE_H

#include "json.h"
#include "shakedown/relax.h"

/** Adds "trace": {"step": [...], "energy_eV": [...], "force_max_eV_per_A": [...]}; nothing for an empty one. */
void run_trace_add(cJSON *object, const skd_trace *trace);
/** Reads it back; empty where there is none. SKD_EFORMAT if the lists differ in length. */
skd_status run_trace_read(skd_trace *trace, const cJSON *object, skd_error *err) SKD_CHECKED;

#endif

/* SPDX-License-Identifier: MIT */
/* cmd_calibrate.c - makes the host a minimum of a level that does not have it as one. */
#include <string.h>

#include "calibrations.h"
#include "cli.h"
#include "models.h"
#include "plan.h"

static const cli_option options[] = {
    {"to", 0, CLI_TEXT, "SPEC", NULL, "the better level: cp2k, socket, command, ..., or a FILE of labelled frames of "
     "the perfect host (--write makes them)", 0, 0, NULL},
    {"base", 0, CLI_TEXT, "SPEC", "gfn1", "the level that is calibrated", 0, 0, NULL},
    {"write", 0, CLI_TEXT, "FILE", NULL, "write the frames to be labelled elsewhere, and stop", 0, 0, NULL},
    {"frames", 'f', CLI_INT, "N", "14", "frames of the host", 3, 1000, NULL},
    {"seed", 0, CLI_INT, "N", "42", "of their rattles and strains", 0, 4294967295.0, NULL},
    {"rounds", 0, CLI_INT, "N", "5", "times that rattled hosts are relaxed at the calibrated level; where one does not "
     "return, frames of its way are labelled too", 0, 1000, NULL},
    {"zeta-min", 0, CLI_REAL, "X", "4", "least exponent of the kernel: the larger, the nearer to what is no host the "
     "correction ends", 2, 16, NULL},
    SUPERCELL_OPTIONS,
    {"output", 'o', CLI_TEXT, "FILE", "host.calibration.gz", "the calibration", 0, 0, "output"},
    CLI_QUIET,
    CLI_END};

static skd_status make_host(skd_cell **out, const cli_args *args, skd_error *err) {
    skd_frame *frame = NULL;
    skd_cell *primitive = NULL;
    int matrix[3][3];
    skd_status status = skd_structure_read(&frame, args->operand[0], err);
    if (status == SKD_OK)
        status = skd_primitive(&primitive, frame->cell, cli_real(args, "symprec"), err);
    if (status == SKD_OK)
        status = cli_supercell_choose(matrix, frame->cell, primitive, args, err);
    if (status == SKD_OK)
        status = skd_supercell(out, primitive, (const int(*)[3])matrix, NULL, err);
    skd_cell_free(primitive);
    skd_frame_free(frame);
    return status;
}

static skd_status write_frames(const calibrating *c, const char *path, skd_error *err) {
    skd_frames frames = {0};
    skd_status status = calibrations_frames(&frames, c->host, c->n_frames, c->seed, err);
    if (status == SKD_OK)
        status = skd_frames_write(&frames, path, skd_format_named("xyz"), err);
    if (status == SKD_OK)
        fprintf(stderr, "%zu frames of %zu atoms; label them, then: shakedown calibrate HOST --to LABELLED\n", frames.n,
                c->host->n);
    skd_frames_free(&frames);
    return status;
}

static skd_status run_calibrate(const cli_args *args, int *exit_code, skd_error *err) {
    skd_cell *host = NULL;
    skd_potential *base = NULL;
    calibrating c = {.to = cli_text(args, "to"),
                     .output = cli_text(args, "output"),
                     .n_frames = (size_t)cli_int(args, "frames"),
                     .seed = (uint32_t)cli_int(args, "seed"),
                     .n_rounds = (size_t)cli_int(args, "rounds"),
                     .quiet = cli_flag(args, "quiet"),
                     .options = SKD_CALIBRATION_DEFAULT};
    (void)exit_code;
    cli_catch_interrupts();
    c.options.zeta_min = cli_real(args, "zeta-min");
    skd_status status = make_host(&host, args, err);
    c.host = host;
    if (status == SKD_OK && cli_text(args, "write")) {
        status = write_frames(&c, cli_text(args, "write"), err);
    } else if (status == SKD_OK) {
        status = c.to ? cli_potential_new(&base, cli_text(args, "base"), err)
                      : skd_fail(err, SKD_EARG, "calibrate: to what? expected --to SPEC or FILE, or --write FILE");
        c.base = base;
        if (status == SKD_OK)
            status = calibrations_make(&c, err);
        if (status == SKD_OK) {
            calibrations_print(&c, stdout);
            printf("wrote %s. Next: shakedown search HOST --potential %s+calibration:%s\n", c.output, base->spec,
                   c.output);
        }
    }
    calibrations_free(&c);
    skd_potential_free(base);
    skd_cell_free(host);
    return status;
}

const cli_command cmd_calibrate = {
    .name = "calibrate",
    .group = "structures",
    .summary = "Make a host a minimum of a level that lets it drift",
    .usage = "HOST --to SPEC|FILE [-o FILE]",
    .text = "A few rattled and strained cells of the perfect host are labelled at a better level; what the base says\n"
            "of them otherwise is learned, weighted by how alike an atom's surroundings are to the host's (README).\n"
            "'BASE+calibration:FILE' is then a potential, with the better level's forces in the host and the base's\n"
            "own energies at the defect. 'search --calibrate SPEC' does it in one go. Labels are kept in\n"
            "FILE.frames.xyz as they come; the same command goes on from there.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_calibrate,
};

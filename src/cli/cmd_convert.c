/* SPDX-License-Identifier: MIT */
/* cmd_convert.c - reads a structure file in any format and writes it in another. */
#include <string.h>

#include "cli.h"
#include "shakedown/data.h"

static const cli_option options[] = {
    {"from", 0, CLI_TEXT, "FORMAT", NULL, "format of IN: poscar, xyz, cif; else by its name, then by its content", 0, 0,
     NULL},
    {"to", 0, CLI_TEXT, "FORMAT", NULL, "format of OUT; else by its name; xyz on standard output", 0, 0, NULL},
    {"frame", 0, CLI_INT, "N", NULL, "write frame N only; 1 is the first, -1 the last", -1e9, 1e9, NULL},
    {"labels", 0, CLI_FLAG, NULL, NULL, "POSCAR with the element after each position, byte for byte as pymatgen", 0, 0,
     NULL},
    CLI_END};

/* Format asked for by --from or --to; NULL if none was. */
static skd_status asked_format(const cli_args *args, const char *option, const skd_format **out, skd_error *err) {
    const char *name = cli_text(args, option);
    *out = name ? skd_format_named(name) : NULL;
    if (name && !*out)
        return skd_fail(err, SKD_EARG, "--%s: expected poscar, xyz or cif; found '%s'", option, name);
    return SKD_OK;
}

/* Leaves only the frame asked for. */
static skd_status keep_frame(skd_frames *frames, long number, skd_error *err) {
    size_t n = frames->n, back = (size_t)(number < 0 ? -number : number);
    if (number == 0 || back > n)
        return skd_fail(err, SKD_EARG, "--frame: expected 1 to %zu, or -1 to -%zu from the end; found %ld", n, n,
                        number);
    size_t keep = number < 0 ? n - back : back - 1;
    for (size_t i = 0; i < n; i++)
        if (i != keep)
            skd_frame_free(frames->frame[i]);
    frames->frame[0] = frames->frame[keep];
    frames->n = 1;
    return SKD_OK;
}

static skd_status write_labelled(const skd_frame *frame, const char *path, skd_error *err) {
    skd_string text = {0};
    skd_status status = skd_poscar_print(&text, frame, &(skd_poscar_style){.site_labels = true}, err);
    if (status == SKD_OK)
        status = skd_file_write(path, text.text, text.n, err);
    skd_string_free(&text);
    return status;
}

static skd_status write_frames(const cli_args *args, const skd_frames *frames, const skd_format *to, skd_error *err) {
    const char *path = args->operand[1];
    if (!to)
        to = strcmp(path, "-") == 0 ? skd_format_named("xyz") : skd_format_of(path, NULL, 0);
    bool is_poscar = to && strcmp(to->name, "poscar") == 0;
    if (is_poscar && frames->n > 1)
        return skd_fail(err, SKD_EARG, "%s has %zu frames and a POSCAR holds one: choose it with --frame",
                        args->operand[0], frames->n);
    if (cli_flag(args, "labels") && !is_poscar)
        return skd_fail(err, SKD_EARG, "--labels is for POSCAR output; found %s", to ? to->name : path);
    return cli_flag(args, "labels") ? write_labelled(frames->frame[0], path, err)
                                    : skd_frames_write(frames, path, to, err);
}

static skd_status run_convert(const cli_args *args, int *exit_code, skd_error *err) {
    const skd_format *from, *to;
    skd_frames frames = {0};
    skd_status status = asked_format(args, "from", &from, err);
    if (status == SKD_OK)
        status = asked_format(args, "to", &to, err);
    if (status == SKD_OK)
        status = skd_frames_read(&frames, args->operand[0], from, err);
    if (status == SKD_OK && cli_given(args, "frame"))
        status = keep_frame(&frames, cli_int(args, "frame"), err);
    if (status == SKD_OK)
        status = write_frames(args, &frames, to, err);
    if (status == SKD_OK && *frames.warning) {
        skd_log log = cli_log(false);
        skd_say(&log, SKD_LOG_WARNING, "%s", frames.warning);
        *exit_code = CLI_NOT_CONVERGED;
    }
    skd_frames_free(&frames);
    return status;
}

const cli_command cmd_convert = {
    .name = "convert",
    .group = "structures",
    .summary = "Convert between POSCAR, extended XYZ and CIF",
    .usage = "IN OUT",
    .text = "Extended XYZ keeps all that the other formats say, numbers to the last digit; POSCAR keeps the cell,\n"
            "16 decimals, selective dynamics and velocities. CIF is read with its symmetry operations and written as\n"
            "P1 in the standard orientation. A file that is not what its format allows is refused with one line that\n"
            "names file, line, what was found and what was expected (exit code 2), and OUT is not touched.\n"
            "IN may be the output of a code, see 'shakedown help frames'; of one that is cut off or still running,\n"
            "what is whole is written, with a warning and exit code 3.",
    .options = options,
    .min_operands = 2,
    .max_operands = 2,
    .run = run_convert,
};

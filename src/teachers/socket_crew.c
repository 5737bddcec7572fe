/* SPDX-License-Identifier: MIT */
/* socket_crew.c - clients that the socket teacher starts itself, and ends. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shakedown/data.h"
#include "shakedown/process.h"
#include "socket.h"

#define OUTPUT "client.txt"

enum { GRACE_MS = 1000, STEP_MS = 20 };

skd_status socket_crew_new(socket_crew *out, const socket_options *options, skd_error *err) {
    *out = (socket_crew){.process = skd_alloc((size_t)options->clients, sizeof *out->process)};
    return out->process ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %d clients", options->clients);
}

void socket_crew_free(socket_crew *crew) {
    skd_free(crew->process);
    *crew = (socket_crew){0};
}

int socket_crew_size(socket_crew *crew, const socket_options *options) {
    int n = 0;
    for (int i = 0; i < options->clients; i++) {
        skd_process_ended(&crew->process[i], &crew->exit_code);
        n += crew->process[i].group != 0;
    }
    return n;
}

/* ---- the command -------------------------------------------------------------------------------- */

/* Appends a word as one of the shell's. */
static void add_quoted(skd_string *out, const char *word) {
    skd_string_add(out, "'");
    for (; *word; word++)
        *word == '\'' ? skd_string_add(out, "'\\''") : skd_string_add_bytes(out, word, 1);
    skd_string_add(out, "'");
}

/* Appends the text with {key} filled in. */
static void add_filled(skd_string *out, const char *text, const char *const (*value)[2], size_t n) {
    while (*text) {
        size_t k = 0, length = 1;
        for (; k < n; k++) {
            length = strlen(value[k][0]);
            if (strncmp(text, value[k][0], length) == 0)
                break;
        }
        if (k < n)
            skd_string_add(out, "%s", value[k][1]);
        else
            skd_string_add_bytes(out, text, length = 1);
        text += length;
    }
}

static skd_status make_command(skd_string *out, const socket_options *options, const socket_door *door,
                               const char *folder, const char *init, double charge, skd_error *err) {
    char here[4096], port[16], total[32];
    snprintf(port, sizeof port, "%d", door->port);
    snprintf(total, sizeof total, "%g", charge);
    const char *const value[][2] = {{"{socket}", door->name}, {"{host}", door->host}, {"{port}", port},
                                    {"{init}", init},         {"{folder}", folder},   {"{charge}", total}};
    if (!getcwd(here, sizeof here))
        return skd_fail(err, SKD_EIO, "the working folder has no path");
    skd_string_add(out, "cd "); /* programs run in folders of their own, but this text is the user's */
    add_quoted(out, here);
    skd_string_add(out, " && ");
    add_filled(out, options->launch, value, sizeof value / sizeof *value);
    return out->failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a command") : SKD_OK;
}

static skd_status start(skd_process *process, const socket_options *options, const socket_door *door,
                        const char *folder, const char *init, double charge, skd_error *err) {
    skd_string command = {0};
    bool left;
    skd_status status = skd_folder_make(folder, err);
    if (status == SKD_OK)
        status = skd_process_end_left(folder, &left, err);
    if (status == SKD_OK)
        status = make_command(&command, options, door, folder, init, charge, err);
    if (status == SKD_OK)
        status = skd_process_start(process, folder, command.text, OUTPUT, err);
    skd_string_free(&command);
    return status;
}

skd_status socket_crew_add(socket_crew *crew, const socket_options *options, const socket_door *door, size_t k,
                           const char *init, double charge, skd_error *err) {
    char name[48];
    int i = 0;
    while (i < options->clients && crew->process[i].group != 0)
        i++;
    if (i == options->clients)
        return SKD_OK;
    snprintf(name, sizeof name, "client-%zu-%d", k + 1, i + 1);
    char *folder = teacher_path(options->site.folder, name);
    if (!folder)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    skd_status status = SKD_OK;
    if (crew->launches > (size_t)options->clients) {
        status = skd_fail(err, SKD_ENUMERIC, "%s/%s: clients end without an answer, the last one with exit code %d",
                          folder, OUTPUT, crew->exit_code);
        crew->launches = 0;
    } else {
        status = start(&crew->process[i], options, door, folder, init, charge, err);
        crew->launches++;
    }
    skd_free(folder);
    return status;
}

void socket_crew_stop(socket_crew *crew, const socket_options *options) {
    const struct timespec step = {0, STEP_MS * 1000000L};
    for (int ms = 0; ms < GRACE_MS && socket_crew_size(crew, options) > 0; ms += STEP_MS)
        nanosleep(&step, NULL);
    for (int i = 0; i < options->clients; i++)
        skd_process_stop(&crew->process[i]);
}

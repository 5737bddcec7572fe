/* SPDX-License-Identifier: MIT */
/* scan_mpi.c - see scan_mpi.h.
 *
 *   rank 0, main thread: answers the others      rank 0, second thread: works on the store like a process alone
 *   rank > 0: ASK ──> ORDER | STOP;  LABEL, LABEL, ...;  RESULT (asks again)
 *
 * A rank that dies takes the job with it (that is MPI's way); its task is still claimed in the store then, and is done
 * again when the scan is started again. */
#include "scan_mpi.h"

#include <stdlib.h>

bool scan_mpi_wanted(void) {
    static const char *const marks[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_SIZE"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (getenv(marks[i]))
            return true;
    return false;
}

#ifndef SKD_MPI

skd_status scan_mpi_run(const scan_plan *plan, scan_worker *worker, bool retry, bool quiet, bool *first,
                        skd_error *err) {
    (void)plan, (void)worker, (void)retry, (void)quiet;
    *first = false;
    return skd_fail(err, SKD_EARG, "scan: started by mpirun, but this program was built without MPI; install "
                                   "libopenmpi-dev and build again");
}

#else

#include <math.h>
#include <mpi.h>
#include <pthread.h>
#include <time.h>

enum { ASK = 1, LABEL, RESULT, ORDER, STOP };

#define NAP_LEAST 5e-5 /* s; MPI itself would spin on a core that a task could use */
#define NAP_MOST  2e-3

static void nap(double *seconds) {
    const struct timespec t = {0, (long)(1e9 * *seconds)};
    nanosleep(&t, NULL);
    *seconds = fmin(2.0 * *seconds, NAP_MOST);
}

/* The next message if there is one; bytes are the caller's. */
static skd_status receive(int *source, int *tag, char **bytes, size_t *n, bool *got, skd_error *err) {
    MPI_Status status;
    int flag = 0, count = 0;
    *bytes = NULL;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &flag, &status);
    *got = flag;
    if (!flag)
        return SKD_OK;
    MPI_Get_count(&status, MPI_CHAR, &count);
    *bytes = skd_alloc((size_t)count + 1, 1);
    if (!*bytes)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a message of %d bytes", count);
    MPI_Recv(*bytes, count, MPI_CHAR, status.MPI_SOURCE, status.MPI_TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    *source = status.MPI_SOURCE;
    *tag = status.MPI_TAG;
    *n = (size_t)count;
    return SKD_OK;
}

static skd_status interrupted(skd_error *err) {
    return skd_fail(err, SKD_ESTOPPED, "interrupted; run the same command again to go on");
}

/* ---- rank 0 ------------------------------------------------------------------------------- */

typedef struct server {
    scan_store store;
    scan_worker *worker;
    bool quiet, ended;  /* ended: the second thread, with `status` */
    bool *waits;        /* [ranks] asked, and got nothing yet */
    int n_ranks, n_working;
    pthread_mutex_t mutex;
    skd_status status;
    skd_error error;
} server;

static void *work_beside(void *payload) {
    server *s = payload;
    const skd_status status = scan_work(&s->store, s->worker, s->quiet, &s->error);
    pthread_mutex_lock(&s->mutex);
    s->status = status;
    s->ended = true;
    pthread_mutex_unlock(&s->mutex);
    return NULL;
}

static bool failed_beside(server *s) {
    pthread_mutex_lock(&s->mutex);
    const bool failed = s->ended && s->status != SKD_OK;
    pthread_mutex_unlock(&s->mutex);
    return failed;
}

static skd_status send_order(const scan_order *order, int rank, skd_error *err) {
    skd_string bytes = {0};
    skd_status status = scan_order_pack(&bytes, order, err);
    if (status == SKD_OK)
        MPI_Send(bytes.text, (int)bytes.n, MPI_CHAR, rank, ORDER, MPI_COMM_WORLD);
    skd_string_free(&bytes);
    return status;
}

/* A task for everyone who waits for one; those for whom nothing is left are sent home. */
static skd_status serve(server *s, skd_error *err) {
    bool got = true, waits = false;
    skd_status status = SKD_OK;
    for (int rank = 1; rank < s->n_ranks && status == SKD_OK; rank++) {
        scan_order order;
        if (!s->waits[rank])
            continue;
        status = scan_store_next(&s->store, &order, &got, &waits, err);
        if (status != SKD_OK || (!got && waits))
            break;
        s->waits[rank] = false;
        if (got) {
            status = send_order(&order, rank, err);
        } else {
            MPI_Send(NULL, 0, MPI_CHAR, rank, STOP, MPI_COMM_WORLD);
            s->n_working--;
        }
        scan_order_free(&order);
    }
    return status;
}

static skd_status take_label(server *s, const char *bytes, size_t n, skd_error *err) {
    scan_result one;
    skd_status status = scan_result_unpack(&one, bytes, n, err);
    if (status != SKD_OK)
        return status;
    status = scan_store_keep_label(&s->store, &one.label[0], err);
    scan_result_free(&one);
    return status;
}

static skd_status take_result(server *s, const char *bytes, size_t n, skd_error *err) {
    scan_result result;
    skd_task_host host;
    skd_status status = scan_result_unpack(&result, bytes, n, err);
    if (status != SKD_OK)
        return status;
    status = scan_store_finish(&s->store, &result, err);
    if (status == SKD_OK && !s->quiet)
        status = skd_tasks_host(s->store.tasks, result.task.host, &host, err);
    if (status == SKD_OK && !s->quiet)
        scan_say(host.name, &result);
    scan_result_free(&result);
    return status;
}

static skd_status hear(server *s, int source, int tag, const char *bytes, size_t n, skd_error *err) {
    if (tag == LABEL)
        return take_label(s, bytes, n, err);
    s->waits[source] = true;
    return tag == RESULT ? take_result(s, bytes, n, err) : SKD_OK;
}

static skd_status serve_all(server *s, skd_error *err) {
    double pause = NAP_LEAST;
    skd_status status = SKD_OK;
    while (s->n_working > 0 && status == SKD_OK) {
        int source, tag;
        char *bytes;
        size_t n;
        bool got;
        if (cli_interrupted())
            return interrupted(err);
        if (failed_beside(s))
            return SKD_OK; /* its text is the one to show */
        status = receive(&source, &tag, &bytes, &n, &got, err);
        if (status == SKD_OK && got) {
            status = hear(s, source, tag, bytes, n, err);
            pause = NAP_LEAST;
        } else if (status == SKD_OK) {
            nap(&pause);
        }
        skd_free(bytes);
        if (status == SKD_OK && (got || pause >= NAP_MOST)) /* the second thread may have made tasks ready */
            status = serve(s, err);
    }
    return status;
}

static skd_status run_first(server *s, skd_error *err) {
    pthread_t thread;
    s->waits = skd_alloc((size_t)s->n_ranks, sizeof *s->waits);
    if (!s->waits)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %d ranks", s->n_ranks);
    if (pthread_create(&thread, NULL, work_beside, s) != 0) {
        skd_free(s->waits);
        return skd_fail(err, SKD_ENOMEM, "no second thread on rank 0");
    }
    skd_status status = serve_all(s, err);
    if (status != SKD_OK && status != SKD_ESTOPPED) /* otherwise it ends by itself */
        cli_interrupt();
    pthread_join(thread, NULL);
    skd_free(s->waits);
    if (status == SKD_OK && s->status != SKD_OK) {
        *err = s->error;
        status = s->status;
    }
    return status;
}

static skd_status first(const scan_plan *plan, scan_worker *worker, bool retry, bool quiet, int n_ranks,
                        skd_error *err) {
    server s = {.worker = worker, .quiet = quiet, .n_ranks = n_ranks, .n_working = n_ranks - 1,
                .mutex = PTHREAD_MUTEX_INITIALIZER};
    long n_again;
    skd_status status = scan_store_open(&s.store, plan, (scan_slice){1, 1}, true, err);
    if (status == SKD_OK && retry)
        status = skd_tasks_retry(s.store.tasks, &n_again, err);
    if (status == SKD_OK)
        status = run_first(&s, err);
    scan_worker_free(worker);
    scan_store_close(&s.store);
    return status;
}

/* ---- the others --------------------------------------------------------------------------- */

static skd_status send_label(void *payload, const skd_task_label *label, skd_error *err) {
    const scan_result one = {.task = {.id = label->task}, .label = (skd_task_label *)label, .n_labels = 1};
    skd_string bytes = {0};
    (void)payload;
    skd_status status = scan_result_pack(&bytes, &one, err);
    if (status == SKD_OK)
        MPI_Send(bytes.text, (int)bytes.n, MPI_CHAR, 0, LABEL, MPI_COMM_WORLD);
    skd_string_free(&bytes);
    return status;
}

static skd_status obey(scan_worker *worker, const char *bytes, size_t n, skd_error *err) {
    scan_order order;
    scan_result result;
    skd_string answer = {0};
    skd_status status = scan_order_unpack(&order, bytes, n, err);
    if (status != SKD_OK)
        return status;
    status = scan_worker_run(worker, &order, &result, err);
    scan_order_free(&order);
    if (status == SKD_OK)
        status = scan_result_pack(&answer, &result, err);
    if (status == SKD_OK)
        MPI_Send(answer.text, (int)answer.n, MPI_CHAR, 0, RESULT, MPI_COMM_WORLD);
    skd_string_free(&answer);
    scan_result_free(&result);
    return status == SKD_ESTOPPED ? interrupted(err) : status;
}

static skd_status other(scan_worker *worker, bool any_thread, skd_error *err) {
    int source, tag = ASK;
    double pause = NAP_LEAST;
    skd_status status = SKD_OK;
    worker->labelled = any_thread ? send_label : NULL;
    MPI_Send(NULL, 0, MPI_CHAR, 0, ASK, MPI_COMM_WORLD);
    while (tag != STOP && status == SKD_OK) {
        char *bytes;
        size_t n;
        bool got;
        if (cli_interrupted())
            return interrupted(err);
        status = receive(&source, &tag, &bytes, &n, &got, err);
        if (status == SKD_OK && got && tag == ORDER) {
            status = obey(worker, bytes, n, err);
            pause = NAP_LEAST;
        } else if (status == SKD_OK && !got) {
            nap(&pause);
        }
        skd_free(bytes);
    }
    scan_worker_free(worker);
    return status;
}

/* ---- all ---------------------------------------------------------------------------------- */

skd_status scan_mpi_run(const scan_plan *plan, scan_worker *worker, bool retry, bool quiet, bool *is_first,
                        skd_error *err) {
    int rank, n_ranks, threads;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &threads);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    *is_first = rank == 0;
    skd_status status = rank == 0 ? first(plan, worker, retry, quiet, n_ranks, err)
                                  : other(worker, threads >= MPI_THREAD_SERIALIZED, err);
    if (status != SKD_OK) { /* the others would wait for this one for ever */
        fprintf(stderr, "shakedown: %s\n", err->text);
        MPI_Abort(MPI_COMM_WORLD, cli_exit_code(status));
    }
    MPI_Finalize();
    return status;
}

#endif

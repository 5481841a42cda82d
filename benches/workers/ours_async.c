/* libtriton_client's asynchronous calls, through its C API: one client, a request for each call in flight. MODE says how a
 * completion is delivered and who submits the next request: "callback": the library's callback thread; "queue": a thread that
 * takes calls from a completion queue. With "threads", as many threads make blocking calls instead. */
#define WORKER_IN_FLIGHT
#include <semaphore.h>

#include "our_request.h"

struct slot {
    struct state *state;
    uint64_t submitted;
};

static triton_client *client;
static triton_completion_queue *queue;
static struct slot *slots;
static size_t started, total;
static sem_t begin, end;

static int is_next(void) { return __atomic_fetch_add(&started, 1, __ATOMIC_RELAXED) < total; }

static void submit(struct slot *slot);

static void on_complete(triton_infer_result *result, triton_error *error, void *user_data) {
    struct slot *slot = user_data;
    size_t done;
    if (error) check(triton_error_status(error), &error);
    check_result(slot->state, result);
    done = worker_done(slot->submitted);
    if (is_next()) submit(slot);
    if (done == total) sem_post(&end);
}

static void submit(struct slot *slot) {
    triton_error *error = NULL;
    slot->submitted = worker_now();
    if (queue)
        check(triton_client_infer_async_queue(client, slot->state->request, NULL, queue, slot, NULL, &error), &error);
    else
        check(triton_client_infer_async(client, slot->state->request, NULL, on_complete, slot, NULL, &error), &error);
}

static void *blocking(void *opaque) {
    struct slot *slot = opaque;
    for (;;) {
        sem_wait(&begin);
        while (is_next()) {
            triton_infer_result *result = NULL;
            triton_error *error = NULL;
            slot->submitted = worker_now();
            check(triton_client_infer(client, slot->state->request, NULL, &result, &error), &error);
            check_result(slot->state, result);
            worker_done(slot->submitted);
        }
        sem_post(&end);
    }
    return NULL;
}

static void bench_start(const struct bench *bench) {
    const int is_blocking = strcmp(bench->mode, "threads") == 0;
    triton_client_options *options = NULL;
    triton_error *error = NULL;
    size_t i;
    sem_init(&begin, 0, 0);
    sem_init(&end, 0, 0);
    check(triton_client_options_new(&options, &error), &error);
    /* By default, 16 connections share the calls over HTTP; the peer has one for each call in flight. */
    if (!bench->is_grpc) check(triton_client_options_set_max_async_connections(options, bench->threads, &error), &error);
    client = new_client(bench, options);
    if (strcmp(bench->mode, "queue") == 0) check(triton_completion_queue_new(&queue, &error), &error);
    slots = calloc(bench->threads, sizeof *slots);
    for (i = 0; i < bench->threads; i++) {
        pthread_t thread;
        slots[i].state = new_state(bench, client);
        if (is_blocking && pthread_create(&thread, NULL, blocking, &slots[i]) != 0) fail("pthread_create", "failed");
    }
}

static void bench_run(const struct bench *bench, size_t calls) {
    size_t i;
    started = 0;
    total = calls;
    if (strcmp(bench->mode, "threads") == 0) {
        for (i = 0; i < bench->threads; i++) sem_post(&begin);
        for (i = 0; i < bench->threads; i++) sem_wait(&end);
        return;
    }
    for (i = 0; i < bench->threads && is_next(); i++) submit(&slots[i]);
    for (i = 0; i < calls && queue; i++) {
        triton_infer_result *result = NULL;
        triton_error *error = NULL;
        triton_call *call = NULL;
        struct slot *slot;
        check(triton_completion_queue_next(queue, 60000000, &call, &error), &error);
        slot = triton_call_user_data(call);
        check(triton_call_take_result(call, &result, &error), &error);
        triton_call_free(call);
        check_result(slot->state, result);
        worker_done(slot->submitted);
        if (is_next()) submit(slot);
    }
    if (!queue) sem_wait(&end);
}

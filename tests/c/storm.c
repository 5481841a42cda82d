/* storm.c URL MS SEED good|bad: eight threads submit, wait for, cancel and free calls, and close and free
 * clients, at random, for MS milliseconds. Every call that was accepted completes exactly once, and no other;
 * a result is that of its request; nothing is blocked; all threads of the library end. With `good`, the
 * server is one that responds to all requests. Prints what was done. */
#include <pthread.h>

#include "process.h"

#define THREADS 8
#define CLIENTS 5
#define HELD 24
#define STREAMS 4
#define MAX_TICKETS 400000
/* The program is killed by SIGALRM if it has not ended so long after the time that it was given. */
#define WATCHDOG_S 120

/* One submission. Its data is that of the call until this is complete, and overwritten then. */
struct ticket {
    int32_t a[16];
    /* How often the call completed. */
    atomic_int completions;
    bool is_accepted;
    /* Whether it can be known that it completed: by a callback, or by a queue. */
    bool is_told;
};

/* A stream, which a thread opens. */
struct stream {
    triton_stream *handle;
    /* How often its end was reported, by a callback or a pull. */
    atomic_int ends;
    bool has_callback;
    struct stream *previous;
};

/* A client that all threads use. It is freed only while nobody does. */
struct slot {
    pthread_rwlock_t lock;
    triton_client *client;
};

/* What a thread has of its own. */
struct worker {
    uint64_t random;
    triton_call *held[HELD];
    struct stream *streams[STREAMS];
    /* All that it has opened. */
    struct stream *last_stream;
    /* How its calls ended. */
    size_t statuses[17];
};

static const char *url;
static bool is_good;
static struct ticket *tickets;
static atomic_size_t ticket_count;
static struct slot slots[CLIENTS];
static triton_completion_queue *queue;
static atomic_size_t queued, dequeued, called_back, expected_callbacks;
static atomic_bool is_over;
static int32_t b[16];
static pthread_mutex_t token_lock = PTHREAD_MUTEX_INITIALIZER;
static triton_cancel_token *token;

/* Each thread has its own, and so have callbacks. */
#undef CHECK
#define CHECK(condition)                                                    \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                        \
        }                                                                   \
    } while (0)

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Whether a call may end so. */
static bool is_expected(triton_status status) {
    switch (status) {
    case TRITON_STATUS_OK:
    case TRITON_STATUS_CANCELLED:
    case TRITON_STATUS_DEADLINE_EXCEEDED:
        return true;
    case TRITON_STATUS_UNAVAILABLE:
    case TRITON_STATUS_INTERNAL:
        return !is_good;
    default:
        return false;
    }
}

/* Checks how a call has ended, and frees it. */
static void settle(struct ticket *ticket, triton_infer_result *result, triton_error *error) {
    CHECK((result == NULL) != (error == NULL));
    if (!is_expected(triton_error_status(error))) {
        fprintf(stderr, "unexpected: %s\n", triton_error_message(error));
        abort();
    }
    const int32_t number = (int32_t)(ticket - tickets);
    CHECK(result == NULL || is_sum(result, number + b[0]));
    triton_infer_result_free(result);
    triton_error_free(error);
    CHECK(ticket->completions++ == 0);
}

/* What was the memory of a call is overwritten: the servers see it if it is still read. */
static void overwrite(struct ticket *ticket) {
    memset(ticket->a, 0xee, sizeof ticket->a);
}

static void done(triton_infer_result *result, triton_error *error, void *user_data);
static void done_many(triton_infer_result *const *results, triton_error *const *errors, size_t count,
                      void *user_data) {
    struct ticket *first = user_data;
    for (size_t i = 0; i < count; i++) {
        settle(&first[i], results[i], errors[i]);
        overwrite(&first[i]);
    }
    called_back++;
}

static struct ticket *new_tickets(size_t count) {
    const size_t first = atomic_fetch_add(&ticket_count, count);
    if (first + count > MAX_TICKETS) {
        is_over = true;
        return NULL;
    }
    for (size_t i = first; i < first + count; i++) {
        for (int j = 0; j < 16; j++) tickets[i].a[j] = (int32_t)i;
    }
    return &tickets[first];
}

static triton_infer_request *request_of(const struct ticket *ticket) {
    char id[32];
    triton_infer_request *request = simple_request(ticket->a, b);
    snprintf(id, sizeof id, "%zu", (size_t)(ticket - tickets));
    CHECK(triton_infer_request_set_id(request, id, NULL) == TRITON_STATUS_OK);
    return request;
}

/* Options with a short timeout, and sometimes the token that other threads cancel. */
static triton_call_options *options_of(uint64_t *random) {
    triton_call_options *options = NULL;
    CHECK(triton_call_options_new(&options, NULL) == TRITON_STATUS_OK);
    const uint64_t timeout_us = 1000 + next_random(random) % (is_good ? 2000000 : 200000);
    CHECK(triton_call_options_set_timeout_us(options, timeout_us, NULL) == TRITON_STATUS_OK);
    if (next_random(random) % 3 == 0) {
        pthread_mutex_lock(&token_lock);
        CHECK(triton_call_options_set_cancel_token(options, token, NULL) == TRITON_STATUS_OK);
        pthread_mutex_unlock(&token_lock);
    }
    return options;
}

static void cancel_token(bool is_replaced) {
    pthread_mutex_lock(&token_lock);
    triton_cancel_token_cancel(token);
    if (is_replaced) {
        triton_cancel_token_free(token);
        CHECK(triton_cancel_token_new(&token, NULL) == TRITON_STATUS_OK);
    }
    pthread_mutex_unlock(&token_lock);
}

/* The statuses of a submission or a blocking call that does not succeed. */
static void check_refused(triton_status status) {
    CHECK(status == TRITON_STATUS_OK || status == TRITON_STATUS_RESOURCE_EXHAUSTED
          || status == TRITON_STATUS_FAILED_PRECONDITION || is_expected(status));
}

enum way { BY_CALLBACK, BY_QUEUE, BY_LOST_QUEUE, BY_HANDLE };

/* Submits one call; its handle, or NULL. */
static triton_call *submit(const triton_client *client, uint64_t *random, enum way way, bool with_handle) {
    struct ticket *ticket = new_tickets(1);
    triton_call *call = NULL;
    if (ticket == NULL) return NULL;
    triton_infer_request *request = request_of(ticket);
    triton_call_options *options = options_of(random);
    triton_completion_queue *lost = NULL;
    triton_status status = TRITON_STATUS_OK;
    triton_call **out = with_handle ? &call : NULL;
    ticket->is_told = way == BY_CALLBACK || way == BY_QUEUE;
    if (way == BY_CALLBACK) expected_callbacks++;
    if (way == BY_QUEUE) queued++;
    switch (way) {
    case BY_CALLBACK:
        status = triton_client_infer_async(client, request, options, done, ticket, out, NULL);
        break;
    case BY_QUEUE:
        status = triton_client_infer_async_queue(client, request, options, queue, ticket, out, NULL);
        break;
    case BY_LOST_QUEUE:
        CHECK(triton_completion_queue_new(&lost, NULL) == TRITON_STATUS_OK);
        status = triton_client_infer_async_queue(client, request, options, lost, ticket, out, NULL);
        break;
    case BY_HANDLE:
        status = triton_client_infer_async(client, request, options, NULL, ticket, &call, NULL);
        break;
    }
    check_refused(status);
    CHECK((status == TRITON_STATUS_OK && (with_handle || way == BY_HANDLE)) == (call != NULL));
    ticket->is_accepted = status == TRITON_STATUS_OK;
    if (status != TRITON_STATUS_OK) {
        if (way == BY_CALLBACK) expected_callbacks--;
        if (way == BY_QUEUE) queued--;
    }
    triton_infer_request_free(request);
    triton_call_options_free(options);
    triton_completion_queue_free(lost);
    return call;
}

static void free_client(struct slot *slot, uint64_t *random) {
    triton_client_options *options = NULL;
    if (pthread_rwlock_trywrlock(&slot->lock) != 0) return;
    triton_client_free(slot->client);
    CHECK(triton_client_options_new(&options, NULL) == TRITON_STATUS_OK);
    CHECK(triton_client_options_set_max_in_flight(options, 1 + next_random(random) % 48, NULL)
          == TRITON_STATUS_OK);
    CHECK(triton_client_options_set_callback_threads(options, 1 + next_random(random) % 3, NULL)
          == TRITON_STATUS_OK);
    CHECK(triton_client_options_set_max_async_connections(options, 1 + next_random(random) % 4, NULL)
          == TRITON_STATUS_OK);
    CHECK(triton_client_options_set_fail_when_full(options, next_random(random) % 2 == 0, NULL)
          == TRITON_STATUS_OK);
    CHECK(triton_client_new(url, options, &slot->client, NULL) == TRITON_STATUS_OK);
    triton_client_options_free(options);
    pthread_rwlock_unlock(&slot->lock);
}

/* Callbacks use the library too: they submit, cancel, and free a client, perhaps their own. */
static void done(triton_infer_result *result, triton_error *error, void *user_data) {
    struct ticket *ticket = user_data;
    settle(ticket, result, error);
    overwrite(ticket);
    uint64_t random = (uint64_t)(ticket - tickets) * 0x9e3779b97f4a7c15 | 1;
    next_random(&random);
    struct slot *slot = &slots[next_random(&random) % CLIENTS];
    switch (is_over ? 16 : next_random(&random) % 16) {
    case 0:
        free_client(slot, &random);
        break;
    case 1:
        cancel_token(true);
        break;
    case 2:
    case 3:
        if (pthread_rwlock_tryrdlock(&slot->lock) == 0) {
            triton_call *call = submit(slot->client, &random, BY_CALLBACK, true);
            if (next_random(&random) % 2 == 0) triton_call_cancel(call);
            triton_call_free(call);
            pthread_rwlock_unlock(&slot->lock);
        }
        break;
    default:
        break;
    }
    called_back++;
}

static void infer_many(const triton_client *client, struct worker *worker, bool is_async) {
    enum { MOST = 6 };
    const size_t count = next_random(&worker->random) % (MOST + 1);
    struct ticket *first = new_tickets(count);
    triton_infer_request *requests[MOST];
    triton_call_options *options[MOST];
    triton_infer_result *results[MOST];
    triton_error *errors[MOST];
    if (first == NULL) return;
    for (size_t i = 0; i < count; i++) {
        requests[i] = request_of(&first[i]);
        options[i] = options_of(&worker->random);
        first[i].is_told = true;
    }
    triton_status status;
    if (is_async) {
        expected_callbacks++;
        status = triton_client_infer_many_async(client, (const triton_infer_request *const *)requests, count,
                                                (const triton_call_options *const *)options, count, done_many,
                                                first, NULL);
        if (status != TRITON_STATUS_OK) expected_callbacks--;
    } else {
        status = triton_client_infer_many(client, (const triton_infer_request *const *)requests, count,
                                          (const triton_call_options *const *)options, count, results, errors,
                                          NULL);
    }
    CHECK(status == TRITON_STATUS_OK || status == TRITON_STATUS_FAILED_PRECONDITION);
    for (size_t i = 0; i < count; i++) {
        first[i].is_accepted = status == TRITON_STATUS_OK;
        if (!is_async && status == TRITON_STATUS_OK) {
            worker->statuses[triton_error_status(errors[i])]++;
            settle(&first[i], results[i], errors[i]);
            overwrite(&first[i]);
        }
        triton_infer_request_free(requests[i]);
        triton_call_options_free(options[i]);
    }
}

static void infer_blocking(const triton_client *client, struct worker *worker) {
    struct ticket *ticket = new_tickets(1);
    triton_infer_result *result = NULL;
    triton_error *error = NULL;
    if (ticket == NULL) return;
    triton_infer_request *request = request_of(ticket);
    triton_call_options *options = options_of(&worker->random);
    const triton_status status = triton_client_infer(client, request, options, &result, &error);
    worker->statuses[status]++;
    check_refused(status);
    if (status != TRITON_STATUS_FAILED_PRECONDITION) {
        ticket->is_accepted = true;
        settle(ticket, result, error);
    } else {
        triton_error_free(error);
    }
    overwrite(ticket);
    triton_infer_request_free(request);
    triton_call_options_free(options);
}

/* Waits for a call and takes its result, if it has one that was not given away. */
static void take(struct worker *worker, triton_call *call, uint64_t timeout_us) {
    triton_infer_result *result = NULL;
    triton_error *error = NULL;
    const triton_status waited = triton_call_wait(call, timeout_us, NULL);
    CHECK(waited == TRITON_STATUS_OK || waited == TRITON_STATUS_DEADLINE_EXCEEDED);
    CHECK(waited != TRITON_STATUS_OK || triton_call_is_done(call));
    const triton_status status = triton_call_take_result(call, &result, &error);
    struct ticket *ticket = triton_call_user_data(call);
    if (triton_error_status(error) == TRITON_STATUS_FAILED_PRECONDITION
        && triton_error_origin(error) == TRITON_ORIGIN_ARGUMENT) {
        CHECK(waited != TRITON_STATUS_OK || ticket->is_told || ticket->completions == 1);
        triton_error_free(error);
    } else if (ticket->is_told) {
        /* The queue returns the call as well, and finds the result taken. */
        CHECK(is_expected(status) && (result == NULL || is_sum(result, (int32_t)(ticket - tickets) + b[0])));
        triton_infer_result_free(result);
        triton_error_free(error);
    } else {
        worker->statuses[status]++;
        settle(ticket, result, error);
        overwrite(ticket);
    }
}

/* Takes calls out of the common queue. Their handle here is another one than that of the submission. */
static void take_queued(struct worker *worker, uint64_t timeout_us) {
    triton_call *call = NULL;
    const triton_status status = triton_completion_queue_next(queue, timeout_us, &call, NULL);
    if (status != TRITON_STATUS_OK) {
        CHECK(status == TRITON_STATUS_DEADLINE_EXCEEDED && call == NULL);
        return;
    }
    triton_infer_result *result = NULL;
    triton_error *error = NULL;
    struct ticket *ticket = triton_call_user_data(call);
    const triton_status ended = triton_call_take_result(call, &result, &error);
    worker->statuses[ended]++;
    if (ended == TRITON_STATUS_FAILED_PRECONDITION) {
        /* Taken by the handle of the submission. */
        CHECK(ticket->completions++ == 0);
        triton_error_free(error);
    } else {
        settle(ticket, result, error);
    }
    overwrite(ticket);
    triton_call_free(call);
    dequeued++;
}

/* --- streams --- */

/* The result of a request, whose id says what it is. */
static void check_result(triton_infer_result *result) {
    CHECK(is_sum(result, (int32_t)atol(triton_infer_result_id(result)) + b[0]));
    triton_infer_result_free(result);
}

static void check_end(struct stream *stream, triton_error *error) {
    if (!is_expected(triton_error_status(error))) {
        fprintf(stderr, "unexpected end: %s\n", triton_error_message(error));
        abort();
    }
    triton_error_free(error);
    CHECK(stream->ends++ == 0);
}

static void on_event(triton_infer_result *result, triton_error *error, bool is_end, void *user_data) {
    struct stream *stream = user_data;
    CHECK(stream->ends == 0);
    if (is_end) {
        CHECK(result == NULL);
        check_end(stream, error);
        called_back++;
    } else {
        CHECK(error == NULL);
        check_result(result);
    }
}

static void open_stream(const triton_client *client, struct worker *worker) {
    struct stream **place = &worker->streams[next_random(&worker->random) % STREAMS];
    struct stream *stream = calloc(1, sizeof *stream);
    triton_stream_options *options = NULL;
    triton_call_options *call_options = options_of(&worker->random);
    CHECK(stream != NULL && triton_stream_options_new(&options, NULL) == TRITON_STATUS_OK);
    CHECK(triton_stream_options_set_call_options(options, call_options, NULL) == TRITON_STATUS_OK);
    stream->has_callback = next_random(&worker->random) % 2 == 0;
    if (stream->has_callback) expected_callbacks++;
    const triton_status status = triton_stream_open(client, options, stream->has_callback ? on_event : NULL,
                                                    stream, &stream->handle, NULL);
    triton_stream_options_free(options);
    triton_call_options_free(call_options);
    if (status != TRITON_STATUS_OK) {
        if (stream->has_callback) expected_callbacks--;
        CHECK(status == TRITON_STATUS_FAILED_PRECONDITION || status == TRITON_STATUS_UNIMPLEMENTED);
        free(stream);
        return;
    }
    stream->previous = worker->last_stream;
    worker->last_stream = stream;
    if (*place != NULL) triton_stream_free((*place)->handle);
    *place = stream;
}

/* Does something with a stream that is open, or has ended. */
static void use_stream(struct worker *worker) {
    uint64_t *random = &worker->random;
    struct stream *stream = worker->streams[next_random(random) % STREAMS];
    triton_infer_result *result = NULL;
    triton_error *refused = NULL, *error = NULL;
    bool is_end = false;
    if (stream == NULL) return;
    triton_status status = TRITON_STATUS_OK;
    switch (next_random(random) % 8) {
    case 0:
        triton_stream_cancel(stream->handle);
        break;
    case 1:
        CHECK(triton_stream_finish(stream->handle, NULL) == TRITON_STATUS_OK);
        break;
    case 2:
        status = triton_stream_wait(stream->handle, next_random(random) % 2000, NULL);
        break;
    case 3:
    case 4: {
        struct ticket *ticket = new_tickets(1);
        if (ticket == NULL) break;
        triton_infer_request *request = request_of(ticket);
        status = triton_stream_send(stream->handle, request, next_random(random) % 2000, NULL);
        /* Everything was copied. */
        overwrite(ticket);
        triton_infer_request_free(request);
        break;
    }
    default:
        if (stream->has_callback) break;
        status = triton_stream_next(stream->handle, next_random(random) % 2000, &result, &refused, &is_end,
                                    &error);
        CHECK(refused == NULL && (result != NULL) == (status == TRITON_STATUS_OK && !is_end));
        if (result != NULL) check_result(result);
        if (is_end) {
            check_end(stream, error);
            return;
        }
        triton_error_free(error);
        break;
    }
    CHECK(is_expected(status) || status == TRITON_STATUS_FAILED_PRECONDITION
          || status == TRITON_STATUS_UNAVAILABLE);
}

static size_t free_streams(struct worker *worker) {
    size_t count = 0;
    struct stream *stream = worker->last_stream;
    while (stream != NULL) {
        struct stream *previous = stream->previous;
        CHECK(!stream->has_callback || stream->ends == 1);
        free(stream);
        stream = previous;
        count++;
    }
    return count;
}

static void hold(struct worker *worker, triton_call *call) {
    triton_call **place = &worker->held[next_random(&worker->random) % HELD];
    if (next_random(&worker->random) % 4 == 0) triton_call_cancel(*place);
    triton_call_free(*place);
    *place = call;
}

static void step(struct worker *worker) {
    uint64_t *random = &worker->random;
    const uint64_t what = next_random(random) % 22;
    struct slot *slot = &slots[next_random(random) % CLIENTS];
    triton_call *call = NULL;
    if (what == 0) {
        if (next_random(random) % 4 == 0) free_client(slot, random);
        return;
    }
    pthread_rwlock_rdlock(&slot->lock);
    switch (what) {
    case 1:
    case 2:
        CHECK(submit(slot->client, random, BY_CALLBACK, false) == NULL);
        break;
    case 3:
        hold(worker, submit(slot->client, random, BY_CALLBACK, true));
        break;
    case 4:
        CHECK(submit(slot->client, random, BY_QUEUE, false) == NULL);
        break;
    case 5:
        hold(worker, submit(slot->client, random, BY_QUEUE, true));
        break;
    case 6:
        hold(worker, submit(slot->client, random, BY_LOST_QUEUE, true));
        break;
    case 7:
    case 8:
        hold(worker, submit(slot->client, random, BY_HANDLE, true));
        break;
    case 9:
        infer_many(slot->client, worker, next_random(random) % 2 == 0);
        break;
    case 10:
        infer_blocking(slot->client, worker);
        break;
    case 11:
        call = worker->held[next_random(random) % HELD];
        if (call != NULL) take(worker, call, next_random(random) % 5000);
        break;
    case 12:
        triton_call_cancel(worker->held[next_random(random) % HELD]);
        break;
    case 13:
        take_queued(worker, next_random(random) % 5000);
        break;
    case 14:
        cancel_token(next_random(random) % 2 == 0);
        break;
    case 15:
        if (next_random(random) % 8 == 0) {
            const triton_status status = triton_client_close(slot->client, next_random(random) % 5000, NULL);
            CHECK(status == TRITON_STATUS_OK || status == TRITON_STATUS_DEADLINE_EXCEEDED);
        }
        break;
    case 16:
        open_stream(slot->client, worker);
        break;
    default:
        use_stream(worker);
        break;
    }
    pthread_rwlock_unlock(&slot->lock);
}

static void *work(void *data) {
    while (!is_over) step(data);
    return NULL;
}

int main(int argc, char **argv) {
    static struct worker workers[THREADS];
    pthread_t handles[THREADS];
    CHECK(argc == 5);
    url = argv[1];
    const int64_t ms = atol(argv[2]);
    is_good = strcmp(argv[4], "good") == 0;
    alarm((unsigned)(ms / 1000) + WATCHDOG_S);
    tickets = calloc(MAX_TICKETS, sizeof *tickets);
    CHECK(tickets != NULL && triton_completion_queue_new(&queue, NULL) == TRITON_STATUS_OK);
    CHECK(triton_cancel_token_new(&token, NULL) == TRITON_STATUS_OK);
    for (int j = 0; j < 16; j++) b[j] = 1000000;
    uint64_t random = (uint64_t)atol(argv[3]) * 0x9e3779b97f4a7c15 | 1;
    for (size_t i = 0; i < CLIENTS; i++) {
        CHECK(pthread_rwlock_init(&slots[i].lock, NULL) == 0);
        free_client(&slots[i], &random);
    }
    for (size_t i = 0; i < THREADS; i++) {
        workers[i].random = next_random(&random);
        CHECK(pthread_create(&handles[i], NULL, work, &workers[i]) == 0);
    }
    const int64_t start = now_us();
    while (!is_over && now_us() - start < ms * 1000) pause_us(1000);
    is_over = true;
    for (size_t i = 0; i < THREADS; i++) CHECK(pthread_join(handles[i], NULL) == 0);

    /* Some clients are freed with calls in flight, the others after them. */
    for (size_t i = 0; i < CLIENTS; i += 2) {
        triton_client_free(slots[i].client);
        slots[i].client = NULL;
    }
    for (size_t i = 0; i < THREADS; i++) {
        for (size_t j = 0; j < STREAMS; j++) {
            if (workers[i].streams[j] != NULL) triton_stream_free(workers[i].streams[j]->handle);
        }
    }
    while (dequeued < queued) take_queued(&workers[0], 1000000);
    WAIT_UNTIL(called_back == expected_callbacks);
    size_t held = 0;
    for (size_t i = 0; i < THREADS; i++) {
        for (size_t j = 0; j < HELD; j++) {
            triton_call *call = workers[i].held[j];
            if (call == NULL) continue;
            CHECK(triton_call_wait(call, PATIENCE_US, NULL) == TRITON_STATUS_OK && triton_call_is_done(call));
            triton_call_free(call);
            held++;
        }
    }
    for (size_t i = 1; i < CLIENTS; i += 2) {
        CHECK(triton_client_close(slots[i].client, PATIENCE_US, NULL) == TRITON_STATUS_OK);
        triton_client_free(slots[i].client);
    }
    /* A sanitizer may have a thread of its own. */
    WAIT_UNTIL(threads("triton-") == 0);
    size_t streams = 0;
    for (size_t i = 0; i < THREADS; i++) streams += free_streams(&workers[i]);
    triton_call *none = NULL;
    CHECK(triton_completion_queue_next(queue, 0, &none, NULL) == TRITON_STATUS_DEADLINE_EXCEEDED);
    size_t accepted = 0, refused = 0;
    const size_t count = ticket_count < MAX_TICKETS ? ticket_count : MAX_TICKETS;
    for (size_t i = 0; i < count; i++) {
        const int completions = tickets[i].completions;
        accepted += tickets[i].is_accepted;
        refused += !tickets[i].is_accepted;
        CHECK(completions <= tickets[i].is_accepted);
        CHECK(!tickets[i].is_accepted || !tickets[i].is_told || completions == 1);
    }
    triton_completion_queue_free(queue);
    triton_cancel_token_free(token);
    free(tickets);
    printf(
        "%zu calls accepted, %zu refused, %zu streams, %zu callbacks, %zu by queue, %zu handles to the end; "
        "by handle:",
        accepted, refused, streams, (size_t)called_back, (size_t)dequeued, held);
    for (int status = 0; status < 17; status++) {
        size_t total = 0;
        for (size_t i = 0; i < THREADS; i++) total += workers[i].statuses[status];
        if (total > 0) printf(" %s %zu", triton_status_name((triton_status)status), total);
    }
    printf("\n");
    CHECK(accepted > 0 && called_back > 0 && dequeued > 0);
    return 0;
}

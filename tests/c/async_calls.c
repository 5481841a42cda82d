/* async_calls.c URL CALLS FORKS: cancel tokens, asynchronous calls, completion queues, many calls at once,
 * and the end of a client, each as the header says. CALLS and FORKS are how often what is done many times is
 * done. */
#include <poll.h>
#include <sys/wait.h>

#include "async.h"

static const char *url, *silent;
static bool is_grpc;
static triton_client *client = NULL;
static int32_t a[16], b[16];

/* What a callback received. */
struct outcome {
    struct latch called;
    triton_infer_result *result;
    triton_error *error;
    pthread_t thread;
};

static void done(triton_infer_result *result, triton_error *failure, void *user_data) {
    struct outcome *outcome = user_data;
    CHECK((result == NULL) != (failure == NULL));
    outcome->result = result;
    outcome->error = failure;
    outcome->thread = pthread_self();
    add(&outcome->called, 1);
}

/* Counts completions, each of which has to be a cancel. */
static void cancelled(triton_infer_result *result, triton_error *failure, void *user_data) {
    CHECK(result == NULL);
    check_error(failure, TRITON_STATUS_CANCELLED, "");
    add(user_data, 1);
}

/* The outcome of a call with a callback is the callback's: on a thread of the library, once, and nobody
 * else's. */
static void by_callback(void) {
    struct outcome outcome = {.called = LATCH};
    triton_infer_request *request = simple(a, b);
    triton_infer_result *result = NULL;
    triton_call *call = NULL;
    CHECK(!triton_client_infer_async(client, request, NULL, done, &outcome, &call, &error));
    triton_infer_request_free(request); /* read by the submission alone */
    await(&outcome.called, 1);
    CHECK(outcome.error == NULL && !pthread_equal(outcome.thread, pthread_self()));
    check_sums(outcome.result, a, b);
    CHECK(triton_call_user_data(call) == &outcome && triton_call_is_done(call));
    CHECK(!triton_call_wait(call, 0, &error) && !triton_call_wait(call, TRITON_NO_TIMEOUT, &error));
    refused(triton_call_take_result(call, &result, &error), TRITON_STATUS_FAILED_PRECONDITION, "callback");
    CHECK(result == NULL);
    triton_call_cancel(call); /* of a complete call: nothing */
    triton_call_free(call);

    /* An error of the server, with the id of the request, and without a handle. */
    request = unknown_model("frame 7");
    CHECK(!triton_client_infer_async(client, request, NULL, done, &outcome, NULL, &error));
    triton_infer_request_free(request);
    await(&outcome.called, 2);
    CHECK(outcome.result == NULL && strcmp(triton_error_request_id(outcome.error), "frame 7") == 0);
    CHECK(triton_error_origin(outcome.error) == TRITON_ORIGIN_SERVER);
    check_error(outcome.error, TRITON_STATUS_NOT_FOUND, "no_such_model");

    /* A failed submission is not a call: close() finds nothing under way, and the callback was never called.
     */
    triton_client *other = new_client(url);
    request = simple(a, b);
    CHECK(!triton_infer_request_input_set_data(request, 1, b, 60, &error));
    call = (triton_call *)&outcome;
    refused(triton_client_infer_async(other, request, NULL, done, &outcome, &call, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "INPUT1");
    CHECK(call == NULL);
    refused(triton_client_infer_async(other, request, NULL, NULL, NULL, NULL, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "call_out");
    CHECK(!triton_client_close(other, 0, &error) && count_of(&outcome.called) == 2);
    triton_infer_request_free(request);
    triton_client_free(other);
}

static void by_waiting(void) {
    uint32_t delay_ms = 200;
    triton_infer_request *request = slow(&delay_ms);
    triton_infer_result *result = NULL;
    triton_call *call = NULL;
    CHECK(!triton_client_infer_async(client, request, NULL, NULL, &delay_ms, &call, &error));
    CHECK(!triton_call_is_done(call) && triton_call_user_data(call) == &delay_ms);
    refused(triton_call_wait(call, 0, &error), TRITON_STATUS_DEADLINE_EXCEEDED, "not complete");
    refused(triton_call_wait(call, 1000, &error), TRITON_STATUS_DEADLINE_EXCEEDED, "1ms");
    refused(triton_call_take_result(call, &result, &error), TRITON_STATUS_FAILED_PRECONDITION,
            "not complete");
    CHECK(!triton_call_wait(call, TRITON_NO_TIMEOUT, &error) && triton_call_is_done(call));
    CHECK(!triton_call_take_result(call, &result, &error));
    CHECK(*(const uint32_t *)elements(result, "OUTPUT0", TRITON_DATATYPE_UINT32, 1) >= 200);
    CHECK(triton_infer_result_is_final(result));
    triton_infer_result_free(result);
    refused(triton_call_take_result(call, &result, &error), TRITON_STATUS_FAILED_PRECONDITION, "taken");
    triton_call_free(call);
    triton_infer_request_free(request);

    /* The wait speaks of waiting, and the call of itself. */
    request = unknown_model("frame 8");
    CHECK(!triton_client_infer_async(client, request, NULL, NULL, NULL, &call, &error));
    triton_infer_request_free(request);
    CHECK(!triton_call_wait(call, TRITON_NO_TIMEOUT, &error));
    CHECK(triton_call_take_result(call, &result, &error) == TRITON_STATUS_NOT_FOUND);
    CHECK(strcmp(triton_error_request_id(error), "frame 8") == 0);
    triton_error_free(error);
    refused(triton_call_take_result(call, &result, &error), TRITON_STATUS_FAILED_PRECONDITION, "taken");
    triton_call_free(call);

    /* A result that nobody takes is freed with its call. */
    request = simple(a, b);
    CHECK(!triton_client_infer_async(client, request, NULL, NULL, NULL, &call, &error));
    CHECK(!triton_call_wait(call, TRITON_NO_TIMEOUT, &error));
    triton_call_free(call);
    triton_infer_request_free(request);
}

/* What was wrong with the server's part of a call is in the statistics, and what went well. */
static void statistics(void) {
    triton_client *other = new_client(url);
    triton_client_statistics statistics = {.struct_size = sizeof statistics};
    struct outcome outcome = {.called = LATCH};
    triton_infer_request *request = simple(a, b), *unknown = unknown_model("");
    for (int i = 1; i <= 2; i++) {
        CHECK(!triton_client_infer_async(other, request, NULL, done, &outcome, NULL, &error));
        await(&outcome.called, i);
        triton_infer_result_free(outcome.result);
    }
    CHECK(!triton_client_infer_async(other, unknown, NULL, done, &outcome, NULL, &error));
    await(&outcome.called, 3);
    triton_error_free(outcome.error);
    CHECK(!triton_client_infer_statistics(other, &statistics, &error));
    CHECK(statistics.completed_count == 2 && statistics.failed_count == 1 && statistics.max_ns > 0);
    triton_infer_request_free(unknown);
    triton_infer_request_free(request);
    triton_client_free(other);
}

/* An output in the caller's memory: in one call at a time, and valid when the call is complete. */
static void buffers(void) {
    int32_t sums[16] = {0};
    uint32_t delay_ms = 300, slept = 0;
    triton_infer_request *request = slow(&delay_ms);
    triton_infer_result *result = NULL;
    triton_call *call = NULL, *second = (triton_call *)&slept;
    CHECK(!triton_infer_request_add_output(request, "OUTPUT0", NULL, &error));
    CHECK(!triton_infer_request_output_set_buffer(request, 0, &slept, sizeof slept, &error));
    CHECK(!triton_client_infer_async(client, request, NULL, NULL, NULL, &call, &error));
    refused(triton_client_infer_async(client, request, NULL, NULL, NULL, &second, &error),
            TRITON_STATUS_FAILED_PRECONDITION, "OUTPUT0");
    CHECK(second == NULL);
    triton_infer_request_free(request);
    CHECK(!triton_call_wait(call, TRITON_NO_TIMEOUT, &error) && slept >= 300);
    triton_call_free(call);

    request = simple(a, b);
    CHECK(!triton_infer_request_add_output(request, "OUTPUT0", NULL, &error));
    CHECK(!triton_infer_request_output_set_buffer(request, 0, sums, sizeof sums, &error));
    for (int round = 0; round < 3; round++) { /* the buffer is free again as soon as the call is complete */
        CHECK(!triton_client_infer_async(client, request, NULL, NULL, NULL, &call, &error));
        CHECK(!triton_call_wait(call, TRITON_NO_TIMEOUT, &error));
        CHECK(!triton_call_take_result(call, &result, &error) && sums[15] == a[15] + b[15]);
        triton_infer_result_free(result);
        triton_call_free(call);
    }
    triton_infer_request_free(request);
}

/* --- cancel --- */

static struct latch connected = LATCH;

static void on_log(triton_log_level level, const char *target, const char *message, void *user_data) {
    (void)level;
    (void)target;
    if (strstr(message, "connected") != NULL) add(user_data, 1);
}

static void *cancel_when_connected(void *token) {
    await(&connected, 1);
    triton_cancel_token_cancel(token);
    return NULL;
}

/* A client of the silent server, whose connections are counted. */
static triton_client *logging_client(void) {
    triton_client_options *options = NULL;
    triton_client *client = NULL;
    CHECK(!triton_client_options_new(&options, &error));
    CHECK(
        !triton_client_options_set_log_callback(options, TRITON_LOG_INFO, on_log, &connected, NULL, &error));
    CHECK(!triton_client_new(silent, options, &client, &error));
    triton_client_options_free(options);
    return client;
}

static triton_call_options *with_token(const triton_cancel_token *token) {
    triton_call_options *options = NULL;
    CHECK(!triton_call_options_new(&options, &error));
    CHECK(!triton_call_options_set_cancel_token(options, token, &error));
    return options;
}

/* A token ends blocking calls of any kind from another thread, each in the middle of the exchange. */
static void tokens_of_blocking_calls(void) {
    for (int kind = 0; kind < 5; kind++) {
        triton_client *other = logging_client();
        triton_cancel_token *token = NULL;
        triton_infer_request *request = simple(a, b);
        triton_infer_result *result = NULL, *results[1];
        triton_server_metadata *metadata = NULL;
        triton_error *errors[1];
        pthread_t thread;
        CHECK(!triton_cancel_token_new(&token, &error) && !triton_cancel_token_is_cancelled(token));
        triton_call_options *options = with_token(token);
        connected.count = 0;
        CHECK(pthread_create(&thread, NULL, cancel_when_connected, token) == 0);
        const triton_infer_request *requests[] = {request};
        const triton_call_options *all_options[] = {options};
        if (kind == 0)
            refused(triton_client_infer(other, request, options, &result, &error), TRITON_STATUS_CANCELLED,
                    "");
        else if (kind == 1)
            refused(triton_client_server_metadata(other, options, &metadata, &error), TRITON_STATUS_CANCELLED,
                    "");
        else if (kind == 2)
            refused(triton_client_load_model(other, "simple", NULL, options, &error), TRITON_STATUS_CANCELLED,
                    "");
        else if (kind == 3)
            refused(triton_client_wait_ready(other, "simple", NULL, options, &error), TRITON_STATUS_CANCELLED,
                    "");
        else {
            CHECK(!triton_client_infer_many(other, requests, 1, all_options, 1, results, errors, &error));
            CHECK(results[0] == NULL);
            check_error(errors[0], TRITON_STATUS_CANCELLED, "");
        }
        CHECK(pthread_join(thread, NULL) == 0 && triton_cancel_token_is_cancelled(token));
        /* A token stays cancelled. */
        refused(triton_client_infer(other, request, options, &result, &error), TRITON_STATUS_CANCELLED, "");
        triton_client_free(other);
        triton_cancel_token_free(token);
        triton_call_options_free(options);
        triton_infer_request_free(request);
    }
    triton_cancel_token_cancel(NULL);
    CHECK(!triton_cancel_token_is_cancelled(NULL));
}

static void tokens_and_options(void) {
    triton_cancel_token *token = NULL;
    triton_client_options *defaults = NULL;
    triton_infer_request *request = simple(a, b);
    triton_infer_result *result = NULL;
    triton_call *calls[3] = {NULL};
    CHECK(!triton_cancel_token_new(&token, &error) && !triton_client_options_new(&defaults, &error));
    triton_call_options *options = with_token(token);
    /* Not a default; and options may drop it. */
    refused(triton_client_options_set_call_options(defaults, options, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "token");
    triton_client *other = new_client(silent);
    for (int i = 0; i < 3; i++)
        CHECK(!triton_client_infer_async(other, request, i < 2 ? options : NULL, NULL, NULL, &calls[i],
                                         &error));
    triton_call_options_free(options); /* the calls have the token */
    triton_cancel_token_cancel(token);
    triton_cancel_token_free(token);
    for (int i = 0; i < 2; i++) {
        CHECK(!triton_call_wait(calls[i], TRITON_NO_TIMEOUT, &error));
        refused(triton_call_take_result(calls[i], &result, &error), TRITON_STATUS_CANCELLED, "");
    }
    refused(triton_call_wait(calls[2], 0, &error), TRITON_STATUS_DEADLINE_EXCEEDED, "");
    triton_call_cancel(calls[2]);
    triton_call_cancel(calls[2]);
    CHECK(!triton_call_wait(calls[2], TRITON_NO_TIMEOUT, &error));
    refused(triton_call_take_result(calls[2], &result, &error), TRITON_STATUS_CANCELLED, "");
    for (int i = 0; i < 3; i++) triton_call_free(calls[i]);
    triton_client_free(other);

    CHECK(!triton_cancel_token_new(&token, &error));
    options = with_token(token);
    triton_cancel_token_cancel(token);
    CHECK(!triton_call_options_set_cancel_token(options, NULL, &error));
    CHECK(!triton_client_infer(client, request, options, &result, &error));
    check_sums(result, a, b);
    triton_cancel_token_free(token);
    triton_call_options_free(options);
    triton_client_options_free(defaults);
    triton_infer_request_free(request);
}

/* A call of 5 s on the real server is over at once when it is cancelled. */
static void cancelled_on_the_server(void) {
    uint32_t delay_ms = is_grpc ? 5000 : 500; /* over HTTP the server computes it to its end */
    struct outcome outcome = {.called = LATCH};
    triton_infer_request *request = slow(&delay_ms);
    triton_call *call = NULL;
    CHECK(!triton_client_infer_async(client, request, NULL, done, &outcome, &call, &error));
    double start = seconds();
    triton_call_cancel(call);
    await(&outcome.called, 1);
    CHECK(outcome.result == NULL && seconds() - start < 0.4);
    check_error(outcome.error, TRITON_STATUS_CANCELLED, "");
    triton_call_free(call);
    triton_infer_request_free(request);
}

/* --- completion queues --- */

struct numbered {
    int32_t a[16];
    int times;
};

static void a_thousand_calls_with_a_queue(int calls) {
    struct numbered *all = calloc((size_t)calls, sizeof *all);
    triton_completion_queue *queue = NULL;
    int fd = -1, again = -1, left = calls;
    CHECK(all != NULL && !triton_completion_queue_new(&queue, &error));
    triton_call *call = (triton_call *)all;
    refused(triton_completion_queue_next(queue, 0, &call, &error), TRITON_STATUS_DEADLINE_EXCEEDED, "");
    CHECK(call == NULL);
    for (int i = 0; i < calls; i++) {
        if (i == calls / 2) { /* the descriptor of a queue that is in use */
            CHECK(!triton_completion_queue_fd(queue, &fd, &error) && fd >= 0);
            CHECK(!triton_completion_queue_fd(queue, &again, &error) && again == fd);
        }
        for (int j = 0; j < 16; j++) all[i].a[j] = i;
        triton_infer_request *request = simple(all[i].a, b);
        CHECK(!triton_client_infer_async_queue(client, request, NULL, queue, &all[i], NULL, &error));
        triton_infer_request_free(request);
    }
    while (left > 0) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        CHECK(poll(&ready, 1, 120000) == 1 && ready.revents == POLLIN);
        while (triton_completion_queue_next(queue, 0, &call, &error) == TRITON_STATUS_OK) {
            struct numbered *own = triton_call_user_data(call);
            triton_infer_result *result = NULL;
            CHECK(triton_call_is_done(call) && ++own->times == 1);
            CHECK(!triton_call_take_result(call, &result, &error));
            check_sums(result, own->a, b);
            triton_call_free(call);
            left--;
            /* Level-triggered: readable as long as there is more. */
            CHECK(poll(&ready, 1, 0) >= 0);
        }
        CHECK(triton_error_status(error) == TRITON_STATUS_DEADLINE_EXCEEDED);
        triton_error_free(error);
    }
    for (int i = 0; i < calls; i++) CHECK(all[i].times == 1);
    struct pollfd empty = {.fd = fd, .events = POLLIN};
    CHECK(poll(&empty, 1, 0) == 0);
    triton_completion_queue_free(queue);
    free(all);
}

static void *next_call(void *queue) {
    triton_call *call = NULL;
    triton_error *failure = NULL;
    CHECK(!triton_completion_queue_next(queue, TRITON_NO_TIMEOUT, &call, &failure));
    return call;
}

static void queues(void) {
    triton_infer_request *request = simple(a, b), *unknown = unknown_model("q");
    triton_infer_result *result = NULL;
    triton_completion_queue *queue = NULL;
    triton_client *other = new_client(silent);
    triton_call *call = NULL, *same = NULL;
    pthread_t threads[2];
    void *got[2];
    struct pollfd ready = {.events = POLLIN};

    /* Two handles of one call, the result of which is taken once. */
    CHECK(!triton_completion_queue_new(&queue, &error));
    CHECK(!triton_client_infer_async_queue(client, request, NULL, queue, queue, &call, &error));
    CHECK(triton_call_user_data(call) == queue);
    CHECK(!triton_completion_queue_next(queue, TRITON_NO_TIMEOUT, &same, &error) && same != call);
    CHECK(triton_call_is_done(call) && !triton_call_wait(call, 0, &error));
    CHECK(triton_call_user_data(same) == queue && !triton_call_take_result(call, &result, &error));
    check_sums(result, a, b);
    refused(triton_call_take_result(same, &result, &error), TRITON_STATUS_FAILED_PRECONDITION, "taken");
    triton_call_free(same);
    triton_call_free(call);

    /* NULL is user_data like any other; an error is the call's; a queue is of no client. */
    CHECK(!triton_client_infer_async_queue(client, unknown, NULL, queue, NULL, NULL, &error));
    CHECK(!triton_completion_queue_next(queue, TRITON_NO_TIMEOUT, &call, &error));
    CHECK(triton_call_user_data(call) == NULL);
    refused(triton_call_take_result(call, &result, &error), TRITON_STATUS_NOT_FOUND, "no_such_model");
    triton_call_free(call);
    CHECK(!triton_client_infer_async_queue(other, request, NULL, queue, other, &call, &error));
    refused(triton_completion_queue_next(queue, 1000, &same, &error), TRITON_STATUS_DEADLINE_EXCEEDED, "1ms");
    triton_call_cancel(call);
    triton_call_free(call); /* goes on: the queue gets it */
    CHECK(!triton_completion_queue_next(queue, TRITON_NO_TIMEOUT, &same, &error));
    CHECK(triton_call_user_data(same) == other);
    refused(triton_call_take_result(same, &result, &error), TRITON_STATUS_CANCELLED, "");
    triton_call_free(same);

    /* Threads that wait for calls to come. */
    for (int i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, next_call, queue) == 0);
    for (int i = 0; i < 2; i++)
        CHECK(!triton_client_infer_async_queue(client, request, NULL, queue, &got[i], NULL, &error));
    for (int i = 0; i < 2; i++) CHECK(pthread_join(threads[i], &got[i]) == 0);
    CHECK(triton_call_user_data(got[0]) != triton_call_user_data(got[1]));
    for (int i = 0; i < 2; i++) triton_call_free(got[i]);

    /* A descriptor that is made while a call is in the queue is readable. */
    CHECK(!triton_client_infer_async_queue(client, request, NULL, queue, NULL, &call, &error));
    CHECK(!triton_call_wait(call, TRITON_NO_TIMEOUT, &error));
    CHECK(!triton_completion_queue_fd(queue, &ready.fd, &error));
    CHECK(poll(&ready, 1, 120000) == 1 && ready.revents == POLLIN);
    triton_call_free(call);

    /* A queue that is freed with a call in it, and with one to come. */
    CHECK(!triton_client_infer_async_queue(other, request, NULL, queue, NULL, &call, &error));
    triton_completion_queue_free(queue);
    triton_call_cancel(call);
    CHECK(!triton_call_wait(call, TRITON_NO_TIMEOUT, &error));
    refused(triton_call_take_result(call, &result, &error), TRITON_STATUS_CANCELLED, "");
    triton_call_free(call);
    triton_client_free(other);
    triton_infer_request_free(unknown);
    triton_infer_request_free(request);
}

/* --- many calls at once --- */

static void many(void) {
    uint32_t delay_ms = 100;
    const triton_infer_request *requests[] = {simple(a, b), slow(&delay_ms), unknown_model("third"),
                                              simple(b, b), simple(a, b)};
    triton_infer_request *wrong = simple(a, b);
    triton_infer_result *results[5];
    triton_error *errors[5];
    triton_cancel_token *token = NULL;
    CHECK(!triton_infer_request_input_set_data(wrong, 0, a, 60, &error));
    CHECK(!triton_cancel_token_new(&token, &error));
    triton_cancel_token_cancel(token);
    triton_call_options *options = with_token(token), *none = with_token(NULL);
    const triton_call_options *each[] = {NULL, none, NULL, options, NULL}, *all[] = {none};

    /* Different models and shapes; one that the server refuses, one that is cancelled alone, one that is
     * wrong. */
    const triton_infer_request *last = requests[4];
    requests[4] = wrong;
    memset(results, 1, sizeof results);
    memset(errors, 1, sizeof errors);
    CHECK(!triton_client_infer_many(client, requests, 5, each, 5, results, errors, &error));
    check_sums(results[0], a, b);
    CHECK(errors[0] == NULL && errors[1] == NULL);
    CHECK(*(const uint32_t *)elements(results[1], "OUTPUT0", TRITON_DATATYPE_UINT32, 1) >= 100);
    triton_infer_result_free(results[1]);
    CHECK(results[2] == NULL && strcmp(triton_error_request_id(errors[2]), "third") == 0);
    check_error(errors[2], TRITON_STATUS_NOT_FOUND, "no_such_model");
    CHECK(results[3] == NULL && results[4] == NULL);
    check_error(errors[3], TRITON_STATUS_CANCELLED, "");
    check_error(errors[4], TRITON_STATUS_INVALID_ARGUMENT, "INPUT0");
    requests[4] = last;

    /* The options of all, and none. */
    CHECK(!triton_client_infer_many(client, &requests[3], 2, all, 1, results, errors, &error));
    check_sums(results[0], b, b);
    check_sums(results[1], a, b);
    CHECK(!triton_client_infer_many(client, &requests[3], 2, NULL, 0, results, errors, &error));
    check_sums(results[0], b, b);
    check_sums(results[1], a, b);
    CHECK(!triton_client_infer_many(client, NULL, 0, NULL, 0, NULL, NULL, &error));

    /* What is wrong in itself: nothing is sent, and both arrays are NULL throughout. */
    const triton_infer_request *hole[] = {requests[0], NULL, requests[3]};
    for (int i = 0; i < 5; i++) {
        memset(results, 1, sizeof results);
        memset(errors, 1, sizeof errors);
        if (i == 0)
            refused(triton_client_infer_many(client, hole, 3, NULL, 0, results, errors, &error),
                    TRITON_STATUS_INVALID_ARGUMENT, "requests[1]");
        else if (i == 1)
            refused(triton_client_infer_many(client, requests, 3, each, 2, results, errors, &error),
                    TRITON_STATUS_INVALID_ARGUMENT, "options_count");
        else if (i == 2)
            refused(triton_client_infer_many(client, requests, 3, NULL, 3, results, errors, &error),
                    TRITON_STATUS_INVALID_ARGUMENT, "options");
        else if (i == 3)
            refused(triton_client_infer_many(NULL, requests, 3, NULL, 0, results, errors, &error),
                    TRITON_STATUS_INVALID_ARGUMENT, "client");
        else
            refused(triton_client_infer_many(client, NULL, 3, NULL, 0, results, errors, &error),
                    TRITON_STATUS_INVALID_ARGUMENT, "requests");
        for (int j = 0; j < 3; j++) CHECK(results[j] == NULL && errors[j] == NULL);
        CHECK(results[3] != NULL && errors[3] != NULL); /* beyond the arrays nothing was written */
    }
    memset(results, 1, sizeof results);
    refused(triton_client_infer_many(client, requests, 3, NULL, 0, results, NULL, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "errors_out");
    for (int j = 0; j < 3; j++) CHECK(results[j] == NULL);
    memset(errors, 1, sizeof errors);
    refused(triton_client_infer_many(client, requests, 3, NULL, 0, NULL, errors, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "results_out");
    for (int j = 0; j < 3; j++) CHECK(errors[j] == NULL);

    for (int i = 0; i < 5; i++) triton_infer_request_free((triton_infer_request *)(uintptr_t)requests[i]);
    triton_infer_request_free(wrong);
    triton_call_options_free(options);
    triton_call_options_free(none);
    triton_cancel_token_free(token);
}

struct many_outcome {
    struct latch called;
    size_t count;
    int sums, errors;
};

static void many_done(triton_infer_result *const *results, triton_error *const *errors, size_t count,
                      void *user_data) {
    struct many_outcome *outcome = user_data;
    outcome->count = count;
    for (size_t i = 0; i < count; i++) {
        CHECK((results[i] == NULL) != (errors[i] == NULL));
        if (results[i] != NULL) {
            check_sums(results[i], a, b);
            outcome->sums++;
        } else {
            CHECK(i == 7 && ++outcome->errors == 1); /* in the order of the requests */
            check_error(errors[i], TRITON_STATUS_NOT_FOUND, "no_such_model");
        }
    }
    add(&outcome->called, 1);
}

/* Many more requests than may be in flight are fed as places become free; one callback, for none at all too.
 */
static void many_by_callback(void) {
    struct many_outcome outcome = {.called = LATCH};
    const triton_infer_request *requests[40];
    triton_infer_result *results[40];
    triton_error *errors[40];
    triton_client_options *options = NULL;
    triton_client *other = NULL;
    CHECK(!triton_client_options_new(&options, &error));
    CHECK(!triton_client_options_set_max_in_flight(options, 2, &error));
    CHECK(!triton_client_options_set_fail_when_full(options, true, &error)); /* for submissions alone */
    CHECK(!triton_client_new(url, options, &other, &error));
    triton_client_options_free(options);
    for (int i = 0; i < 40; i++) requests[i] = i == 7 ? unknown_model("") : simple(a, b);
    CHECK(!triton_client_infer_many_async(other, requests, 40, NULL, 0, many_done, &outcome, &error));
    CHECK(!triton_client_infer_many(other, requests, 40, NULL, 0, results, errors, &error));
    for (int i = 0; i < 40; i++) {
        if (i != 7)
            check_sums(results[i], a, b);
        else
            check_error(errors[7], TRITON_STATUS_NOT_FOUND, "");
        triton_infer_request_free((triton_infer_request *)(uintptr_t)requests[i]);
    }
    await(&outcome.called, 1);
    CHECK(outcome.count == 40 && outcome.sums == 39 && outcome.errors == 1);
    CHECK(!triton_client_infer_many_async(other, NULL, 0, NULL, 0, many_done, &outcome, &error));
    CHECK(!triton_client_close(other, TRITON_NO_TIMEOUT, &error)); /* it waits for the callback too */
    CHECK(count_of(&outcome.called) == 2 && outcome.count == 0);
    refused(triton_client_infer_many_async(other, NULL, 0, NULL, 0, many_done, &outcome, &error),
            TRITON_STATUS_FAILED_PRECONDITION, "closed");
    refused(triton_client_infer_many_async(client, requests, 0, NULL, 0, NULL, &outcome, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "callback");
    CHECK(count_of(&outcome.called) == 2);
    triton_client_free(other);
}

/* --- bounds --- */

static triton_client *bounded(size_t max_in_flight, bool fails, size_t callback_threads, const char *to) {
    triton_client_options *options = NULL;
    triton_client *client = NULL;
    CHECK(!triton_client_options_new(&options, &error));
    CHECK(!triton_client_options_set_max_in_flight(options, max_in_flight, &error));
    CHECK(!triton_client_options_set_fail_when_full(options, fails, &error));
    CHECK(!triton_client_options_set_callback_threads(options, callback_threads, &error));
    CHECK(!triton_client_options_set_max_async_connections(options, 4, &error));
    CHECK(!triton_client_new(to, options, &client, &error));
    triton_client_options_free(options);
    return client;
}

/* What a submission in a callback, and waits there, have for a status. */
struct in_callback {
    struct latch called;
    triton_client *client;
    triton_infer_request *request;
};

static void submits(triton_infer_result *result, triton_error *failure, void *user_data) {
    struct in_callback *own = user_data;
    triton_error *error = NULL;
    triton_call *call = NULL;
    CHECK(result == NULL);
    check_error(failure, TRITON_STATUS_CANCELLED, "");
    /* A call fills the place of the one that ended; a second one is refused at once, and need not wait. */
    CHECK(!triton_client_infer_async(own->client, own->request, NULL, NULL, NULL, &call, &error));
    double start = seconds();
    CHECK(triton_client_infer_async(own->client, own->request, NULL, cancelled, &own->called, NULL, &error)
          == TRITON_STATUS_RESOURCE_EXHAUSTED);
    CHECK(seconds() - start < 5 && triton_error_is_retryable(error));
    check_error(error, TRITON_STATUS_RESOURCE_EXHAUSTED, "max_in_flight");
    triton_call_cancel(call);
    CHECK(!triton_call_wait(call, TRITON_NO_TIMEOUT, &error)); /* a wait that needs no callback thread */
    triton_call_free(call);
    CHECK(triton_client_close(own->client, TRITON_NO_TIMEOUT, &error) == TRITON_STATUS_FAILED_PRECONDITION);
    check_error(error, TRITON_STATUS_FAILED_PRECONDITION, "callback");
    add(&own->called, 1);
}

static struct latch met = LATCH;

/* Returns only when both callbacks run at the same time. */
static void meet(triton_infer_result *result, triton_error *failure, void *user_data) {
    (void)user_data;
    triton_infer_result_free(result);
    triton_error_free(failure);
    add(&met, 1);
    await(&met, 2);
    add(&met, 1);
}

static void bounds(void) {
    triton_infer_request *request = simple(a, b);
    triton_infer_result *result = NULL;
    triton_call *calls[2] = {NULL}, *call = NULL;
    triton_call_options *options = NULL;
    triton_client *other = bounded(2, false, 0, silent);
    CHECK(!triton_call_options_new(&options, &error));
    CHECK(!triton_call_options_set_timeout_us(options, 50000, &error));
    for (int i = 0; i < 2; i++)
        CHECK(!triton_client_infer_async(other, request, NULL, NULL, NULL, &calls[i], &error));
    /* The submission waits, for as long as its call may take. */
    refused(triton_client_infer_async(other, request, options, NULL, NULL, &call, &error),
            TRITON_STATUS_DEADLINE_EXCEEDED, "max_in_flight");
    CHECK(call == NULL);
    triton_call_cancel(calls[0]);
    CHECK(!triton_client_infer_async(other, request, NULL, NULL, NULL, &call, &error));
    /* The time of a wait is the call's. */
    triton_call_cancel(calls[1]);
    triton_call_free(calls[1]);
    CHECK(!triton_client_infer_async(other, request, options, NULL, NULL, &calls[1], &error));
    CHECK(!triton_call_wait(calls[1], TRITON_NO_TIMEOUT, &error));
    refused(triton_call_take_result(calls[1], &result, &error), TRITON_STATUS_DEADLINE_EXCEEDED, "50ms");
    triton_call_free(call);
    triton_call_free(calls[0]);
    triton_call_free(calls[1]);
    triton_client_free(other);

    other = bounded(1, true, 0, silent);
    CHECK(!triton_client_infer_async(other, request, NULL, NULL, NULL, &call, &error));
    refused(triton_client_infer_async(other, request, NULL, NULL, NULL, &calls[0], &error),
            TRITON_STATUS_RESOURCE_EXHAUSTED, "max_in_flight");
    triton_call_free(call);
    triton_client_free(other);

    /* In a callback. */
    struct in_callback own = {.called = LATCH, .client = bounded(1, false, 0, silent), .request = request};
    CHECK(!triton_client_infer_async(own.client, request, NULL, submits, &own, &call, &error));
    triton_call_cancel(call);
    await(&own.called, 1);
    triton_call_free(call);
    CHECK(!triton_client_close(own.client, TRITON_NO_TIMEOUT, &error) && count_of(&own.called) == 1);
    triton_client_free(own.client);

    /* With two threads one callback may wait for another. */
    other = bounded(0, false, 2, url);
    for (int i = 0; i < 2; i++)
        CHECK(!triton_client_infer_async(other, request, NULL, meet, NULL, NULL, &error));
    await(&met, 4);
    triton_client_free(other);

    /* A callback that blocks delays no call, wait or queue. */
    struct outcome first = {.called = LATCH};
    met.count = 0;
    other = bounded(0, false, 1, url);
    triton_completion_queue *queue = NULL;
    CHECK(!triton_completion_queue_new(&queue, &error));
    CHECK(!triton_client_infer_async(other, request, NULL, meet, NULL, NULL, &error));
    await(&met, 1);
    CHECK(!triton_client_infer_async(other, request, NULL, done, &first, &calls[0], &error));
    CHECK(!triton_client_infer_async_queue(other, request, NULL, queue, NULL, &calls[1], &error));
    CHECK(!triton_call_wait(calls[0], TRITON_NO_TIMEOUT, &error) && count_of(&first.called) == 0);
    CHECK(!triton_completion_queue_next(queue, TRITON_NO_TIMEOUT, &call, &error));
    CHECK(!triton_call_take_result(call, &result, &error));
    check_sums(result, a, b);
    triton_call_free(call);
    add(&met, 1);
    await(&first.called, 1);
    check_sums(first.result, a, b);
    triton_call_free(calls[0]);
    triton_call_free(calls[1]);
    triton_completion_queue_free(queue);
    triton_client_free(other);
    triton_call_options_free(options);
    triton_infer_request_free(request);
}

/* --- the end of a client --- */

struct ends {
    struct latch called, ready;
    triton_client *client;
    triton_call *call;
};

/* Frees its own call and its client. */
static void frees(triton_infer_result *result, triton_error *failure, void *user_data) {
    struct ends *ends = user_data;
    await(&ends->ready, 1); /* until the submission has written the call */
    triton_infer_result_free(result);
    triton_error_free(failure);
    triton_call_free(ends->call);
    triton_client_free(ends->client);
    add(&ends->called, 1);
}

static void closes(triton_infer_result *result, triton_error *failure, void *user_data) {
    struct ends *ends = user_data;
    triton_error *error = NULL;
    await(&ends->ready, 1);
    CHECK(failure == NULL);
    check_sums(result, a, b);
    CHECK(triton_client_close(ends->client, 0, &error) == TRITON_STATUS_FAILED_PRECONDITION);
    triton_error_free(error);
    add(&ends->called, 1);
}

static void ends_of_a_client(void) {
    struct latch called = LATCH;
    triton_infer_request *request = simple(a, b);
    triton_infer_result *result = NULL;
    triton_server_metadata *metadata = NULL;
    triton_completion_queue *queue = NULL;
    triton_call *calls[16] = {NULL}, *call = NULL;
    bool is_live = true;
    CHECK(!triton_completion_queue_new(&queue, &error));

    /* Freed first, with calls of each form in flight: nothing blocks, and every completion is delivered. */
    triton_client *other = new_client(silent);
    for (int i = 0; i < 16; i++) {
        int form = i % 4;
        if (form == 0)
            CHECK(!triton_client_infer_async(other, request, NULL, cancelled, &called, &calls[i], &error));
        else if (form == 1)
            CHECK(!triton_client_infer_async(other, request, NULL, NULL, NULL, &calls[i], &error));
        else if (form == 2)
            CHECK(!triton_client_infer_async_queue(other, request, NULL, queue, NULL, &calls[i], &error));
        else
            CHECK(!triton_client_infer_async(other, request, NULL, cancelled, &called, NULL, &error));
    }
    triton_infer_request_free(request);
    double start = seconds();
    triton_client_free(other);
    CHECK(seconds() - start < 5);
    await(&called, 8);
    for (int i = 1; i < 16; i += 4) {
        CHECK(!triton_call_wait(calls[i], TRITON_NO_TIMEOUT, &error));
        refused(triton_call_take_result(calls[i], &result, &error), TRITON_STATUS_CANCELLED, "");
    }
    for (int i = 0; i < 4; i++) {
        CHECK(!triton_completion_queue_next(queue, TRITON_NO_TIMEOUT, &call, &error));
        refused(triton_call_take_result(call, &result, &error), TRITON_STATUS_CANCELLED, "");
        triton_call_free(call);
    }
    for (int i = 0; i < 16; i++) triton_call_free(calls[i]);
    triton_completion_queue_free(queue);

    /* Freed inside a callback, as its call. */
    request = simple(a, b);
    struct ends ends = {.called = LATCH, .ready = LATCH, .client = new_client(url)};
    CHECK(!triton_client_infer_async(ends.client, request, NULL, frees, &ends, &ends.call, &error));
    add(&ends.ready, 1);
    await(&ends.called, 1);

    /* A close waits for the last callback to return; on a callback thread it does not wait. */
    ends = (struct ends){.called = LATCH, .ready = LATCH, .client = new_client(url)};
    CHECK(!triton_client_infer_async(ends.client, request, NULL, closes, &ends, &ends.call, &error));
    CHECK(!triton_call_wait(ends.call, TRITON_NO_TIMEOUT, &error));
    refused(triton_client_close(ends.client, 1000, &error), TRITON_STATUS_DEADLINE_EXCEEDED, "1ms");
    add(&ends.ready, 1);
    CHECK(!triton_client_close(ends.client, TRITON_NO_TIMEOUT, &error) && count_of(&ends.called) == 1);
    CHECK(!triton_client_close(ends.client, 0, &error));
    triton_call_free(ends.call);

    /* Nothing begins once a client is closed, also if the close was not complete. */
    refused(triton_client_infer(ends.client, request, NULL, &result, &error),
            TRITON_STATUS_FAILED_PRECONDITION, "closed");
    triton_client_free(ends.client);
    other = new_client(silent);
    CHECK(!triton_client_infer_async(other, request, NULL, NULL, NULL, &call, &error));
    refused(triton_client_close(other, 0, &error), TRITON_STATUS_DEADLINE_EXCEEDED, "");
    calls[0] = call;
    refused(triton_client_infer_async(other, request, NULL, cancelled, &called, &call, &error),
            TRITON_STATUS_FAILED_PRECONDITION, "closed");
    CHECK(call == NULL);
    refused(triton_client_server_metadata(other, NULL, &metadata, &error), TRITON_STATUS_FAILED_PRECONDITION,
            "closed");
    refused(triton_client_check_server_live(other, NULL, &is_live, &error), TRITON_STATUS_FAILED_PRECONDITION,
            "closed");
    refused(triton_call_wait(calls[0], 0, &error), TRITON_STATUS_DEADLINE_EXCEEDED, ""); /* it goes on */
    triton_call_cancel(calls[0]);
    CHECK(!triton_client_close(other, TRITON_NO_TIMEOUT, &error) && triton_call_is_done(calls[0]));
    triton_call_free(calls[0]);
    triton_client_free(other);
    triton_infer_request_free(request);
    CHECK(count_of(&called) == 8);
}

/* --- fork --- */

#define FORKED(call)                                                     \
    do {                                                                 \
        CHECK((call) == TRITON_STATUS_FAILED_PRECONDITION);              \
        check_error(error, TRITON_STATUS_FAILED_PRECONDITION, "forked"); \
        error = NULL;                                                    \
    } while (0)

/* What a child does with the handles of its parent, and with its own. It says so on the pipe, since its exit
 * status is valgrind's, which takes what the child has to leak for lost. */
static void child(triton_client *idle, triton_client *busy, triton_call *call, triton_completion_queue *queue,
                  int report) {
    triton_infer_request *request = simple(a, b);
    const triton_infer_request *requests[] = {request};
    triton_infer_result *result = NULL;
    triton_server_metadata *metadata = NULL;
    triton_error *errors[1];
    triton_client *clients[] = {idle, busy}, *own = NULL;
    triton_call *other = NULL;
    struct outcome outcome = {.called = LATCH};
    bool is_live = false;
    int fd = 0;
    for (int i = 0; i < 2; i++) {
        FORKED(triton_client_infer(clients[i], request, NULL, &result, &error));
        FORKED(triton_client_infer_async(clients[i], request, NULL, done, &outcome, &other, &error));
        FORKED(triton_client_infer_async_queue(clients[i], request, NULL, queue, NULL, &other, &error));
        FORKED(triton_client_infer_many(clients[i], requests, 1, NULL, 0, &result, errors, &error));
        FORKED(triton_client_infer_many_async(clients[i], requests, 1, NULL, 0, many_done, NULL, &error));
        FORKED(triton_client_server_metadata(clients[i], NULL, &metadata, &error));
        FORKED(triton_client_check_server_live(clients[i], NULL, &is_live, &error));
        FORKED(triton_client_wait_ready(clients[i], NULL, NULL, NULL, &error));
        FORKED(triton_client_close(clients[i], TRITON_NO_TIMEOUT, &error));
    }
    FORKED(triton_call_wait(call, TRITON_NO_TIMEOUT, &error));
    FORKED(triton_call_take_result(call, &result, &error));
    FORKED(triton_completion_queue_next(queue, TRITON_NO_TIMEOUT, &other, &error));
    FORKED(triton_completion_queue_fd(queue, &fd, &error));
    CHECK(fd == -1 && other == NULL && result == NULL);
    triton_call_cancel(call); /* nothing: the parent's call goes on */
    triton_call_free(call);
    triton_completion_queue_free(queue);
    triton_client_free(busy);

    own = new_client(url);
    CHECK(!triton_client_infer(own, request, NULL, &result, &error));
    check_sums(result, a, b);
    CHECK(!triton_client_infer_async(own, request, NULL, done, &outcome, NULL, &error));
    await(&outcome.called, 1);
    check_sums(outcome.result, a, b);
    CHECK(!triton_client_close(own, TRITON_NO_TIMEOUT, &error));
    triton_client_free(own);
    triton_client_free(idle);
    triton_infer_request_free(request);
    CHECK(write(report, "", 1) == 1);
}

/* Keeps the parent's threads busy while it forks. */
struct load {
    struct latch completed, ended;
    triton_infer_request *request;
    bool is_over;
};

static void again(triton_infer_result *result, triton_error *failure, void *user_data) {
    struct load *load = user_data;
    triton_error *error = NULL;
    CHECK(failure == NULL);
    check_sums(result, a, b);
    add(&load->completed, 1);
    CHECK(pthread_mutex_lock(&load->completed.mutex) == 0);
    bool is_over = load->is_over;
    CHECK(pthread_mutex_unlock(&load->completed.mutex) == 0);
    if (is_over)
        add(&load->ended, 1);
    else
        CHECK(!triton_client_infer_async(client, load->request, NULL, again, load, NULL, &error));
}

static void forks(int rounds) {
    struct load load = {.completed = LATCH, .ended = LATCH, .request = simple(a, b), .is_over = false};
    triton_client *busy = new_client(silent);
    triton_infer_result *result = NULL;
    triton_completion_queue *queue = NULL;
    triton_call *call = NULL, *same = NULL;
    int report[2];
    CHECK(!triton_completion_queue_new(&queue, &error));
    CHECK(!triton_client_infer_async_queue(busy, load.request, NULL, queue, queue, &call, &error));
    for (int i = 0; i < 8; i++)
        CHECK(!triton_client_infer_async(client, load.request, NULL, again, &load, NULL, &error));
    CHECK(pipe(report) == 0);
    for (int round = 0; round < rounds; round++) {
        char byte;
        await(&load.completed, count_of(&load.completed) + 1);
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            alarm(120);
            child(client, busy, call, queue, report[1]);
            _exit(0);
        }
        struct pollfd ready = {.fd = report[0], .events = POLLIN};
        CHECK(poll(&ready, 1, 120000) == 1 && read(report[0], &byte, 1) == 1);
        CHECK(waitpid(pid, NULL, 0) == pid);
    }
    CHECK(pthread_mutex_lock(&load.completed.mutex) == 0);
    load.is_over = true;
    CHECK(pthread_mutex_unlock(&load.completed.mutex) == 0);
    await(&load.ended, 8);
    /* What was under way in the parent still is. */
    refused(triton_call_wait(call, 0, &error), TRITON_STATUS_DEADLINE_EXCEEDED, "");
    triton_client_free(busy);
    CHECK(!triton_completion_queue_next(queue, TRITON_NO_TIMEOUT, &same, &error));
    CHECK(triton_call_user_data(same) == queue);
    refused(triton_call_take_result(same, &result, &error), TRITON_STATUS_CANCELLED, "");
    CHECK(!triton_client_infer(client, load.request, NULL, &result, &error));
    check_sums(result, a, b);
    triton_call_free(same);
    triton_call_free(call);
    triton_completion_queue_free(queue);
    triton_infer_request_free(load.request);
}

int main(int argc, char **argv) {
    CHECK(argc == 4);
    url = argv[1];
    is_grpc = strncmp(url, "grpc", 4) == 0;
    silent = silent_url(is_grpc ? "grpc" : "http");
    for (int i = 0; i < 16; i++) a[i] = i, b[i] = 1;
    client = new_client(url);
    by_callback();
    by_waiting();
    statistics();
    buffers();
    tokens_of_blocking_calls();
    tokens_and_options();
    cancelled_on_the_server();
    a_thousand_calls_with_a_queue(atoi(argv[2]));
    queues();
    many();
    many_by_callback();
    bounds();
    ends_of_a_client();
    forks(atoi(argv[3]));
    CHECK(!triton_client_close(client, TRITON_NO_TIMEOUT, &error));
    triton_client_free(client);
    return 0;
}

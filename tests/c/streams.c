/* streams.c GRPC_URL HTTP_URL KIND: streams as the header says, of decoupled models or of others (KIND is
 * "decoupled" or "other"): the streams of both kinds take turns. */
#include <poll.h>
#include <sys/wait.h>

#include "async.h"

#define MAX_EVENTS 512

static const char *url, *silent;
static triton_client *client = NULL;
static int32_t a[16], b[16];

static triton_client_options *client_options(size_t callback_threads) {
    triton_client_options *options = NULL;
    CHECK(!triton_client_options_new(&options, &error));
    CHECK(!triton_client_options_set_callback_threads(options, callback_threads, &error));
    return options;
}

static triton_stream *open_stream(triton_client *client, const triton_stream_options *options) {
    triton_stream *stream = NULL;
    CHECK(!triton_stream_open(client, options, NULL, NULL, &stream, &error));
    return stream;
}

static void send_request(triton_stream *stream, triton_infer_request *request, const char *id) {
    CHECK(!triton_infer_request_set_id(request, id, &error));
    CHECK(!triton_stream_send(stream, request, TRITON_NO_TIMEOUT, &error));
}

/* A request to the decoupled model, and its memory. */
struct repeat {
    triton_infer_request *request;
    int32_t in[MAX_EVENTS];
    uint32_t delay_ms[MAX_EVENTS], wait_ms;
};

/* Responses with the values from `first` on, each after a delay. */
static struct repeat *repeat(int count, int32_t first, uint32_t delay_ms) {
    struct repeat *own = calloc(1, sizeof *own);
    int64_t shape[] = {count};
    CHECK(own != NULL && count <= MAX_EVENTS
          && !triton_infer_request_new("repeat_int32", &own->request, &error));
    for (int i = 0; i < count; i++) own->in[i] = first + i, own->delay_ms[i] = delay_ms;
    add_input(own->request, "IN", TRITON_DATATYPE_INT32, shape, 1, own->in, (size_t)count * 4);
    add_input(own->request, "DELAY", TRITON_DATATYPE_UINT32, shape, 1, own->delay_ms, (size_t)count * 4);
    add_input(own->request, "WAIT", TRITON_DATATYPE_UINT32, one_element, 1, &own->wait_ms, 4);
    CHECK(!triton_infer_request_set_empty_final_response(own->request, true, &error));
    return own;
}

static void free_repeat(struct repeat *own) {
    triton_infer_request_free(own->request);
    free(own);
}

/* The next response, which the caller frees. */
static triton_infer_result *next(triton_stream *stream) {
    triton_infer_result *result = NULL;
    triton_error *request_error = NULL;
    bool is_end = true;
    CHECK(!triton_stream_next(stream, TRITON_NO_TIMEOUT, &result, &request_error, &is_end, &error));
    CHECK(result != NULL && request_error == NULL && !is_end);
    return result;
}

static void next_value(triton_stream *stream, const char *id, int32_t value) {
    triton_infer_result *result = next(stream);
    CHECK(strcmp(triton_infer_result_id(result), id) == 0);
    CHECK(*(const int32_t *)elements(result, "OUT", TRITON_DATATYPE_INT32, 1) == value);
    CHECK(triton_infer_result_finality(result) == TRITON_FINALITY_NOT_FINAL);
    triton_infer_result_free(result);
}

static void next_final(triton_stream *stream, const char *id) {
    triton_infer_result *result = next(stream);
    CHECK(strcmp(triton_infer_result_id(result), id) == 0 && triton_infer_result_is_final(result));
    CHECK(triton_infer_result_output_count(result) == 0);
    triton_infer_result_free(result);
}

/* The end, which comes once. What had arrived before a cancel comes first. */
static void next_end(triton_stream *stream, triton_status expected) {
    triton_infer_result *result = (triton_infer_result *)stream;
    triton_error *request_error = (triton_error *)stream;
    bool is_end = false;
    triton_status status = triton_stream_next(stream, TRITON_NO_TIMEOUT, &result, &request_error, &is_end,
                                              &error);
    while (expected == TRITON_STATUS_CANCELLED && result != NULL) {
        triton_infer_result_free(result);
        status = triton_stream_next(stream, TRITON_NO_TIMEOUT, &result, &request_error, &is_end, &error);
    }
    if (status != expected) fprintf(stderr, "%s\n", triton_error_message(error));
    CHECK(is_end && status == expected && result == NULL && request_error == NULL);
    CHECK(triton_error_status(error) == expected);
    triton_error_free(error);
    error = NULL;
    CHECK(!triton_stream_wait(stream, 0, &error));
    refused(triton_stream_next(stream, 0, &result, &request_error, &is_end, &error),
            TRITON_STATUS_FAILED_PRECONDITION, "end");
    CHECK(!is_end);
}

/* What a callback received, in order. */
struct events {
    struct latch count, ended;
    pthread_t thread;
    int results, request_errors, ends, running;
    char ids[MAX_EVENTS][16];
    int32_t values[MAX_EVENTS]; /* -1 of a response without outputs, -2 of an error */
    triton_status end;
    /* What the callback is to do at the event of a number, and with what. */
    int at;
    void (*act)(struct events *events);
    triton_client *client;
    triton_stream *stream;
    triton_infer_request *request;
    struct latch ready;
};

static void on_event(triton_infer_result *result, triton_error *failure, bool is_end, void *user_data) {
    struct events *events = user_data;
    int at = count_of(&events->count);
    CHECK(++events->running == 1 && events->ends == 0
          && at < MAX_EVENTS); /* never at once, nothing after the end */
    CHECK(is_end ? result == NULL : (result == NULL) != (failure == NULL));
    events->thread = pthread_self();
    if (result != NULL) {
        events->results++;
        snprintf(events->ids[at], sizeof events->ids[at], "%s", triton_infer_result_id(result));
        events->values[at] = -1;
        if (triton_infer_result_output_count(result) > 0)
            events->values[at] = *(const int32_t *)elements(result, "OUT", TRITON_DATATYPE_INT32, 1);
        triton_infer_result_free(result);
    } else if (is_end) {
        events->ends++;
        events->end = triton_error_status(failure);
        triton_error_free(failure);
    } else {
        events->request_errors++;
        snprintf(events->ids[at], sizeof events->ids[at], "%s", triton_error_request_id(failure));
        events->values[at] = -2;
        triton_error_free(failure);
    }
    if (events->act != NULL && at == events->at) events->act(events);
    events->running--;
    add(&events->count, 1);
    if (is_end) add(&events->ended, 1);
}

static struct events *new_events(void) {
    struct events *events = calloc(1, sizeof *events);
    const struct latch latch = LATCH;
    CHECK(events != NULL);
    events->count = events->ended = events->ready = latch;
    return events;
}

static triton_stream *open_with(triton_client *client, struct events *events) {
    triton_stream *stream = NULL;
    CHECK(!triton_stream_open(client, NULL, on_event, events, &stream, &error));
    return stream;
}

/* --- decoupled models --- */

static void pulled(void) {
    triton_stream *stream = open_stream(client, NULL);
    struct repeat *three = repeat(3, 10, 0), *none = repeat(0, 0, 0);
    triton_infer_result *result = (triton_infer_result *)stream;
    triton_error *request_error = (triton_error *)stream;
    bool is_end = true;
    refused(triton_stream_next(stream, 0, &result, &request_error, &is_end, &error),
            TRITON_STATUS_DEADLINE_EXCEEDED, "0ns");
    CHECK(result == NULL && request_error == NULL && !is_end);
    send_request(stream, three->request, "three");
    memset(three->in, 0x7f, sizeof three->in); /* copied */
    for (int i = 0; i < 3; i++) next_value(stream, "three", 10 + i);
    next_final(stream, "three");
    send_request(stream, none->request, "none");
    next_final(stream, "none");
    refused(triton_stream_next(stream, 1000, &result, &request_error, &is_end, &error),
            TRITON_STATUS_DEADLINE_EXCEEDED, "1ms");
    refused(triton_stream_wait(stream, 1000, &error), TRITON_STATUS_DEADLINE_EXCEEDED, "1ms");
    CHECK(!triton_stream_finish(stream, &error) && !triton_stream_finish(stream, &error));
    refused(triton_stream_send(stream, none->request, 0, &error), TRITON_STATUS_FAILED_PRECONDITION, "ended");
    next_end(stream, TRITON_STATUS_OK);
    triton_stream_cancel(stream); /* of an ended stream: nothing */
    triton_stream_free(stream);
    free_repeat(three);
    free_repeat(none);
}

/* Several requests at once are told apart by their ids, on one stream, and by their streams. */
static void interleaved(void) {
    triton_stream *streams[20];
    struct repeat *slow = repeat(4, 100, 20), *fast = repeat(4, 200, 0);
    for (int i = 0; i < 20; i++) {
        streams[i] = open_stream(client, NULL);
        send_request(streams[i], slow->request, "slow");
        send_request(streams[i], fast->request, "fast");
        CHECK(!triton_stream_finish(streams[i], &error));
    }
    for (int i = 0; i < 20; i++) {
        int32_t expected[2] = {100, 200};
        for (int left = 10; left > 0; left--) {
            triton_infer_result *result = next(streams[i]);
            int which = strcmp(triton_infer_result_id(result), "fast") == 0;
            if (triton_infer_result_is_final(result))
                CHECK(expected[which] == (which ? 204 : 104));
            else
                CHECK(*(const int32_t *)elements(result, "OUT", TRITON_DATATYPE_INT32, 1)
                      == expected[which]++);
            triton_infer_result_free(result);
        }
        next_end(streams[i], TRITON_STATUS_OK);
        triton_stream_free(streams[i]);
    }
    free_repeat(slow);
    free_repeat(fast);
}

static void called_back(void) {
    struct events *events = new_events();
    struct repeat *many = repeat(200, 0, 0);
    triton_infer_result *result = NULL;
    triton_error *request_error = NULL;
    bool is_end = true;
    triton_client *other = NULL;
    triton_client_options *options = client_options(3);
    CHECK(!triton_client_new(url, options, &other, &error));
    triton_stream *stream = open_with(other, events);
    refused(triton_stream_next(stream, 0, &result, &request_error, &is_end, &error),
            TRITON_STATUS_FAILED_PRECONDITION, "callback");
    send_request(stream, many->request, "many");
    CHECK(!triton_stream_finish(stream, &error));
    CHECK(!triton_stream_wait(stream, TRITON_NO_TIMEOUT, &error)); /* the last call has returned */
    CHECK(count_of(&events->count) == 202 && events->results == 201 && events->ends == 1 && events->end == 0);
    for (int i = 0; i < 200; i++) CHECK(events->values[i] == i && strcmp(events->ids[i], "many") == 0);
    CHECK(events->values[200] == -1 && !pthread_equal(events->thread, pthread_self()));
    triton_stream_free(stream);
    triton_client_free(other);
    triton_client_options_free(options);
    free_repeat(many);
    free(events);
}

/* The error of one response, and of a request that is refused; after both the stream goes on. */
static void errors_of_requests(void) {
    triton_stream *stream = open_stream(client, NULL);
    triton_infer_request *wrong = NULL;
    triton_infer_result *result = NULL;
    triton_error *request_error = NULL;
    struct repeat *middle = repeat(3, 1, 0), *next_request = repeat(1, 7, 0);
    bool is_end = true;
    middle->in[1] = -1;
    send_request(stream, middle->request, "middle");
    next_value(stream, "middle", 1);
    CHECK(!triton_stream_next(stream, TRITON_NO_TIMEOUT, &result, &request_error, &is_end, &error));
    CHECK(result == NULL && !is_end && triton_error_origin(request_error) == TRITON_ORIGIN_SERVER);
    CHECK(!triton_error_is_retryable(request_error) && !triton_error_is_in_doubt(request_error));
    CHECK(strcmp(triton_error_request_id(request_error), "middle") == 0);
    CHECK(strstr(triton_error_message(request_error), "repeat_int32") != NULL);
    check_error(request_error, TRITON_STATUS_UNKNOWN, "made to fail: -1");
    next_value(stream, "middle", 3);
    next_final(stream, "middle");
    CHECK(!triton_infer_request_new("repeat_int32", &wrong, &error));
    add_input(wrong, "WAIT", TRITON_DATATYPE_UINT32, one_element, 1, &middle->wait_ms, 4);
    send_request(stream, wrong, "wrong");
    CHECK(!triton_stream_next(stream, TRITON_NO_TIMEOUT, &result, &request_error, &is_end, &error));
    CHECK(result == NULL && !is_end && strcmp(triton_error_request_id(request_error), "wrong") == 0);
    check_error(request_error, TRITON_STATUS_UNKNOWN, "expected 3 inputs");
    send_request(stream, next_request->request, "next");
    next_value(stream, "next", 7);
    next_final(stream, "next");
    CHECK(!triton_stream_finish(stream, &error));
    next_end(stream, TRITON_STATUS_OK);
    triton_stream_free(stream);
    triton_infer_request_free(wrong);
    free_repeat(middle);
    free_repeat(next_request);
}

/* --- what a callback may do --- */

static void frees_stream(struct events *events) {
    await(&events->ready, 1);
    triton_stream_free(events->stream);
}

static void frees_client_and_stream(struct events *events) {
    await(&events->ready, 1);
    triton_client_free(events->client);
    triton_stream_free(events->stream);
}

static void waits(struct events *events) {
    triton_error *error = NULL;
    await(&events->ready, 1);
    CHECK(triton_stream_wait(events->stream, TRITON_NO_TIMEOUT, &error) == TRITON_STATUS_FAILED_PRECONDITION);
    check_error(error, TRITON_STATUS_FAILED_PRECONDITION, "callback");
    CHECK(triton_client_close(events->client, TRITON_NO_TIMEOUT, &error)
          == TRITON_STATUS_FAILED_PRECONDITION);
    check_error(error, TRITON_STATUS_FAILED_PRECONDITION, "callback");
    CHECK(!triton_stream_finish(events->stream, &error));
}

static void in_a_callback(void) {
    void (*acts[])(struct events *) = {frees_stream, frees_client_and_stream, waits};
    struct repeat *slow = repeat(3, 0, 30);
    for (int i = 0; i < 3; i++) {
        struct events *events = new_events();
        events->client = new_client(url);
        events->act = acts[i];
        events->stream = open_with(events->client, events);
        send_request(events->stream, slow->request, "slow");
        add(&events->ready, 1);
        if (i < 2) {
            /* What had arrived before is delivered before the end. */
            await(&events->ended, 1);
            CHECK(events->results >= 1 && events->ends == 1 && events->end == TRITON_STATUS_CANCELLED);
        } else {
            await(&events->ended, 1);
            CHECK(events->results == 4 && events->ends == 1 && events->end == TRITON_STATUS_OK);
            CHECK(!triton_stream_wait(events->stream, TRITON_NO_TIMEOUT, &error));
            triton_stream_free(events->stream);
        }
        if (i != 1) {
            CHECK(!triton_client_close(events->client, TRITON_NO_TIMEOUT, &error));
            triton_client_free(events->client);
        }
        free(events);
    }
    free_repeat(slow);
}

/* --- ends --- */

static void cancelled(void) {
    struct repeat *slow = repeat(100, 0, 100);
    struct events *events = new_events();
    triton_cancel_token *token = NULL;
    triton_call_options *call_options = NULL;
    triton_stream_options *options = NULL;

    /* By the stream, after a response, pulled and called back. */
    triton_stream *stream = open_stream(client, NULL);
    send_request(stream, slow->request, "slow");
    next_value(stream, "slow", 0);
    double start = seconds();
    triton_stream_cancel(stream);
    triton_stream_cancel(stream);
    next_end(stream, TRITON_STATUS_CANCELLED);
    CHECK(seconds() - start < 2);
    refused(triton_stream_send(stream, slow->request, 0, &error), TRITON_STATUS_CANCELLED, "");
    triton_stream_free(stream);
    stream = open_with(client, events);
    send_request(stream, slow->request, "slow");
    await(&events->count, 1);
    triton_stream_cancel(stream);
    CHECK(!triton_stream_wait(stream, TRITON_NO_TIMEOUT, &error));
    CHECK(events->ends == 1 && events->end == TRITON_STATUS_CANCELLED);
    triton_stream_free(stream);

    /* By the token of its options; the streams of others go on. */
    CHECK(!triton_cancel_token_new(&token, &error) && !triton_call_options_new(&call_options, &error));
    CHECK(!triton_call_options_set_cancel_token(call_options, token, &error));
    CHECK(!triton_stream_options_new(&options, &error));
    CHECK(!triton_stream_options_set_call_options(options, call_options, &error));
    stream = open_stream(client, options);
    triton_stream *other = open_stream(client, NULL);
    send_request(stream, slow->request, "slow");
    send_request(other, slow->request, "slow");
    next_value(stream, "slow", 0);
    triton_cancel_token_cancel(token);
    next_end(stream, TRITON_STATUS_CANCELLED);
    next_value(other, "slow", 0);
    next_value(other, "slow", 1);
    triton_stream_free(stream);
    triton_stream_free(other); /* cancels it */

    /* The timeout of the whole stream. */
    CHECK(!triton_call_options_set_cancel_token(call_options, NULL, &error));
    CHECK(!triton_call_options_set_timeout_us(call_options, 300000, &error));
    CHECK(!triton_stream_options_set_call_options(options, call_options, &error));
    start = seconds();
    stream = open_stream(client, options);
    next_end(stream, TRITON_STATUS_DEADLINE_EXCEEDED);
    CHECK(seconds() - start >= 0.3 && seconds() - start < 3);
    triton_stream_free(stream);
    triton_stream_options_free(options);
    triton_call_options_free(call_options);
    triton_cancel_token_free(token);
    free_repeat(slow);
    free(events);
}

/* A client that is freed first, with streams of both forms open: each ends as cancelled. */
static void client_freed_first(void) {
    struct repeat *slow = repeat(100, 0, 50);
    struct events *events[4];
    triton_stream *streams[8];
    triton_client *other = new_client(url);
    for (int i = 0; i < 8; i++) {
        if (i < 4) {
            events[i] = new_events();
            streams[i] = open_with(other, events[i]);
        } else
            streams[i] = open_stream(other, NULL);
        send_request(streams[i], slow->request, "slow");
    }
    free_repeat(slow);
    await(&events[0]->count, 1);
    double start = seconds();
    triton_client_free(other);
    CHECK(seconds() - start < 5);
    for (int i = 0; i < 4; i++) {
        CHECK(!triton_stream_wait(streams[i], TRITON_NO_TIMEOUT, &error));
        CHECK(events[i]->ends == 1 && events[i]->end == TRITON_STATUS_CANCELLED);
        free(events[i]);
    }
    for (int i = 4; i < 8; i++) {
        triton_infer_result *result = NULL;
        triton_error *request_error = NULL;
        bool is_end = false;
        triton_status status = TRITON_STATUS_OK;
        while (!is_end) { /* what had arrived comes first */
            status = triton_stream_next(streams[i], TRITON_NO_TIMEOUT, &result, &request_error, &is_end,
                                        &error);
            CHECK(request_error == NULL && (is_end || status == TRITON_STATUS_OK));
            triton_infer_result_free(result);
        }
        refused(status, TRITON_STATUS_CANCELLED, "");
    }
    for (int i = 0; i < 8; i++) triton_stream_free(streams[i]);
}

/* Streams that were freed, in every order, while they receive: the callback still gets the end. */
static void freed_while_receiving(void) {
    struct repeat *slow = repeat(100, 0, 20);
    for (int round = 0; round < 4; round++) {
        struct events *events = new_events();
        triton_client *other = new_client(url);
        triton_stream *stream = open_with(other, events), *idle = open_stream(other, NULL);
        send_request(stream, slow->request, "slow");
        if (round % 2 == 1) await(&events->count, 1);
        if (round < 2) {
            triton_stream_free(stream);
            triton_stream_free(idle);
            CHECK(!triton_client_close(other, TRITON_NO_TIMEOUT, &error)); /* waits for the end */
            CHECK(events->ends == 1);
            triton_client_free(other);
        } else {
            triton_client_free(other);
            triton_stream_free(idle);
            triton_stream_free(stream);
        }
        await(&events->ended, 1);
        CHECK(events->ends == 1 && events->end == TRITON_STATUS_CANCELLED);
        free(events);
    }
    free_repeat(slow);
}

/* A close waits for streams, and refuses new ones. */
static void closed(void) {
    triton_client *other = new_client(url);
    triton_stream *stream = open_stream(other, NULL), *late = (triton_stream *)other;
    struct repeat *one = repeat(1, 5, 0);
    refused(triton_client_close(other, 1000, &error), TRITON_STATUS_DEADLINE_EXCEEDED, "1ms");
    refused(triton_stream_open(other, NULL, NULL, NULL, &late, &error), TRITON_STATUS_FAILED_PRECONDITION,
            "closed");
    CHECK(late == NULL);
    send_request(stream, one->request, "one"); /* it goes on */
    CHECK(!triton_stream_finish(stream, &error));
    next_value(stream, "one", 5);
    next_final(stream, "one");
    next_end(stream, TRITON_STATUS_OK);
    CHECK(!triton_client_close(other, TRITON_NO_TIMEOUT, &error));
    triton_stream_free(stream);
    triton_client_free(other);
    free_repeat(one);
}

#define FORKED(call)                                                     \
    do {                                                                 \
        CHECK((call) == TRITON_STATUS_FAILED_PRECONDITION);              \
        check_error(error, TRITON_STATUS_FAILED_PRECONDITION, "forked"); \
        error = NULL;                                                    \
    } while (0)

/* A child uses its parent's streams, frees them, and has streams of its own; the parent's go on. */
static void forked(void) {
    struct repeat *slow = repeat(40, 0, 20);
    struct events *events = new_events();
    triton_stream *streams[] = {open_stream(client, NULL), open_with(client, events)};
    int report[2];
    char byte;
    send_request(streams[0], slow->request, "slow");
    send_request(streams[1], slow->request, "slow");
    next_value(streams[0], "slow", 0);
    CHECK(pipe(report) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        triton_infer_result *result = NULL;
        triton_error *request_error = NULL;
        triton_stream *stream = NULL;
        bool is_end = true;
        alarm(120);
        for (int i = 0; i < 2; i++) {
            FORKED(triton_stream_send(streams[i], slow->request, TRITON_NO_TIMEOUT, &error));
            FORKED(triton_stream_finish(streams[i], &error));
            FORKED(
                triton_stream_next(streams[i], TRITON_NO_TIMEOUT, &result, &request_error, &is_end, &error));
            FORKED(triton_stream_wait(streams[i], TRITON_NO_TIMEOUT, &error));
            FORKED(triton_stream_open(client, NULL, i == 0 ? NULL : on_event, NULL, &stream, &error));
            CHECK(!is_end && stream == NULL);
            triton_stream_cancel(streams[i]);
            triton_stream_free(streams[i]);
        }
        triton_client_free(client);
        client = new_client(url);
        called_back();
        pulled();
        triton_client_free(client);
        CHECK(write(report[1], "", 1) == 1);
        _exit(0);
    }
    struct pollfd ready = {.fd = report[0], .events = POLLIN};
    CHECK(poll(&ready, 1, 120000) == 1 && read(report[0], &byte, 1) == 1 && waitpid(pid, NULL, 0) == pid);
    for (int i = 1; i < 40; i++) next_value(streams[0], "slow", i);
    next_final(streams[0], "slow");
    CHECK(!triton_stream_finish(streams[0], &error) && !triton_stream_finish(streams[1], &error));
    next_end(streams[0], TRITON_STATUS_OK);
    CHECK(!triton_stream_wait(streams[1], TRITON_NO_TIMEOUT, &error));
    CHECK(events->results == 41 && events->ends == 1 && events->end == TRITON_STATUS_OK);
    triton_stream_free(streams[0]);
    triton_stream_free(streams[1]);
    free_repeat(slow);
    free(events);
}

/* --- other models --- */

static void not_decoupled(void) {
    triton_stream *stream = open_stream(client, NULL);
    triton_infer_request *request = simple(a, b), *unknown = unknown_model("unknown");
    triton_infer_result *result = NULL;
    triton_error *request_error = NULL;
    triton_client_statistics statistics = {.struct_size = sizeof statistics}, before = statistics;
    bool is_end = true;
    char id[16];
    CHECK(!triton_client_infer_statistics(client, &before, &error));
    for (int i = 0; i < 20; i++) {
        snprintf(id, sizeof id, "%d", i);
        send_request(stream, request, id);
    }
    int seen[20] = {0};
    for (int i = 0; i < 20; i++) {
        result = next(stream);
        CHECK(++seen[atoi(triton_infer_result_id(result))] == 1);
        CHECK(triton_infer_result_is_final(result) && triton_infer_result_endpoint(result)[0] != 0);
        check_sums(result, a, b);
    }
    CHECK(!triton_stream_send(stream, unknown, TRITON_NO_TIMEOUT, &error));
    CHECK(!triton_stream_next(stream, TRITON_NO_TIMEOUT, &result, &request_error, &is_end, &error));
    CHECK(result == NULL && !is_end && triton_error_origin(request_error) == TRITON_ORIGIN_SERVER);
    CHECK(!triton_error_is_retryable(request_error) && !triton_error_is_in_doubt(request_error));
    CHECK(strcmp(triton_error_request_id(request_error), "unknown") == 0);
    check_error(request_error, TRITON_STATUS_UNKNOWN, "no_such_model");
    send_request(stream, request, "last");
    result = next(stream);
    CHECK(strcmp(triton_infer_result_id(result), "last") == 0);
    check_sums(result, a, b);
    CHECK(!triton_stream_finish(stream, &error));
    next_end(stream, TRITON_STATUS_OK);
    triton_stream_free(stream);
    CHECK(!triton_client_infer_statistics(client, &statistics, &error));
    CHECK(statistics.completed_count - before.completed_count == 21);
    CHECK(statistics.failed_count - before.failed_count == 1);
    triton_infer_request_free(unknown);
    triton_infer_request_free(request);
}

/* What is wrong with a request is found before it is queued. */
static void refused_requests(void) {
    triton_stream *stream = open_stream(client, NULL);
    triton_infer_request *request = simple(a, b);
    int32_t sums[16];
    CHECK(!triton_infer_request_input_set_data(request, 1, b, 60, &error));
    refused(triton_stream_send(stream, request, 0, &error), TRITON_STATUS_INVALID_ARGUMENT, "INPUT1");
    CHECK(!triton_infer_request_input_set_data(request, 1, b, 64, &error));
    CHECK(!triton_infer_request_add_output(request, "OUTPUT0", NULL, &error));
    CHECK(!triton_infer_request_output_set_buffer(request, 0, sums, sizeof sums, &error));
    refused(triton_stream_send(stream, request, 0, &error), TRITON_STATUS_INVALID_ARGUMENT, "OUTPUT0");
    CHECK(!triton_stream_finish(stream, &error));
    next_end(stream, TRITON_STATUS_OK);
    triton_stream_free(stream);
    triton_infer_request_free(request);
}

/* A sequence over a stream: in order, its state at the server. */
static void sequences(void) {
    triton_stream *stream = open_stream(client, NULL);
    const uint64_t ids[] = {771001, 771002};
    int32_t value = 0;
    const int64_t shape[] = {1, 1};
    triton_infer_request *request = NULL;
    char id[16];
    CHECK(!triton_infer_request_new("simple_sequence", &request, &error));
    add_input(request, "INPUT", TRITON_DATATYPE_INT32, shape, 2, &value, 4);
    for (int step = 0; step < 4; step++) {
        for (int i = 0; i < 2; i++) {
            value = 10 * step + i;
            snprintf(id, sizeof id, "%d:%d", step, i);
            CHECK(!triton_infer_request_set_sequence(request, ids[i], step == 0, step == 3, &error));
            send_request(stream, request, id);
        }
    }
    CHECK(!triton_stream_finish(stream, &error));
    int seen[2] = {0};
    for (int i = 0; i < 8; i++) {
        triton_infer_result *result = next(stream);
        int step = atoi(triton_infer_result_id(result)), of = triton_infer_result_id(result)[2] - '0';
        CHECK(seen[of]++ == step); /* each in its own order */
        CHECK(*(const int32_t *)elements(result, "OUTPUT", TRITON_DATATYPE_INT32, 1)
              == 10 * step + of + (step == 0));
        triton_infer_result_free(result);
    }
    next_end(stream, TRITON_STATUS_OK);
    triton_stream_free(stream);
    triton_infer_request_free(request);
}

/* The mode in which the error of a response is the end, with its own status. One request alone. */
static void grpc_error(void) {
    triton_stream_options *options = NULL;
    triton_infer_request *request = NULL;
    int32_t kind = 2;
    CHECK(!triton_stream_options_new(&options, &error));
    CHECK(!triton_stream_options_set_grpc_error(options, true, &error));
    CHECK(!triton_infer_request_new("faulty", &request, &error));
    add_input(request, "KIND", TRITON_DATATYPE_INT32, one_element, 1, &kind, 4);
    triton_stream *stream = open_stream(client, options);
    send_request(stream, request, "only");
    next_end(stream, TRITON_STATUS_INTERNAL);
    triton_stream_free(stream);
    triton_stream_options_free(options);
    triton_infer_request_free(request);
}

static void compressed(void) {
    const triton_compression kinds[] = {TRITON_COMPRESSION_GZIP, TRITON_COMPRESSION_DEFLATE};
    for (int i = 0; i < 2; i++) {
        triton_call_options *call_options = NULL;
        triton_stream_options *options = NULL;
        triton_infer_request *request = simple(a, b);
        CHECK(!triton_call_options_new(&call_options, &error));
        CHECK(!triton_call_options_set_request_compression(call_options, kinds[i], &error));
        CHECK(!triton_call_options_add_header(call_options, "x-tenant", "blue", &error));
        CHECK(!triton_stream_options_new(&options, &error));
        CHECK(!triton_stream_options_set_call_options(options, call_options, &error));
        triton_call_options_free(call_options);
        triton_stream *stream = open_stream(client, options);
        triton_stream_options_free(options);
        send_request(stream, request, "x");
        CHECK(!triton_stream_finish(stream, &error));
        check_sums(next(stream), a, b);
        next_end(stream, TRITON_STATUS_OK);
        triton_stream_free(stream);
        triton_infer_request_free(request);
    }
}

/* A request of 5 s is over at once when its stream is cancelled, and the server is free for the next. */
static void cancelled_on_the_server(void) {
    uint32_t delay_ms = 5000, short_ms = 1;
    triton_infer_request *request = slow(&delay_ms), *next_request = slow(&short_ms);
    triton_infer_result *result = NULL;
    triton_stream *stream = open_stream(client, NULL);
    send_request(stream, request, "slow");
    CHECK(!triton_stream_finish(stream, &error));
    double start = seconds();
    triton_stream_cancel(stream);
    next_end(stream, TRITON_STATUS_CANCELLED);
    CHECK(seconds() - start < 0.5);
    CHECK(!triton_client_infer(client, next_request, NULL, &result, &error));
    CHECK(seconds() - start < 4);
    triton_infer_result_free(result);
    triton_stream_free(stream);
    triton_infer_request_free(next_request);
    triton_infer_request_free(request);
}

/* --- without a server --- */

struct sender {
    struct latch begins;
    triton_stream *stream;
    triton_infer_request *request;
    triton_status status;
};

static void *sends(void *argument) {
    struct sender *sender = argument;
    triton_error *failure = NULL;
    add(&sender->begins, 1);
    sender->status = triton_stream_send(sender->stream, sender->request, TRITON_NO_TIMEOUT, &failure);
    triton_error_free(failure);
    return NULL;
}

static void sends_in_a_callback(struct events *events) {
    triton_error *error = NULL;
    await(&events->ready, 1);
    CHECK(triton_stream_send(events->stream, events->request, TRITON_NO_TIMEOUT, &error)
          == TRITON_STATUS_RESOURCE_EXHAUSTED);
    check_error(error, TRITON_STATUS_RESOURCE_EXHAUSTED, "queue");
}

/* The bound of the queue: one message of any size, and then waiting, as the caller says. */
static void bounded_queue(void) {
    static uint8_t large[1 << 20];
    const int64_t shape[] = {1, sizeof large};
    triton_stream_options *options = NULL;
    triton_infer_request *request = NULL;
    triton_client *other = new_client(silent);
    pthread_t thread;
    CHECK(!triton_stream_options_new(&options, &error));
    CHECK(!triton_stream_options_set_max_queued_byte_size(options, 1000, &error));
    CHECK(!triton_infer_request_new("identity_uint8", &request, &error));
    add_input(request, "INPUT0", TRITON_DATATYPE_UINT8, shape, 2, large, sizeof large);
    triton_stream *stream = open_stream(other, options);
    send_request(stream, request, "1");
    refused(triton_stream_send(stream, request, 0, &error), TRITON_STATUS_DEADLINE_EXCEEDED,
            "max_queued_byte_size");
    refused(triton_stream_send(stream, request, 20000, &error), TRITON_STATUS_DEADLINE_EXCEEDED, "20ms");
    struct sender sender = {.begins = LATCH, .stream = stream, .request = request};
    CHECK(pthread_create(&thread, NULL, sends, &sender) == 0);
    await(&sender.begins, 1);
    triton_stream_cancel(stream); /* a send that waits ends with the stream */
    CHECK(pthread_join(thread, NULL) == 0 && sender.status == TRITON_STATUS_CANCELLED);
    next_end(stream, TRITON_STATUS_CANCELLED);
    triton_stream_free(stream);

    /* On a callback thread of the client a send never waits. */
    struct events *events = new_events();
    events->request = request;
    events->stream = stream = open_stream(other, options);
    send_request(stream, request, "1");
    events->act = sends_in_a_callback;
    triton_stream *calling = open_with(other, events);
    triton_stream_cancel(calling);
    add(&events->ready, 1);
    await(&events->count, 1);
    triton_stream_free(calling);
    triton_stream_free(stream);
    CHECK(!triton_client_close(other, TRITON_NO_TIMEOUT, &error));
    triton_client_free(other);
    triton_stream_options_free(options);
    triton_infer_request_free(request);
    free(events);
}

static void options_and_arguments(const char *http_url) {
    triton_call_options *call_options = NULL;
    triton_stream_options *options = NULL;
    triton_client *http = new_client(http_url);
    triton_infer_result *result = NULL;
    triton_error *request_error = NULL;
    bool is_end = true;
    triton_stream *stream = (triton_stream *)http;
    refused(triton_stream_open(http, NULL, NULL, NULL, &stream, &error), TRITON_STATUS_UNIMPLEMENTED, "gRPC");
    CHECK(stream == NULL);
    refused(triton_stream_open(http, NULL, on_event, NULL, &stream, &error), TRITON_STATUS_UNIMPLEMENTED,
            "gRPC");
    triton_client_free(http);
    refused(triton_stream_open(client, NULL, on_event, NULL, NULL, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "stream_out");
    CHECK(!triton_stream_options_new(&options, &error));
    for (int i = 0; i < 5; i++) {
        CHECK(!triton_call_options_new(&call_options, &error));
        if (i == 0)
            CHECK(!triton_call_options_add_query_parameter(call_options, "x", "y", &error));
        else if (i == 1)
            CHECK(!triton_call_options_set_http_path(call_options, "/x", &error));
        else if (i == 2)
            CHECK(!triton_call_options_set_http_content_type(call_options, "x/y", &error));
        else if (i == 3)
            CHECK(!triton_call_options_set_http_json_size_header(call_options, "x", &error));
        else
            CHECK(!triton_call_options_set_load_report(call_options, TRITON_LOAD_REPORT_TEXT, &error));
        refused(triton_stream_options_set_call_options(options, call_options, &error),
                TRITON_STATUS_INVALID_ARGUMENT, "stream");
        triton_call_options_free(call_options);
    }
    CHECK(!triton_stream_options_set_call_options(options, NULL, &error));
    CHECK(!triton_stream_options_set_max_queued_byte_size(options, 0, &error));
    CHECK(!triton_stream_options_set_grpc_error(options, false, &error));
    stream = open_stream(client, options);
    triton_stream_options_free(options);
    refused(triton_stream_next(stream, 0, NULL, &request_error, &is_end, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "result_out");
    CHECK(!is_end);
    refused(triton_stream_next(stream, 0, &result, NULL, &is_end, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "request_error_out");
    refused(triton_stream_next(stream, 0, &result, &request_error, NULL, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "is_end_out");
    CHECK(!triton_stream_finish(stream, &error)); /* without a request */
    next_end(stream, TRITON_STATUS_OK);
    triton_stream_free(stream);
    triton_stream_free(NULL);
    triton_stream_cancel(NULL);
    refused(triton_stream_wait(NULL, 0, &error), TRITON_STATUS_INVALID_ARGUMENT, "stream");
}

int main(int argc, char **argv) {
    CHECK(argc == 4);
    url = argv[1];
    silent = silent_url("grpc");
    for (int i = 0; i < 16; i++) a[i] = i, b[i] = 1;
    client = new_client(url);
    if (strcmp(argv[3], "decoupled") == 0) {
        options_and_arguments(argv[2]);
        bounded_queue();
        pulled();
        interleaved();
        called_back();
        errors_of_requests();
        in_a_callback();
        cancelled();
        client_freed_first();
        freed_while_receiving();
        closed();
        forked();
    } else {
        not_decoupled();
        refused_requests();
        sequences();
        grpc_error();
        compressed();
        cancelled_on_the_server();
    }
    CHECK(!triton_client_close(client, TRITON_NO_TIMEOUT, &error));
    triton_client_free(client);
    return 0;
}

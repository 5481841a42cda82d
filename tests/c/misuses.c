/* misuses.c URL: what users do wrong, and what the header says of it. */
#include "async.h"

static const char *url;
static triton_client *client = NULL;
static const int64_t shape[] = {1, 16}, one[] = {1};
static int32_t a[16], b[16], sum[16];

/* A result is read as another datatype, an input is sent as one that the model does not have, or with too few
 * bytes. */
static void wrong_datatype(void) {
    triton_infer_request *request = simple(a, b);
    triton_infer_result *result = NULL;
    const triton_bytes *strings = NULL;
    const void *data = a;
    size_t count = 1;
    CHECK(!triton_client_infer(client, request, NULL, &result, &error));
    refused(triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_FP32, &data, &count, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "FP32");
    CHECK(data == NULL && count == 0);
    refused(triton_infer_result_output_strings(result, "OUTPUT0", &strings, &count, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "INT32");
    CHECK(strings == NULL && count == 0);
    triton_infer_result_free(result);
    triton_infer_request_free(request);

    CHECK(!triton_infer_request_new("simple", &request, &error));
    CHECK(!triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_FP32, shape, 2, a, sizeof a,
                                               NULL, &error));
    CHECK(!triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, b,
                                               sizeof b, NULL, &error));
    refused(triton_client_infer(client, request, NULL, &result, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "INPUT0");
    CHECK(result == NULL);
    triton_infer_request_free(request);

    CHECK(!triton_infer_request_new("simple", &request, &error));
    CHECK(!triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT64, shape, 2, a,
                                               sizeof a, NULL, &error));
    refused(triton_client_infer(client, request, NULL, &result, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "INPUT0");
    triton_infer_request_free(request);
}

/* What two threads share: a request, the number of calls that failed for its buffer, and which rounds are to
 * come. */
struct shared {
    triton_infer_request *request;
    pthread_mutex_t mutex;
    int refused, succeeded;
    bool is_done;
};

static void *calls(void *argument) {
    struct shared *shared = argument;
    bool is_done = false;
    for (int round = 0; round < 50 && !is_done; round++) {
        triton_infer_result *result = NULL;
        triton_error *failure = NULL;
        triton_status status = triton_client_infer(client, shared->request, NULL, &result, &failure);
        CHECK(status == TRITON_STATUS_OK || status == TRITON_STATUS_FAILED_PRECONDITION);
        CHECK((status == TRITON_STATUS_OK) == (result != NULL) && triton_error_status(failure) == status);
        triton_infer_result_free(result);
        triton_error_free(failure);
        CHECK(pthread_mutex_lock(&shared->mutex) == 0);
        if (status == TRITON_STATUS_OK)
            shared->succeeded++;
        else
            shared->refused++;
        /* With a buffer until one was refused and one was not, without one four times. */
        is_done = shared->is_done = shared->is_done || (shared->refused > 0 && shared->succeeded > 0)
            || shared->succeeded >= 4;
        CHECK(pthread_mutex_unlock(&shared->mutex) == 0);
    }
    return NULL;
}

/* One request in two threads at once: allowed, unless it has a buffer for an output. */
static void two_threads(bool has_buffer) {
    static uint32_t delay_ms, slept;
    struct shared shared = {.refused = 0};
    pthread_t threads[2];
    delay_ms = has_buffer ? 50 : 0;
    CHECK(pthread_mutex_init(&shared.mutex, NULL) == 0);
    CHECK(!triton_infer_request_new("slow", &shared.request, &error));
    CHECK(!triton_infer_request_add_input_data(shared.request, "DELAY_MS", TRITON_DATATYPE_UINT32, one, 1,
                                               &delay_ms, 4, NULL, &error));
    if (has_buffer) {
        CHECK(!triton_infer_request_add_output(shared.request, "OUTPUT0", NULL, &error));
        CHECK(!triton_infer_request_output_set_buffer(shared.request, 0, &slept, sizeof slept, &error));
    }
    for (int i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, calls, &shared) == 0);
    for (int i = 0; i < 2; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(shared.succeeded > 0 && (shared.refused > 0) == has_buffer);
    CHECK(pthread_mutex_destroy(&shared.mutex) == 0);
    triton_infer_request_free(shared.request);
}

/* What a thread reads of a result and of an error that another thread reads too. */
struct reads {
    const triton_infer_result *result;
    const triton_error *error;
    const void *pointers[12];
};

static void *reads(void *argument) {
    struct reads *all = argument;
    const triton_infer_output *output = triton_infer_result_find_output(all->result, "OUTPUT0");
    const triton_bytes *strings = NULL;
    triton_error *failure = NULL;
    size_t i = 0;
    CHECK(!triton_infer_output_strings(output, &strings, NULL, &failure));
    all->pointers[i++] = strings;
    all->pointers[i++] = triton_infer_output_name(output);
    all->pointers[i++] = triton_infer_output_parameters(output);
    all->pointers[i++] = triton_infer_result_parameters(all->result);
    all->pointers[i++] = triton_infer_result_headers(all->result);
    all->pointers[i++] = triton_headers_name(triton_infer_result_headers(all->result), 0);
    all->pointers[i++] = triton_infer_result_model_name(all->result);
    all->pointers[i++] = triton_infer_result_model_version(all->result);
    all->pointers[i++] = triton_infer_result_id(all->result);
    all->pointers[i++] = triton_infer_result_endpoint(all->result);
    all->pointers[i++] = triton_infer_result_debug_string(all->result);
    all->pointers[i++] = triton_error_headers(all->error);
    return NULL;
}

/* Getters in two threads at once, the first to read each value: both get the same pointers. */
static void first_reads_in_two_threads(void) {
    const triton_bytes words[] = {{"alpha", 5}, {"be\0ta", 5}};
    const int64_t two[] = {2};
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL, *none = NULL;
    triton_error *failure = NULL;
    pthread_t thread;
    CHECK(!triton_infer_request_new("identity_bytes", &request, &error));
    CHECK(!triton_infer_request_add_input_strings(request, "INPUT0", two, 1, words, 2, NULL, &error));
    for (int round = 0; round < 10; round++) {
        CHECK(!triton_infer_request_set_model_version(request, NULL, &error));
        CHECK(!triton_client_infer(client, request, NULL, &result, &error));
        CHECK(!triton_infer_request_set_model_version(request, "9", &error));
        CHECK(triton_client_infer(client, request, NULL, &none, &failure));
        struct reads own = {.result = result, .error = failure}, other = own;
        CHECK(pthread_create(&thread, NULL, reads, &other) == 0);
        reads(&own);
        CHECK(pthread_join(thread, NULL) == 0);
        for (size_t i = 0; i < sizeof own.pointers / sizeof own.pointers[0]; i++)
            CHECK(own.pointers[i] != NULL && own.pointers[i] == other.pointers[i]);
        triton_infer_result_free(result);
        triton_error_free(failure);
    }
    triton_infer_request_free(request);
}

/* A result outlives its request, options and client, and the memory of the inputs. */
static void freed_early(void) {
    triton_client_options *options = NULL;
    triton_call_options *call = NULL;
    triton_client *other = NULL;
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    const void *data = NULL;
    size_t count = 0;
    int32_t *input = malloc(sizeof a);
    CHECK(input != NULL);
    memcpy(input, a, sizeof a);
    CHECK(!triton_client_options_new(&options, &error) && !triton_call_options_new(&call, &error));
    CHECK(!triton_client_new(url, options, &other, &error));
    triton_client_options_free(options);
    CHECK(!triton_infer_request_new("simple", &request, &error));
    CHECK(!triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, input,
                                               sizeof a, NULL, &error));
    CHECK(!triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, b,
                                               sizeof b, NULL, &error));
    CHECK(!triton_client_infer(other, request, call, &result, &error));
    triton_call_options_free(call);
    triton_infer_request_free(request);
    free(input);
    triton_client_free(other);
    CHECK(!triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT32, &data, &count, &error)
          && count == 16);
    for (size_t i = 0; i < count; i++) CHECK(((const int32_t *)data)[i] == a[i] + b[i]);
    triton_infer_result_free(result);
}

/* Memory that was borrowed is freed before the request, which may be freed then, or be given other memory. */
static void borrowed_memory_freed_first(void) {
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    int32_t *input = malloc(sizeof a);
    size_t index = 7;
    CHECK(input != NULL && !triton_infer_request_new("simple", &request, &error));
    CHECK(!triton_infer_request_add_input(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, &index, &error)
          && index == 0);
    CHECK(!triton_infer_request_input_append_data(request, index, input, sizeof a, &error));
    CHECK(!triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, b,
                                               sizeof b, NULL, &error));
    free(input);
    CHECK(!triton_infer_request_input_set_data(request, index, a, sizeof a, &error));
    CHECK(!triton_client_infer(client, request, NULL, &result, &error));
    triton_infer_result_free(result);
    triton_infer_request_free(request);
}

/* Indices of a cleared request, and the request again. */
static void after_clear(void) {
    triton_infer_request *request = simple(a, b);
    triton_infer_result *result = NULL;
    size_t output = 7;
    CHECK(!triton_infer_request_add_output(request, "OUTPUT0", &output, &error) && output == 0);
    CHECK(!triton_infer_request_output_set_buffer(request, output, sum, sizeof sum, &error));
    CHECK(!triton_infer_request_clear(request, &error) && !triton_infer_request_clear(request, &error));
    refused(triton_infer_request_output_set_buffer(request, output, sum, sizeof sum, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "0");
    refused(triton_infer_request_input_append_data(request, 1, a, sizeof a, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "1");
    CHECK(triton_infer_request_input_count(request) == 0);
    CHECK(!triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, a,
                                               sizeof a, NULL, &error));
    CHECK(!triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, b,
                                               sizeof b, NULL, &error));
    CHECK(!triton_client_infer(client, request, NULL, &result, &error)
          && triton_infer_result_output_count(result) == 2);
    triton_infer_result_free(result);
    triton_infer_request_free(request);
}

/* A result whose output is in the caller's buffer shows what the next call wrote there. */
static void buffer_overwritten_by_the_next_call(void) {
    triton_infer_request *request = simple(a, b);
    triton_infer_result *early = NULL, *late = NULL;
    const void *data = NULL;
    size_t count = 0;
    CHECK(!triton_infer_request_add_output(request, "OUTPUT0", NULL, &error));
    CHECK(!triton_infer_request_output_set_buffer(request, 0, sum, sizeof sum, &error));
    CHECK(!triton_client_infer(client, request, NULL, &early, &error) && sum[15] == a[15] + b[15]);
    a[15] += 100;
    CHECK(!triton_client_infer(client, request, NULL, &late, &error) && sum[15] == a[15] + b[15]);
    CHECK(!triton_infer_result_output_as(early, "OUTPUT0", TRITON_DATATYPE_INT32, &data, &count, &error));
    CHECK(data == sum && count == 16);
    triton_infer_result_free(early);
    triton_infer_result_free(late);
    triton_infer_request_free(request);
}

/* An error that was not freed is overwritten; error_out may be NULL. */
static void errors_not_freed(void) {
    triton_infer_result *result = (triton_infer_result *)&error;
    triton_infer_request *request = NULL;
    triton_error *lost;
    CHECK(!triton_infer_request_new("no_such_model", &request, NULL));
    CHECK(triton_client_infer(client, request, NULL, &result, &error) == TRITON_STATUS_NOT_FOUND
          && result == NULL);
    lost = error;
    CHECK(triton_client_infer(client, request, NULL, &result, &error) == TRITON_STATUS_NOT_FOUND
          && error != lost);
    triton_error_free(lost);
    triton_error_free(error);
    CHECK(triton_client_infer(client, request, NULL, &result, NULL) == TRITON_STATUS_NOT_FOUND);
    CHECK(!triton_infer_request_set_id(request, "x", &error) && error == NULL); /* success overwrites too */
    triton_infer_request_free(request);
}

/* A request that is changed while a call with it is under way: the call has the old one. */
static void changed_while_under_way(void) {
    int32_t c[16] = {1000};
    triton_infer_request *request = simple(a, b);
    triton_infer_result *result = NULL;
    triton_call *calls[2] = {NULL};
    CHECK(!triton_infer_request_set_id(request, "old", &error));
    CHECK(!triton_client_infer_async(client, request, NULL, NULL, NULL, &calls[0], &error));
    CHECK(!triton_infer_request_input_set_data(request, 0, c, sizeof c, &error));
    CHECK(!triton_infer_request_set_id(request, "new", &error));
    CHECK(!triton_client_infer_async(client, request, NULL, NULL, NULL, &calls[1], &error));
    CHECK(!triton_infer_request_clear(request, &error));
    triton_infer_request_free(request);
    for (int i = 0; i < 2; i++) {
        CHECK(!triton_call_wait(calls[i], TRITON_NO_TIMEOUT, &error));
        CHECK(!triton_call_take_result(calls[i], &result, &error));
        CHECK(strcmp(triton_infer_result_id(result), i == 0 ? "old" : "new") == 0);
        check_sums(result, i == 0 ? a : c, b);
        triton_call_free(calls[i]);
    }
}

static void *takes(void *call) {
    triton_infer_result *result = NULL;
    triton_error *failure = NULL;
    CHECK(!triton_call_wait(call, TRITON_NO_TIMEOUT, &failure));
    triton_status status = triton_call_take_result(call, &result, &failure);
    CHECK(status == TRITON_STATUS_OK || status == TRITON_STATUS_FAILED_PRECONDITION);
    triton_error_free(failure);
    return result;
}

/* One call in four threads at once: one of them gets the result. */
static void four_threads_take(void) {
    triton_infer_request *request = simple(a, b);
    for (int round = 0; round < 10; round++) {
        pthread_t threads[4];
        triton_call *call = NULL;
        void *result;
        int count = 0;
        CHECK(!triton_client_infer_async(client, request, NULL, NULL, NULL, &call, &error));
        for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, takes, call) == 0);
        for (int i = 0; i < 4; i++) {
            CHECK(pthread_join(threads[i], &result) == 0);
            if (result != NULL) {
                check_sums(result, a, b);
                count++;
            }
        }
        CHECK(count == 1);
        triton_call_free(call);
    }
    triton_infer_request_free(request);
}

struct shared_stream {
    triton_stream *stream;
    struct latch results, ends;
};

static void *sends_25(void *argument) {
    struct shared_stream *shared = argument;
    triton_infer_request *request = simple(a, b);
    triton_error *failure = NULL;
    for (int i = 0; i < 25; i++)
        CHECK(!triton_stream_send(shared->stream, request, TRITON_NO_TIMEOUT, &failure));
    triton_infer_request_free(request);
    return NULL;
}

static void *takes_events(void *argument) {
    struct shared_stream *shared = argument;
    for (;;) {
        triton_infer_result *result = NULL;
        triton_error *refusal = NULL, *failure = NULL;
        bool is_end = false;
        triton_status status = triton_stream_next(shared->stream, TRITON_NO_TIMEOUT, &result, &refusal,
                                                  &is_end, &failure);
        CHECK(refusal == NULL);
        if (status == TRITON_STATUS_FAILED_PRECONDITION) { /* another thread took the end */
            triton_error_free(failure);
            return NULL;
        }
        CHECK(status == TRITON_STATUS_OK);
        if (is_end) {
            add(&shared->ends, 1);
        } else {
            check_sums(result, a, b);
            add(&shared->results, 1);
        }
    }
}

/* One stream in six threads at once: each event is taken by one of them. */
static void six_threads_on_a_stream(void) {
    struct shared_stream shared = {.results = LATCH, .ends = LATCH};
    pthread_t threads[6];
    CHECK(!triton_stream_open(client, NULL, NULL, NULL, &shared.stream, &error));
    for (int i = 0; i < 6; i++)
        CHECK(pthread_create(&threads[i], NULL, i < 4 ? sends_25 : takes_events, &shared) == 0);
    for (int i = 0; i < 4; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(!triton_stream_finish(shared.stream, &error));
    for (int i = 4; i < 6; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(shared.results.count == 100 && shared.ends.count == 1);
    triton_stream_free(shared.stream);
}

/* The requests, options and tokens of a stream and of a call are freed before these begin to run. */
static void freed_before_they_run(void) {
    triton_call_options *options = NULL;
    triton_stream_options *stream_options = NULL;
    triton_cancel_token *token = NULL;
    triton_stream *stream = NULL;
    triton_infer_result *result = NULL;
    triton_call *call = NULL;
    triton_error *refusal = NULL;
    bool is_end = false;
    triton_infer_request *request = simple(a, b);
    CHECK(!triton_cancel_token_new(&token, &error) && !triton_call_options_new(&options, &error));
    CHECK(!triton_call_options_set_cancel_token(options, token, &error));
    CHECK(!triton_call_options_add_header(options, "x-tenant", "blue", &error));
    CHECK(!triton_stream_options_new(&stream_options, &error));
    CHECK(!triton_stream_options_set_call_options(stream_options, options, &error));
    CHECK(!triton_client_infer_async(client, request, options, NULL, NULL, &call, &error));
    if (strncmp(url, "grpc", 4) == 0) {
        CHECK(!triton_stream_open(client, stream_options, NULL, NULL, &stream, &error));
        CHECK(!triton_stream_send(stream, request, TRITON_NO_TIMEOUT, &error));
        CHECK(!triton_stream_finish(stream, &error));
    }
    triton_stream_options_free(stream_options);
    triton_call_options_free(options);
    triton_cancel_token_free(token);
    triton_infer_request_free(request);
    CHECK(!triton_call_wait(call, TRITON_NO_TIMEOUT, &error)
          && !triton_call_take_result(call, &result, &error));
    check_sums(result, a, b);
    triton_call_free(call);
    if (stream != NULL) {
        CHECK(!triton_stream_next(stream, TRITON_NO_TIMEOUT, &result, &refusal, &is_end, &error) && !is_end);
        check_sums(result, a, b);
    }
    triton_stream_free(stream);
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    url = argv[1];
    for (int i = 0; i < 16; i++) a[i] = i, b[i] = 1;
    CHECK(!triton_client_new(url, NULL, &client, &error));
    wrong_datatype();
    two_threads(true);
    two_threads(false);
    first_reads_in_two_threads();
    freed_early();
    borrowed_memory_freed_first();
    after_clear();
    buffer_overwritten_by_the_next_call();
    errors_not_freed();
    changed_while_under_way();
    four_threads_take();
    if (strncmp(url, "grpc", 4) == 0) six_threads_on_a_stream();
    freed_before_they_run();
    triton_client_free(client);
    return 0;
}

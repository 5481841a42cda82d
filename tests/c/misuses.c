/* misuses.c URL: what users do wrong, and what the header says of it. */
#include "check.h"
#include <pthread.h>

static const char *url;
static triton_client *client = NULL;
static const int64_t shape[] = {1, 16}, one[] = {1};
static int32_t a[16], b[16], sum[16];

static triton_infer_request *simple(void) {
    triton_infer_request *request = NULL;
    CHECK(!triton_infer_request_new("simple", &request, &error));
    CHECK(!triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, a,
                                               sizeof a, NULL, &error));
    CHECK(!triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, b,
                                               sizeof b, NULL, &error));
    return request;
}

/* A result is read as another datatype, an input is sent as one that the model does not have, or with too few
 * bytes. */
static void wrong_datatype(void) {
    triton_infer_request *request = simple();
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
    triton_infer_request *request = simple();
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
    triton_infer_request *request = simple();
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
    triton_client_free(client);
    return 0;
}

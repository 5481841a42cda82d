/* user_code.c URL REFUSED-URL SECURE-URL FOLDER: what a user's code reads like, piece by piece, as the
 * documentation shows it. */
#include "check.h"
#include <unistd.h>

static triton_client *client = NULL;
static triton_infer_request *request = NULL;
static triton_infer_result *result = NULL;
static int failed;
static const int64_t shape[] = {1, 16};
static int32_t a[16], b[16];

static void new_request(const char *model) {
    triton_infer_result_free(result);
    triton_infer_request_free(request);
    result = NULL;
    failed = triton_infer_request_new(model, &request, &error);
    CHECK(!failed);
}

static void new_simple(void) {
    new_request("simple");
    failed = triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, a,
                                                 sizeof a, NULL, &error)
        || triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, b,
                                               sizeof b, NULL, &error);
    CHECK(!failed);
}

/* a deadline, headers, for one call */
static void deadline_and_headers(void) {
    new_simple();
    triton_call_options *options = NULL;
    failed = triton_call_options_new(&options, &error)
        || triton_call_options_set_timeout_us(options, 20000000, &error)
        || triton_call_options_add_header(options, "x-tenant", "blue", &error);
    CHECK(!failed && !triton_client_infer(client, request, options, &result, &error));
    triton_call_options_free(options);
}

/* strings, there and back */
static void strings(void) {
    const int64_t shape[] = {2};
    size_t count = 0;
    new_request("identity_bytes");
    const triton_bytes words[] = {{"alpha", 5}, {"be\0ta", 5}};
    failed = triton_infer_request_add_input_strings(request, "INPUT0", shape, 1, words, 2, NULL, &error);
    CHECK(!failed && !triton_client_infer(client, request, NULL, &result, &error));
    const triton_bytes *labels = NULL;
    failed = triton_infer_result_output_strings(result, "OUTPUT0", &labels, &count, &error);
    CHECK(!failed && count == 2 && labels[1].byte_size == 5 && memcmp(labels[1].data, "be\0ta", 5) == 0);
}

/* the output straight into my own memory */
static void own_memory(void) {
    int32_t mine[16];
    new_simple();
    size_t output = 0;
    failed = triton_infer_request_add_output(request, "OUTPUT0", &output, &error)
        || triton_infer_request_output_set_buffer(request, output, mine, sizeof mine, &error);
    CHECK(!failed && !triton_client_infer(client, request, NULL, &result, &error) && mine[15] == 16);
}

/* an output with its shape */
static void output_with_its_shape(void) {
    const void *data = NULL;
    size_t count = 0, rank = 0;
    new_simple();
    CHECK(!triton_client_infer(client, request, NULL, &result, &error));
    const triton_infer_output *scores = triton_infer_result_find_output(result, "OUTPUT1");
    failed = triton_infer_output_elements(scores, TRITON_DATATYPE_INT32, &data, &count, &error);
    CHECK(!failed && count == 16 && triton_infer_output_shape(scores, &rank)[1] == 16 && rank == 2);
    CHECK(triton_infer_result_find_output(result, "SCORES") == NULL);
}

/* is the server ready? */
static void server_ready(void) {
    bool ready = false;
    failed = triton_client_check_server_ready(client, NULL, &ready, &error);
    CHECK(!failed && ready);
}

/* the next frame, in other memory */
static void next_frame(void) {
    int32_t next_frame[16] = {41};
    const void *data = NULL;
    size_t count = 0;
    new_simple();
    failed = triton_infer_request_input_set_data(request, 0, next_frame, sizeof next_frame, &error);
    CHECK(!failed && !triton_client_infer(client, request, NULL, &result, &error));
    CHECK(!triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT32, &data, &count, &error));
    CHECK(((const int32_t *)data)[0] == 42);
}

/* is it worth another try? */
static void another_try(const char *refused_url) {
    triton_client *client = NULL;
    int tries = 2;
    new_simple();
    failed = triton_client_new(refused_url, NULL, &client, &error)
        || triton_client_infer(client, request, NULL, &result, &error);
    while (failed && triton_error_is_retryable(error) && !triton_error_is_in_doubt(error) && tries-- > 0) {
        triton_error_free(error); /* out-parameters are overwritten, not freed */
        failed = triton_client_infer(client, request, NULL, &result, &error);
    }
    CHECK(failed && tries == -1);
    triton_error_free(error);
    error = NULL;
    triton_client_free(client);
}

static int32_t last_sum;

/* asynchronous: exactly one of result and error is not NULL, and the callee frees it */
static void done(triton_infer_result *result, triton_error *error, void *user_data) {
    const void *data = NULL;
    size_t count = 0;
    CHECK(result != NULL && error == NULL);
    CHECK(!triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT32, &data, &count, &error));
    *(int32_t *)user_data = ((const int32_t *)data)[15];
    triton_infer_result_free(result);
    triton_error_free(error);
}

static void asynchronous(const char *url) {
    triton_client *client = NULL;
    void *user_data = &last_sum;
    new_simple();
    CHECK(!triton_client_new(url, NULL, &client, &error));
    failed = triton_client_infer_async(client, request, NULL, done, user_data, NULL, &error);
    triton_infer_request_free(request); /* allowed now; the borrowed tensor data stays until done() */
    request = NULL;
    CHECK(!failed && !triton_client_close(client, TRITON_NO_TIMEOUT, &error) && last_sum == 16);
    triton_client_free(client);
}

/* the same by waiting, for languages without callbacks */
static void waiting(void) {
    new_simple();
    triton_call *call = NULL;
    failed = triton_client_infer_async(client, request, NULL, NULL, NULL, &call, &error)
        || triton_call_wait(call, 10000000, &error) /* OK: complete; DEADLINE_EXCEEDED: not yet */
        || triton_call_take_result(call, &result, &error);
    triton_call_free(call); /* takes NULL; detaches a call that is not complete */
    CHECK(!failed && triton_infer_result_find_output(result, "OUTPUT0") != NULL);
}

/* a stream of a decoupled model, by pulling */
static void decoupled(void) {
    const int64_t three[] = {3}, one[] = {1};
    const int32_t in[] = {7, 8, 9};
    const uint32_t delays[] = {0, 0, 0}, wait[] = {0};
    int results = 0, finals = 0;
    new_request("repeat_int32");
    failed = triton_infer_request_add_input_data(request, "IN", TRITON_DATATYPE_INT32, three, 1, in,
                                                 sizeof in, NULL, &error)
        || triton_infer_request_add_input_data(request, "DELAY", TRITON_DATATYPE_UINT32, three, 1, delays,
                                               sizeof delays, NULL, &error)
        || triton_infer_request_add_input_data(request, "WAIT", TRITON_DATATYPE_UINT32, one, 1, wait,
                                               sizeof wait, NULL, &error);
    CHECK(!failed);

    triton_stream *stream = NULL;
    bool is_end = false;
    triton_error *refused = NULL;
    failed = triton_infer_request_set_empty_final_response(request, true, &error)
        || triton_stream_open(client, NULL, NULL, NULL, &stream, &error)
        || triton_stream_send(stream, request, TRITON_NO_TIMEOUT, &error)
        || triton_stream_finish(stream, &error);
    while (!failed
           && !(failed = triton_stream_next(stream, TRITON_NO_TIMEOUT, &result, &refused, &is_end, &error))
           && !is_end) {
        /* one request's failure is `refused`, and the stream goes on */
        CHECK(refused == NULL);
        results++;
        finals += triton_infer_result_is_final(result) && triton_infer_result_is_null(result);
        triton_infer_result_free(result);
        triton_error_free(refused);
    }
    triton_stream_free(stream);
    result = NULL;
    CHECK(!failed && is_end && results == 4 && finals == 1);
}

/* TLS, in both protocols alike */
static void tls(const char *secure_url) {
    triton_client *client = NULL;
    new_simple();
    triton_client_options *secure = NULL;
    failed = triton_client_options_new(&secure, &error)
        || triton_client_options_set_tls_ca_file(secure, "ca.pem", &error)
        || triton_client_options_set_tls_client_certificate_files(secure, "client.pem", "client.key", &error)
        || triton_client_new(secure_url, secure, &client, &error);
    triton_client_options_free(secure);
    CHECK(!failed && !triton_client_infer(client, request, NULL, &result, &error));
    triton_client_free(client);
}

int main(int argc, char **argv) {
    CHECK(argc == 5 && chdir(argv[4]) == 0); /* where ca.pem is */
    for (int i = 0; i < 16; i++) a[i] = i, b[i] = 1;
    CHECK(!triton_client_new(argv[1], NULL, &client, &error));
    deadline_and_headers();
    strings();
    own_memory();
    output_with_its_shape();
    server_ready();
    next_frame();
    asynchronous(argv[1]);
    waiting();
    if (strncmp(argv[1], "grpc", 4) == 0) decoupled();
    another_try(argv[2]);
    tls(argv[3]);
    triton_infer_result_free(result);
    triton_infer_request_free(request);
    triton_client_free(client);
    return 0;
}

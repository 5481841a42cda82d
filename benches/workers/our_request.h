/* A client and a request of this library, for the workers on its C API. Results are read in place, unless MODE is "buffer":
 * then outputs are received into the caller's memory by set_buffer. */
#ifndef OUR_REQUEST_H
#define OUR_REQUEST_H
#include <triton_client.h>

#include "worker.h"

struct state {
    const triton_client *client;
    triton_infer_request *request;
    const char *outputs[2];
    triton_datatype datatype;
    size_t count, byte_size;
    void *buffers[2];
};

/* Takes the error's address: an argument's value could be read before the call in the other argument sets it. */
static void check(triton_status status, triton_error *const *error) {
    if (status != TRITON_STATUS_OK) fail(triton_status_name(status), triton_error_message(*error));
}

/* Frees `options`, which may be NULL. */
static triton_client *new_client(const struct bench *bench, triton_client_options *options) {
    char url[256];
    triton_client *client = NULL;
    triton_error *error = NULL;
    snprintf(url, sizeof url, "%s%s://%s", bench->is_grpc ? "grpc" : "http", bench->ca ? "s" : "", bench->address);
    if (bench->ca) {
        if (!options) check(triton_client_options_new(&options, &error), &error);
        check(triton_client_options_set_tls_ca_file(options, bench->ca, &error), &error);
    }
    check(triton_client_new(url, options, &client, &error), &error);
    triton_client_options_free(options);
    return client;
}

static struct state *new_state(const struct bench *bench, const triton_client *client) {
    static const char *inputs[] = {"INPUT0", "INPUT1"};
    struct state *state = calloc(1, sizeof *state);
    const size_t rank = bench->count == 1 ? 1 : 2;
    const int is_fp32 = strcmp(bench->datatype, "FP32") == 0, is_uint8 = bench->count == 1 && !is_fp32;
    const int64_t elements = (int64_t)(is_uint8 ? bench->byte_size : bench->byte_size / 4);
    const int64_t shape[] = {bench->count == 1 ? elements : 1, elements};
    triton_error *error = NULL;
    size_t i, output;
    state->client = client;
    state->outputs[0] = "OUTPUT0";
    state->outputs[1] = "OUTPUT1";
    state->count = bench->count;
    state->byte_size = bench->byte_size;
    state->datatype = is_fp32 ? TRITON_DATATYPE_FP32 : is_uint8 ? TRITON_DATATYPE_UINT8 : TRITON_DATATYPE_INT32;
    check(triton_infer_request_new(bench->count == 1 ? "identity_uint8" : "simple", &state->request, &error), &error);
    for (i = 0; i < bench->count; i++) {
        void *data = malloc(bench->byte_size);
        fill(data, bench->byte_size);
        check(triton_infer_request_add_input_data(state->request, inputs[i], state->datatype, shape, rank, data,
                  bench->byte_size, NULL, &error), &error);
    }
    for (i = 0; i < bench->count && strcmp(bench->mode, "buffer") == 0; i++) {
        state->buffers[i] = aligned_alloc(64, (bench->byte_size + 63) / 64 * 64);
        check(triton_infer_request_add_output(state->request, state->outputs[i], &output, &error), &error);
        check(triton_infer_request_output_set_buffer(state->request, output, state->buffers[i],
                  bench->byte_size, &error), &error);
    }
    return state;
}

/* Checks the outputs' sizes, and frees the result. */
static void check_result(const struct state *state, triton_infer_result *result) {
    triton_error *error = NULL;
    size_t i;
    for (i = 0; i < state->count; i++) {
        const void *data = NULL;
        size_t size = 0;
        if (state->buffers[i]) {
            if (triton_infer_output_byte_size(triton_infer_result_output(result, i)) != state->byte_size)
                fail(state->outputs[i], "wrong size");
            continue;
        }
        check(triton_infer_result_output_as(result, state->outputs[i], state->datatype, &data, &size, &error), &error);
        if (size * (state->datatype == TRITON_DATATYPE_UINT8 ? 1 : 4) != state->byte_size)
            fail(state->outputs[i], "wrong size");
    }
    triton_infer_result_free(result);
}
#endif

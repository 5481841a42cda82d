/* buffers.c URL: an output is written to the buffer that the request sets, and to the result once the buffer
 * is undone. */
#include "check.h"

static triton_client *client = NULL;
static triton_infer_request *request = NULL;
static int32_t input[16], buffer[24];

/* Sets a part of the buffer, sends the request, and returns the address of the output. */
static const void *run(void *data, size_t byte_size, triton_status expected) {
    triton_infer_result *result = NULL;
    const triton_infer_output *output = NULL;
    const int32_t *values;
    const void *start;
    int i;
    memset(buffer, 0xee, sizeof buffer);
    CHECK(triton_infer_request_output_set_buffer(request, 0, data, byte_size, &error) == TRITON_STATUS_OK);
    CHECK(triton_client_infer(client, request, NULL, &result, &error) == expected);
    for (i = (int)(byte_size / sizeof buffer[0]); i < 24; i++) CHECK(buffer[i] == (int32_t)0xeeeeeeee);
    if (expected != TRITON_STATUS_OK) {
        CHECK(result == NULL && strstr(triton_error_message(error), "OUTPUT0") != NULL);
        triton_error_free(error);
        error = NULL;
        return NULL;
    }
    output = triton_infer_result_output(result, 0);
    CHECK(triton_infer_output_byte_size(output) == sizeof input);
    values = start = triton_infer_output_data(output);
    for (i = 0; i < 16; i++) CHECK(values[i] == 2 * i);
    CHECK((const char *)start == (const char *)data || (size_t)start % 64 == 0);
    CHECK(triton_infer_output_is_in_caller_buffer(output) == (data != NULL));
    CHECK(triton_infer_output_elements(output, TRITON_DATATYPE_INT32, &start, NULL, &error)
              == TRITON_STATUS_OK
          && start == values);
    triton_infer_result_free(result);
    return start;
}

int main(int argc, char **argv) {
    const int64_t shape[] = {1, 16};
    size_t index = 7;
    int i;
    CHECK(argc == 2);
    for (i = 0; i < 16; i++) input[i] = i;
    CHECK(triton_client_new(argv[1], NULL, &client, &error) == TRITON_STATUS_OK);
    CHECK(triton_infer_request_new("simple", &request, &error) == TRITON_STATUS_OK);
    CHECK(triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, input,
                                              sizeof input, NULL, &error)
          == TRITON_STATUS_OK);
    CHECK(triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, input,
                                              sizeof input, NULL, &error)
          == TRITON_STATUS_OK);
    CHECK(triton_infer_request_output_set_buffer(request, 0, buffer, sizeof buffer, &error)
          == TRITON_STATUS_INVALID_ARGUMENT);
    triton_error_free(error);
    error = NULL;
    CHECK(triton_infer_request_add_output(request, "OUTPUT0", &index, &error) == TRITON_STATUS_OK);
    CHECK(index == 0);

    CHECK(run(buffer, sizeof input, TRITON_STATUS_OK) == buffer);
    run(buffer, sizeof input - 4, TRITON_STATUS_RESOURCE_EXHAUSTED);
    run(buffer, 0, TRITON_STATUS_RESOURCE_EXHAUSTED);
    CHECK(run(buffer, sizeof input, TRITON_STATUS_OK) == buffer);
    CHECK(run(NULL, 0, TRITON_STATUS_OK) != buffer);
    CHECK(triton_infer_request_output_set_buffer(request, 0, NULL, 4, &error)
          == TRITON_STATUS_INVALID_ARGUMENT);
    triton_error_free(error);
    triton_infer_request_free(request);
    triton_client_free(client);
    return 0;
}

/* requests.c URL: all settings of a request and all parts of a result, with the models of the test server. */
#include "check.h"
#include <fcntl.h>
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

static triton_client *client = NULL;
static int is_http = 0;

static triton_infer_request *request_to(const char *model) {
    triton_infer_request *request = NULL;
    CHECK(!triton_infer_request_new(model, &request, &error));
    return request;
}

static triton_infer_result *infer(const triton_infer_request *request, const triton_call_options *options) {
    triton_infer_result *result = NULL;
    CHECK(!triton_client_infer(client, request, options, &result, &error));
    return result;
}

static void sequences(void) {
    const int64_t shape[] = {1, 1};
    const int32_t value = 5;
    int step;
    for (step = 0; step < 3; step++) {
        const int start = step == 0, end = step == 2;
        triton_infer_request *request = request_to("simple_dyna_sequence");
        triton_infer_result *result;
        const void *sum = NULL;
        size_t count = 0;
        CHECK(!triton_infer_request_add_input_data(request, "INPUT", TRITON_DATATYPE_INT32, shape, 2, &value,
                                                   4, NULL, &error));
        CHECK(!triton_infer_request_set_sequence(request, is_http ? 7001 : 7002, start, end, &error));
        result = infer(request, NULL);
        CHECK(!triton_infer_result_output_as(result, "OUTPUT", TRITON_DATATYPE_INT32, &sum, &count, &error));
        CHECK(*(const int32_t *)sum == 5 + start + (end ? (is_http ? 7001 : 7002) : 0));
        triton_infer_result_free(result);
        /* An id of 0 or "" is no sequence, which this model rejects; with a flag it is invalid. */
        if (step == 0)
            CHECK(!triton_infer_request_set_sequence(request, 0, false, false, &error));
        else
            CHECK(!triton_infer_request_set_sequence_string(request, step == 1 ? NULL : "", false, false,
                                                            &error));
        CHECK(triton_client_infer(client, request, NULL, &result, &error) != TRITON_STATUS_OK
              && result == NULL);
        triton_error_free(error);
        error = NULL;
        refused(triton_infer_request_set_sequence(request, 0, true, false, &error),
                TRITON_STATUS_INVALID_ARGUMENT, "0");
        refused(triton_infer_request_set_sequence(request, 0, false, true, &error),
                TRITON_STATUS_INVALID_ARGUMENT, "0");
        refused(triton_infer_request_set_sequence_string(request, NULL, true, false, &error),
                TRITON_STATUS_INVALID_ARGUMENT, "''");
        CHECK(!triton_infer_request_set_sequence_string(request, "a text", true, true, &error));
        triton_infer_request_free(request);
    }
}

static void parameters(void) {
    const int64_t shape[] = {1};
    const int32_t value = 5;
    triton_infer_request *request = request_to("params");
    triton_infer_result *result;
    const triton_bytes *strings = NULL;
    triton_call_options *options = NULL;
    triton_parameters *own, *input, *output;
    const triton_parameters *received;
    const triton_parameter *parameter;
    size_t count = 0;
    char text[4096];
    CHECK(!triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 1, &value, 4,
                                               NULL, &error));
    CHECK(!triton_infer_request_add_output(request, "OUTPUT0", NULL, &error));
    own = triton_infer_request_parameters(request);
    input = triton_infer_request_input_parameters(request, 0);
    output = triton_infer_request_output_parameters(request, 0);
    CHECK(!triton_parameters_set_string(own, "s", "a \"text\"", &error));
    CHECK(!triton_parameters_set_int64(own, "i", INT64_MIN, &error));
    CHECK(!triton_parameters_set_bool(own, "b", true, &error));
    CHECK(!triton_parameters_set_double(own, "d", 0.5, &error));
    CHECK(!triton_parameters_set_bool(own, "removed", true, &error));
    CHECK(!triton_parameters_set_string(own, "removed", NULL, &error));
    CHECK(!triton_infer_request_set_priority(request, 1, &error));
    CHECK(!triton_infer_request_set_server_timeout_us(request, 5000000, &error));
    CHECK(!triton_infer_request_set_id(request, "id 1", &error));
    refused(triton_parameters_set_bool(own, "triton_x", true, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "triton_x");
    refused(triton_parameters_set_int64(own, "priority", 1, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "priority");
    refused(triton_parameters_set_int64(input, "binary_data_size", 1, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "data");
    refused(triton_parameters_set_bool(output, "binary_data", 1, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "JSON");
    /* Nor can they be removed. */
    refused(triton_parameters_set_string(own, "sequence_id", NULL, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "sequence");
    refused(triton_parameters_set_string(input, "", NULL, &error), TRITON_STATUS_INVALID_ARGUMENT, "empty");
    refused(triton_parameters_set_string(output, "binary_data", NULL, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "JSON");
    CHECK(triton_parameters_count(own) == 4 && triton_parameters_count(input) == 0);
    CHECK(triton_infer_request_input_parameters(request, 1) == NULL
          && triton_infer_request_output_parameters(request, 1) == NULL);
    CHECK(!triton_call_options_new(&options, &error));
    CHECK(!triton_call_options_add_header(options, "x-tenant", "blue", &error));
    CHECK(!triton_call_options_add_binary_header(options, "x-bin", "\0\1", 2, &error));
    refused(triton_call_options_add_header(options, "x-tenant", "a\r\nb", &error),
            TRITON_STATUS_INVALID_ARGUMENT, "control");
    refused(triton_call_options_add_header(options, "Content-Length", "1", &error),
            TRITON_STATUS_INVALID_ARGUMENT, "itself");
    refused(triton_call_options_set_request_compression(options, (triton_compression)3, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "3");
    refused(triton_call_options_set_accept_encoding(options, "br", &error), TRITON_STATUS_INVALID_ARGUMENT,
            "br");
    refused(triton_call_options_set_accept_encoding(options, "gzip;q=x", &error),
            TRITON_STATUS_INVALID_ARGUMENT, "q=x");
    CHECK(!triton_call_options_add_binary_header(options, "X-Other-BIN", "\0\1", 2, &error));
    CHECK(!triton_call_options_set_request_compression(options, TRITON_COMPRESSION_GZIP, &error));
    CHECK(!triton_call_options_set_response_compression(options, TRITON_COMPRESSION_DEFLATE, &error));
    result = infer(request, options);
    CHECK(!triton_infer_result_output_strings(result, "OUTPUT0", &strings, &count, &error) && count == 1);
    CHECK(strings[0].byte_size < sizeof text);
    memcpy(text, strings[0].data, strings[0].byte_size);
    text[strings[0].byte_size] = 0;
    CHECK(strstr(text, "\"s\": \"a \\\"text\\\"\"") && strstr(text, "\"i\": -9223372036854775808"));
    CHECK(strstr(text, "\"b\": true") && strstr(text, "\"d\": 0.5") && strstr(text, "\"timeout\": 5000000"));
    CHECK(strcmp(triton_infer_result_id(result), "id 1") == 0);
    CHECK(triton_infer_result_is_final(result) && !triton_infer_result_is_null(result));
    CHECK(triton_infer_result_finality(result) == TRITON_FINALITY_FINAL);
    CHECK(strstr(triton_infer_result_endpoint(result), is_http ? "http://127.0.0.1:" : "grpc://127.0.0.1:"));
    CHECK(strstr(triton_infer_result_debug_string(result), "OUTPUT0") != NULL);
    CHECK(triton_headers_count(triton_infer_result_headers(result)) > 0);
    CHECK(triton_headers_find(triton_infer_result_headers(result), "Content-Type")[0] != 0);
    /* Triton sends a parameter of its own over gRPC only. */
    received = triton_infer_result_parameters(result);
    CHECK(received != NULL && received == triton_infer_result_parameters(result));
    if (triton_parameters_count(received) > 0) {
        parameter = triton_parameters_entry(received, 0);
        CHECK(strcmp(triton_parameter_name(parameter), "triton_final_response") == 0);
        CHECK(triton_parameters_find(received, "triton_final_response") == parameter);
        CHECK(triton_parameter_kind(parameter) == TRITON_VALUE_BOOL && triton_parameter_bool(parameter));
        CHECK(triton_parameter_int64(parameter) == 0 && triton_parameter_string(parameter)[0] == 0);
    }
    CHECK(triton_parameters_entry(received, 99) == NULL && triton_parameter_kind(NULL) == TRITON_VALUE_NONE);
    CHECK(triton_parameters_find(received, "none") == NULL && triton_parameters_find(received, NULL) == NULL);
    refused(triton_parameters_set_bool((triton_parameters *)received, "x", true, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "result");
    received = triton_infer_output_parameters(triton_infer_result_output(result, 0));
    CHECK(received != NULL && triton_parameters_count(received) == triton_parameters_count(received));
    refused(triton_parameters_set_string((triton_parameters *)received, "x", NULL, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "result");
    triton_infer_result_free(result);
    if (!is_http) {
        CHECK(!triton_call_options_add_query_parameter(options, "a b", "c&d", &error));
        refused(triton_client_infer(client, request, options, &result, &error),
                TRITON_STATUS_INVALID_ARGUMENT, "query");
    } else {
        CHECK(!triton_call_options_add_query_parameter(options, "a b", "c&d", &error));
        triton_infer_result_free(infer(request, options));
    }
    triton_call_options_free(options);
    triton_infer_request_free(request);
}

static void classes(void) {
    const int64_t shape[] = {1, 5};
    const float scores[] = {0.25f, 4, -1, 2.5f, 0};
    triton_infer_request *request = request_to("classes");
    triton_infer_result *result;
    const triton_infer_output *output;
    triton_class class;
    size_t index = 9;
    CHECK(!triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_FP32, shape, 2, scores,
                                               sizeof scores, NULL, &error));
    CHECK(!triton_infer_request_add_output(request, "OUTPUT0", &index, &error) && index == 0);
    CHECK(!triton_infer_request_output_set_classification(request, 0, 2, &error));
    result = infer(request, NULL);
    output = triton_infer_result_output(result, 0);
    CHECK(!triton_infer_output_class(output, 0, &class, &error) && class.value == 4 && class.index == 1
          && class.label[0]);
    CHECK(!triton_infer_output_class(output, 1, &class, &error) && class.value == 2.5 && class.index == 3);
    refused(triton_infer_output_class(output, 2, &class, &error), TRITON_STATUS_OUT_OF_RANGE, "2");
    CHECK(class.label[0] == 0 && triton_parameters_count(triton_infer_output_parameters(output)) == 0);
    triton_infer_result_free(result);
    triton_infer_request_free(request);
}

/* Parameters stay where they are while inputs are added, and outlive their input. */
static void parameter_views(void) {
    const int64_t shape[] = {1};
    triton_infer_request *request = request_to("params");
    triton_parameters *own = triton_infer_request_parameters(request), *first, *last;
    const triton_parameter *parameter;
    char name[16];
    int i;
    CHECK(!triton_infer_request_add_input(request, "I", TRITON_DATATYPE_UINT8, shape, 1, NULL, &error));
    CHECK(!triton_infer_request_add_output(request, "O", NULL, &error));
    first = triton_infer_request_input_parameters(request, 0);
    CHECK(!triton_parameters_set_string(first, "p", "q", &error));
    for (i = 0; i < 100; i++) {
        sprintf(name, "I%d", i);
        CHECK(!triton_infer_request_add_input(request, name, TRITON_DATATYPE_UINT8, shape, 1, NULL, &error));
        CHECK(triton_infer_request_input_parameters(request, (size_t)i + 1) != NULL);
    }
    CHECK(triton_infer_request_input_parameters(request, 0) == first
          && triton_infer_request_parameters(request) == own);
    CHECK(!triton_parameters_set_int64(own, "n", -1, &error));
    parameter = triton_parameters_find(own, "n");
    CHECK(triton_parameter_kind(parameter) == TRITON_VALUE_INT64 && triton_parameter_int64(parameter) == -1);
    parameter = triton_parameters_entry(first, 0);
    CHECK(strcmp(triton_parameter_name(parameter), "p") == 0
          && strcmp(triton_parameter_string(parameter), "q") == 0);
    CHECK(!triton_parameters_set_double(first, "p", 0.25, &error) && triton_parameters_count(first) == 1);
    parameter = triton_parameters_entry(first, 0);
    CHECK(triton_parameter_kind(parameter) == TRITON_VALUE_DOUBLE
          && triton_parameter_double(parameter) == 0.25);
    last = triton_infer_request_output_parameters(request, 0);
    CHECK(!triton_parameters_set_bool(last, "o", true, &error)
          && triton_parameter_bool(triton_parameters_find(last, "o")));

    CHECK(!triton_infer_request_clear(request, &error));
    CHECK(triton_parameters_count(own) == 0 && triton_parameters_find(own, "n") == NULL);
    CHECK(triton_parameters_count(first) == 0 && triton_parameters_entry(first, 0) == NULL);
    refused(triton_parameters_set_bool(first, "p", true, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "no input 0");
    refused(triton_parameters_set_string(last, "o", NULL, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "no output 0");
    CHECK(!triton_infer_request_add_input(request, "I", TRITON_DATATYPE_UINT8, shape, 1, NULL, &error));
    CHECK(triton_infer_request_input_parameters(request, 0) == first);
    CHECK(!triton_parameters_set_bool(first, "p", true, &error) && triton_parameters_count(first) == 1);
    triton_infer_request_free(request);
    CHECK(triton_infer_request_parameters(NULL) == NULL
          && triton_infer_request_input_parameters(NULL, 0) == NULL);
    CHECK(triton_infer_request_output_parameters(NULL, 0) == NULL && triton_parameters_count(NULL) == 0);
    CHECK(triton_infer_result_parameters(NULL) == NULL && triton_infer_output_parameters(NULL) == NULL);
    refused(triton_parameters_set_bool(NULL, "p", true, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "parameters is NULL");
}

/* An output is found by name and read with its shape; NULL is allowed for a value that is not the purpose of
 * a call. */
static void outputs(void) {
    const int64_t shape[] = {2}, *own;
    const int32_t values[] = {5, 6}, next[] = {-7, 8};
    const triton_bytes words[] = {{"a", 1}, {"be\0ta", 5}};
    triton_infer_request *request = request_to("identity_int32");
    triton_infer_result *result;
    const triton_infer_output *output;
    const triton_bytes *strings = words;
    const void *data = NULL;
    size_t input = 9, count = 0, rank = 0;
    CHECK(!triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 1, values,
                                               sizeof values, &input, &error));
    CHECK(input == 0);
    result = infer(request, NULL);
    output = triton_infer_result_find_output(result, "OUTPUT0");
    CHECK(output != NULL && output == triton_infer_result_output(result, 0));
    CHECK(triton_infer_result_find_output(result, "NONE") == NULL
          && triton_infer_result_find_output(result, NULL) == NULL);
    CHECK(triton_infer_result_find_output(result, "\xff") == NULL
          && triton_infer_result_find_output(NULL, "OUTPUT0") == NULL);
    CHECK(!triton_infer_output_elements(output, TRITON_DATATYPE_INT32, &data, &count, &error));
    own = triton_infer_output_shape(output, &rank);
    CHECK(count == 2 && rank == 1 && own[0] == 2 && memcmp(data, values, sizeof values) == 0);
    CHECK(!triton_infer_output_elements(output, TRITON_DATATYPE_INT32, &data, NULL, &error) && data != NULL);
    CHECK(!triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT32, &data, NULL, &error));
    CHECK(!triton_infer_output_is_in_caller_buffer(output) && !triton_infer_output_is_in_caller_buffer(NULL));
    refused(triton_infer_output_elements(output, TRITON_DATATYPE_FP32, &data, &count, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "output 'OUTPUT0': expected datatype FP32, got INT32");
    CHECK(data == NULL && count == 0);
    refused(triton_infer_output_elements(output, TRITON_DATATYPE_BYTES, &data, &count, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "strings");
    refused(triton_infer_output_elements(NULL, TRITON_DATATYPE_INT32, &data, &count, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "output is NULL");
    refused(triton_infer_output_elements(output, TRITON_DATATYPE_INT32, NULL, &count, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "data_out is NULL");
    refused(triton_infer_output_strings(output, &strings, &count, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "INT32");
    CHECK(strings == NULL && count == 0);
    triton_infer_result_free(result);

    /* The next frame, in other memory, replaces the data, however it was given. */
    CHECK(!triton_infer_request_input_set_data(request, input, next, sizeof next, &error));
    result = infer(request, NULL);
    CHECK(!triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT32, &data, NULL, &error));
    CHECK(memcmp(data, next, sizeof next) == 0);
    triton_infer_result_free(result);
    CHECK(!triton_infer_request_input_append_data_copy(request, input, next, 4, &error));
    CHECK(!triton_infer_request_input_set_data(request, input, values, sizeof values, &error));
    triton_infer_result_free(infer(request, NULL));
    CHECK(!triton_infer_request_input_set_shared_memory(request, input, "r", 8, 0, &error));
    CHECK(!triton_infer_request_input_set_data(request, input, values, sizeof values, &error));
    triton_infer_result_free(infer(request, NULL));
    CHECK(!triton_infer_request_input_set_data(request, input, NULL, 0, &error)
          && triton_infer_request_input_byte_size(request, input) == 0);
    CHECK(!triton_infer_request_input_append_data(request, input, values, sizeof values, &error));
    triton_infer_result_free(infer(request, NULL));
    refused(triton_infer_request_input_set_data(request, 1, values, sizeof values, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "no input 1");
    refused(triton_infer_request_input_set_data(request, 0, NULL, 8, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "data is NULL");
    CHECK(triton_infer_request_input_byte_size(request, input) == sizeof values);
    triton_infer_request_free(request);

    request = request_to("identity_bytes");
    CHECK(!triton_infer_request_add_input_strings(request, "INPUT0", shape, 1, words, 2, &input, &error)
          && input == 0);
    result = infer(request, NULL);
    output = triton_infer_result_find_output(result, "OUTPUT0");
    CHECK(!triton_infer_output_strings(output, &strings, &count, &error) && count == 2
          && strings[1].byte_size == 5);
    CHECK(!triton_infer_output_strings(output, &strings, NULL, &error) && strings[0].data[0] == 'a');
    CHECK(!triton_infer_result_output_strings(result, "OUTPUT0", &strings, NULL, &error));
    triton_infer_result_free(result);
    triton_infer_request_free(request);
}

static void forms_and_getters(void) {
    const int64_t shape[] = {3}, two[] = {2}, *own;
    const int64_t longs[] = {INT64_MIN, 0, INT64_MAX};
    triton_infer_request *request = request_to("identity_int64");
    triton_infer_result *result;
    triton_model_metadata *metadata = NULL;
    uint64_t byte_size = 1, offset = 1;
    const void *data = NULL;
    size_t index, count = 0, rank = 0;
    CHECK(!triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT64, shape, 1, longs,
                                               sizeof longs, NULL, &error));
    CHECK(!triton_infer_request_add_output(request, "OUTPUT0", &index, &error));
    CHECK(triton_infer_request_input_count(request) == 1 && triton_infer_request_output_count(request) == 1);
    CHECK(strcmp(triton_infer_request_input_name(request, 0), "INPUT0") == 0
          && triton_infer_request_input_name(request, 1)[0] == 0);
    CHECK(strcmp(triton_infer_request_output_name(request, 0), "OUTPUT0") == 0
          && triton_infer_request_output_name(request, 1)[0] == 0);
    CHECK(triton_infer_request_input_name(NULL, 0)[0] == 0
          && triton_infer_request_output_name(NULL, 0)[0] == 0);
    CHECK(triton_infer_request_input_datatype(request, 0) == TRITON_DATATYPE_INT64);
    CHECK(triton_infer_request_input_byte_size(request, 0) == sizeof longs);
    own = triton_infer_request_input_shape(request, 0, &rank);
    CHECK(rank == 1 && own[0] == 3 && triton_infer_request_input_shape(request, 1, &rank) == NULL
          && rank == 0);

    CHECK(!triton_client_model_metadata(client, "identity_int64", NULL, NULL, &metadata, &error));
    CHECK(!triton_infer_request_check(request, metadata, &error));
    CHECK(!triton_infer_request_input_set_shape(request, 0, two, 1, &error));
    refused(triton_infer_request_check(request, metadata, &error), TRITON_STATUS_INVALID_ARGUMENT, "INPUT0");
    CHECK(!triton_infer_request_input_set_shape(request, 0, shape, 1, &error));
    triton_model_metadata_free(metadata);

    /* The elements as text, in both directions. */
    CHECK(!triton_infer_request_input_set_json(request, 0, true, &error));
    CHECK(!triton_infer_request_output_set_json(request, 0, true, &error));
    result = infer(request, NULL);
    CHECK(!triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT64, &data, &count, &error));
    CHECK(count == 3 && memcmp(data, longs, sizeof longs) == 0);
    triton_infer_result_free(result);
    CHECK(!triton_infer_request_input_set_json(request, 0, false, &error));
    CHECK(!triton_infer_request_set_binary_output(request, false, &error));
    CHECK(!triton_infer_request_input_set_json_text(request, 0, "[[1], [-9223372036854775808, 3]]", &error));
    if (is_http) {
        result = infer(request, NULL);
        CHECK(
            !triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT64, &data, &count, &error));
        CHECK(((const int64_t *)data)[0] == 1 && ((const int64_t *)data)[1] == INT64_MIN);
        triton_infer_result_free(result);
    } else {
        refused(triton_client_infer(client, request, NULL, &result, &error), TRITON_STATUS_INVALID_ARGUMENT,
                "JSON");
    }
    /* NULL undoes a setter; the input then has no data. */
    CHECK(!triton_infer_request_input_set_json_text(request, 0, NULL, &error));
    refused(triton_client_infer(client, request, NULL, &result, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "got 0 bytes");
    CHECK(!triton_infer_request_input_set_data(request, 0, longs, sizeof longs, &error));
    CHECK(!triton_infer_request_input_set_json_text(request, 0, NULL, &error));
    CHECK(!triton_infer_request_input_set_shared_memory(request, 0, NULL, 1, 1, &error));
    CHECK(triton_infer_request_input_byte_size(request, 0) == sizeof longs);

    /* Shared memory that is not registered. */
    CHECK(triton_infer_request_input_shared_memory(request, 0, &byte_size, &offset)[0] == 0 && byte_size == 0
          && offset == 0);
    CHECK(!triton_infer_request_input_set_shared_memory(request, 0, "unregistered", 24, 8, &error));
    CHECK(strcmp(triton_infer_request_input_shared_memory(request, 0, &byte_size, &offset), "unregistered")
          == 0);
    CHECK(byte_size == 24 && offset == 8
          && triton_infer_request_input_shared_memory(request, 0, NULL, NULL)[0] == 'u');
    CHECK(triton_client_infer(client, request, NULL, &result, &error) != TRITON_STATUS_OK);
    CHECK(strstr(triton_error_message(error), "unregistered")
          && triton_headers_count(triton_error_headers(error)) > 0);
    CHECK(triton_headers_name(triton_error_headers(error), 0)[0]
          && triton_headers_value(triton_error_headers(error), 99)[0] == 0);
    triton_error_free(error);
    error = NULL;
    CHECK(!triton_infer_request_input_set_shared_memory(request, 0, NULL, 0, 0, &error));
    CHECK(triton_infer_request_input_shared_memory(request, 0, &byte_size, &offset)[0] == 0 && byte_size == 0
          && offset == 0);
    CHECK(triton_infer_request_input_byte_size(request, 0) == 0);
    refused(triton_infer_request_input_set_shared_memory(request, 0, "", 1, 0, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "must not be empty");
    CHECK(!triton_infer_request_output_set_shared_memory(request, 0, "x", 24, 3, &error));
    CHECK(strcmp(triton_infer_request_output_shared_memory(request, 0, &byte_size, &offset), "x") == 0);
    CHECK(byte_size == 24 && offset == 3);
    CHECK(!triton_infer_request_output_set_shared_memory(request, 0, NULL, 0, 0, &error));
    CHECK(triton_infer_request_output_shared_memory(request, 0, &byte_size, &offset)[0] == 0 && byte_size == 0
          && offset == 0);
    CHECK(triton_infer_request_output_shared_memory(request, 9, NULL, NULL)[0] == 0);

    CHECK(!triton_infer_request_clear(request, &error) && triton_infer_request_input_count(request) == 0);
    CHECK(!triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT64, shape, 1, longs,
                                               sizeof longs, NULL, &error));
    CHECK(!triton_infer_request_set_empty_final_response(request, is_http, &error));
    CHECK(!triton_infer_request_set_raw_body(request, true, &error));
    if (is_http)
        triton_infer_result_free(infer(request, NULL));
    else
        refused(triton_client_infer(client, request, NULL, &result, &error), TRITON_STATUS_INVALID_ARGUMENT,
                "raw body");
    triton_infer_request_free(request);
}

static void offline(void) {
    static const char response
        [] = "{\"model_name\":\"m\",\"model_version\":\"1\",\"parameters\":{\"n\":18446744073709551615},"
             "\"outputs\":[{\"name\":\"O\",\"datatype\":\"UINT8\",\"shape\":[3],\"parameters\":{\"binary_"
             "data_size\":3}}]}abc";
    const int64_t shape[] = {3};
    triton_infer_request *request = request_to("identity_uint8");
    triton_buffer *buffer = NULL;
    triton_infer_result *result = NULL;
    size_t json_byte_size = 0;
    CHECK(!triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_UINT8, shape, 1, "abc", 3,
                                               NULL, &error));
    CHECK(!triton_infer_request_to_http_body(request, TRITON_COMPRESSION_NONE, &buffer, &json_byte_size,
                                             &error));
    CHECK(triton_buffer_byte_size(buffer) == json_byte_size + 3
          && ((const char *)triton_buffer_data(buffer))[0] == '{');
    triton_buffer_free(buffer);
    CHECK(!triton_infer_request_to_http_body(request, TRITON_COMPRESSION_NONE, &buffer, NULL, &error));
    triton_buffer_free(buffer);
    CHECK(!triton_infer_result_from_http_body(response, sizeof response - 1, sizeof response - 4,
                                              TRITON_COMPRESSION_NONE, 1000, &result, &error));
    CHECK(memcmp(triton_infer_output_data(triton_infer_result_output(result, 0)), "abc", 3) == 0);
    CHECK(triton_parameter_uint64(triton_parameters_find(triton_infer_result_parameters(result), "n"))
          == UINT64_MAX);
    CHECK(triton_infer_result_finality(result) == TRITON_FINALITY_UNKNOWN
          && !triton_infer_result_is_final(result));
    CHECK(triton_infer_result_finality(NULL) == TRITON_FINALITY_UNKNOWN);
    CHECK(triton_infer_result_endpoint(result)[0] == 0
          && triton_headers_count(triton_infer_result_headers(result)) == 0);
    triton_infer_result_free(result);
    refused(triton_infer_result_from_http_body(response, sizeof response - 1, TRITON_NO_JSON_BYTE_SIZE,
                                               TRITON_COMPRESSION_NONE, 1000, &result, &error),
            TRITON_STATUS_INTERNAL, "JSON");
    CHECK(result == NULL);
    CHECK(!triton_infer_request_to_grpc_message(request, &buffer, &error));
    if (is_http) {
        refused(triton_client_infer_grpc_message(client, "", 0, NULL, &result, &error),
                TRITON_STATUS_INVALID_ARGUMENT, "HTTP");
    } else {
        CHECK(!triton_client_infer_grpc_message(client, triton_buffer_data(buffer),
                                                triton_buffer_byte_size(buffer), NULL, &result, &error));
        CHECK(memcmp(triton_infer_output_data(triton_infer_result_output(result, 0)), "abc", 3) == 0);
        triton_infer_result_free(result);
    }
    refused(triton_infer_result_from_grpc_message("\377", 1, &result, &error), TRITON_STATUS_INTERNAL,
            "truncated");
    triton_buffer_free(buffer);
    triton_infer_request_free(request);
}

static void elements(void) {
    const triton_bytes words[] = {{"a\0b", 3}, {NULL, 0}};
    triton_bytes back[2];
    const float values[] = {1, -2.5f, NAN};
    float wide[3];
    uint16_t narrow[3];
    char tensor[16];
    size_t byte_size = 0, count = 0;
    CHECK(!triton_bytes_serialize(words, 2, NULL, 0, &byte_size, &error) && byte_size == 11);
    CHECK(!triton_bytes_serialize(words, 2, tensor, sizeof tensor, &byte_size, &error) && byte_size == 11);
    CHECK(!triton_bytes_serialize(words, 2, tensor, sizeof tensor, NULL, &error));
    refused(triton_bytes_serialize(words, 2, tensor, 10, &byte_size, &error),
            TRITON_STATUS_RESOURCE_EXHAUSTED, "11");
    CHECK(byte_size == 11);
    CHECK(!triton_bytes_parse(tensor, 11, NULL, 0, &count, &error) && count == 2);
    refused(triton_bytes_parse(tensor, 11, back, 0, &count, &error), TRITON_STATUS_RESOURCE_EXHAUSTED, "2");
    CHECK(!triton_bytes_parse(tensor, 11, back, 2, &count, &error) && back[0].byte_size == 3
          && back[0].data == tensor + 4);
    refused(triton_bytes_parse(tensor, 11, back, 1, &count, &error), TRITON_STATUS_RESOURCE_EXHAUSTED, "2");
    CHECK(count == 2);
    /* A capacity that was computed as 0 does not mean that the caller only counts. */
    refused(triton_bytes_parse(tensor, 11, back, 0, &count, &error), TRITON_STATUS_RESOURCE_EXHAUSTED, "2");
    CHECK(count == 2);
    CHECK(!triton_bytes_parse(tensor, 0, back, 0, &count, &error) && count == 0);
    CHECK(!triton_bytes_parse(tensor, 11, back, 2, NULL, &error));
    refused(triton_bytes_parse(tensor, 10, back, 2, &count, &error), TRITON_STATUS_INVALID_ARGUMENT, "BYTES");
    CHECK(!triton_fp16_from_fp32(values, 3, narrow, &error) && narrow[0] == 0x3c00 && narrow[1] == 0xc100);
    CHECK(!triton_fp16_to_fp32(narrow, 3, wide, &error) && wide[1] == -2.5f && wide[2] != wide[2]);
    CHECK(!triton_bf16_from_fp32(values, 3, narrow, &error) && narrow[0] == 0x3f80);
    CHECK(!triton_bf16_to_fp32(narrow, 3, wide, &error) && wide[1] == -2.5f && wide[2] != wide[2]);
    CHECK(!triton_fp16_from_fp32(NULL, 0, NULL, &error));
}

static void statistics(void) {
    struct {
        triton_client_statistics known;
        uint64_t later;
    } newer;
    triton_client_statistics all = {sizeof all, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    CHECK(!triton_client_infer_statistics(client, &all, &error));
    CHECK(all.completed_count > 4 && all.failed_count > 1 && all.struct_size == sizeof all);
    CHECK(all.total_ns >= all.send_ns + all.receive_ns && all.p50_ns > 0 && all.p50_ns <= all.p90_ns
          && all.p99_ns <= all.max_ns);
    all.struct_size = 24;
    all.total_ns = 77;
    CHECK(!triton_client_infer_statistics(client, &all, &error) && all.total_ns == 77);
    newer.later = 77;
    newer.known.struct_size = sizeof newer;
    CHECK(!triton_client_infer_statistics(client, &newer.known, &error) && newer.later == 0
          && newer.known.max_ns > 0);
    all.struct_size = 20;
    refused(triton_client_infer_statistics(client, &all, &error), TRITON_STATUS_INVALID_ARGUMENT, "20");
    all.struct_size = 8;
    refused(triton_client_infer_statistics(client, &all, &error), TRITON_STATUS_INVALID_ARGUMENT, "8");
    all.struct_size = 8000;
    refused(triton_client_infer_statistics(client, &all, &error), TRITON_STATUS_INVALID_ARGUMENT, "8000");
}

/* An element whose length does not fit into 4 bytes. The request is as it was. */
static void input_with_an_oversized_element_is_not_added(void) {
    const int64_t shape[] = {2};
    const size_t byte_size = (size_t)1 << 32;
    triton_infer_request *request = request_to("simple_string");
    const int zero = open("/dev/zero", O_RDONLY);
    void *large = mmap(NULL, byte_size, PROT_READ, MAP_PRIVATE, zero, 0);
    triton_bytes strings[2];
    size_t index = 7;
    CHECK(zero >= 0 && large != MAP_FAILED);
    strings[0].data = "a";
    strings[0].byte_size = 1;
    strings[1].data = large;
    strings[1].byte_size = byte_size;
    refused(triton_infer_request_add_input_strings(request, "INPUT0", shape, 1, strings, 2, &index, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "4294967296");
    CHECK(index == 0 && triton_infer_request_input_count(request) == 0);
    CHECK(!triton_infer_request_add_input_strings(request, "INPUT0", shape, 1, strings, 1, &index, &error));
    refused(triton_infer_request_input_append_strings(request, 0, strings, 2, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "4294967296");
    CHECK(triton_infer_request_input_byte_size(request, 0) == 5);
    triton_infer_request_free(request);
    CHECK(munmap(large, byte_size) == 0 && close(zero) == 0);
}

int main(int argc, char **argv) {
    triton_client_options *options = NULL;
    triton_call_options *defaults = NULL;
    if (argc != 2) return 2;
    is_http = strncmp(argv[1], "http", 4) == 0;
    CHECK(!triton_client_options_new(&options, &error));
    CHECK(!triton_call_options_new(&defaults, &error));
    CHECK(!triton_call_options_set_request_compression(defaults, TRITON_COMPRESSION_DEFLATE, &error));
    CHECK(!triton_call_options_set_response_compression(defaults, TRITON_COMPRESSION_GZIP, &error));
    CHECK(!triton_client_options_set_call_options(options, defaults, &error));
    triton_call_options_free(defaults);
    CHECK(!triton_client_new(argv[1], options, &client, &error));
    triton_client_options_free(options);
    elements();
    offline();
    sequences();
    parameters();
    parameter_views();
    input_with_an_oversized_element_is_not_added();
    outputs();
    classes();
    forms_and_getters();
    statistics();
    triton_client_free(client);
    return 0;
}

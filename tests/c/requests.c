/* requests.c URL: everything that a request can say and a result can tell, against the models of the test server. */
#include <math.h>
#include "check.h"

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

static int is_text(triton_bytes bytes, const char *text) {
    return bytes.byte_size == strlen(text) && memcmp(bytes.data, text, bytes.byte_size) == 0;
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
        CHECK(!triton_infer_request_add_input_data(request, "INPUT", TRITON_DATATYPE_INT32, shape, 2, &value, 4, &error));
        CHECK(!triton_infer_request_set_sequence(request, is_http ? 7001 : 7002, start, end, &error));
        result = infer(request, NULL);
        CHECK(!triton_infer_result_output_as(result, "OUTPUT", TRITON_DATATYPE_INT32, &sum, &count, &error));
        CHECK(*(const int32_t *)sum == 5 + start + (end ? (is_http ? 7001 : 7002) : 0));
        triton_infer_result_free(result);
        CHECK(!triton_infer_request_clear_sequence(request, &error));
        CHECK(triton_client_infer(client, request, NULL, &result, &error) != TRITON_STATUS_OK && result == NULL);
        triton_error_free(error);
        error = NULL;
        refused(triton_infer_request_set_sequence(request, 0, true, true, &error), TRITON_STATUS_INVALID_ARGUMENT, "0");
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
    size_t count = 0, output = 0;
    char text[4096];
    CHECK(!triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 1, &value, 4, &error));
    CHECK(!triton_infer_request_add_requested_output(request, "OUTPUT0", &output, &error));
    CHECK(!triton_infer_request_set_parameter_string(request, "s", "a \"text\"", &error));
    CHECK(!triton_infer_request_set_parameter_int64(request, "i", INT64_MIN, &error));
    CHECK(!triton_infer_request_set_parameter_bool(request, "b", true, &error));
    CHECK(!triton_infer_request_set_parameter_double(request, "d", 0.5, &error));
    CHECK(!triton_infer_request_set_priority(request, 1, &error));
    CHECK(!triton_infer_request_set_server_timeout_us(request, 5000000, &error));
    CHECK(!triton_infer_request_set_id(request, "id 1", &error));
    refused(triton_infer_request_set_parameter_bool(request, "triton_x", true, &error), TRITON_STATUS_INVALID_ARGUMENT, "triton_x");
    refused(triton_infer_request_set_parameter_int64(request, "priority", 1, &error), TRITON_STATUS_INVALID_ARGUMENT, "priority");
    refused(triton_infer_request_input_set_parameter_int64(request, 0, "binary_data_size", 1, &error), TRITON_STATUS_INVALID_ARGUMENT, "data");
    refused(triton_infer_request_requested_output_set_parameter_bool(request, 0, "binary_data", 1, &error), TRITON_STATUS_INVALID_ARGUMENT, "JSON");
    refused(triton_infer_request_input_set_parameter_bool(request, 9, "x", 1, &error), TRITON_STATUS_INVALID_ARGUMENT, "9");
    CHECK(!triton_call_options_new(&options, &error));
    CHECK(!triton_call_options_add_header(options, "x-tenant", "blue", &error));
    CHECK(!triton_call_options_add_binary_header(options, "x-bin", "\0\1", 2, &error));
    refused(triton_call_options_add_header(options, "x-tenant", "a\r\nb", &error), TRITON_STATUS_INVALID_ARGUMENT, "control");
    refused(triton_call_options_add_header(options, "Content-Length", "1", &error), TRITON_STATUS_INVALID_ARGUMENT, "itself");
    refused(triton_call_options_set_request_compression(options, (triton_compression)3, &error), TRITON_STATUS_INVALID_ARGUMENT, "3");
    refused(triton_call_options_set_accept_encoding(options, "br", &error), TRITON_STATUS_INVALID_ARGUMENT, "br");
    refused(triton_call_options_set_accept_encoding(options, "gzip;q=x", &error), TRITON_STATUS_INVALID_ARGUMENT, "q=x");
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
    CHECK(strstr(triton_infer_result_endpoint(result), is_http ? "http://127.0.0.1:" : "grpc://127.0.0.1:"));
    CHECK(strstr(triton_infer_result_debug_string(result), "OUTPUT0") != NULL);
    CHECK(triton_infer_result_header_count(result) > 0);
    {
        size_t at, found = 0;
        for (at = 0; at < triton_infer_result_header_count(result); at++)
            found += strcmp(triton_infer_result_header_name(result, at), "content-type") == 0
                && triton_infer_result_header_value(result, at)[0] != 0;
        CHECK(found == 1 && triton_infer_result_header_name(result, at)[0] == 0);
    }
    /* Triton tells a parameter of its own over gRPC alone. */
    if (triton_infer_result_parameter_count(result) > 0) {
        const triton_parameter *parameter = triton_infer_result_parameter(result, 0);
        CHECK(strcmp(triton_parameter_name(parameter), "triton_final_response") == 0);
        CHECK(triton_parameter_kind(parameter) == TRITON_VALUE_BOOL && triton_parameter_bool(parameter));
        CHECK(triton_parameter_int64(parameter) == 0 && triton_parameter_string(parameter)[0] == 0);
    }
    CHECK(triton_infer_result_parameter(result, 99) == NULL && triton_parameter_kind(NULL) == TRITON_VALUE_NONE);
    triton_infer_result_free(result);
    if (!is_http) {
        CHECK(!triton_call_options_add_query_parameter(options, "a b", "c&d", &error));
        refused(triton_client_infer(client, request, options, &result, &error), TRITON_STATUS_INVALID_ARGUMENT, "query");
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
    CHECK(!triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_FP32, shape, 2, scores, sizeof scores, &error));
    CHECK(!triton_infer_request_add_requested_output(request, "OUTPUT0", &index, &error) && index == 0);
    CHECK(!triton_infer_request_requested_output_set_classification(request, 0, 2, &error));
    result = infer(request, NULL);
    output = triton_infer_result_output(result, 0);
    CHECK(!triton_infer_output_class(output, 0, &class, &error) && class.value == 4 && class.index == 1 && class.label[0]);
    CHECK(!triton_infer_output_class(output, 1, &class, &error) && class.value == 2.5 && class.index == 3);
    refused(triton_infer_output_class(output, 2, &class, &error), TRITON_STATUS_OUT_OF_RANGE, "2");
    CHECK(class.label[0] == 0 && triton_infer_output_parameter_count(output) == 0);
    triton_infer_result_free(result);
    triton_infer_request_free(request);
}

static void forms_and_getters(void) {
    const int64_t shape[] = {3}, two[] = {2}, *own;
    const int64_t longs[] = {INT64_MIN, 0, INT64_MAX};
    triton_infer_request *request = request_to("identity_int64");
    triton_infer_result *result;
    triton_model_metadata *metadata = NULL;
    triton_bytes name;
    uint64_t byte_size = 1, offset = 1;
    const void *data = NULL;
    size_t index, count = 0, rank = 0;
    CHECK(!triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT64, shape, 1, longs, sizeof longs, &error));
    CHECK(!triton_infer_request_add_requested_output(request, "OUTPUT0", &index, &error));
    CHECK(triton_infer_request_input_count(request) == 1 && triton_infer_request_requested_output_count(request) == 1);
    CHECK(!triton_infer_request_input_name(request, 0, &name, &error) && is_text(name, "INPUT0"));
    CHECK(!triton_infer_request_requested_output_name(request, 0, &name, &error) && is_text(name, "OUTPUT0"));
    CHECK(triton_infer_request_input_datatype(request, 0) == TRITON_DATATYPE_INT64);
    CHECK(triton_infer_request_input_byte_size(request, 0) == sizeof longs);
    own = triton_infer_request_input_shape(request, 0, &rank);
    CHECK(rank == 1 && own[0] == 3 && triton_infer_request_input_shape(request, 1, &rank) == NULL && rank == 0);
    refused(triton_infer_request_input_name(request, 1, &name, &error), TRITON_STATUS_INVALID_ARGUMENT, "1");
    CHECK(name.data == NULL && name.byte_size == 0);

    CHECK(!triton_client_model_metadata(client, "identity_int64", NULL, NULL, &metadata, &error));
    CHECK(!triton_infer_request_check(request, metadata, &error));
    CHECK(!triton_infer_request_input_set_shape(request, 0, two, 1, &error));
    refused(triton_infer_request_check(request, metadata, &error), TRITON_STATUS_INVALID_ARGUMENT, "INPUT0");
    CHECK(!triton_infer_request_input_set_shape(request, 0, shape, 1, &error));
    triton_model_metadata_free(metadata);

    /* The elements spelled out, there and back. */
    CHECK(!triton_infer_request_input_set_json(request, 0, true, &error));
    CHECK(!triton_infer_request_requested_output_set_json(request, 0, true, &error));
    result = infer(request, NULL);
    CHECK(!triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT64, &data, &count, &error));
    CHECK(count == 3 && memcmp(data, longs, sizeof longs) == 0);
    triton_infer_result_free(result);
    CHECK(!triton_infer_request_input_set_json(request, 0, false, &error));
    CHECK(!triton_infer_request_set_binary_output(request, false, &error));
    CHECK(!triton_infer_request_input_set_json_text(request, 0, "[[1], [-9223372036854775808, 3]]", &error));
    if (is_http) {
        result = infer(request, NULL);
        CHECK(!triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT64, &data, &count, &error));
        CHECK(((const int64_t *)data)[0] == 1 && ((const int64_t *)data)[1] == INT64_MIN);
        triton_infer_result_free(result);
    } else {
        refused(triton_client_infer(client, request, NULL, &result, &error), TRITON_STATUS_INVALID_ARGUMENT, "JSON");
    }
    CHECK(!triton_infer_request_input_clear_data(request, 0, &error));
    refused(triton_client_infer(client, request, NULL, &result, &error), TRITON_STATUS_INVALID_ARGUMENT, "0 bytes");

    /* Shared memory that the server does not know. */
    CHECK(!triton_infer_request_input_set_shared_memory(request, 0, "nobody's", 24, 8, &error));
    CHECK(!triton_infer_request_input_shared_memory(request, 0, &name, &byte_size, &offset, &error));
    CHECK(is_text(name, "nobody's") && byte_size == 24 && offset == 8);
    CHECK(triton_client_infer(client, request, NULL, &result, &error) != TRITON_STATUS_OK);
    CHECK(strstr(triton_error_message(error), "nobody's") && triton_error_header_count(error) > 0);
    CHECK(triton_error_header_name(error, 0)[0] && triton_error_header_value(error, 99)[0] == 0);
    triton_error_free(error);
    error = NULL;
    CHECK(!triton_infer_request_input_clear_shared_memory(request, 0, &error));
    CHECK(!triton_infer_request_input_shared_memory(request, 0, &name, &byte_size, &offset, &error));
    CHECK(name.byte_size == 0 && byte_size == 0 && offset == 0);
    CHECK(!triton_infer_request_requested_output_set_shared_memory(request, 0, "x", 24, 0, &error));
    CHECK(!triton_infer_request_requested_output_shared_memory(request, 0, &name, &byte_size, &offset, &error));
    CHECK(is_text(name, "x") && byte_size == 24);
    CHECK(!triton_infer_request_requested_output_clear_shared_memory(request, 0, &error));

    CHECK(!triton_infer_request_clear(request, &error) && triton_infer_request_input_count(request) == 0);
    CHECK(!triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT64, shape, 1, longs, sizeof longs, &error));
    CHECK(!triton_infer_request_set_empty_final_response(request, is_http, &error));
    CHECK(!triton_infer_request_set_raw_body(request, true, &error));
    if (is_http) triton_infer_result_free(infer(request, NULL));
    else refused(triton_client_infer(client, request, NULL, &result, &error), TRITON_STATUS_INVALID_ARGUMENT, "raw body");
    triton_infer_request_free(request);
}

static void offline(void) {
    static const char answer[] = "{\"model_name\":\"m\",\"model_version\":\"1\",\"parameters\":{\"n\":18446744073709551615},"
        "\"outputs\":[{\"name\":\"O\",\"datatype\":\"UINT8\",\"shape\":[3],\"parameters\":{\"binary_data_size\":3}}]}abc";
    const int64_t shape[] = {3};
    triton_infer_request *request = request_to("identity_uint8");
    triton_buffer *buffer = NULL;
    triton_infer_result *result = NULL;
    uint64_t json_byte_size = 0;
    CHECK(!triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_UINT8, shape, 1, "abc", 3, &error));
    CHECK(!triton_infer_request_to_http_body(request, TRITON_COMPRESSION_NONE, &buffer, &json_byte_size, &error));
    CHECK(triton_buffer_byte_size(buffer) == json_byte_size + 3 && ((const char *)triton_buffer_data(buffer))[0] == '{');
    triton_buffer_free(buffer);
    CHECK(!triton_infer_result_from_http_body(answer, sizeof answer - 1, sizeof answer - 4, TRITON_COMPRESSION_NONE, 1000, &result, &error));
    CHECK(memcmp(triton_infer_output_data(triton_infer_result_output(result, 0)), "abc", 3) == 0);
    CHECK(triton_parameter_uint64(triton_infer_result_parameter(result, 0)) == UINT64_MAX);
    CHECK(triton_infer_result_endpoint(result)[0] == 0 && triton_infer_result_header_count(result) == 0);
    triton_infer_result_free(result);
    refused(triton_infer_result_from_http_body(answer, sizeof answer - 1, TRITON_NO_JSON_BYTE_SIZE, TRITON_COMPRESSION_NONE, 1000, &result, &error),
        TRITON_STATUS_INTERNAL, "JSON");
    CHECK(result == NULL);
    CHECK(!triton_infer_request_to_grpc_message(request, &buffer, &error));
    if (is_http) {
        refused(triton_client_infer_grpc_message(client, "", 0, NULL, &result, &error), TRITON_STATUS_INVALID_ARGUMENT, "HTTP");
    } else {
        CHECK(!triton_client_infer_grpc_message(client, triton_buffer_data(buffer), triton_buffer_byte_size(buffer), NULL, &result, &error));
        CHECK(memcmp(triton_infer_output_data(triton_infer_result_output(result, 0)), "abc", 3) == 0);
        triton_infer_result_free(result);
    }
    refused(triton_infer_result_from_grpc_message("\377", 1, &result, &error), TRITON_STATUS_INTERNAL, "truncated");
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
    CHECK(!triton_bytes_byte_size(words, 2, &byte_size, &error) && byte_size == 11);
    CHECK(!triton_bytes_serialize(words, 2, tensor, sizeof tensor, &byte_size, &error) && byte_size == 11);
    refused(triton_bytes_serialize(words, 2, tensor, 10, &byte_size, &error), TRITON_STATUS_RESOURCE_EXHAUSTED, "11");
    CHECK(!triton_bytes_parse(tensor, 11, NULL, 0, &count, &error) && count == 2);
    CHECK(!triton_bytes_parse(tensor, 11, back, 2, &count, &error) && back[0].byte_size == 3 && back[0].data == tensor + 4);
    refused(triton_bytes_parse(tensor, 11, back, 1, &count, &error), TRITON_STATUS_RESOURCE_EXHAUSTED, "2");
    CHECK(count == 2);
    refused(triton_bytes_parse(tensor, 10, back, 2, &count, &error), TRITON_STATUS_INVALID_ARGUMENT, "BYTES");
    CHECK(!triton_fp16_from_fp32(values, 3, narrow, &error) && narrow[0] == 0x3c00 && narrow[1] == 0xc100);
    CHECK(!triton_fp16_to_fp32(narrow, 3, wide, &error) && wide[1] == -2.5f && wide[2] != wide[2]);
    CHECK(!triton_bf16_from_fp32(values, 3, narrow, &error) && narrow[0] == 0x3f80);
    CHECK(!triton_bf16_to_fp32(narrow, 3, wide, &error) && wide[1] == -2.5f && wide[2] != wide[2]);
    CHECK(!triton_fp16_from_fp32(NULL, 0, NULL, &error));
}

static void statistics(void) {
    struct {
        triton_infer_statistics known;
        uint64_t later;
    } newer;
    triton_infer_statistics all = {sizeof all, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    CHECK(!triton_client_infer_statistics(client, &all, &error));
    CHECK(all.completed_count > 4 && all.failed_count > 1 && all.struct_size == sizeof all);
    CHECK(all.total_ns >= all.send_ns + all.receive_ns && all.p50_ns > 0 && all.p50_ns <= all.p90_ns && all.p99_ns <= all.max_ns);
    all.struct_size = 24;
    all.total_ns = 77;
    CHECK(!triton_client_infer_statistics(client, &all, &error) && all.total_ns == 77);
    newer.later = 77;
    newer.known.struct_size = sizeof newer;
    CHECK(!triton_client_infer_statistics(client, &newer.known, &error) && newer.later == 0 && newer.known.max_ns > 0);
    all.struct_size = 20;
    refused(triton_client_infer_statistics(client, &all, &error), TRITON_STATUS_INVALID_ARGUMENT, "20");
    all.struct_size = 8;
    refused(triton_client_infer_statistics(client, &all, &error), TRITON_STATUS_INVALID_ARGUMENT, "8");
    all.struct_size = 8000;
    refused(triton_client_infer_statistics(client, &all, &error), TRITON_STATUS_INVALID_ARGUMENT, "8000");
}

int main(int argc, char **argv) {
    triton_client_options *options = NULL;
    if (argc != 2) return 2;
    is_http = strncmp(argv[1], "http", 4) == 0;
    CHECK(!triton_client_options_new(&options, &error));
    CHECK(!triton_client_options_set_max_decompressed_byte_size(options, TRITON_DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE, &error));
    CHECK(!triton_client_options_set_request_compression(options, TRITON_COMPRESSION_DEFLATE, &error));
    CHECK(!triton_client_options_set_response_compression(options, TRITON_COMPRESSION_GZIP, &error));
    refused(triton_client_options_set_max_decompressed_byte_size(options, 0, &error), TRITON_STATUS_INVALID_ARGUMENT, "0");
    CHECK(!triton_client_new(argv[1], options, &client, &error));
    triton_client_options_free(options);
    elements();
    offline();
    sequences();
    parameters();
    classes();
    forms_and_getters();
    statistics();
    triton_client_free(client);
    return 0;
}

/* contract.c URL: the contract at the start of the header, as far as one program can check it. */
#include "check.h"

static int finalized = 0;
static int heard = 0;
static void hear(triton_log_level level, const char *target, const char *message, void *user_data) {
    CHECK(level >= TRITON_LOG_ERROR && level <= TRITON_LOG_DEBUG && target[0] && message[0]
          && user_data == &heard);
    heard++;
}
static void finalize(void *user_data) {
    CHECK(user_data == &heard);
    finalized++;
}

static void plain_functions(void) {
    CHECK(strcmp(triton_status_name(TRITON_STATUS_OK), "OK") == 0);
    CHECK(strcmp(triton_status_name((triton_status)17), "UNKNOWN") == 0);
    CHECK(strcmp(triton_status_name((triton_status)-1), "UNKNOWN") == 0);
    CHECK(triton_error_message(NULL)[0] == 0 && triton_error_request_id(NULL)[0] == 0);
    CHECK(triton_error_status(NULL) == TRITON_STATUS_OK && triton_error_origin(NULL) == TRITON_ORIGIN_NONE);
    CHECK(!triton_error_is_retryable(NULL) && !triton_error_is_in_doubt(NULL)
          && triton_error_http_status(NULL) == 0);
    CHECK(strcmp(triton_datatype_name(TRITON_DATATYPE_BF16), "BF16") == 0);
    CHECK(strcmp(triton_datatype_name((triton_datatype)99), "INVALID") == 0);
    CHECK(triton_datatype_from_name("FP64") == TRITON_DATATYPE_FP64);
    CHECK(triton_datatype_from_name("fp64") == TRITON_DATATYPE_INVALID);
    CHECK(triton_datatype_from_name("\xff") == TRITON_DATATYPE_INVALID);
    CHECK(triton_datatype_from_name(NULL) == TRITON_DATATYPE_INVALID);
    CHECK(triton_datatype_byte_size(TRITON_DATATYPE_INT16) == 2
          && triton_datatype_byte_size((triton_datatype)15) == 0);
    CHECK(triton_version_number() == TRITON_VERSION_NUMBER && triton_abi_version() == TRITON_ABI_VERSION);
    CHECK(triton_version()[0] != 0);
}

static void requests(void) {
    const int64_t shape[] = {2}, negative[] = {-1};
    const int32_t data[] = {1, 2};
    const triton_bytes words[] = {{"a", 1}, {"be\0ta", 5}, {NULL, 0}}, broken[] = {{NULL, 3}};
    triton_infer_request *request = (triton_infer_request *)&error;
    size_t index = 7;

    refused(triton_infer_request_new("\xc3\x28", &request, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "model_name");
    CHECK(request == NULL);
    refused(triton_infer_request_new("", &request, &error), TRITON_STATUS_INVALID_ARGUMENT, "model_name");
    CHECK(triton_infer_request_new("m", &request, NULL) == TRITON_STATUS_OK && request != NULL);

    refused(triton_infer_request_add_input(request, "I", (triton_datatype)99, shape, 1, &index, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "99");
    CHECK(index == 0);
    refused(triton_infer_request_add_input(request, "I", (triton_datatype)-1, shape, 1, &index, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "-1");
    refused(triton_infer_request_add_input(request, "I", TRITON_DATATYPE_INVALID, shape, 1, &index, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "INVALID");
    refused(triton_infer_request_add_input(request, "I", TRITON_DATATYPE_INT32, negative, 1, &index, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "negative");
    refused(triton_infer_request_add_input(request, "I", TRITON_DATATYPE_INT32, NULL, 1, &index, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "shape is NULL");
    refused(triton_infer_request_add_input(request, "I", TRITON_DATATYPE_INT32, shape, (size_t)-1, &index,
                                           &error),
            TRITON_STATUS_INVALID_ARGUMENT, "shape");
    refused(triton_infer_request_add_input_data(request, "I", TRITON_DATATYPE_INT32, shape, 1, NULL, 8, NULL,
                                                &error),
            TRITON_STATUS_INVALID_ARGUMENT, "data is NULL");
    refused(triton_infer_request_add_input_data(request, "I", TRITON_DATATYPE_INT32, shape, 1, data,
                                                (size_t)-1, NULL, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "data");
    refused(triton_infer_request_add_input_strings(request, "I", shape, 1, broken, 1, NULL, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "strings[0]");
    /* None of them added an input. */
    CHECK(!triton_infer_request_add_input(request, "I", TRITON_DATATYPE_INT32, shape, 1, &index, &error)
          && index == 0);
    CHECK(!triton_infer_request_add_input_strings(request, "S", shape, 1, words, 3, NULL, &error));
    CHECK(!triton_infer_request_add_input(request, "scalar", TRITON_DATATYPE_BYTES, NULL, 0, &index, &error)
          && index == 2);
    CHECK(!triton_infer_request_input_append_data(request, 0, NULL, 0, &error));
    CHECK(!triton_infer_request_input_append_data_copy(request, 0, data, 4, &error));
    refused(triton_infer_request_input_append_data(request, 3, data, 4, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "no input 3");
    refused(triton_infer_request_input_append_strings(request, 0, words, 1, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "INT32");
    CHECK(!triton_infer_request_add_output(request, "O", &index, &error) && index == 0);
    refused(triton_infer_request_add_output(request, "O", &index, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "already");
    CHECK(!triton_infer_request_set_id(request, NULL, &error)
          && !triton_infer_request_set_model_version(request, NULL, &error));
    triton_infer_request_free(request);
}

static void options_and_log(const char *url) {
    triton_client_options *options = NULL;
    triton_call_options *call = NULL;
    triton_client *client = NULL;
    bool live = false;

    CHECK(!triton_client_options_new(&options, &error) && !triton_call_options_new(&call, &error));
    refused(triton_client_options_set_timeout_us(options, 0, &error), TRITON_STATUS_INVALID_ARGUMENT, "0");
    refused(triton_client_options_set_connect_timeout_us(options, 0, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "0");
    CHECK(!triton_client_options_set_max_message_byte_size(options, 0, &error));
    CHECK(!triton_client_options_set_max_connections(options, 0, &error));
    CHECK(!triton_client_options_set_max_connections(options, SIZE_MAX, &error));
    CHECK(!triton_client_options_set_max_connections(options, 8, &error));
    refused(triton_client_options_set_grpc_service_name(options, "", &error), TRITON_STATUS_INVALID_ARGUMENT,
            "service name");
    refused(triton_client_options_set_grpc_service_name(options, "a/b", &error),
            TRITON_STATUS_INVALID_ARGUMENT, "a/b");
    CHECK(!triton_client_options_set_grpc_service_name(options, "other.Service", &error));
    CHECK(!triton_client_options_set_grpc_service_name(options, NULL, &error));
    refused(triton_call_options_set_timeout_us(call, 0, &error), TRITON_STATUS_INVALID_ARGUMENT, "0");
    refused(
        triton_client_options_set_log_callback(options, (triton_log_level)9, hear, &heard, finalize, &error),
        TRITON_STATUS_INVALID_ARGUMENT, "9");
    CHECK(!triton_client_options_set_log_callback(options, TRITON_LOG_DEBUG, NULL, NULL, NULL, &error));
    CHECK(finalized == 0);
    CHECK(!triton_client_options_set_log_callback(options, TRITON_LOG_DEBUG, hear, &heard, finalize, &error));
    CHECK(!triton_client_options_set_log_callback(options, TRITON_LOG_DEBUG, hear, &heard, finalize, &error));
    CHECK(finalized == 1);
    CHECK(!triton_client_options_set_timeout_us(options, TRITON_NO_TIMEOUT, &error));
    CHECK(!triton_client_options_set_connect_timeout_us(options, TRITON_NO_TIMEOUT, &error));
    CHECK(!triton_client_options_set_max_message_byte_size(options, 2147483647, &error));
    CHECK(!triton_call_options_set_timeout_us(call, TRITON_NO_TIMEOUT - 1, &error));
    CHECK(!triton_client_new(url, options, &client, &error) && heard == 0);
    triton_client_options_free(options);
    CHECK(!triton_client_check_server_live(client, call, &live, &error) && live && heard > 0);
    CHECK(finalized == 1);
    triton_client_free(client);
    triton_call_options_free(call);
}

static void results(const char *url) {
    const int64_t shape[] = {1, 16};
    int32_t a[16], b[16];
    triton_client *client = NULL;
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    triton_model_metadata *model = NULL;
    triton_server_metadata *server = NULL;
    const triton_infer_output *output;
    const triton_bytes *strings = (const triton_bytes *)a;
    const void *data = a;
    const int64_t *dimensions;
    size_t count = 9, rank = 9, i;
    int round;
    bool ready = false;

    CHECK(!triton_client_new(url, NULL, &client, &error)
          && !triton_infer_request_new("simple", &request, &error));
    CHECK(!triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, a,
                                               sizeof a, NULL, &error));
    CHECK(!triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, b,
                                               sizeof b, NULL, &error));
    CHECK(!triton_infer_request_set_id(request, "r\xc3\xa4", &error));
    for (round = 0; round < 3; round++) { /* borrowed memory is refilled between calls */
        for (i = 0; i < 16; i++) a[i] = round, b[i] = (int32_t)i;
        CHECK(!triton_client_infer(client, request, NULL, &result, &error));
        CHECK(
            !triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT32, &data, &count, &error));
        CHECK(count == 16 && (uintptr_t)data % 64 == 0);
        for (i = 0; i < 16; i++) CHECK(((const int32_t *)data)[i] == round + (int32_t)i);
        if (round < 2) triton_infer_result_free(result);
    }
    triton_infer_request_free(request);
    CHECK(!triton_client_check_model_ready(client, "simple", NULL, NULL, &ready, &error) && ready);
    CHECK(!triton_client_check_server_ready(client, NULL, &ready, &error) && ready);
    CHECK(!triton_client_server_metadata(client, NULL, &server, &error));
    CHECK(triton_server_metadata_name(server)[0] && triton_server_metadata_version(server)[0]);
    CHECK(triton_server_metadata_extension_count(server) > 0
          && triton_server_metadata_extension(server, 0)[0]);
    CHECK(triton_server_metadata_extension(server, 1000)[0] == 0);
    CHECK(!triton_client_model_metadata(client, "simple", "1", NULL, &model, &error));
    CHECK(strcmp(triton_model_metadata_name(model), "simple") == 0
          && triton_model_metadata_platform(model)[0]);
    CHECK(triton_model_metadata_version_count(model) == 1
          && strcmp(triton_model_metadata_version(model, 0), "1") == 0);
    CHECK(triton_model_metadata_input_count(model) == 2 && triton_model_metadata_output_count(model) == 2);
    CHECK(triton_model_metadata_input(model, 2) == NULL && triton_model_metadata_output(model, 2) == NULL);
    CHECK(strcmp(triton_tensor_metadata_name(triton_model_metadata_input(model, 1)), "INPUT1") == 0);
    CHECK(triton_tensor_metadata_datatype(triton_model_metadata_output(model, 0)) == TRITON_DATATYPE_INT32);
    dimensions = triton_tensor_metadata_shape(triton_model_metadata_input(model, 0), &rank);
    CHECK(rank == 2 && dimensions[0] == -1 && dimensions[1] == 16);
    triton_client_free(client); /* results and metadata outlive their client */

    CHECK(strcmp(triton_infer_result_model_name(result), "simple") == 0);
    CHECK(strcmp(triton_infer_result_model_version(result), "1") == 0);
    CHECK(strcmp(triton_infer_result_id(result), "r\xc3\xa4") == 0);
    CHECK(triton_infer_result_output_count(result) == 2 && triton_infer_result_output(result, 2) == NULL);
    output = triton_infer_result_output(result, 0);
    CHECK(triton_infer_output_name(output)[0]
          && triton_infer_output_datatype(output) == TRITON_DATATYPE_INT32);
    dimensions = triton_infer_output_shape(output, &rank);
    CHECK(rank == 2 && dimensions[0] == 1 && dimensions[1] == 16);
    CHECK(triton_infer_output_byte_size(output) == 64 && triton_infer_output_data(output) != NULL);
    refused(triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_FP32, &data, &count, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "expected datatype FP32, got INT32");
    CHECK(data == NULL && count == 0);
    refused(triton_infer_result_output_as(result, "OUTPUT0", (triton_datatype)77, &data, &count, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "77");
    refused(triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_BYTES, &data, &count, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "strings");
    refused(triton_infer_result_output_as(result, "NONE", TRITON_DATATYPE_INT32, &data, &count, &error),
            TRITON_STATUS_NOT_FOUND, "OUTPUT1");
    refused(triton_infer_result_output_strings(result, "OUTPUT0", &strings, &count, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "BYTES");
    CHECK(strings == NULL && count == 0);
    triton_server_metadata_free(server);
    triton_model_metadata_free(model);
    triton_infer_result_free(result);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    plain_functions();
    requests();
    options_and_log(argv[1]);
    results(argv[1]);
    CHECK(finalized == 2);
    return 0;
}

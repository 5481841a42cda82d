/* other_servers.c URL: a server with a datatype and numbers that Triton does not send. */
#include "check.h"

int main(int argc, char **argv) {
    triton_client *client = NULL;
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    triton_model_metadata *metadata = NULL;
    const triton_infer_output *output;
    const triton_tensor_metadata *tensor;
    const void *data = NULL;
    const char *name;
    size_t count = 0, rank = 0;
    if (argc != 2) return 2;
    CHECK(!triton_client_new(argv[1], NULL, &client, &error));
    CHECK(!triton_infer_request_new("m", &request, &error));
    CHECK(!triton_client_infer(client, request, NULL, &result, &error));
    CHECK(strcmp(triton_infer_result_model_version(result), "3") == 0);

    output = triton_infer_result_output(result, 0);
    name = triton_infer_output_datatype_name(output);
    CHECK(triton_infer_output_datatype(output) == TRITON_DATATYPE_INVALID && strcmp(name, "STRING") == 0);
    CHECK(name == triton_infer_output_datatype_name(output));
    CHECK(triton_infer_output_data(output) != NULL && triton_infer_output_byte_size(output) == 0);
    CHECK(triton_infer_result_output_as(result, "O", TRITON_DATATYPE_FP32, &data, &count, &error)
          == TRITON_STATUS_INVALID_ARGUMENT);
    CHECK(strstr(triton_error_message(error), "unknown datatype 'STRING'") != NULL);
    triton_error_free(error);
    error = NULL;

    output = triton_infer_result_output(result, 1);
    CHECK(strcmp(triton_infer_output_datatype_name(output), "INT32") == 0);
    CHECK(triton_infer_output_shape(output, &rank)[0] == 2 && rank == 1);
    CHECK(!triton_infer_result_output_as(result, "GOOD", TRITON_DATATYPE_INT32, &data, &count, &error));
    CHECK(count == 2 && ((const int32_t *)data)[1] == 8);
    CHECK(strcmp(triton_infer_output_datatype_name(NULL), "") == 0);

    CHECK(!triton_client_model_metadata(client, "m", NULL, NULL, &metadata, &error));
    CHECK(strcmp(triton_model_metadata_version(metadata, 0), "1") == 0);
    tensor = triton_model_metadata_input(metadata, 0);
    CHECK(triton_tensor_metadata_datatype(tensor) == TRITON_DATATYPE_INVALID);
    CHECK(strcmp(triton_tensor_metadata_datatype_name(tensor), "FP8") == 0);
    tensor = triton_model_metadata_input(metadata, 1);
    CHECK(strcmp(triton_tensor_metadata_datatype_name(tensor), "INT64") == 0);
    CHECK(triton_tensor_metadata_shape(tensor, &rank)[0] == 2 && rank == 1);
    CHECK(strcmp(triton_tensor_metadata_datatype_name(NULL), "") == 0);

    triton_model_metadata_free(metadata);
    triton_infer_result_free(result);
    triton_infer_request_free(request);
    triton_client_free(client);
    return 0;
}

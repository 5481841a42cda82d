/* repeat.c URL N [token]: makes N small requests on one client, with a cancel token in their options. */
#include <stdio.h>
#include <stdlib.h>
#include <triton_client.h>

int main(int argc, char **argv) {
    const int64_t shape[] = {1, 16};
    const int32_t data[16] = {0};
    triton_client *client = NULL;
    triton_infer_request *request = NULL;
    triton_call_options *options = NULL;
    triton_cancel_token *token = NULL;
    triton_error *error = NULL;
    int left = argc > 2 ? atoi(argv[2]) : 0;
    int failed = triton_client_new(argv[1], NULL, &client, &error)
        || triton_infer_request_new("simple", &request, &error)
        || triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, data, 64,
                                               NULL, &error)
        || triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, data, 64,
                                               NULL, &error);
    if (!failed && argc > 3) {
        failed = triton_cancel_token_new(&token, &error) || triton_call_options_new(&options, &error)
            || triton_call_options_set_cancel_token(options, token, &error);
    }
    for (; !failed && left > 0; left--) {
        triton_infer_result *result = NULL;
        failed = triton_client_infer(client, request, options, &result, &error);
        triton_infer_result_free(result);
    }
    if (failed) fprintf(stderr, "%s\n", triton_error_message(error));
    triton_error_free(error);
    triton_call_options_free(options);
    triton_cancel_token_free(token);
    triton_infer_request_free(request);
    triton_client_free(client);
    return failed;
}

/* fail.c URL TIMEOUT_US CASE REPEAT BYTES: makes a call that fails and prints the error, which the suite
 * checks. CASE: data (an INT32 input of BYTES bytes), count (its shape says one element more), shape (model
 * simple, 15 elements), unknown (model no_such), live (is_server_live). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triton_client.h>

static int fail_once(const triton_client *client, const triton_call_options *options, const char *what,
                     int32_t *data, size_t byte_size, triton_error **error) {
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    const int64_t count = (int64_t)(byte_size / 4);
    int64_t shape[2];
    bool live = true;
    int failed;
    if (strcmp(what, "live") == 0) return triton_client_check_server_live(client, options, &live, error) != 0;
    shape[0] = strcmp(what, "count") == 0 ? count + 1 : count;
    if (strcmp(what, "shape") == 0) {
        shape[0] = 1;
        shape[1] = 15;
        failed = triton_infer_request_new("simple", &request, error)
            || triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, data,
                                                   60, NULL, error)
            || triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, data,
                                                   60, NULL, error);
    } else {
        failed = triton_infer_request_new(strcmp(what, "unknown") == 0 ? "no_such" : "m", &request, error)
            || triton_infer_request_add_input_data(request, "I", TRITON_DATATYPE_INT32, shape, 1, data,
                                                   byte_size, NULL, error);
    }
    failed = failed || triton_infer_request_set_id(request, "id-1", error)
        || triton_client_infer(client, request, options, &result, error);
    triton_infer_request_free(request);
    triton_infer_result_free(result);
    return failed;
}

int main(int argc, char **argv) {
    triton_client *client = NULL;
    triton_call_options *options = NULL;
    triton_error *error = NULL;
    int32_t *data = NULL;
    size_t byte_size;
    int repeat, failed;
    if (argc != 6) return 2;
    signal(SIGPIPE, SIG_DFL);
    repeat = atoi(argv[4]);
    byte_size = (size_t)atol(argv[5]);
    data = calloc(byte_size > 60 ? byte_size : 60, 1);
    failed = data == NULL || triton_client_new(argv[1], NULL, &client, &error)
        || triton_call_options_new(&options, &error)
        || triton_call_options_set_timeout_us(options, strtoull(argv[2], NULL, 10), &error);
    while (!failed && repeat-- > 0) {
        triton_error_free(error);
        error = NULL;
        if (!fail_once(client, options, argv[3], data, byte_size, &error)) {
            printf("the call succeeded\n");
            failed = 1;
        }
    }
    printf("%s %d %d %d %u '%s'\n%s\n", triton_status_name(triton_error_status(error)),
           (int)triton_error_origin(error), triton_error_is_retryable(error), triton_error_is_in_doubt(error),
           (unsigned)triton_error_http_status(error), triton_error_request_id(error),
           triton_error_message(error));
    triton_error_free(error);
    triton_call_options_free(options);
    triton_client_free(client);
    free(data);
    return failed;
}

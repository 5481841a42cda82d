/* infer.c: cc infer.c $(pkg-config --cflags --libs triton_client) && ./a.out grpc://localhost:8001 */
#include <stdio.h>
#include <triton_client.h>

int main(int argc, char **argv) {
    const char *url = argc > 1 ? argv[1] : "localhost:8000";
    const int64_t shape[] = {1, 16};
    int32_t a[16], b[16];
    for (int i = 0; i < 16; i++) { a[i] = i; b[i] = 1; }

    triton_client *client = NULL;
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    triton_error *error = NULL;
    const void *data = NULL;
    size_t count = 0;

    int failed = triton_client_new(url, NULL, &client, &error)                                 /* no network yet */
        || triton_infer_request_new("simple", &request, &error)
        || triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, a, sizeof a, NULL, &error)
        || triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, b, sizeof b, NULL, &error)
        || triton_client_infer(client, request, NULL, &result, &error)
        || triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT32, &data, &count, &error);
    if (failed) fprintf(stderr, "%s\n", triton_error_message(error));

    const int32_t *sum = data;                               /* aligned, known to be INT32, valid until the result is freed */
    for (size_t i = 0; i < count; i++) printf("%d + %d = %d\n", a[i], b[i], sum[i]);

    triton_error_free(error);                                                               /* each takes NULL */
    triton_infer_result_free(result);
    triton_infer_request_free(request);
    triton_client_free(client);
    return failed;
}

/* simple_infer.c: sums and differences computed by the model `simple`; every value is checked.
 *
 *     cc simple_infer.c $(pkg-config --cflags --libs triton_client) -o simple_infer
 *     ./simple_infer [-v] [-u URL]        -v logs to stderr; the default URL is http://localhost:8000
 */
#include <stdio.h>
#include <string.h>
#include <triton_client.h>

#define COUNT 16

static void print_log(triton_log_level level, const char *target, const char *message, void *user_data) {
    (void)level;
    (void)user_data;
    fprintf(stderr, "[%s] %s\n", target, message);
}

static int has_values(const char *name, const int32_t *have, size_t count, const int32_t *expected) {
    size_t i;
    for (i = 0; i < COUNT && i < count; i++) {
        if (have[i] != expected[i]) {
            fprintf(stderr, "%s[%zu] is %d, expected %d\n", name, i, have[i], expected[i]);
            return 0;
        }
    }
    if (count != COUNT) fprintf(stderr, "%s has %zu elements, expected %d\n", name, count, COUNT);
    return count == COUNT;
}

int main(int argc, char **argv) {
    const char *url = "http://localhost:8000";
    const int64_t shape[] = {1, COUNT};
    int32_t a[COUNT], b[COUNT], sums[COUNT], differences[COUNT];
    int verbose = 0, failed, i;
    triton_client_options *options = NULL;
    triton_client *client = NULL;
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    triton_error *error = NULL;
    const void *sum = NULL, *difference = NULL;
    size_t sum_count = 0, difference_count = 0;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0) {
            verbose = 1;
        } else if (strcmp(argv[i], "-u") == 0 && i + 1 < argc) {
            url = argv[++i];
        } else {
            fprintf(stderr, "usage: %s [-v] [-u URL]\n", argv[0]);
            return 1;
        }
    }
    for (i = 0; i < COUNT; i++) {
        a[i] = i;
        b[i] = 1;
        sums[i] = a[i] + b[i];
        differences[i] = a[i] - b[i];
    }

    failed = triton_client_options_new(&options, &error)
        || (verbose
            && triton_client_options_set_log_callback(options, TRITON_LOG_DEBUG, print_log, NULL, NULL,
                                                      &error))
        || triton_client_new(url, options, &client, &error)
        || triton_infer_request_new("simple", &request, &error)
        || triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, a,
                                               sizeof a, NULL, &error)
        || triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, b,
                                               sizeof b, NULL, &error)
        || triton_client_infer(client, request, NULL, &result, &error)
        || triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT32, &sum, &sum_count, &error)
        || triton_infer_result_output_as(result, "OUTPUT1", TRITON_DATATYPE_INT32, &difference,
                                         &difference_count, &error);
    if (failed) {
        fprintf(stderr, "%s\n", triton_error_message(error));
    } else if (!has_values("OUTPUT0", sum, sum_count, sums)
               || !has_values("OUTPUT1", difference, difference_count, differences)) {
        failed = 1;
    } else {
        for (i = 0; i < COUNT; i++) {
            printf("%d + %d = %d\n", a[i], b[i], ((const int32_t *)sum)[i]);
            printf("%d - %d = %d\n", a[i], b[i], ((const int32_t *)difference)[i]);
        }
        printf("PASS : Infer\n");
    }

    triton_error_free(error);
    triton_infer_result_free(result);
    triton_infer_request_free(request);
    triton_client_free(client);
    triton_client_options_free(options);
    return failed;
}

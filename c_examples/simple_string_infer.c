/* simple_string_infer.c: the same sums and differences by the model `simple_string`, whose numbers are
 * strings.
 *
 *     cc simple_string_infer.c $(pkg-config --cflags --libs triton_client) -o simple_string_infer
 *     ./simple_string_infer [-v] [-u URL]     -v logs to stderr; the default URL is http://localhost:8000
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

/* Elements have no terminating NUL. */
static int has_numbers(const char *name, const triton_bytes *have, size_t count, const int *expected) {
    char text[16];
    size_t i;
    for (i = 0; i < COUNT && i < count; i++) {
        size_t length = (size_t)snprintf(text, sizeof text, "%d", expected[i]);
        if (have[i].byte_size != length || memcmp(have[i].data, text, length) != 0) {
            fprintf(stderr, "%s[%zu] is '%.*s', expected '%s'\n", name, i, (int)have[i].byte_size,
                    have[i].data, text);
            return 0;
        }
    }
    if (count != COUNT) fprintf(stderr, "%s has %zu elements, expected %d\n", name, count, COUNT);
    return count == COUNT;
}

int main(int argc, char **argv) {
    const char *url = "http://localhost:8000";
    const int64_t shape[] = {1, COUNT};
    char text[COUNT][16];
    triton_bytes a[COUNT], b[COUNT];
    int sums[COUNT], differences[COUNT], verbose = 0, failed, i;
    triton_client_options *options = NULL;
    triton_client *client = NULL;
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    triton_error *error = NULL;
    const triton_bytes *sum = NULL, *difference = NULL;
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
        a[i].data = text[i];
        a[i].byte_size = (size_t)snprintf(text[i], sizeof text[i], "%d", i);
        b[i].data = "1";
        b[i].byte_size = 1;
        sums[i] = i + 1;
        differences[i] = i - 1;
    }

    failed = triton_client_options_new(&options, &error)
        || (verbose
            && triton_client_options_set_log_callback(options, TRITON_LOG_DEBUG, print_log, NULL, NULL,
                                                      &error))
        || triton_client_new(url, options, &client, &error)
        || triton_infer_request_new("simple_string", &request, &error)
        || triton_infer_request_add_input_strings(request, "INPUT0", shape, 2, a, COUNT, NULL, &error)
        || triton_infer_request_add_input_strings(request, "INPUT1", shape, 2, b, COUNT, NULL, &error)
        || triton_client_infer(client, request, NULL, &result, &error)
        || triton_infer_result_output_strings(result, "OUTPUT0", &sum, &sum_count, &error)
        || triton_infer_result_output_strings(result, "OUTPUT1", &difference, &difference_count, &error);
    if (failed) {
        fprintf(stderr, "%s\n", triton_error_message(error));
    } else if (!has_numbers("OUTPUT0", sum, sum_count, sums)
               || !has_numbers("OUTPUT1", difference, difference_count, differences)) {
        failed = 1;
    } else {
        for (i = 0; i < COUNT; i++) {
            printf("%s + 1 = %.*s\n", text[i], (int)sum[i].byte_size, sum[i].data);
            printf("%s - 1 = %.*s\n", text[i], (int)difference[i].byte_size, difference[i].data);
        }
        printf("PASS : String Infer\n");
    }

    triton_error_free(error);
    triton_infer_result_free(result);
    triton_infer_request_free(request);
    triton_client_free(client);
    triton_client_options_free(options);
    return failed;
}

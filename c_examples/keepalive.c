/* keepalive.c: calls on a connection that is kept alive: over gRPC by PINGs while a call waits for its
 * response, and over both protocols by TCP's keepalive while it is idle. Every value is checked.
 *
 *     cc keepalive.c $(pkg-config --cflags --libs triton_client) -o keepalive
 *     ./keepalive [-v] [-u URL] [--grpc-keepalive-time MS] [--grpc-keepalive-timeout MS] [--tcp-keepalive MS]
 *
 * -v logs to stderr; the default URL is grpc://localhost:8001. The next two flags are those of upstream's
 * simple_grpc_keepalive_client, with its defaults, 2147483647 and 20000. It has two more:
 * --grpc-keepalive-permit-without-calls, in whose place there is --tcp-keepalive, since no thread would send
 * PINGs on an idle connection, and --grpc-http2-max-pings-without-data, which has no use here: a PING is sent
 * only while a call waits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triton_client.h>

#define COUNT 16
#define CALLS 10

static void print_log(triton_log_level level, const char *target, const char *message, void *user_data) {
    (void)level;
    (void)user_data;
    fprintf(stderr, "[%s] %s\n", target, message);
}

/* Sums two vectors, and checks the result. */
static int infer(const triton_client *client, int first, triton_error **error_out) {
    const int64_t shape[] = {1, COUNT};
    int32_t a[COUNT], b[COUNT];
    const void *sums = NULL;
    size_t count = 0, i;
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    int failed;

    for (i = 0; i < COUNT; i++) {
        a[i] = first + (int32_t)i;
        b[i] = 1;
    }
    failed = triton_infer_request_new("simple", &request, error_out)
        || triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, a,
                                               sizeof a, NULL, error_out)
        || triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, b,
                                               sizeof b, NULL, error_out)
        || triton_client_infer(client, request, NULL, &result, error_out)
        || triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT32, &sums, &count, error_out);
    for (i = 0; i < COUNT && !failed; i++) {
        failed = count != COUNT || ((const int32_t *)sums)[i] != a[i] + 1;
        if (failed) fprintf(stderr, "OUTPUT0 of call %d is wrong\n", first);
    }
    triton_infer_result_free(result);
    triton_infer_request_free(request);
    return failed;
}

int main(int argc, char **argv) {
    const char *url = "grpc://localhost:8001";
    long keepalive_ms = 2147483647, timeout_ms = 20000, tcp_keepalive_ms = 60000;
    int is_verbose = 0, failed, i;
    triton_client_options *options = NULL;
    triton_client *client = NULL;
    triton_error *error = NULL;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0) {
            is_verbose = 1;
        } else if (strcmp(argv[i], "-u") == 0 && i + 1 < argc) {
            url = argv[++i];
        } else if (strcmp(argv[i], "--grpc-keepalive-time") == 0 && i + 1 < argc) {
            keepalive_ms = atol(argv[++i]);
        } else if (strcmp(argv[i], "--grpc-keepalive-timeout") == 0 && i + 1 < argc) {
            timeout_ms = atol(argv[++i]);
        } else if (strcmp(argv[i], "--tcp-keepalive") == 0 && i + 1 < argc) {
            tcp_keepalive_ms = atol(argv[++i]);
        } else {
            fprintf(stderr,
                    "usage: %s [-v] [-u URL] [--grpc-keepalive-time MS] [--grpc-keepalive-timeout MS] "
                    "[--tcp-keepalive MS]\n",
                    argv[0]);
            return 1;
        }
    }

    failed = triton_client_options_new(&options, &error)
        || (is_verbose
            && triton_client_options_set_log_callback(options, TRITON_LOG_DEBUG, print_log, NULL, NULL,
                                                      &error))
        || triton_client_options_set_keepalive_time_us(options, (uint64_t)keepalive_ms * 1000, &error)
        || triton_client_options_set_keepalive_timeout_us(options, (uint64_t)timeout_ms * 1000, &error)
        || triton_client_options_set_tcp_keepalive_us(options, (uint64_t)tcp_keepalive_ms * 1000, &error)
        || triton_client_new(url, options, &client, &error);
    for (i = 0; i < CALLS && !failed; i++) failed = infer(client, i, &error);
    if (error != NULL) fprintf(stderr, "%s\n", triton_error_message(error));
    if (!failed) printf("%d calls\nPASS : KeepAlive\n", CALLS);

    triton_error_free(error);
    triton_client_free(client);
    triton_client_options_free(options);
    return failed != 0;
}

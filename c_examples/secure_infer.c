/* secure_infer.c: an inference over TLS or mutual TLS, over either protocol; every value is checked.
 *
 *     cc secure_infer.c $(pkg-config --cflags --libs triton_client) -o secure_infer
 *     ./secure_infer --ca-certs ca.pem [--cert-file client.pem --key-file client.key] [-u URL]
 *
 * The flags are those of upstream's simple_http_infer_client and simple_grpc_infer_client:
 *
 *     -v                                  logs to stderr
 *     -u URL                              the default is grpcs://localhost:8001
 *     --ssl                               grpcs:// for a URL without a scheme, whose default is http://
 *     -t MICROSECONDS                     timeout of the call
 *     -H NAME:VALUE                       a header, for example with a token
 *     -i, -C, -o none|gzip|deflate        compression: of the request (-i and -C), of the response (-o)
 *     --ca-certs, --root-certificates     file with authorities' certificates; the default is the system's
 *     --cert-file, --certificate-chain    file with the client's certificate
 *     --key-file, --private-key           file with its key
 *     --verify-peer 0, --verify-host 0    for tests only: accept any certificate, and one of any host
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triton_client.h>

#define COUNT 16

static int is_verbose, is_grpcs;
static const char *url = "grpcs://localhost:8001", *timeout_us = "60000000", *header, *ca, *certificate, *key,
                  *request_compression = "none", *response_compression = "none", *verify_peer = "1",
                  *verify_host = "1";

static const struct {
    const char *name, **value;
} flags[] = {
    {"-u", &url},
    {"-t", &timeout_us},
    {"-H", &header},
    {"-i", &request_compression},
    {"-C", &request_compression},
    {"-o", &response_compression},
    {"--ca-certs", &ca},
    {"--root-certificates", &ca},
    {"--cert-file", &certificate},
    {"--certificate-chain", &certificate},
    {"--key-file", &key},
    {"--private-key", &key},
    {"--verify-peer", &verify_peer},
    {"--verify-host", &verify_host},
};
#define FLAG_COUNT (sizeof flags / sizeof flags[0])

/* Returns whether the arguments are valid. */
static int parse(int argc, char **argv) {
    size_t flag;
    int i;
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0) {
            is_verbose = 1;
        } else if (strcmp(argv[i], "--ssl") == 0) {
            is_grpcs = 1;
        } else {
            for (flag = 0; flag < FLAG_COUNT && strcmp(argv[i], flags[flag].name) != 0; flag++) {}
            if (flag == FLAG_COUNT || i + 1 == argc) return 0;
            *flags[flag].value = argv[++i];
        }
    }
    return 1;
}

static void print_log(triton_log_level level, const char *target, const char *message, void *user_data) {
    (void)level;
    (void)user_data;
    fprintf(stderr, "[%s] %s\n", target, message);
}

/* Returns a compression by its name; the library rejects an unknown one. */
static triton_compression compression(const char *name) {
    if (strcmp(name, "none") == 0) return TRITON_COMPRESSION_NONE;
    if (strcmp(name, "gzip") == 0) return TRITON_COMPRESSION_GZIP;
    return strcmp(name, "deflate") == 0 ? TRITON_COMPRESSION_DEFLATE : (triton_compression)-1;
}

/* Adds a header that is written as NAME:VALUE. */
static triton_status add_header(triton_call_options *options, triton_error **error_out) {
    const size_t length = strcspn(header, ":");
    char name[100];
    snprintf(name, sizeof name, "%.*s", (int)length, header);
    return triton_call_options_add_header(options, name, header + length + strspn(header + length, ": "),
                                          error_out);
}

static int has_values(const char *name, const int32_t *values, size_t count, const int32_t *expected) {
    if (count == COUNT && memcmp(values, expected, COUNT * sizeof *values) == 0) return 1;
    fprintf(stderr, "%s is wrong\n", name);
    return 0;
}

int main(int argc, char **argv) {
    const int64_t shape[] = {1, COUNT};
    int32_t a[COUNT], b[COUNT], sums[COUNT], differences[COUNT];
    char grpcs_url[300];
    int failed, i;
    triton_client_options *options = NULL;
    triton_call_options *call_options = NULL;
    triton_client *client = NULL;
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    triton_error *error = NULL;
    const void *sum = NULL, *difference = NULL;
    size_t sum_count = 0, difference_count = 0;

    if (!parse(argc, argv)) {
        fprintf(stderr, "usage: %s [-v] [--ssl]", argv[0]);
        for (i = 0; i < (int)FLAG_COUNT; i++) fprintf(stderr, " [%s VALUE]", flags[i].name);
        fprintf(stderr, "\n");
        return 1;
    }
    if (is_grpcs && strstr(url, "://") == NULL) {
        snprintf(grpcs_url, sizeof grpcs_url, "grpcs://%s", url);
        url = grpcs_url;
    }
    for (i = 0; i < COUNT; i++) {
        a[i] = i;
        b[i] = 1;
        sums[i] = a[i] + b[i];
        differences[i] = a[i] - b[i];
    }

    failed = triton_client_options_new(&options, &error)
        || (is_verbose
            && triton_client_options_set_log_callback(options, TRITON_LOG_DEBUG, print_log, NULL, NULL,
                                                      &error))
        || triton_client_options_set_tls_ca_file(options, ca, &error) /* NULL is the default: the system's */
        || triton_client_options_set_tls_client_certificate_files(options, certificate, key, &error)
        || triton_client_options_set_tls_verify_peer(options, atoi(verify_peer) != 0, &error)
        || triton_client_options_set_tls_verify_host(options, atoi(verify_host) != 0, &error)
        || triton_client_new(url, options, &client, &error) || triton_call_options_new(&call_options, &error)
        || triton_call_options_set_timeout_us(call_options, strtoull(timeout_us, NULL, 10), &error)
        || (header != NULL && add_header(call_options, &error))
        || triton_call_options_set_request_compression(call_options, compression(request_compression), &error)
        || triton_call_options_set_response_compression(call_options, compression(response_compression),
                                                        &error)
        || triton_infer_request_new("simple", &request, &error)
        || triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, a,
                                               sizeof a, NULL, &error)
        || triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, b,
                                               sizeof b, NULL, &error)
        || triton_client_infer(client, request, call_options, &result, &error)
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
        printf("PASS : Secure Infer\n");
    }

    triton_error_free(error);
    triton_infer_result_free(result);
    triton_infer_request_free(request);
    triton_call_options_free(call_options);
    triton_client_free(client);
    triton_client_options_free(options);
    return failed;
}

/* options.c URL: options of clients and calls, errors that are copied, headers, and the features of the
 * build. */
#include "check.h"

static const char *url;
static bool is_http;

/* Makes a client with the options, and returns the status of a call that has options of its own. */
static triton_status live(const triton_client_options *options, const triton_call_options *call) {
    triton_client *client = NULL;
    triton_server_metadata *server = NULL;
    triton_status status;
    CHECK(!triton_client_new(url, options, &client, &error));
    status = triton_client_server_metadata(client, call, &server, &error);
    triton_server_metadata_free(server);
    triton_client_free(client);
    return status;
}

static void features(void) {
    CHECK(triton_has_feature("http") && triton_has_feature("grpc") && triton_has_feature("compression"));
    CHECK(!triton_has_feature("HTTP") && !triton_has_feature("") && !triton_has_feature(NULL)
          && !triton_has_feature("\xff"));
    CHECK(triton_has_feature("tls") && !triton_has_feature("cuda"));
}

/* The later of triton_client_options_set_timeout_us and _set_call_options wins; a call's own timeout wins
 * over both. */
static void timeouts(void) {
    triton_client_options *options = NULL;
    triton_call_options *defaults = NULL, *own = NULL;
    CHECK(!triton_client_options_new(&options, &error));
    CHECK(!triton_call_options_new(&defaults, &error)
          && !triton_call_options_set_timeout_us(defaults, 1, &error));
    CHECK(!triton_call_options_new(&own, &error)
          && !triton_call_options_set_timeout_us(own, 10000000, &error));
    CHECK(!triton_client_options_set_call_options(options, defaults, &error));
    refused(live(options, NULL), TRITON_STATUS_DEADLINE_EXCEEDED, "timeout");
    CHECK(!live(options, own));
    CHECK(!triton_client_options_set_timeout_us(options, 20000000, &error) && !live(options, NULL));
    CHECK(!triton_client_options_set_call_options(options, defaults, &error));
    refused(live(options, NULL), TRITON_STATUS_DEADLINE_EXCEEDED, "timeout");
    CHECK(!triton_client_options_set_call_options(options, NULL, &error) && !live(options, NULL));
    refused(triton_client_options_set_call_options(NULL, defaults, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "options");
    triton_call_options_free(own);
    triton_call_options_free(defaults);
    triton_client_options_free(options);
}

/* A query parameter has a place over HTTP only, so that gRPC refuses the calls that have one. */
static void merged_by_name(void) {
    triton_client_options *options = NULL;
    triton_call_options *defaults = NULL, *own = NULL;
    CHECK(!triton_client_options_new(&options, &error) && !triton_call_options_new(&own, &error));
    CHECK(!triton_call_options_new(&defaults, &error));
    CHECK(!triton_call_options_add_query_parameter(defaults, "a", "b", &error));
    CHECK(!triton_client_options_set_call_options(options, defaults, &error));
    triton_call_options_free(defaults); /* they were copied */
    if (is_http)
        CHECK(!live(options, NULL));
    else
        refused(live(options, NULL), TRITON_STATUS_INVALID_ARGUMENT, "query parameters");
    CHECK(!triton_call_options_add_query_parameter(own, "a", NULL, &error) && !live(options, own));
    CHECK(!triton_call_options_add_header(own, "x-none", NULL, &error));
    CHECK(!triton_call_options_add_restricted_key(own, "none", NULL, &error) && !live(options, own));
    refused(triton_call_options_add_header(own, "a b", NULL, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "header 'a b'");
    refused(triton_call_options_add_header(own, "host", NULL, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "'host'");
    refused(triton_call_options_add_restricted_key(own, "a b", NULL, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "header 'a b'");
    refused(triton_call_options_add_query_parameter(own, "", NULL, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "empty");
    /* Set twice: the later options replace the earlier ones as a whole. */
    CHECK(!triton_call_options_new(&defaults, &error));
    CHECK(!triton_call_options_set_response_compression(defaults, TRITON_COMPRESSION_GZIP, &error));
    CHECK(!triton_client_options_set_call_options(options, defaults, &error) && !live(options, NULL));
    triton_call_options_free(defaults);
    triton_call_options_free(own);
    triton_client_options_free(options);
}

static int finalized = 0;
static void hear(triton_log_level level, const char *target, const char *message, void *user_data) {
    (void)level, (void)target, (void)message, (void)user_data;
}
static void finalize(void *user_data) {
    finalized += user_data == &finalized;
}

static void undone(void) {
    triton_client_options *options = NULL;
    triton_call_options *call = NULL;
    triton_client *client = NULL;
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    CHECK(!triton_client_options_new(&options, &error) && !triton_call_options_new(&call, &error));
    CHECK(!triton_client_options_set_max_message_byte_size(options, 1, &error));
    refused(live(options, NULL), TRITON_STATUS_RESOURCE_EXHAUSTED, "limit of 1 bytes");
    CHECK(!triton_client_options_set_max_message_byte_size(options, 0, &error) && !live(options, NULL));
    CHECK(!triton_client_options_set_max_decompressed_byte_size(options, 4, &error));
    refused(live(options, NULL), TRITON_STATUS_RESOURCE_EXHAUSTED, "limit of 1 bytes");
    CHECK(!triton_client_options_set_max_decompressed_byte_size(options, 0, &error) && !live(options, NULL));
    CHECK(!triton_client_options_set_grpc_service_name(options, "no.Such", &error));
    if (is_http)
        CHECK(!live(options, NULL));
    else
        refused(live(options, NULL), TRITON_STATUS_UNIMPLEMENTED, "no.Such");
    CHECK(!triton_client_options_set_grpc_service_name(options, NULL, &error) && !live(options, NULL));
    refused(triton_client_options_set_metrics_url(options, "grpc://x", &error),
            TRITON_STATUS_INVALID_ARGUMENT, "metrics URL");
    CHECK(!triton_client_options_set_metrics_url(options, "http://127.0.0.1:1", &error));
    CHECK(!triton_client_options_set_metrics_url(options, NULL, &error) && !live(options, NULL));
    CHECK(!triton_client_options_set_log_callback(options, TRITON_LOG_ERROR, hear, &finalized, finalize,
                                                  &error));
    CHECK(finalized == 0
          && !triton_client_options_set_log_callback(options, TRITON_LOG_ERROR, NULL, NULL, NULL, &error));
    CHECK(finalized == 1);
    CHECK(!triton_client_options_set_log_callback(options, TRITON_LOG_ERROR, NULL, &finalized, finalize,
                                                  &error));
    CHECK(finalized == 2); /* its user_data is not used at all */

    /* Options of HTTP only are refused over gRPC, and NULL undoes them. The request has no inputs: Triton
     * refuses it. */
    CHECK(!triton_client_new(url, NULL, &client, &error)
          && !triton_infer_request_new("simple", &request, &error));
    CHECK(!triton_call_options_set_http_path(call, "/nowhere", &error));
    CHECK(!triton_call_options_set_http_content_type(call, "text/none", &error));
    CHECK(!triton_call_options_set_http_json_size_header(call, "x-size", &error));
    CHECK(!triton_call_options_set_accept_encoding(call, "gzip", &error));
    refused(triton_client_infer(client, request, call, &result, &error),
            is_http ? TRITON_STATUS_NOT_FOUND : TRITON_STATUS_INVALID_ARGUMENT,
            is_http ? "simple" : "HTTP path");
    CHECK(!triton_call_options_set_http_path(call, NULL, &error));
    CHECK(!triton_call_options_set_http_content_type(call, NULL, &error));
    CHECK(!triton_call_options_set_http_json_size_header(call, NULL, &error));
    CHECK(!triton_call_options_set_accept_encoding(call, NULL, &error));
    refused(triton_client_infer(client, request, call, &result, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "input");
    triton_infer_request_free(request);
    triton_client_free(client);
    triton_call_options_free(call);
    triton_client_options_free(options);
}

static void numbers(void) {
    triton_call_options *call = NULL;
    CHECK(!triton_call_options_new(&call, &error));
    refused(triton_call_options_set_request_compression(call, (triton_compression)7, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "invalid triton_compression value: 7");
    refused(triton_call_options_set_load_report(call, (triton_load_report_format)-1, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "invalid triton_load_report_format value: -1");
    triton_call_options_free(call);
}

/* A copy has all that the original has, and outlives it. */
static void errors_and_headers(void) {
    triton_client *client = NULL;
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    triton_error *copy;
    const triton_headers *headers;
    const char *value;
    char message[2048];
    CHECK(!triton_client_new(url, NULL, &client, &error)
          && !triton_infer_request_new("no_such_model", &request, &error));
    CHECK(!triton_infer_request_set_id(request, "id-7", &error));
    CHECK(triton_client_infer(client, request, NULL, &result, &error) == TRITON_STATUS_NOT_FOUND);
    triton_client_free(client);
    triton_infer_request_free(request);
    snprintf(message, sizeof message, "%s", triton_error_message(error));
    CHECK(message[0] && triton_headers_count(triton_error_headers(error)) > 0);
    copy = triton_error_clone(error);
    triton_error_free(error);
    error = NULL;
    CHECK(strcmp(triton_error_message(copy), message) == 0
          && triton_error_status(copy) == TRITON_STATUS_NOT_FOUND);
    CHECK(triton_error_origin(copy) == TRITON_ORIGIN_SERVER
          && strcmp(triton_error_request_id(copy), "id-7") == 0);
    CHECK(triton_error_http_status(copy) == (is_http ? 404u : 0u) && !triton_error_is_retryable(copy));
    headers = triton_error_headers(copy);
    /* Triton's errors over HTTP have no Content-Type. */
    value = triton_headers_find(headers, is_http ? "Content-LENGTH" : "Content-TYPE");
    CHECK(value && value[0] && headers == triton_error_headers(copy));
    CHECK(triton_headers_find(headers, "x-none") == NULL && triton_headers_find(headers, NULL) == NULL);
    CHECK(triton_headers_name(headers, triton_headers_count(headers))[0] == 0);
    CHECK(triton_headers_value(headers, triton_headers_count(headers))[0] == 0);
    triton_error_free(copy);

    CHECK(triton_error_clone(NULL) == NULL && triton_error_headers(NULL) == NULL);
    CHECK(triton_infer_result_headers(NULL) == NULL && triton_generated_headers(NULL) == NULL);
    CHECK(triton_headers_count(NULL) == 0 && triton_headers_find(NULL, "x") == NULL);
    CHECK(triton_headers_name(NULL, 0)[0] == 0 && triton_headers_value(NULL, 0)[0] == 0);
    /* An error without a response has no headers. */
    CHECK(triton_client_new("nonsense://", NULL, &client, &error) == TRITON_STATUS_INVALID_ARGUMENT);
    CHECK(triton_error_headers(error) == NULL && triton_headers_count(triton_error_headers(error)) == 0);
    triton_error_free(error);
    error = NULL;
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    url = argv[1];
    is_http = strncmp(url, "http", 4) == 0;
    features();
    timeouts();
    merged_by_name();
    undone();
    numbers();
    errors_and_headers();
    return 0;
}

/* header_examples.c URL: the examples that open the sections of the header. `make header` copies the lines
 * between "example: SECTION" and "end" there, so that each uses url, client, request and error as the ones
 * before it do. */
/* clang-format off: the header shows these lines as they are. */
#include "check.h"

static const char *url;
static bool is_http;
static triton_client *client = NULL;
static triton_infer_request *request = NULL;
static char memory_name[64], memory_path[80];
static const int64_t shape[] = {1, 16};
static int32_t first[16], second[16], next_frame[16], sum[16];

static int library(void) {
    /* example: library */
    if (triton_abi_version() != TRITON_ABI_VERSION) {
        fprintf(stderr, "libtriton_client %s does not match the header of this program\n", triton_version());
        return 1;
    }
    /* end */
    return 0;
}

static void datatype(void) {
    /* example: datatype */
    triton_datatype datatype = triton_datatype_from_name("FP32");
    size_t byte_size = 1000 * triton_datatype_byte_size(datatype);
    printf("1000 elements of %s have %zu bytes\n", triton_datatype_name(datatype), byte_size);
    /* end */
    CHECK(datatype == TRITON_DATATYPE_FP32 && byte_size == 4000);
}

static void options(void) {
    /* example: options */
    triton_call_options *defaults = NULL;
    triton_client_options *options = NULL;
    int failed = triton_call_options_new(&defaults, &error)
        || triton_call_options_add_header(defaults, "authorization", "Bearer ...", &error)
        || triton_client_options_new(&options, &error)
        || triton_client_options_set_call_options(options, defaults, &error)
        || triton_client_options_set_max_connections(options, 8, &error)
        || triton_client_new(url, options, &client, &error);
    triton_client_options_free(options);
    triton_call_options_free(defaults);
    /* end */
    CHECK(!failed);
    triton_client_free(client);
}

static void connection_options(void) {
    triton_client_options *options = NULL;
    CHECK(!triton_client_options_new(&options, &error));
    /* example: connection_options */
    int failed = triton_client_options_set_max_connections(options, 8, &error)
        || triton_client_options_set_max_connection_age_us(options, 300000000, &error)
        || triton_client_options_set_tcp_keepalive_us(options, 60000000, &error)
        || triton_client_new(url, options, &client, &error);
    /* end */
    CHECK(!failed);
    triton_client_options_free(options);
    triton_client_free(client);
}

static void tls_options(void) {
    /* example: tls_options */
    triton_client_options *options = NULL;
    int failed = triton_client_options_new(&options, &error)
        || triton_client_options_set_tls_ca_file(options, "ca.pem", &error)
        || triton_client_options_set_tls_client_certificate_files(options, "client.pem", "client.key", &error)
        || triton_client_new("grpcs://triton.example:8001", options, &client, &error);
    if (failed) fprintf(stderr, "%s\n", triton_error_message(error));
    triton_error_free(error);
    triton_client_options_free(options);
    /* end */
    CHECK(failed == 1 && client == NULL); /* without the files */
    error = NULL;
}

static int tokens, finalized;

/* Of a program that keeps its token until it is refused. */
static const char *current_token(void *user_data, bool is_refused) {
    CHECK(user_data == &tokens && !is_refused);
    tokens++;
    return "Bearer abc";
}

static void finalize(void *user_data) {
    CHECK(user_data == &tokens);
    finalized++;
}

/* example: header_callback */
static triton_status add_token(triton_call_headers *headers, void *user_data) {
    const char *token = current_token(user_data, triton_call_headers_was_refused(headers));
    return triton_call_headers_add(headers, "authorization", token, strlen(token), NULL);
}
/* end */

static void header_callback(void) {
    triton_client_options *options = NULL;
    bool is_live = false;
    CHECK(!triton_client_options_new(&options, &error));
    CHECK(!triton_client_options_set_header_callback(options, add_token, &tokens, finalize, &error));
    CHECK(!triton_client_new(url, options, &client, &error));
    triton_client_options_free(options);
    CHECK(!triton_client_check_server_live(client, NULL, &is_live, &error) && is_live);
    triton_client_free(client);
    CHECK(tokens == 1 && finalized == 1);
}

static void make_client(void) {
    /* example: client */
    triton_error *error = NULL;
    if (triton_client_new(url, NULL, &client, &error)) fprintf(stderr, "%s\n", triton_error_message(error));
    triton_error_free(error);
    /* end */
    CHECK(client != NULL);
}

static void connections(void) {
    /* example: connections */
    triton_connection_counts counts = {sizeof counts, 0, 0, 0, 0, 0, 0, 0, 0};
    int failed = triton_client_connect(client, 2, NULL, &error)
        || triton_client_connection_counts(client, &counts, &error);
    if (!failed) printf("%d connections are ready\n", (int)counts.idle_count);
    /* end */
    CHECK(!failed && counts.idle_count == 2 && counts.opened_count == 2 && counts.busy_count == 0);
}

static void health(void) {
    /* example: health */
    bool is_ready = false;
    int failed = triton_client_wait_ready(client, NULL, NULL, NULL, &error)
        || triton_client_check_model_ready(client, "simple", NULL, NULL, &is_ready, &error);
    if (!failed) printf("the model is %s\n", is_ready ? "ready" : "not ready");
    /* end */
    CHECK(!failed && is_ready);
}

static void metadata(void) {
    /* example: metadata */
    triton_model_metadata *model = NULL;
    int failed = triton_client_model_metadata(client, "simple", NULL, NULL, &model, &error);
    for (size_t i = 0; i < triton_model_metadata_input_count(model); i++) {
        const triton_tensor_metadata *input = triton_model_metadata_input(model, i);
        printf("%s: %s\n", triton_tensor_metadata_name(input), triton_tensor_metadata_datatype_name(input));
    }
    triton_model_metadata_free(model);
    /* end */
    CHECK(!failed);
}

static void make_request(void) {
    /* example: request */
    const int64_t shape[] = {1, 16};
    int failed = triton_infer_request_new("simple", &request, &error)
        || triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, first,
                                               sizeof first, NULL, &error)
        || triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, second,
                                               sizeof second, NULL, &error)
        || triton_infer_request_set_id(request, "frame 1", &error);
    /* end */
    CHECK(!failed);
}

static void parameters(void) {
    /* example: parameters */
    int failed = triton_parameters_set_int64(triton_infer_request_parameters(request), "seed", 42, &error)
        || triton_parameters_set_string(triton_infer_request_parameters(request), "tenant", "blue", &error);
    /* end */
    CHECK(!failed);
}

static void infer(void) {
    /* example: infer */
    triton_infer_result *result = NULL;
    int failed = triton_client_infer(client, request, NULL, &result, &error);
    if (!failed) printf("%s\n", triton_infer_result_debug_string(result));
    triton_infer_result_free(result);
    /* end */
    CHECK(!failed);
}

static void result(void) {
    triton_infer_result *result = NULL;
    CHECK(!triton_client_infer(client, request, NULL, &result, &error));
    /* example: result */
    const void *data = NULL;
    size_t count = 0;
    const triton_infer_output *output = triton_infer_result_find_output(result, "OUTPUT0");
    int failed = triton_infer_output_elements(output, TRITON_DATATYPE_INT32, &data, &count, &error);
    const int32_t *sums = data;
    for (size_t i = 0; i < count; i++) printf("%d\n", (int)sums[i]);
    triton_infer_result_free(result);
    /* end */
    CHECK(!failed && count == 16);
}

static void headers(void) {
    triton_infer_result *result = NULL;
    CHECK(!triton_client_infer(client, request, NULL, &result, &error));
    /* example: headers */
    const triton_headers *headers = triton_infer_result_headers(result);
    const char *type = triton_headers_find(headers, "Content-Type");
    if (type) printf("the response is of type %s\n", type);
    for (size_t i = 0; i < triton_headers_count(headers); i++)
        printf("%s: %s\n", triton_headers_name(headers, i), triton_headers_value(headers, i));
    /* end */
    CHECK(type != NULL);
    triton_infer_result_free(result);
}

static void call_options(void) {
    triton_infer_result *result = NULL;
    /* example: call_options */
    triton_call_options *options = NULL;
    int failed = triton_call_options_new(&options, &error)
        || triton_call_options_set_timeout_us(options, 2500000, &error)
        || triton_call_options_add_header(options, "x-tenant", "blue", &error)
        || triton_client_infer(client, request, options, &result, &error);
    triton_call_options_free(options);
    /* end */
    CHECK(!failed);
    triton_infer_result_free(result);
}

static void cancel_token(void) {
    triton_infer_result *result = NULL;
    /* example: cancel_token */
    triton_cancel_token *token = NULL;
    triton_call_options *options = NULL;
    int failed = triton_cancel_token_new(&token, &error) || triton_call_options_new(&options, &error)
        || triton_call_options_set_cancel_token(options, token, &error)
        || triton_client_infer(client, request, options, &result, &error);
    triton_cancel_token_cancel(token); // in any thread, while the call is under way
    triton_call_options_free(options);
    triton_cancel_token_free(token);
    /* end */
    CHECK(!failed);
    triton_infer_result_free(result);
}

static void async_calls(void) {
    triton_infer_result *result = NULL;
    /* example: async_calls */
    triton_call *call = NULL;
    int failed = triton_client_infer_async(client, request, NULL, NULL, NULL, &call, &error)
        || triton_call_wait(call, TRITON_NO_TIMEOUT, &error)
        || triton_call_take_result(call, &result, &error);
    if (!failed) printf("%s\n", triton_infer_result_debug_string(result));
    triton_infer_result_free(result);
    triton_call_free(call);
    /* end */
    CHECK(!failed);
}

static void completion_queue(void) {
    triton_infer_result *result = NULL;
    /* example: completion_queue */
    triton_completion_queue *queue = NULL;
    triton_call *call = NULL;
    int failed = triton_completion_queue_new(&queue, &error)
        || triton_client_infer_async_queue(client, request, NULL, queue, &first, NULL, &error)
        || triton_completion_queue_next(queue, TRITON_NO_TIMEOUT, &call, &error)
        || triton_call_take_result(call, &result, &error);
    /* end */
    CHECK(!failed && triton_call_user_data(call) == &first);
    triton_infer_result_free(result);
    triton_call_free(call);
    triton_completion_queue_free(queue);
}

static void stream_options(void) {
    triton_stream *stream = NULL;
    /* example: stream_options */
    triton_stream_options *options = NULL;
    int failed = triton_stream_options_new(&options, &error)
        || triton_stream_options_set_max_queued_byte_size(options, 8 << 20, &error)
        || triton_stream_open(client, options, NULL, NULL, &stream, &error);
    triton_stream_options_free(options);
    /* end */
    CHECK(!failed);
    triton_stream_free(stream);
}

static void stream(void) {
    static const int32_t values[] = {7, 8};
    static const uint32_t delays[2] = {0}, wait[1] = {0};
    const int64_t two[] = {2}, one[] = {1};
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    triton_error *refused = NULL;
    bool is_end = false;
    CHECK(!triton_infer_request_new("repeat_int32", &request, &error));
    CHECK(!triton_infer_request_add_input_data(request, "IN", TRITON_DATATYPE_INT32, two, 1, values,
                                               sizeof values, NULL, &error));
    CHECK(!triton_infer_request_add_input_data(request, "DELAY", TRITON_DATATYPE_UINT32, two, 1, delays,
                                               sizeof delays, NULL, &error));
    CHECK(!triton_infer_request_add_input_data(request, "WAIT", TRITON_DATATYPE_UINT32, one, 1, wait,
                                               sizeof wait, NULL, &error));
    CHECK(!triton_infer_request_set_empty_final_response(request, true, &error));
    /* example: stream */
    triton_stream *stream = NULL;
    int failed = triton_stream_open(client, NULL, NULL, NULL, &stream, &error)
        || triton_stream_send(stream, request, TRITON_NO_TIMEOUT, &error)
        || triton_stream_finish(stream, &error);
    while (!failed && !is_end) {
        failed = triton_stream_next(stream, TRITON_NO_TIMEOUT, &result, &refused, &is_end, &error);
        printf("%s%s\n", triton_infer_result_debug_string(result), triton_error_message(refused));
        triton_infer_result_free(result);
        triton_error_free(refused);
    }
    /* end */
    CHECK(!failed && is_end);
    triton_stream_free(stream);
    triton_infer_request_free(request);
}

static void failure(void) {
    triton_infer_result *result = NULL;
    bool is_worth_another_try = true;
    CHECK(!triton_infer_request_set_model_version(request, "9", &error));
    /* example: error */
    if (triton_client_infer(client, request, NULL, &result, &error)) {
        fprintf(stderr, "%s\n", triton_error_message(error));
        is_worth_another_try = triton_error_is_retryable(error) && !triton_error_is_in_doubt(error);
        triton_error_free(error);
        error = NULL;
    }
    /* end */
    CHECK(result == NULL && !is_worth_another_try);
    CHECK(!triton_infer_request_set_model_version(request, NULL, &error));
}

static void request_tensors(void) {
    triton_infer_result *result = NULL;
    /* example: request_tensors */
    size_t output = 0;
    int failed = triton_infer_request_input_set_data(request, 0, next_frame, sizeof next_frame, &error)
        || triton_infer_request_add_output(request, "OUTPUT0", &output, &error)
        || triton_infer_request_output_set_buffer(request, output, sum, sizeof sum, &error)
        || triton_client_infer(client, request, NULL, &result, &error);
    /* end */
    CHECK(!failed && sum[15] == next_frame[15] + second[15]);
    triton_infer_result_free(result);
}

static void statistics(void) {
    /* example: statistics */
    triton_client_statistics statistics = {.struct_size = sizeof statistics};
    if (!triton_client_infer_statistics(client, &statistics, &error))
        printf("%llu inferences, 99 of 100 in %llu ns\n", (unsigned long long)statistics.completed_count,
               (unsigned long long)statistics.p99_ns);
    /* end */
    CHECK(statistics.completed_count > 2 && statistics.p99_ns > 0);
}

static void offline(void) {
    /* example: offline */
    triton_buffer *body = NULL;
    size_t json_byte_size = 0;
    int failed = triton_infer_request_to_http_body(request, TRITON_COMPRESSION_NONE, &body, &json_byte_size,
                                                   &error);
    fwrite(triton_buffer_data(body), 1, triton_buffer_byte_size(body), stdout);
    triton_buffer_free(body);
    /* end */
    CHECK(!failed && json_byte_size > 0);
}

static void elements(void) {
    /* example: elements */
    const triton_bytes words[] = {{"alpha", 5}, {"be\0ta", 5}};
    char tensor[64];
    size_t byte_size = 0;
    int failed = triton_bytes_serialize(words, 2, tensor, sizeof tensor, &byte_size, &error);
    /* end */
    CHECK(!failed && byte_size == 18);
}

static void config(void) {
    /* example: config */
    triton_model_config *config = NULL;
    int failed = triton_client_model_config(client, "simple", NULL, NULL, &config, &error);
    printf("batches of at most %d\n", (int)triton_model_config_max_batch_size(config));
    printf("%s\n", triton_model_config_json(config));
    triton_model_config_free(config);
    /* end */
    CHECK(!failed);
}

static void repository(void) {
    /* example: repository */
    triton_repository_index *index = NULL;
    int failed = triton_client_load_model(client, "simple_bls", NULL, NULL, &error)
        || triton_client_repository_index(client, NULL, NULL, &index, &error);
    for (size_t i = 0; i < triton_repository_index_model_count(index); i++) {
        const triton_repository_model *model = triton_repository_index_model(index, i);
        printf("%s: %s\n", triton_repository_model_name(model), triton_repository_model_state(model));
    }
    triton_repository_index_free(index);
    /* end */
    CHECK(!failed);
}

static void server_statistics(void) {
    /* example: server_statistics */
    triton_model_statistics_list *statistics = NULL;
    int failed = triton_client_model_statistics(client, "simple", NULL, NULL, &statistics, &error);
    const triton_model_statistics *entry = triton_model_statistics_list_entry(statistics, 0);
    printf("%llu inferences\n", (unsigned long long)triton_model_statistics_inference_count(entry));
    triton_model_statistics_list_free(statistics);
    /* end */
    CHECK(!failed);
}

static void settings(void) {
    /* example: settings */
    triton_settings_update *update = NULL;
    triton_settings *settings = NULL;
    int failed = triton_settings_update_new(&update, &error)
        || triton_settings_update_set_string(update, "trace_rate", "500", &error)
        || triton_client_update_trace_settings(client, "simple", update, NULL, &settings, &error);
    printf("trace_rate: %s\n", triton_setting_value(triton_settings_find(settings, "trace_rate"), 0));
    triton_settings_free(settings);
    failed = failed || triton_settings_update_set_string(update, "trace_rate", NULL, &error)
        || triton_client_update_trace_settings(client, "simple", update, NULL, NULL, &error);
    triton_settings_update_free(update);
    /* end */
    CHECK(!failed && triton_setting_value(NULL, 0)[0] == 0);
}

static void shared_memory(void) {
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    FILE *memory = fopen(memory_path, "wb");
    CHECK(memory != NULL && fwrite(first, sizeof first, 1, memory) == 1 && fclose(memory) == 0);
    CHECK(!triton_infer_request_new("simple", &request, &error));
    CHECK(!triton_infer_request_add_input(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, &(size_t){0},
                                          &error));
    CHECK(!triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, second, 64,
                                               NULL, &error));
    const char *name = memory_name + 1, *key = memory_name;
    /* example: shared_memory */
    int failed = triton_client_register_system_shared_memory(client, name, key, 64, 0, NULL, &error)
        || triton_infer_request_input_set_shared_memory(request, 0, name, 64, 0, &error)
        || triton_client_infer(client, request, NULL, &result, &error);
    /* end */
    CHECK(!failed);
    triton_infer_result_free(result);
    triton_infer_request_free(request);
    /* Refused for a moment longer than the response takes. */
    while (triton_client_unregister_system_shared_memory(client, name, NULL, &error)) {
        CHECK(triton_error_status(error) == TRITON_STATUS_INTERNAL);
        triton_error_free(error);
    }
    CHECK(remove(memory_path) == 0);
}

static void metrics(const char *metrics_url) {
    triton_client_options *options = NULL;
    triton_client *client = NULL;
    CHECK(!triton_client_options_new(&options, &error));
    CHECK(!triton_client_options_set_metrics_url(options, metrics_url, &error));
    CHECK(!triton_client_new(url, options, &client, &error));
    triton_client_options_free(options);
    /* example: metrics */
    triton_metrics *metrics = NULL;
    int failed = triton_client_metrics(client, NULL, &metrics, &error);
    for (size_t i = 0; i < triton_metrics_sample_count(metrics); i++) {
        const triton_metric_sample *sample = triton_metrics_sample(metrics, i);
        const char *model = triton_metric_sample_find_label(sample, "model");
        printf("%s of %s: %g\n", triton_metric_sample_name(sample), model ? model : "the server",
               triton_metric_sample_value(sample));
    }
    triton_metrics_free(metrics);
    /* end */
    CHECK(!failed);
    triton_client_free(client);
}

static void generate(void) {
    /* example: generate */
    triton_generated *generated = NULL;
    const char *json = "{\"PROMPT\": \"once\", \"REPEAT\": 1}";
    int failed = triton_client_generate(client, "generator", NULL, json, NULL, &generated, &error);
    if (!failed) printf("%s\n", triton_generated_json(generated));
    triton_generated_free(generated);
    /* end */
    CHECK(!failed);
}

static void load_report(void) {
    triton_infer_result *result = NULL;
    CHECK(!triton_client_infer(client, request, NULL, &result, &error));
    /* example: load_report */
    const triton_load_report *report = triton_infer_result_load_report(result);
    for (size_t i = 0; i < triton_load_report_count(report); i++)
        printf("%s = %g\n", triton_load_report_name(report, i), triton_load_report_value(report, i));
    /* end */
    triton_infer_result_free(result);
}

int main(int argc, char **argv) {
    CHECK(argc == 4);
    url = argv[1];
    is_http = strncmp(url, "http", 4) == 0;
    snprintf(memory_name, sizeof memory_name, "/%s", argv[3]);
    snprintf(memory_path, sizeof memory_path, "/dev/shm%s", memory_name);
    for (int i = 0; i < 16; i++) first[i] = i, second[i] = 1, next_frame[i] = 7;
    CHECK(library() == 0);
    datatype();
    elements();
    options();
    connection_options();
    tls_options();
    header_callback();
    make_client();
    connections();
    health();
    metadata();
    config();
    repository();
    make_request();
    infer();
    result();
    headers();
    call_options();
    cancel_token();
    async_calls();
    completion_queue();
    if (!is_http) stream_options();
    if (!is_http) stream();
    failure();
    parameters();
    request_tensors();
    statistics();
    server_statistics();
    settings();
    shared_memory();
    metrics(argv[2]);
    if (is_http) generate();
    load_report();
    CHECK(!triton_infer_request_clear(request, &error));
    CHECK(!triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, first, 64,
                                               NULL, &error));
    offline();
    triton_infer_request_free(request);
    triton_client_free(client);
    return 0;
}

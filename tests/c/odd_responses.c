/* odd_responses.c URL: a server that reports its load, whose strings contain NULs and invalid UTF-8, and
 * whose statistics have all fields. It requires two keys, of the client and of the call. */
#include "check.h"

static void is_report(const triton_load_report *report) {
    double value = 0;
    CHECK(report != NULL && triton_load_report_count(report) == 2);
    CHECK(strcmp(triton_load_report_name(report, 1), "named_metrics.b") == 0
          && triton_load_report_value(report, 1) == 2);
    CHECK(triton_load_report_find(report, "cpu_utilization", &value) && value == 0.5);
    CHECK(!triton_load_report_find(report, "no_such", &value) && value == 0);
    CHECK(strcmp(triton_load_report_name(report, 2), "") == 0 && triton_load_report_value(report, 2) == 0);
}

/* A NUL and invalid UTF-8 become U+FFFD. */
#define ODD         \
    "a\xef\xbf\xbd" \
    "b\xef\xbf\xbd" \
    "c"
static void is_odd(const char *text) {
    CHECK(strcmp(text, ODD) == 0);
}

static void statistics(const triton_client *client, const triton_call_options *options) {
    triton_model_statistics_list *statistics = NULL;
    const triton_model_statistics *model;
    uint64_t count = 7, ns = 7, byte_size = 7;
    int64_t id = 7;
    CHECK(!triton_client_model_statistics(client, NULL, NULL, options, &statistics, &error));
    model = triton_model_statistics_list_entry(statistics, 0);
    is_odd(triton_model_statistics_name(model));
    CHECK(triton_model_statistics_response_key_count(model) == 1);
    is_odd(triton_model_statistics_response_key(model, 0));
    CHECK(triton_model_statistics_response_duration(model, 0, TRITON_DURATION_EMPTY_RESPONSE, &count, &ns)
          && count == 3 && ns == 4);
    CHECK(triton_model_statistics_response_duration(model, 0, TRITON_DURATION_CANCEL, &count, NULL)
          && count == 5);
    CHECK(!triton_model_statistics_response_duration(model, 1, TRITON_DURATION_CANCEL, &count, &ns)
          && count == 0 && ns == 0);
    CHECK(triton_model_statistics_memory_count(model) == 1);
    is_odd(triton_model_statistics_memory(model, 0, &id, &byte_size));
    CHECK(id == -1 && byte_size == UINT64_MAX);
    is_odd(triton_model_statistics_memory(model, 0, NULL, NULL));
    triton_model_statistics_list_free(statistics);
}

static int hear(const char *json, size_t byte_size, void *user_data) {
    CHECK(strlen(json) == byte_size && strcmp(json, "{\"x\":\"" ODD "\"}") == 0);
    ++*(int *)user_data;
    return 0;
}

static void generate(const triton_client *client, const triton_call_options *options) {
    triton_generated *generated = NULL;
    int events = 0;
    CHECK(!triton_client_generate(client, "m", NULL, "{}", options, &generated, &error));
    is_report(triton_generated_load_report(generated));
    CHECK(strcmp(triton_generated_json(generated), "{\"x\":\"" ODD "\"}") == 0);
    triton_generated_free(generated);
    CHECK(!triton_client_generate_stream(client, "m", NULL, "{}", options, hear, &events, &error)
          && events == 1);
}

static void metrics(const triton_client *client, const triton_call_options *options) {
    triton_metrics *metrics = NULL;
    CHECK(!triton_client_metrics(client, options, &metrics, &error)
          && triton_metrics_sample_count(metrics) == 1);
    is_odd(triton_metric_sample_find_label(triton_metrics_sample(metrics, 0), "l"));
    CHECK(strstr(triton_metrics_text(metrics), ODD));
    triton_metrics_free(metrics);
}

int main(int argc, char **argv) {
    triton_client_options *keyed = NULL;
    triton_client *client = NULL;
    triton_call_options *options = NULL;
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    triton_server_metadata *server = NULL;
    triton_model_metadata *metadata = NULL;
    triton_model_config *config = NULL;
    triton_repository_index *index = NULL;
    triton_settings *settings = NULL;
    triton_registered_memory *status = NULL;
    if (argc != 2) return 2;
    CHECK(!triton_client_options_new(&keyed, &error) && !triton_call_options_new(&options, &error));
    CHECK(!triton_call_options_add_restricted_key(options, "key-1", "one", &error));
    CHECK(!triton_client_options_set_call_options(keyed, options, &error));
    triton_call_options_free(options);
    CHECK(strncmp(argv[1], "http", 4) != 0 || !triton_client_options_set_metrics_url(keyed, argv[1], &error));
    CHECK(!triton_client_new(argv[1], keyed, &client, &error) && !triton_call_options_new(&options, &error));
    CHECK(!triton_call_options_add_restricted_key(options, "key-2", "two", &error));
    CHECK(!triton_call_options_set_load_report(options, TRITON_LOAD_REPORT_TEXT, &error));
    CHECK(!triton_infer_request_new("m", &request, &error)
          && !triton_client_infer(client, request, options, &result, &error));
    is_report(triton_infer_result_load_report(result));
    CHECK(triton_infer_result_load_report(result) == triton_infer_result_load_report(result));

    CHECK(!triton_client_server_metadata(client, options, &server, &error));
    is_odd(triton_server_metadata_name(server));
    is_odd(triton_server_metadata_extension(server, 0));
    CHECK(triton_server_metadata_json(server)[0] == '{');
    CHECK(!triton_client_model_config(client, "m", NULL, options, &config, &error));
    is_odd(triton_model_config_name(config));
    is_odd(triton_tensor_config_label_filename(triton_model_config_output(config, 0)));
    CHECK(!triton_client_repository_index(client, NULL, options, &index, &error));
    is_odd(triton_repository_model_reason(triton_repository_index_model(index, 0)));
    CHECK(!triton_client_log_settings(client, options, &settings, &error));
    is_odd(triton_setting_name(triton_settings_entry(settings, 0)));
    is_odd(triton_setting_value(triton_settings_entry(settings, 0), 0));
    CHECK(!triton_client_system_shared_memory_status(client, NULL, options, &status, &error));
    is_odd(triton_registered_region_name(triton_registered_memory_region(status, 0)));
    is_odd(triton_registered_region_key(triton_registered_memory_region(status, 0)));
    statistics(client, options);
    if (strncmp(argv[1], "http", 4) == 0) {
        generate(client, options);
        metrics(client, options);
    }
    CHECK(!triton_client_unregister_all_system_shared_memory(client, options, &error));
    CHECK(triton_client_model_metadata(client, "m", NULL, options, &metadata, &error)
          == TRITON_STATUS_NOT_FOUND);
    CHECK(strstr(triton_error_message(error),
                 "a\xef\xbf\xbd"
                 "b")
              != NULL
          && metadata == NULL);

    triton_error_free(error);
    triton_registered_memory_free(status);
    triton_settings_free(settings);
    triton_repository_index_free(index);
    triton_model_config_free(config);
    triton_server_metadata_free(server);
    triton_infer_result_free(result);
    triton_infer_request_free(request);
    triton_call_options_free(options);
    triton_client_free(client);
    triton_client_options_free(keyed);
    return 0;
}

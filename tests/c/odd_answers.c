/* odd_answers.c URL: what C makes of a server that reports its load, and whose texts have NULs and no UTF-8. */
#include "check.h"

static void is_report(triton_load_report *report) {
    double value = 0;
    CHECK(report != NULL && triton_load_report_count(report) == 2);
    CHECK(strcmp(triton_load_report_name(report, 1), "named_metrics.b") == 0 && triton_load_report_value(report, 1) == 2);
    CHECK(triton_load_report_find(report, "cpu_utilization", &value) && value == 0.5);
    CHECK(!triton_load_report_find(report, "no_such", &value) && value == 0);
    CHECK(strcmp(triton_load_report_name(report, 2), "") == 0 && triton_load_report_value(report, 2) == 0);
    triton_load_report_free(report);
}

/* A NUL, and what is no UTF-8, is U+FFFD. */
static void is_odd(const char *text) { CHECK(strcmp(text, "a\xef\xbf\xbd" "b\xef\xbf\xbd" "c") == 0); }

int main(int argc, char **argv) {
    triton_client *client = NULL;
    triton_call_options *options = NULL;
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    triton_generated *generated = NULL;
    triton_server_metadata *server = NULL;
    triton_model_config *config = NULL;
    triton_repository_index *index = NULL;
    triton_settings *settings = NULL;
    if (argc != 2) return 2;
    CHECK(!triton_client_new(argv[1], NULL, &client, &error) && !triton_call_options_new(&options, &error));
    CHECK(!triton_call_options_set_load_report(options, TRITON_LOAD_REPORT_TEXT, &error));
    CHECK(!triton_infer_request_new("m", &request, &error) && !triton_client_infer(client, request, options, &result, &error));
    is_report(triton_infer_result_load_report(result));
    CHECK(!triton_client_generate(client, "m", NULL, "{}", options, &generated, &error));
    is_report(triton_generated_load_report(generated));

    CHECK(!triton_client_server_metadata(client, options, &server, &error));
    is_odd(triton_server_metadata_name(server));
    is_odd(triton_server_metadata_extension(server, 0));
    CHECK(!triton_client_model_config(client, "m", NULL, options, &config, &error));
    is_odd(triton_model_config_name(config));
    is_odd(triton_tensor_config_label_filename(triton_model_config_output(config, 0)));
    CHECK(!triton_client_repository_index(client, NULL, options, &index, &error));
    is_odd(triton_model_index_reason(triton_repository_index_model(index, 0)));
    CHECK(!triton_client_log_settings(client, options, &settings, &error));
    is_odd(triton_setting_name(triton_settings_setting(settings, 0)));
    is_odd(triton_setting_value(triton_settings_setting(settings, 0), 0));

    triton_settings_free(settings);
    triton_repository_index_free(index);
    triton_model_config_free(config);
    triton_server_metadata_free(server);
    triton_generated_free(generated);
    triton_infer_result_free(result);
    triton_infer_request_free(request);
    triton_call_options_free(options);
    triton_client_free(client);
    return 0;
}

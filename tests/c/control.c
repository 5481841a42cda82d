/* control.c URL METRICS_URL NAME: the control plane from C, on a real server with explicit model control.
 * NAME is the prefix of the models and the memory that it creates. */
#include "check.h"

static triton_client *client = NULL;
static bool is_http;

static bool is(const char *have, const char *want) {
    return strcmp(have, want) == 0;
}

static void health(void) {
    triton_call_options *soon = NULL;
    triton_serving_status serving = TRITON_SERVING_STATUS_NOT_SERVING;
    CHECK(!triton_client_wait_ready(client, NULL, NULL, NULL, &error));
    CHECK(!triton_client_wait_ready(client, "simple", "1", NULL, &error));
    CHECK(!triton_call_options_new(&soon, &error)
          && !triton_call_options_set_timeout_us(soon, 100000, &error));
    refused(triton_client_wait_ready(client, "no_such", NULL, soon, &error), TRITON_STATUS_DEADLINE_EXCEEDED,
            "no_such");
    refused(triton_client_wait_ready(client, NULL, "1", soon, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "version");
    triton_call_options_free(soon);
    if (is_http) {
        refused(triton_client_health_check(client, NULL, NULL, &serving, &error), TRITON_STATUS_UNIMPLEMENTED,
                "gRPC");
        CHECK(serving == TRITON_SERVING_STATUS_UNKNOWN);
    } else {
        CHECK(!triton_client_health_check(client, "", NULL, &serving, &error)
              && serving == TRITON_SERVING_STATUS_SERVING);
    }
}

static void metadata(void) {
    triton_server_metadata *server = NULL;
    triton_model_metadata *model = NULL;
    CHECK(!triton_client_server_metadata(client, NULL, &server, &error));
    CHECK(triton_server_metadata_has_extension(server, "statistics"));
    CHECK(!triton_server_metadata_has_extension(server, "no_such")
          && !triton_server_metadata_has_extension(server, NULL));
    CHECK(strstr(triton_server_metadata_json(server), "\"name\":\"triton\""));
    CHECK(!triton_client_model_metadata(client, "simple", NULL, NULL, &model, &error));
    CHECK(strstr(triton_model_metadata_json(model), "\"INPUT1\""));
    triton_server_metadata_free(server);
    triton_model_metadata_free(model);
}

static void config(void) {
    triton_model_config *config = NULL;
    const triton_tensor_config *tensor;
    size_t rank = 7, at, optional = 0;
    uint32_t latest = 7;
    CHECK(!triton_client_model_config(client, "simple_dyna_sequence", NULL, NULL, &config, &error));
    CHECK(is(triton_model_config_name(config), "simple_dyna_sequence")
          && is(triton_model_config_platform(config), ""));
    CHECK(is(triton_model_config_backend(config), "python")
          && triton_model_config_max_batch_size(config) == 8);
    CHECK(!triton_model_config_is_decoupled(config));
    CHECK(triton_model_config_version_policy(config, &latest) == TRITON_VERSION_POLICY_LATEST && latest == 1);
    CHECK(triton_model_config_version_count(config) == 0);
    CHECK(triton_model_config_version(config, 0) == 0);
    CHECK(triton_model_config_sequence_strategy(config) == TRITON_SEQUENCE_STRATEGY_OLDEST);
    CHECK(triton_model_config_max_sequence_idle_us(config) == 10000000);
    CHECK(triton_model_config_input_count(config) == 1 && triton_model_config_output_count(config) == 1);
    CHECK(triton_model_config_input(config, 1) == NULL && triton_model_config_output(config, 1) == NULL);
    tensor = triton_model_config_input(config, 0);
    CHECK(is(triton_tensor_config_name(tensor), "INPUT")
          && triton_tensor_config_datatype(tensor) == TRITON_DATATYPE_INT32);
    CHECK(triton_tensor_config_dims(tensor, &rank)[0] == 1 && rank == 1
          && !triton_tensor_config_is_optional(tensor));
    CHECK(triton_tensor_config_format(tensor) == TRITON_TENSOR_FORMAT_NONE
          && is(triton_tensor_config_label_filename(tensor), ""));
    CHECK(strstr(triton_model_config_json(config), "\"max_sequence_idle_microseconds\":10000000"));
    CHECK(strstr(triton_model_config_json(config), "\"data_type\":\"TYPE_INT32\""));
    triton_model_config_free(config);

    CHECK(!triton_client_model_config(client, "repeat_int32", "1", NULL, &config, &error));
    CHECK(triton_model_config_is_decoupled(config));
    CHECK(triton_model_config_sequence_strategy(config) == TRITON_SEQUENCE_STRATEGY_NONE);
    triton_model_config_free(config);
    CHECK(!triton_client_model_config(client, "simple_ensemble", NULL, NULL, &config, &error));
    CHECK(is(triton_model_config_platform(config), "ensemble")
          && is(triton_model_config_backend(config), ""));
    triton_model_config_free(config);
    CHECK(!triton_client_model_config(client, "classes", NULL, NULL, &config, &error));
    CHECK(is(triton_tensor_config_label_filename(triton_model_config_output(config, 0)), "labels.txt"));
    triton_model_config_free(config);
    CHECK(!triton_client_model_config(client, "all_types", NULL, NULL, &config, &error));
    for (at = 0; at < triton_model_config_input_count(config); at++)
        optional += triton_tensor_config_is_optional(triton_model_config_input(config, at));
    CHECK(optional == triton_model_config_input_count(config) && optional > 10);
    triton_model_config_free(config);

    refused(triton_client_model_config(client, "no_such", NULL, NULL, &config, &error),
            TRITON_STATUS_NOT_FOUND, "no_such");
    refused(triton_client_model_config(client, "simple", "9", NULL, &config, &error), TRITON_STATUS_NOT_FOUND,
            "9");
    refused(triton_client_model_config(client, "", NULL, NULL, &config, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "empty");
    CHECK(config == NULL && is(triton_model_config_json(NULL), "")
          && triton_tensor_config_dims(NULL, &rank) == NULL && rank == 0);
}

/* Doubles its input; fails for a negative one. */
static const char MODEL[] = "import triton_python_backend_utils as pb\n"
                            "class TritonPythonModel:\n"
                            "    def execute(self, requests):\n"
                            "        responses = []\n"
                            "        for request in requests:\n"
                            "            x = pb.get_input_tensor_by_name(request, 'X').as_numpy()\n"
                            "            if (x < 0).any():\n"
                            "                raise ValueError('negative')\n"
                            "            responses.append(pb.InferenceResponse([pb.Tensor('Y', x * 2)]))\n"
                            "        return responses\n";
static const char CONFIG
    [] = "{\"backend\":\"python\",\"max_batch_size\":4,\"version_policy\":{\"specific\":{\"versions\":[3]}},"
         "\"input\":[{\"name\":\"X\",\"data_type\":\"TYPE_INT32\",\"dims\":[2]}],"
         "\"output\":[{\"name\":\"Y\",\"data_type\":\"TYPE_INT32\",\"dims\":[2]}],"
         "\"instance_group\":[{\"kind\":\"KIND_CPU\"}]}";

static triton_status infer(const char *model, int32_t value) {
    const int64_t shape[] = {3, 2};
    int32_t data[6];
    const void *doubled = NULL;
    size_t count = 0, at;
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    triton_status status;
    for (at = 0; at < 6; at++) data[at] = value;
    CHECK(!triton_infer_request_new(model, &request, &error));
    CHECK(!triton_infer_request_add_input_data(request, "X", TRITON_DATATYPE_INT32, shape, 2, data,
                                               sizeof data, NULL, &error));
    status = triton_client_infer(client, request, NULL, &result, &error);
    if (status == TRITON_STATUS_OK) {
        CHECK(!triton_infer_result_output_as(result, "Y", TRITON_DATATYPE_INT32, &doubled, &count, &error)
              && count == 6);
        CHECK(((const int32_t *)doubled)[5] == 2 * value && triton_infer_result_load_report(result) == NULL);
    }
    triton_infer_result_free(result);
    triton_infer_request_free(request);
    return status;
}

/* The entry of a model, or NULL. */
static const triton_repository_model *entry(const triton_repository_index *index, const char *model) {
    size_t at;
    for (at = 0; at < triton_repository_index_model_count(index); at++)
        if (is(triton_repository_model_name(triton_repository_index_model(index, at)), model))
            return triton_repository_index_model(index, at);
    return NULL;
}

static void repository(const char *model) {
    triton_repository_options *options = NULL, *ready = NULL, *other = NULL, *dependents = NULL,
                              *files = NULL, *own_config = NULL;
    triton_repository_index *index = NULL;
    triton_model_config *config = NULL;
    triton_model_statistics_list *statistics = NULL;
    const triton_model_statistics *own;
    bool is_ready = true;
    uint64_t count = 0, fails = 0, ns = 0, byte_size = 7;
    int64_t id = 7;
    uint32_t latest = 7;
    int tries;

    CHECK(!triton_repository_options_new(&options, &error) && !triton_repository_options_new(&ready, &error));
    CHECK(!triton_repository_options_new(&other, &error)
          && !triton_repository_options_new(&dependents, &error));
    CHECK(!triton_repository_options_new(&files, &error)
          && !triton_repository_options_new(&own_config, &error));
    CHECK(!triton_repository_options_set_ready_only(ready, true, &error));
    CHECK(!triton_repository_options_set_unload_dependents(dependents, true, &error));
    CHECK(!triton_repository_options_set_repository_name(other, "other", &error));
    refused(triton_repository_options_set_config(options, "{", &error), TRITON_STATUS_INVALID_ARGUMENT,
            "JSON");
    refused(triton_repository_options_set_config(options, "[]", &error), TRITON_STATUS_INVALID_ARGUMENT,
            "object");
    refused(triton_repository_options_add_file(options, "../x", MODEL, 1, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "../x");
    CHECK(!triton_repository_options_add_file(files, "3/model.py", MODEL, sizeof MODEL - 1, &error));

    /* NULL undoes: the model is loaded with its own configuration, of its own repository. */
    CHECK(!triton_repository_options_set_config(own_config, "{}", &error)
          && !triton_repository_options_set_config(own_config, NULL, &error));
    CHECK(!triton_repository_options_set_repository_name(own_config, "other", &error));
    CHECK(!triton_repository_options_set_repository_name(own_config, NULL, &error));
    CHECK(!triton_client_load_model(client, "identity_fp32", own_config, NULL, &error));
    CHECK(!triton_client_repository_index(client, own_config, NULL, &index, &error));
    triton_repository_index_free(index);
    triton_repository_options_free(own_config);
    CHECK(!triton_repository_options_set_config(options, CONFIG, &error));
    CHECK(!triton_repository_options_add_file(options, "3/empty", NULL, 0, &error));
    refused(triton_repository_options_add_file(options, "3/x", NULL, 1, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "content is NULL");
    CHECK(!triton_repository_options_add_file(options, "3/model.py", MODEL, sizeof MODEL - 1, &error));
    CHECK(!triton_client_load_model(client, model, options, NULL, &error));
    CHECK(!triton_client_model_config(client, model, NULL, NULL, &config, &error));
    CHECK(triton_model_config_version_policy(config, &latest) == TRITON_VERSION_POLICY_SPECIFIC
          && latest == 0);
    CHECK(triton_model_config_version_policy(config, NULL) == TRITON_VERSION_POLICY_SPECIFIC);
    CHECK(triton_model_config_version_count(config) == 1 && triton_model_config_version(config, 0) == 3);
    triton_model_config_free(config);
    CHECK(infer(model, 5) == TRITON_STATUS_OK && infer(model, 7) == TRITON_STATUS_OK);
    refused(infer(model, -1), TRITON_STATUS_INTERNAL, "negative");

    /* The server updates its statistics after the response. */
    for (tries = 0; tries < 10000; tries++) {
        CHECK(!triton_client_model_statistics(client, model, "3", NULL, &statistics, &error));
        own = triton_model_statistics_list_entry(statistics, 0);
        CHECK(triton_model_statistics_duration(own, TRITON_DURATION_SUCCESS, &count, &ns));
        CHECK(triton_model_statistics_duration(own, TRITON_DURATION_FAIL, &fails, NULL));
        if (count == 2 && fails == 1 && triton_model_statistics_execution_count(own) == 3) break;
        triton_model_statistics_list_free(statistics);
    }
    CHECK(triton_model_statistics_list_entry_count(statistics) == 1
          && triton_model_statistics_list_entry(statistics, 1) == NULL);
    own = triton_model_statistics_list_entry(statistics, 0);
    CHECK(is(triton_model_statistics_name(own), model) && is(triton_model_statistics_version(own), "3"));
    CHECK(triton_model_statistics_inference_count(own) == 6
          && triton_model_statistics_execution_count(own) == 3);
    CHECK(triton_model_statistics_last_inference_ms(own) > 1600000000000u);
    CHECK(count == 2 && ns > 0 && fails == 1);
    CHECK(triton_model_statistics_duration(own, TRITON_DURATION_CACHE_HIT, &count, &ns) && count == 0
          && ns == 0);
    count = ns = 7;
    CHECK(!triton_model_statistics_duration(own, (triton_duration_kind)99, &count, &ns) && count == 0
          && ns == 0);
    count = ns = 7;
    CHECK(!triton_model_statistics_duration(NULL, TRITON_DURATION_SUCCESS, &count, &ns) && count == 0
          && ns == 0);
    CHECK(triton_model_statistics_batch_size_count(own) == 1
          && triton_model_statistics_batch_size(own, 0) == 3);
    CHECK(triton_model_statistics_batch_size(own, 1) == 0);
    CHECK(triton_model_statistics_batch_duration(own, 0, TRITON_DURATION_COMPUTE_INFER, &count, &ns)
          && count == 3 && ns > 0);
    CHECK(triton_model_statistics_batch_duration(own, 0, TRITON_DURATION_QUEUE, &count, &ns) && count == 0
          && ns == 0);
    CHECK(!triton_model_statistics_batch_duration(own, 1, TRITON_DURATION_COMPUTE_INFER, NULL, NULL));
    CHECK(triton_model_statistics_response_key_count(own) == 0
          && is(triton_model_statistics_response_key(own, 0), ""));
    CHECK(!triton_model_statistics_response_duration(own, 0, TRITON_DURATION_SUCCESS, &count, &ns));
    CHECK(triton_model_statistics_memory_count(own) == 0
          && is(triton_model_statistics_memory(own, 0, &id, &byte_size), ""));
    CHECK(id == 0 && byte_size == 0);
    CHECK(strstr(triton_model_statistics_list_json(statistics), "\"inference_count\":6"));
    triton_model_statistics_list_free(statistics);
    CHECK(!triton_client_model_statistics(client, NULL, NULL, NULL, &statistics, &error));
    CHECK(triton_model_statistics_list_entry_count(statistics) > 30);
    triton_model_statistics_list_free(statistics);
    refused(triton_client_model_statistics(client, "no_such", NULL, NULL, &statistics, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "no_such");
    refused(triton_client_model_statistics(client, NULL, "1", NULL, &statistics, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "version");

    CHECK(!triton_client_repository_index(client, NULL, NULL, &index, &error));
    CHECK(is(triton_repository_model_state(entry(index, "simple")), "READY")
          && is(triton_repository_model_version(entry(index, "simple")), "1"));
    CHECK(triton_repository_model_is_ready(entry(index, "simple"))
          && is(triton_repository_model_reason(entry(index, "simple")), ""));
    CHECK(strstr(triton_repository_index_json(index), "\"simple\"")
          && triton_repository_index_model(index, 10000) == NULL);
    CHECK(!triton_repository_model_is_ready(NULL) && is(triton_repository_model_name(NULL), ""));
    triton_repository_index_free(index);
    CHECK(!triton_client_unload_model(client, model, dependents, NULL, &error));
    CHECK(!triton_client_check_model_ready(client, model, NULL, NULL, &is_ready, &error) && !is_ready);
    CHECK(!triton_client_repository_index(client, ready, NULL, &index, &error));
    CHECK(entry(index, model) == NULL && entry(index, "simple") != NULL);
    triton_repository_index_free(index);

    refused(triton_client_load_model(client, "no_such", NULL, NULL, &error), TRITON_STATUS_INTERNAL,
            "no_such");
    refused(triton_client_load_model(client, "a/b", NULL, NULL, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "a/b");
    refused(triton_client_load_model(client, "", NULL, NULL, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "empty");
    refused(triton_client_load_model(client, "x", files, NULL, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "configuration");
    refused(triton_client_load_model(client, "x", ready, NULL, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "ready");
    refused(triton_client_unload_model(client, "x", options, NULL, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "configuration");
    refused(triton_client_repository_index(client, dependents, NULL, &index, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "dependents");
    refused(triton_client_load_model(client, "simple", other, NULL, &error), TRITON_STATUS_UNIMPLEMENTED,
            "repository_name");
    CHECK(!triton_client_unload_model(client, "no_such", NULL, NULL, &error));
    triton_repository_options_free(options);
    triton_repository_options_free(ready);
    triton_repository_options_free(other);
    triton_repository_options_free(dependents);
    triton_repository_options_free(files);
}

static void settings(void) {
    const char *levels[] = {"TIMESTAMPS", "TENSORS"};
    triton_settings *settings = NULL;
    triton_settings_update *update = NULL;
    const triton_setting *setting;
    CHECK(!triton_settings_update_new(&update, &error));
    CHECK(!triton_settings_update_set_uint32(update, "trace_rate", 500, &error));
    CHECK(!triton_settings_update_set_strings(update, "trace_level", levels, 2, &error));
    refused(triton_settings_update_set_strings(update, "trace_level", levels, 0, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "no value");
    refused(triton_settings_update_set_string(update, "", "x", &error), TRITON_STATUS_INVALID_ARGUMENT,
            "empty");
    CHECK(!triton_client_update_trace_settings(client, "identity_bf16", update, NULL, NULL, &error));
    CHECK(!triton_client_update_trace_settings(client, "identity_bf16", update, NULL, &settings, &error));
    setting = triton_settings_find(settings, "trace_level");
    CHECK(triton_setting_kind(setting) == TRITON_VALUE_STRING && triton_setting_value_count(setting) == 2);
    CHECK(is(triton_setting_value(setting, 1), "TENSORS") && is(triton_setting_value(setting, 2), ""));
    CHECK(is(triton_setting_value(triton_settings_find(settings, "trace_rate"), 0), "500"));
    CHECK(triton_settings_find(settings, "no_such") == NULL && triton_settings_find(settings, NULL) == NULL);
    CHECK(strstr(triton_settings_json(settings), "\"trace_rate\":\"500\""));
    triton_settings_free(settings);
    triton_settings_update_free(update);

    CHECK(!triton_settings_update_new(&update, &error)
          && !triton_settings_update_set_string(update, "trace_rate", NULL, &error));
    CHECK(!triton_settings_update_set_string(update, "trace_level", NULL, &error));
    CHECK(!triton_client_update_trace_settings(client, "identity_bf16", update, NULL, &settings, &error));
    triton_settings_free(settings);
    refused(triton_client_update_log_settings(client, update, NULL, &settings, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "cleared");
    triton_settings_update_free(update);
    CHECK(!triton_client_trace_settings(client, "identity_bf16", NULL, &settings, &error));
    CHECK(is(triton_setting_value(triton_settings_find(settings, "trace_rate"), 0), "1"));
    CHECK(is(triton_setting_name(triton_settings_entry(settings, 0)), "log_frequency")
          && triton_settings_count(settings) == 6);
    CHECK(triton_settings_entry(settings, 6) == NULL);
    triton_settings_free(settings);
    refused(triton_client_trace_settings(client, "no_such", NULL, &settings, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "no_such");
    CHECK(!triton_client_trace_settings(client, NULL, NULL, &settings, &error));
    triton_settings_free(settings);

    CHECK(!triton_settings_update_new(&update, &error)
          && !triton_settings_update_set_string(update, "trace_file", "x", &error));
    refused(triton_client_update_trace_settings(client, NULL, update, NULL, &settings, &error),
            TRITON_STATUS_UNIMPLEMENTED, "trace file");
    triton_settings_update_free(update);

    /* The values that it has: other tests use the same log. */
    CHECK(!triton_settings_update_new(&update, &error)
          && !triton_settings_update_set_bool(update, "log_info", true, &error));
    CHECK(!triton_settings_update_set_uint32(update, "log_verbose_level", 0, &error));
    CHECK(!triton_settings_update_set_string(update, "log_format", "default", &error));
    CHECK(!triton_client_update_log_settings(client, update, NULL, NULL, &error));
    CHECK(!triton_client_update_log_settings(client, update, NULL, &settings, &error));
    setting = triton_settings_find(settings, "log_info");
    CHECK(triton_setting_kind(setting) == TRITON_VALUE_BOOL && triton_setting_bool(setting)
          && is(triton_setting_value(setting, 0), "true"));
    setting = triton_settings_find(settings, "log_verbose_level");
    CHECK(triton_setting_kind(setting) == TRITON_VALUE_UINT64 && triton_setting_uint64(setting) == 0
          && !triton_setting_bool(setting));
    triton_settings_free(settings);
    triton_settings_update_free(update);
    CHECK(!triton_client_log_settings(client, NULL, &settings, &error));
    CHECK(is(triton_setting_value(triton_settings_find(settings, "log_format"), 0), "default"));
    triton_settings_free(settings);
}

static void shared_memory(const char *name) {
    char key[64], path[80];
    unsigned char handle[65] = {1};
    triton_registered_memory *registered = NULL;
    FILE *memory;
    size_t at;
    snprintf(key, sizeof key, "/%s", name);
    snprintf(path, sizeof path, "/dev/shm%s", key);
    CHECK((memory = fopen(path, "wb")) != NULL && fseek(memory, 8191, SEEK_SET) == 0 && fputc(0, memory) == 0
          && fclose(memory) == 0);
    CHECK(!triton_client_register_system_shared_memory(client, name, key, 256, 4096, NULL, &error));
    refused(triton_client_register_system_shared_memory(client, name, key, 256, 0, NULL, &error),
            is_http ? TRITON_STATUS_INVALID_ARGUMENT : TRITON_STATUS_ALREADY_EXISTS, name);
    CHECK(!triton_client_system_shared_memory_status(client, name, NULL, &registered, &error));
    CHECK(triton_registered_memory_region_count(registered) == 1
          && is(triton_registered_region_name(triton_registered_memory_region(registered, 0)), name));
    CHECK(is(triton_registered_region_key(triton_registered_memory_region(registered, 0)), key)
          && triton_registered_region_byte_size(triton_registered_memory_region(registered, 0)) == 256);
    CHECK(triton_registered_region_offset(triton_registered_memory_region(registered, 0)) == 4096
          && triton_registered_region_device_id(triton_registered_memory_region(registered, 0)) == 0);
    CHECK(is(triton_registered_region_name(triton_registered_memory_region(registered, 1)), "")
          && triton_registered_region_byte_size(triton_registered_memory_region(registered, 1)) == 0);
    CHECK(strstr(triton_registered_memory_json(registered), "\"offset\":4096"));
    triton_registered_memory_free(registered);
    CHECK(!triton_client_system_shared_memory_status(client, NULL, NULL, &registered, &error));
    for (at = 0; !is(triton_registered_region_name(triton_registered_memory_region(registered, at)), name);
         at++)
        CHECK(at < triton_registered_memory_region_count(registered));
    triton_registered_memory_free(registered);
    CHECK(!triton_client_unregister_system_shared_memory(client, name, NULL, &error));
    CHECK(!triton_client_unregister_system_shared_memory(client, name, NULL, &error));
    refused(triton_client_system_shared_memory_status(client, name, NULL, &registered, &error),
            TRITON_STATUS_NOT_FOUND, name);
    refused(triton_client_unregister_system_shared_memory(client, "", NULL, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "empty");
    refused(triton_client_register_system_shared_memory(client, name, key, 0, 0, NULL, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "0 bytes");
    refused(triton_client_register_system_shared_memory(client, name, key, 2, UINT64_MAX, NULL, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "offset");
    refused(triton_client_register_system_shared_memory(client, name, "/no_such_memory", 64, 0, NULL, &error),
            TRITON_STATUS_INTERNAL, "no_such_memory");
    CHECK(remove(path) == 0);

    refused(triton_client_register_cuda_shared_memory(client, name, handle, 65, 0, 64, NULL, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "65");
    refused(triton_client_register_cuda_shared_memory(client, name, handle, 64, -1, 64, NULL, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "-1");
    /* There is no GPU. */
    refused(triton_client_register_cuda_shared_memory(client, name, handle, 64, 0, 64, NULL, &error),
            TRITON_STATUS_INVALID_ARGUMENT, name);
    CHECK(!triton_client_cuda_shared_memory_status(client, NULL, NULL, &registered, &error));
    CHECK(triton_registered_memory_region_count(registered) == 0
          && is(triton_registered_memory_json(registered), "[]"));
    triton_registered_memory_free(registered);
    refused(triton_client_cuda_shared_memory_status(client, "no_such", NULL, &registered, &error),
            TRITON_STATUS_NOT_FOUND, "no_such");
    CHECK(!triton_client_unregister_cuda_shared_memory(client, "no_such", NULL, &error));
    refused(triton_client_unregister_cuda_shared_memory(client, "", NULL, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "empty");
    CHECK(!triton_client_unregister_all_cuda_shared_memory(client, NULL, &error));
}

static void metrics(void) {
    triton_metrics *metrics = NULL;
    const triton_metric_sample *metric;
    size_t at, found = 0;
    CHECK(!triton_client_metrics(client, NULL, &metrics, &error));
    for (at = 0; (metric = triton_metrics_sample(metrics, at)) != NULL; at++) {
        if (!is(triton_metric_sample_name(metric), "nv_inference_count")
            || strcmp(triton_metric_sample_label_value(metric, 0), "simple") != 0)
            continue;
        CHECK(triton_metric_sample_label_count(metric) == 2 && triton_metric_sample_value(metric) >= 0
              && is(triton_metric_sample_find_label(metric, "version"), "1"));
        CHECK(is(triton_metric_sample_label_name(metric, 0), "model")
              && is(triton_metric_sample_label_value(metric, 0), "simple"));
        CHECK(is(triton_metric_sample_label_name(metric, 2), "")
              && is(triton_metric_sample_label_value(metric, 2), ""));
        CHECK(is(triton_metric_sample_find_label(metric, "model"), "simple"));
        CHECK(triton_metric_sample_find_label(metric, "no_such") == NULL
              && triton_metric_sample_find_label(metric, NULL) == NULL);
        found++;
    }
    CHECK(found == 1 && at == triton_metrics_sample_count(metrics)
          && strstr(triton_metrics_text(metrics), "# HELP"));
    triton_metrics_free(metrics);
}

static size_t events = 0;
static int on_event(const char *json, size_t byte_size, void *user_data) {
    CHECK(strlen(json) == byte_size && strstr(json, "\"TEXT\"") && user_data == &events);
    return ++events == 5;
}

static void generate(void) {
    triton_generated *generated = NULL;
    if (!is_http) {
        refused(triton_client_generate(client, "generator", NULL, "{}", NULL, &generated, &error),
                TRITON_STATUS_UNIMPLEMENTED, "http://");
        refused(
            triton_client_generate_stream(client, "generator", NULL, "{}", NULL, on_event, &events, &error),
            TRITON_STATUS_UNIMPLEMENTED, "stream");
        return;
    }
    CHECK(!triton_client_generate(client, "generator", "1", "{\"PROMPT\":\"one\",\"REPEAT\":1}", NULL,
                                  &generated, &error));
    CHECK(strstr(triton_generated_json(generated), "\"TEXT\":\"one\"")
          && triton_generated_load_report(generated) == NULL);
    CHECK(strstr(triton_headers_find(triton_generated_headers(generated), "content-type"), "json") != NULL);
    triton_generated_free(generated);
    refused(triton_client_generate(client, "generator", NULL, "[]", NULL, &generated, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "object");
    refused(triton_client_generate(client, "generator", NULL, "{\"PROMPT\":\"a b\",\"REPEAT\":1}", NULL,
                                   &generated, &error),
            TRITON_STATUS_UNKNOWN, "exactly 1");
    refused(triton_client_generate(client, "no_such", NULL, "{}", NULL, &generated, &error),
            TRITON_STATUS_NOT_FOUND, "no_such");
    CHECK(!triton_client_generate_stream(client, "generator", NULL, "{\"PROMPT\":\"a b c\",\"REPEAT\":1}",
                                         NULL, on_event, &events, &error));
    CHECK(events == 3);
    refused(triton_client_generate_stream(client, "generator", NULL, "{\"PROMPT\":\"a b c\",\"REPEAT\":9}",
                                          NULL, on_event, &events, &error),
            TRITON_STATUS_CANCELLED, "callback");
    CHECK(events == 5);
}

static void options(void) {
    triton_call_options *options = NULL;
    triton_client_options *client_options = NULL;
    bool live = false;
    double value = 5;
    CHECK(!triton_call_options_new(&options, &error) && !triton_client_options_new(&client_options, &error));
    CHECK(!triton_call_options_add_header(options, "x-tenant", "blue", &error));
    CHECK(!triton_call_options_add_restricted_key(options, "some-key", "value", &error));
    CHECK(!triton_call_options_set_load_report(options, TRITON_LOAD_REPORT_JSON, &error));
    CHECK(!triton_client_check_server_live(client, options, &live, &error) && live);
    refused(triton_call_options_set_load_report(options, (triton_load_report_format)9, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "9");
    refused(triton_call_options_add_restricted_key(options, "a b", "value", &error),
            TRITON_STATUS_INVALID_ARGUMENT, "a b");
    CHECK(!triton_client_options_set_call_options(client_options, options, &error));
    CHECK(!triton_client_options_set_load_timeout_us(client_options, TRITON_NO_TIMEOUT, &error));
    refused(triton_client_options_set_load_timeout_us(client_options, 0, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "0");
    refused(triton_client_options_set_metrics_url(client_options, "grpc://x", &error),
            TRITON_STATUS_INVALID_ARGUMENT, "HTTP");
    CHECK(triton_load_report_count(NULL) == 0 && is(triton_load_report_name(NULL, 0), "")
          && triton_load_report_value(NULL, 0) == 0);
    CHECK(!triton_load_report_find(NULL, "x", &value) && value == 0);
    CHECK(!triton_call_options_set_timeout_us(options, 1, &error));
    /* A check that fails has a status other than OK, and its outcome is false. */
    refused(triton_client_check_server_live(client, options, &live, &error), TRITON_STATUS_DEADLINE_EXCEEDED,
            "the timeout of the call");
    CHECK(!live);
    CHECK(!triton_call_options_set_timeout_us(options, TRITON_NO_TIMEOUT, &error));
    CHECK(!triton_call_options_add_query_parameter(options, "a", "b", &error));
    if (is_http) {
        CHECK(!triton_client_check_server_live(client, options, &live, &error) && live);
    } else {
        refused(triton_client_check_server_live(client, options, &live, &error),
                TRITON_STATUS_INVALID_ARGUMENT, "query");
    }
    triton_call_options_free(options);
    triton_client_options_free(client_options);
}

int main(int argc, char **argv) {
    triton_client_options *with_metrics = NULL;
    char name[64];
    if (argc != 4) return 2;
    is_http = strncmp(argv[1], "http", 4) == 0;
    snprintf(name, sizeof name, "%s_%s", argv[3], is_http ? "http" : "grpc");
    CHECK(!triton_client_options_new(&with_metrics, &error));
    CHECK(!triton_client_options_set_metrics_url(with_metrics, argv[2], &error));
    CHECK(!triton_client_new(argv[1], with_metrics, &client, &error));
    health();
    metadata();
    config();
    repository(name);
    settings();
    shared_memory(name);
    metrics();
    generate();
    options();
    triton_client_free(client);
    triton_client_options_free(with_metrics);
    return 0;
}

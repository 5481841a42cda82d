/* health_metadata.c: checks whether a server and its model `simple` are ready, prints their metadata and the
 * model's configuration, and requests an unknown model.
 *
 *     cc health_metadata.c $(pkg-config --cflags --libs triton_client) -o health_metadata
 *     ./health_metadata [-v] [-u URL]     -v logs to stderr; URL defaults to http://localhost:8000
 */
#include <stdio.h>
#include <string.h>
#include <triton_client.h>

static void on_log(triton_log_level level, const char *target, const char *message, void *user_data) {
    (void)level;
    (void)user_data;
    fprintf(stderr, "[%s] %s\n", target, message);
}

static void print_tensor(const char *what, const triton_tensor_metadata *tensor) {
    size_t rank, i;
    const int64_t *shape = triton_tensor_metadata_shape(tensor, &rank);
    printf("    %s %s: %s [", what, triton_tensor_metadata_name(tensor),
           triton_datatype_name(triton_tensor_metadata_datatype(tensor)));
    for (i = 0; i < rank; i++) printf(i ? ",%lld" : "%lld", (long long)shape[i]);
    printf("]\n");
}

int main(int argc, char **argv) {
    const char *url = "http://localhost:8000", *model = "simple";
    int verbose = 0, failed, i;
    bool live = false, server_ready = false, model_ready = false;
    size_t at;
    triton_client_options *options = NULL;
    triton_client *client = NULL;
    triton_server_metadata *server = NULL;
    triton_model_metadata *metadata = NULL, *wrong = NULL;
    triton_model_config *config = NULL;
    triton_error *error = NULL;

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

    failed = triton_client_options_new(&options, &error)
        || (verbose
            && triton_client_options_set_log_callback(options, TRITON_LOG_DEBUG, on_log, NULL, NULL, &error))
        || triton_client_new(url, options, &client, &error)
        || triton_client_check_server_live(client, NULL, &live, &error)
        || triton_client_check_server_ready(client, NULL, &server_ready, &error)
        || triton_client_check_model_ready(client, model, NULL, NULL, &model_ready, &error)
        || triton_client_server_metadata(client, NULL, &server, &error)
        || triton_client_model_metadata(client, model, NULL, NULL, &metadata, &error)
        || triton_client_model_config(client, model, NULL, NULL, &config, &error);
    if (failed) {
        fprintf(stderr, "%s\n", triton_error_message(error));
    } else if (!live || !server_ready || !model_ready) {
        fprintf(stderr, "live %d, ready %d, model ready %d\n", live, server_ready, model_ready);
        failed = 1;
    } else {
        printf("%s %s, extensions:", triton_server_metadata_name(server),
               triton_server_metadata_version(server));
        for (at = 0; at < triton_server_metadata_extension_count(server); at++)
            printf(" %s", triton_server_metadata_extension(server, at));
        printf("\n%s, platform %s\n", triton_model_metadata_name(metadata),
               triton_model_metadata_platform(metadata));
        for (at = 0; at < triton_model_metadata_input_count(metadata); at++)
            print_tensor("input", triton_model_metadata_input(metadata, at));
        for (at = 0; at < triton_model_metadata_output_count(metadata); at++)
            print_tensor("output", triton_model_metadata_output(metadata, at));
        printf("    backend %s, maximum batch size %d\n", triton_model_config_backend(config),
               (int)triton_model_config_max_batch_size(config));
        printf("%s\n%s\n%s\n", triton_server_metadata_json(server), triton_model_metadata_json(metadata),
               triton_model_config_json(config));

        if (triton_client_model_metadata(client, "wrong_model_name", NULL, NULL, &wrong, &error)
            == TRITON_STATUS_NOT_FOUND) {
            printf("%s\nPASS : Health Metadata\n", triton_error_message(error));
        } else {
            fprintf(stderr, "expected NOT_FOUND for an unknown model: %s\n", triton_error_message(error));
            failed = 1;
        }
    }

    triton_error_free(error);
    triton_model_config_free(config);
    triton_model_metadata_free(wrong);
    triton_model_metadata_free(metadata);
    triton_server_metadata_free(server);
    triton_client_free(client);
    triton_client_options_free(options);
    return failed;
}

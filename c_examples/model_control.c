/* model_control.c: lists the models of a server, unloads and reloads one of them, and tries to load an
 * unknown one. The server must be started with --model-control-mode=explicit.
 *
 *     cc model_control.c $(pkg-config --cflags --libs triton_client) -o model_control
 *     ./model_control [-v] [-u URL] [-m MODEL]    -v logs to stderr; URL defaults to http://localhost:8000,
 *                                                 MODEL to simple
 */
#include <stdio.h>
#include <string.h>
#include <triton_client.h>

static void on_log(triton_log_level level, const char *target, const char *message, void *user_data) {
    (void)level;
    (void)user_data;
    fprintf(stderr, "[%s] %s\n", target, message);
}

/* Returns whether the index has the model, ready or not. */
static int has_model(const triton_repository_index *index, const char *model) {
    size_t at;
    for (at = 0; at < triton_repository_index_model_count(index); at++)
        if (strcmp(triton_repository_model_name(triton_repository_index_model(index, at)), model) == 0)
            return 1;
    return 0;
}

static void print_index(const triton_repository_index *index) {
    size_t at;
    for (at = 0; at < triton_repository_index_model_count(index); at++) {
        const triton_repository_model *model = triton_repository_index_model(index, at);
        printf("    %s %s %s %s\n", triton_repository_model_name(model),
               triton_repository_model_version(model), triton_repository_model_state(model),
               triton_repository_model_reason(model));
    }
}

int main(int argc, char **argv) {
    const char *url = "http://localhost:8000", *model = "simple", *wrong = NULL;
    int verbose = 0, failed, i;
    bool ready_after_unload = true, ready_after_load = false;
    triton_client_options *options = NULL;
    triton_client *client = NULL;
    triton_repository_options *ready_only = NULL;
    triton_repository_index *all = NULL, *ready = NULL;
    triton_error *error = NULL;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0) {
            verbose = 1;
        } else if (strcmp(argv[i], "-u") == 0 && i + 1 < argc) {
            url = argv[++i];
        } else if (strcmp(argv[i], "-m") == 0 && i + 1 < argc) {
            model = argv[++i];
        } else {
            fprintf(stderr, "usage: %s [-v] [-u URL] [-m MODEL]\n", argv[0]);
            return 1;
        }
    }

    failed = triton_client_options_new(&options, &error)
        || (verbose
            && triton_client_options_set_log_callback(options, TRITON_LOG_DEBUG, on_log, NULL, NULL, &error))
        || triton_client_new(url, options, &client, &error)
        || triton_repository_options_new(&ready_only, &error)
        || triton_repository_options_set_ready_only(ready_only, true, &error)
        || triton_client_repository_index(client, NULL, NULL, &all, &error)
        || triton_client_unload_model(client, model, NULL, NULL, &error)
        || triton_client_check_model_ready(client, model, NULL, NULL, &ready_after_unload, &error)
        || triton_client_load_model(client, model, NULL, NULL, &error)
        || triton_client_check_model_ready(client, model, NULL, NULL, &ready_after_load, &error)
        || triton_client_repository_index(client, ready_only, NULL, &ready, &error);
    if (failed) {
        fprintf(stderr, "%s\n", triton_error_message(error));
    } else {
        printf("the repository has %zu entries:\n", triton_repository_index_model_count(all));
        print_index(all);
        if (!has_model(all, model) || !has_model(ready, model)) wrong = "the index lacks the model";
        if (ready_after_unload) wrong = "the model is ready after it was unloaded";
        if (!ready_after_load) wrong = "the model is not ready after it was loaded";
        if (triton_client_load_model(client, "wrong_model_name", NULL, NULL, &error) == TRITON_STATUS_OK) {
            wrong = "an unknown model was loaded";
        } else {
            printf("%s\n", triton_error_message(error));
        }
        failed = wrong != NULL;
        if (failed) {
            fprintf(stderr, "%s\n", wrong);
        } else {
            printf("PASS : Model Control\n");
        }
    }

    triton_error_free(error);
    triton_repository_index_free(ready);
    triton_repository_index_free(all);
    triton_repository_options_free(ready_only);
    triton_client_free(client);
    triton_client_options_free(options);
    return failed;
}

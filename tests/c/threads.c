/* threads.c URL: makes blocking calls of many kinds, and prints the name of each thread that the process has
 * then, one a line. */
#include <dirent.h>
#include <pthread.h>

#include "check.h"

static triton_client *client = NULL;

static void infer(void) {
    const int64_t shape[] = {1, 16};
    const int32_t data[16] = {0};
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    CHECK(triton_infer_request_new("simple", &request, &error) == TRITON_STATUS_OK);
    CHECK(triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, data,
                                              sizeof data, NULL, &error)
          == TRITON_STATUS_OK);
    CHECK(triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, data,
                                              sizeof data, NULL, &error)
          == TRITON_STATUS_OK);
    CHECK(triton_client_infer(client, request, NULL, &result, &error) == TRITON_STATUS_OK);
    triton_infer_result_free(result);
    triton_infer_request_free(request);
}

static void control(void) {
    triton_server_metadata *server = NULL;
    triton_model_metadata *model = NULL;
    triton_model_config *config = NULL;
    triton_repository_index *models = NULL;
    bool holds = false;
    CHECK(triton_client_check_server_live(client, NULL, &holds, &error) == TRITON_STATUS_OK && holds);
    CHECK(triton_client_check_server_ready(client, NULL, &holds, &error) == TRITON_STATUS_OK && holds);
    CHECK(triton_client_check_model_ready(client, "simple", "", NULL, &holds, &error) == TRITON_STATUS_OK
          && holds);
    CHECK(triton_client_wait_ready(client, "simple", "", NULL, &error) == TRITON_STATUS_OK);
    CHECK(triton_client_server_metadata(client, NULL, &server, &error) == TRITON_STATUS_OK);
    CHECK(triton_client_model_metadata(client, "simple", "", NULL, &model, &error) == TRITON_STATUS_OK);
    CHECK(triton_client_model_config(client, "simple", "", NULL, &config, &error) == TRITON_STATUS_OK);
    CHECK(triton_client_repository_index(client, NULL, NULL, &models, &error) == TRITON_STATUS_OK);
    /* One that fails, too. */
    CHECK(triton_client_model_metadata(client, "no_such", "", NULL, &model, &error)
          == TRITON_STATUS_NOT_FOUND);
    triton_error_free(error);
    error = NULL;
    triton_server_metadata_free(server);
    triton_model_metadata_free(model);
    triton_model_config_free(config);
    triton_repository_index_free(models);
}

static void *call(void *unused) {
    infer();
    control();
    return unused;
}

static void print_threads(void) {
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    CHECK(tasks != NULL);
    while ((task = readdir(tasks)) != NULL) {
        char path[512], name[64] = "";
        FILE *file;
        if (task->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        file = fopen(path, "r");
        CHECK(file != NULL && fgets(name, sizeof name, file) != NULL);
        fclose(file);
        fputs(name, stdout);
    }
    closedir(tasks);
}

int main(int argc, char **argv) {
    pthread_t thread;
    CHECK(argc == 2);
    CHECK(triton_client_new(argv[1], NULL, &client, &error) == TRITON_STATUS_OK);
    infer();
    control();
    /* And from a thread of the caller's own, which ends before they are counted. */
    CHECK(pthread_create(&thread, NULL, call, NULL) == 0 && pthread_join(thread, NULL) == 0);
    print_threads();
    triton_client_free(client);
    return 0;
}

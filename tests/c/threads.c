/* threads.c URL: makes blocking calls of many kinds, and prints the name of each thread that the process has
 * then, one a line; then asynchronous calls, and prints after each kind the threads that it added, and that
 * they end with the client. */
#include <dirent.h>
#include <pthread.h>

#include "async.h"

static triton_client *client = NULL;

static const int32_t zeros[16] = {0};

static void infer(void) {
    triton_infer_request *request = simple(zeros, zeros);
    triton_infer_result *result = NULL;
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

static int by_name(const void *one, const void *other) {
    return strcmp(one, other);
}

/* Reads the names of the threads, sorted, and returns how many there are. */
static int read_threads(char names[16][64]) {
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    CHECK(tasks != NULL);
    while ((task = readdir(tasks)) != NULL) {
        char path[512];
        FILE *file;
        if (task->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        file = fopen(path, "r");
        if (file == NULL) continue; /* it has ended */
        CHECK(count < 16);
        if (fgets(names[count], 64, file) != NULL) count++;
        fclose(file);
    }
    closedir(tasks);
    qsort(names, (size_t)count, 64, by_name);
    return count;
}

static void print_threads(void) {
    char names[16][64];
    int count = read_threads(names);
    for (int i = 0; i < count; i++) printf("%s%.*s", i ? " " : "", (int)strcspn(names[i], "\n"), names[i]);
    printf("\n");
}

static void done(triton_infer_result *result, triton_error *failure, void *called) {
    CHECK(failure == NULL);
    triton_infer_result_free(result);
    add(called, 1);
}

static void many_done(triton_infer_result *const *results, triton_error *const *errors, size_t count,
                      void *called) {
    CHECK(count == 1 && errors[0] == NULL);
    triton_infer_result_free(results[0]);
    add(called, 1);
}

/* Asynchronous calls of one kind on a client of their own, whose threads end with it. */
static void asynchronous(const char *url, int kind) {
    struct latch called = LATCH;
    triton_infer_request *request = simple(zeros, zeros);
    const triton_infer_request *requests[] = {request};
    triton_infer_result *result = NULL;
    triton_error *errors[1];
    triton_completion_queue *queue = NULL;
    triton_call *call = NULL;
    char names[16][64];
    client = new_client(url);
    if (kind == 0) {
        CHECK(!triton_client_infer_async(client, request, NULL, NULL, NULL, &call, &error));
        CHECK(!triton_call_wait(call, TRITON_NO_TIMEOUT, &error));
    } else if (kind == 1) {
        CHECK(!triton_completion_queue_new(&queue, &error));
        CHECK(!triton_client_infer_async_queue(client, request, NULL, queue, NULL, NULL, &error));
        CHECK(!triton_completion_queue_next(queue, TRITON_NO_TIMEOUT, &call, &error));
    } else if (kind == 2) {
        CHECK(!triton_client_infer_many(client, requests, 1, NULL, 0, &result, errors, &error));
    } else if (kind == 3) {
        CHECK(!triton_client_infer_async(client, request, NULL, done, &called, NULL, &error));
        await(&called, 1);
    } else {
        CHECK(!triton_client_infer_many_async(client, requests, 1, NULL, 0, many_done, &called, &error));
        await(&called, 1);
    }
    print_threads();
    triton_infer_result_free(result);
    triton_call_free(call);
    triton_completion_queue_free(queue);
    triton_infer_request_free(request);
    triton_client_free(client);
    double start = seconds();
    while (read_threads(names) > 1) CHECK(seconds() - start < 60);
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
    for (int kind = 0; kind < 5; kind++) asynchronous(argv[1], kind);
    return 0;
}

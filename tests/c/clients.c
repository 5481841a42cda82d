/* clients.c URL COUNT up|down: makes COUNT clients one after the other, uses each for a blocking and an
 * asynchronous call, which fail if the server is down, and frees it. Threads, descriptors, connections and
 * memory do not grow. Prints the figures. */
#include "process.h"

static const int32_t a[16] = {0}, b[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
static bool is_up;
static atomic_size_t completions;

/* On any thread: the error is not that of the main thread. */
static void check_outcome(triton_status status, triton_infer_result *result, triton_error *error) {
    if (is_up) {
        CHECK(status == TRITON_STATUS_OK && error == NULL && is_sum(result, 1));
    } else {
        CHECK(status == TRITON_STATUS_UNAVAILABLE && result == NULL && !triton_error_is_in_doubt(error));
    }
    triton_infer_result_free(result);
    triton_error_free(error);
}

static void done(triton_infer_result *result, triton_error *error, void *user_data) {
    CHECK(user_data == &completions);
    check_outcome(triton_error_status(error), result, error);
    completions++;
}

/* One asynchronous call, in one of three ways. */
static void call(const triton_client *client, const triton_infer_request *request, size_t way) {
    triton_infer_result *result = NULL;
    triton_error *failure = NULL;
    triton_completion_queue *queue = NULL;
    triton_call *call = NULL;
    if (way == 0) {
        const size_t before = completions;
        CHECK(triton_client_infer_async(client, request, NULL, done, &completions, NULL, &error)
              == TRITON_STATUS_OK);
        CHECK(triton_client_close(client, PATIENCE_US, &error) == TRITON_STATUS_OK);
        CHECK(completions == before + 1);
        return;
    }
    if (way == 1) {
        CHECK(triton_client_infer_async(client, request, NULL, NULL, NULL, &call, &error)
              == TRITON_STATUS_OK);
        CHECK(triton_call_wait(call, PATIENCE_US, &error) == TRITON_STATUS_OK);
    } else {
        int fd = -1;
        CHECK(triton_completion_queue_new(&queue, &error) == TRITON_STATUS_OK);
        CHECK(triton_completion_queue_fd(queue, &fd, &error) == TRITON_STATUS_OK && fd >= 0);
        CHECK(triton_client_infer_async_queue(client, request, NULL, queue, NULL, NULL, &error)
              == TRITON_STATUS_OK);
        CHECK(triton_completion_queue_next(queue, PATIENCE_US, &call, &error) == TRITON_STATUS_OK);
    }
    const triton_status status = triton_call_take_result(call, &result, &failure);
    check_outcome(status, result, failure);
    triton_call_free(call);
    triton_completion_queue_free(queue);
}

int main(int argc, char **argv) {
    CHECK(argc == 4);
    const size_t count = (size_t)atol(argv[2]);
    is_up = strcmp(argv[3], "up") == 0;
    struct halves memory = {0, 0};
    size_t max_threads = 0, max_sockets = 0;
    triton_infer_request *request = simple_request(a, b);
    const size_t descriptors_before = descriptors(), sockets_before = sockets();
    const int64_t start = now_us();
    for (size_t i = 0; i < count; i++) {
        triton_client *client = NULL;
        triton_infer_result *result = NULL;
        triton_error *failure = NULL;
        CHECK(triton_client_new(argv[1], NULL, &client, &error) == TRITON_STATUS_OK);
        const triton_status status = triton_client_infer(client, request, NULL, &result, &failure);
        check_outcome(status, result, failure);
        if (i == 0) CHECK(threads("") == 1);
        if (i == 1) {
            /* It blocks, and counts as asynchronous, but has no callback. */
            const triton_infer_request *const requests[] = {request};
            CHECK(triton_client_infer_many(client, requests, 1, NULL, 0, &result, &failure, &error)
                  == TRITON_STATUS_OK);
            check_outcome(triton_error_status(failure), result, failure);
            /* Those of the client before may not have ended yet. */
            WAIT_UNTIL(threads("triton-io") == 1 && threads("triton-cb") == 0);
        }
        call(client, request, i % 3);
        if (i == 0) CHECK(threads("triton-io") == 1 && threads("triton-cb-0") == 1 && threads("") == 3);
        triton_client_free(client);
        const size_t threads_now = threads(""), sockets_now = sockets() - sockets_before;
        if (threads_now > max_threads) max_threads = threads_now;
        if (sockets_now > max_sockets) max_sockets = sockets_now;
        sample(&memory, i, count);
    }
    const int64_t us = now_us() - start;
    triton_infer_request_free(request);
    WAIT_UNTIL(threads("") == 1);
    CHECK(descriptors() == descriptors_before);
    /* The threads and connections of a few clients may not have ended yet. */
    CHECK(max_threads <= 16 && max_sockets <= 16);
    check_flat(&memory);
    printf("%zu clients in %.1f s: at most %zu threads and %zu sockets, %ld KiB in the first half, %ld KiB "
           "in the second\n",
           count, (double)us / 1e6, max_threads, max_sockets, memory.first >> 10, memory.second >> 10);
    return 0;
}

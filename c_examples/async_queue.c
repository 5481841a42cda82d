/* async_queue.c: an event loop: epoll waits for the descriptor of a completion queue, through which calls of
 * the model `simple` complete. The loop has one thread, and no callback runs on another.
 *
 *     cc async_queue.c $(pkg-config --cflags --libs triton_client) -o async_queue
 *     ./async_queue [-u URL]                  the default URL is http://localhost:8000
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <triton_client.h>
#include <unistd.h>

#define COUNT 16
#define IN_FLIGHT 8
#define CALLS 100

static const int64_t shape[] = {1, COUNT};
static const int32_t ones[COUNT] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

/* One of the places for calls in flight, with the numbers that its request borrows. */
typedef struct {
    int32_t numbers[COUNT];
} place;

/* Starts call number `number`. The place is what the queue returns with the call. */
static int submit(const triton_client *client, const triton_completion_queue *queue,
                  triton_infer_request *request, place *mine, int number, triton_error **error_out) {
    int i;
    for (i = 0; i < COUNT; i++) mine->numbers[i] = 100 * number + i;
    return triton_infer_request_input_set_data(request, 0, mine->numbers, sizeof mine->numbers, error_out)
        || triton_client_infer_async_queue(client, request, NULL, queue, mine, NULL, error_out);
}

/* Checks the result of a completed call: each sum is a number of its place plus 1. */
static int check(const triton_call *call, triton_error **error_out) {
    const int32_t *numbers = ((place *)triton_call_user_data(call))->numbers;
    triton_infer_result *result = NULL;
    const void *data = NULL;
    size_t count = 0, i = 0;
    int failed = triton_call_take_result(call, &result, error_out)
        || triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT32, &data, &count, error_out);
    if (!failed) {
        while (i < count && ((const int32_t *)data)[i] == numbers[i] + 1) i++;
        if (i < COUNT) fprintf(stderr, "element %zu of OUTPUT0 is wrong or missing\n", i);
        failed = i < COUNT;
    }
    triton_infer_result_free(result);
    return failed;
}

/* Prints a failed system call. */
static int has_failed(const char *what) {
    perror(what);
    return 1;
}

int main(int argc, char **argv) {
    const char *url = "http://localhost:8000";
    static place places[IN_FLIGHT];
    struct epoll_event event = {0};
    int failed, fd = -1, epoll, submitted, completed = 0, i;
    triton_client *client = NULL;
    triton_completion_queue *queue = NULL;
    triton_infer_request *request = NULL;
    triton_call *call = NULL;
    triton_error *error = NULL;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-u") == 0 && i + 1 < argc) {
            url = argv[++i];
        } else {
            fprintf(stderr, "usage: %s [-u URL]\n", argv[0]);
            return 1;
        }
    }

    epoll = epoll_create1(EPOLL_CLOEXEC);
    event.events = EPOLLIN;
    failed = (epoll < 0 && has_failed("epoll_create1")) || triton_completion_queue_new(&queue, &error)
        || triton_completion_queue_fd(queue, &fd, &error)
        || (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0 && has_failed("epoll_ctl"))
        || triton_client_new(url, NULL, &client, &error)
        || triton_infer_request_new("simple", &request, &error)
        || triton_infer_request_add_input(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, NULL, &error)
        || triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, ones,
                                               sizeof ones, NULL, &error);
    for (submitted = 0; submitted < IN_FLIGHT && !failed; submitted++)
        failed = submit(client, queue, request, &places[submitted], submitted, &error);

    while (completed < CALLS && !failed) {
        /* The descriptor is level-triggered: it stays readable while a completed call is in the queue. */
        if (epoll_wait(epoll, &event, 1, -1) < 0) {
            failed = errno != EINTR && has_failed("epoll_wait");
            continue;
        }
        failed = triton_completion_queue_next(queue, 0, &call, &error) || check(call, &error);
        completed++;
        if (!failed && submitted < CALLS)
            failed = submit(client, queue, request, triton_call_user_data(call), submitted++, &error);
        triton_call_free(call);
    }

    /* After a failure, calls may still use the numbers of their places. */
    if (triton_client_close(client, TRITON_NO_TIMEOUT, failed ? NULL : &error)) failed = 1;
    if (error != NULL) fprintf(stderr, "%s\n", triton_error_message(error));
    if (!failed) printf("%d calls, %d in flight\nPASS : Async Queue\n", completed, IN_FLIGHT);
    triton_error_free(error);
    triton_infer_request_free(request);
    triton_client_free(client);
    triton_completion_queue_free(queue);
    if (epoll >= 0) close(epoll);
    return failed;
}

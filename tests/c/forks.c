/* forks.c URL COUNT: forks COUNT times while other threads are in the middle of calls of all kinds. In the
 * child a handle of the parent can only be freed, and a client of its own works; the calls of the parent go
 * on. Some of the forks are in a callback. Prints the figures. */
#include <pthread.h>
#include <sys/wait.h>

#include "process.h"

/* Results of this size are in memory that the client keeps for later ones. */
#define LARGE (4 << 10)
/* A child that has not ended after this time is killed by SIGALRM. */
#define WATCHDOG_S 60
#define LOADS 4

static const char *url;
static bool is_grpc;
static int32_t a[16], b[16];
static uint8_t large[LARGE];
static triton_client *client;
static atomic_bool is_over;
static atomic_size_t calls;

/* For all threads. */
#define EXPECT(condition)                                                                                   \
    do {                                                                                                    \
        if (!(condition)) {                                                                                 \
            fprintf(stderr, "%s:%d: in process %ld: %s\n", __FILE__, __LINE__, (long)getpid(), #condition); \
            abort();                                                                                        \
        }                                                                                                   \
    } while (0)

static triton_infer_request *large_request(void) {
    const int64_t shape[] = {LARGE};
    triton_infer_request *request = NULL;
    EXPECT(triton_infer_request_new("identity_uint8", &request, NULL) == TRITON_STATUS_OK);
    EXPECT(triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_UINT8, shape, 1, large,
                                               LARGE, NULL, NULL)
           == TRITON_STATUS_OK);
    return request;
}

static triton_infer_request *slow_request(const uint32_t *delay_ms) {
    const int64_t shape[] = {1};
    triton_infer_request *request = NULL;
    EXPECT(triton_infer_request_new("slow", &request, NULL) == TRITON_STATUS_OK);
    EXPECT(triton_infer_request_add_input_data(request, "DELAY_MS", TRITON_DATATYPE_UINT32, shape, 1,
                                               delay_ms, sizeof *delay_ms, NULL, NULL)
           == TRITON_STATUS_OK);
    return request;
}

static bool is_large(const triton_infer_result *result) {
    const void *data = NULL;
    size_t count = 0;
    return !triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_UINT8, &data, &count, NULL)
        && count == LARGE && memcmp(data, large, LARGE) == 0;
}

/* The load of the parent: each call has to succeed. */

static void expect_result(triton_infer_result *result, triton_error *failure) {
    if (failure != NULL) fprintf(stderr, "a call of the parent: %s\n", triton_error_message(failure));
    EXPECT(failure == NULL && is_large(result));
    triton_infer_result_free(result);
    calls++;
}

/* Between calls: without it the children would wait for the server most of the time. */
static void rest(void) {
    pause_us(2000);
}

static void *load_blocking(void *unused) {
    triton_infer_request *request = large_request();
    triton_cancel_token *token = NULL;
    triton_call_options *options = NULL;
    EXPECT(triton_cancel_token_new(&token, NULL) == TRITON_STATUS_OK);
    EXPECT(triton_call_options_new(&options, NULL) == TRITON_STATUS_OK);
    EXPECT(triton_call_options_set_cancel_token(options, token, NULL) == TRITON_STATUS_OK);
    while (!is_over) {
        triton_infer_result *result = NULL;
        triton_error *failure = NULL;
        EXPECT(triton_client_infer(client, request, options, &result, &failure) == TRITON_STATUS_OK
               || failure != NULL);
        expect_result(result, failure);
        rest();
    }
    triton_call_options_free(options);
    triton_cancel_token_free(token);
    triton_infer_request_free(request);
    return unused;
}

static void done(triton_infer_result *result, triton_error *failure, void *user_data) {
    expect_result(result, failure);
    (*(atomic_int *)user_data)--;
}

static void *load_callbacks(void *unused) {
    static atomic_int open;
    triton_infer_request *request = large_request();
    while (!is_over) {
        for (; open < 4; open++) {
            EXPECT(triton_client_infer_async(client, request, NULL, done, &open, NULL, NULL)
                   == TRITON_STATUS_OK);
        }
        rest();
    }
    while (open > 0) pause_us(1000);
    triton_infer_request_free(request);
    return unused;
}

static void *load_queue(void *unused) {
    triton_infer_request *request = large_request();
    triton_completion_queue *queue = NULL;
    size_t open = 0;
    EXPECT(triton_completion_queue_new(&queue, NULL) == TRITON_STATUS_OK);
    while (!is_over || open > 0) {
        triton_call *call = NULL;
        triton_infer_result *result = NULL;
        triton_error *failure = NULL;
        for (; open < 4 && !is_over; open++) {
            EXPECT(triton_client_infer_async_queue(client, request, NULL, queue, NULL, NULL, NULL)
                   == TRITON_STATUS_OK);
        }
        EXPECT(triton_completion_queue_next(queue, PATIENCE_US, &call, NULL) == TRITON_STATUS_OK);
        open--;
        EXPECT(triton_call_take_result(call, &result, &failure) == TRITON_STATUS_OK || failure != NULL);
        expect_result(result, failure);
        triton_call_free(call);
        rest();
    }
    triton_completion_queue_free(queue);
    triton_infer_request_free(request);
    return unused;
}

static void *load_waits(void *unused) {
    triton_infer_request *request = large_request();
    while (!is_over) {
        triton_call *call = NULL;
        triton_infer_result *result = NULL;
        triton_error *failure = NULL;
        EXPECT(triton_client_infer_async(client, request, NULL, NULL, NULL, &call, NULL) == TRITON_STATUS_OK);
        EXPECT(triton_call_wait(call, PATIENCE_US, NULL) == TRITON_STATUS_OK);
        EXPECT(triton_call_take_result(call, &result, &failure) == TRITON_STATUS_OK || failure != NULL);
        expect_result(result, failure);
        triton_call_free(call);
        rest();
    }
    triton_infer_request_free(request);
    return unused;
}

/* What the parent has when it forks, beside the handles of its other threads. */
struct handles {
    triton_call *call;
    triton_completion_queue *queue, *filled;
    triton_infer_result *result;
    triton_error *error;
    triton_cancel_token *token;
    triton_call_options *options;
    triton_infer_request *request;
    /* Over gRPC, with a request under way. */
    triton_stream *stream;
    /* What the call of the parent has to return. */
    bool is_slow;
};

static void at_once(triton_status status) {
    EXPECT(status == TRITON_STATUS_FAILED_PRECONDITION);
}

static void never(triton_infer_result *result, triton_error *failure, void *user_data) {
    (void)result, (void)failure, (void)user_data;
    EXPECT(!"a callback of a call that was refused");
}

static void never_many(triton_infer_result *const *results, triton_error *const *errors, size_t count,
                       void *user_data) {
    (void)results, (void)errors, (void)count, (void)user_data;
    EXPECT(!"a callback of calls that were refused");
}

/* Every function that is passed a handle of the parent. */
static void child_refuses(const struct handles *parent) {
    triton_infer_result *result = NULL;
    triton_error *failure = NULL;
    triton_call *call = NULL;
    triton_server_metadata *server = NULL;
    triton_model_metadata *model = NULL;
    triton_metrics *metrics = NULL;
    triton_generated *generated = NULL;
    triton_client_statistics statistics = {.struct_size = sizeof statistics};
    triton_connection_counts counts = {.struct_size = sizeof counts};
    triton_client *own = NULL;
    const triton_infer_request *const requests[] = {parent->request};
    bool holds = true;
    int fd = 0;
    at_once(triton_client_infer(client, parent->request, NULL, &result, NULL));
    at_once(triton_client_infer_async(client, parent->request, NULL, never, NULL, NULL, NULL));
    at_once(triton_client_infer_async(client, parent->request, NULL, NULL, NULL, &call, NULL));
    at_once(triton_client_infer_async_queue(client, parent->request, NULL, parent->queue, NULL, &call, NULL));
    at_once(triton_client_infer_many(client, requests, 1, NULL, 0, &result, &failure, NULL));
    at_once(triton_client_infer_many(client, NULL, 0, NULL, 0, NULL, NULL, NULL));
    at_once(triton_client_infer_many_async(client, requests, 1, NULL, 0, never_many, NULL, NULL));
    at_once(triton_client_check_server_live(client, NULL, &holds, NULL));
    at_once(triton_client_server_metadata(client, NULL, &server, NULL));
    at_once(triton_client_model_metadata(client, "simple", "", NULL, &model, NULL));
    at_once(triton_client_wait_ready(client, "", "", NULL, NULL));
    at_once(triton_client_unload_model(client, "simple", NULL, NULL, NULL));
    at_once(triton_client_generate(client, "simple", "", "{}", NULL, &generated, NULL));
    at_once(triton_client_metrics(client, NULL, &metrics, NULL));
    at_once(triton_client_infer_statistics(client, &statistics, NULL));
    at_once(triton_client_connection_counts(client, &counts, NULL));
    at_once(triton_client_connect(client, 1, NULL, NULL));
    at_once(triton_client_close_idle(client, NULL));
    at_once(triton_client_close(client, TRITON_NO_TIMEOUT, NULL));
    at_once(triton_call_wait(parent->call, TRITON_NO_TIMEOUT, NULL));
    at_once(triton_call_take_result(parent->call, &result, NULL));
    at_once(triton_completion_queue_next(parent->queue, TRITON_NO_TIMEOUT, &call, NULL));
    at_once(triton_completion_queue_next(parent->filled, TRITON_NO_TIMEOUT, &call, NULL));
    at_once(triton_completion_queue_fd(parent->queue, &fd, NULL));
    if (parent->stream != NULL) {
        triton_stream *stream = NULL;
        bool is_end = false;
        at_once(triton_stream_open(client, NULL, NULL, NULL, &stream, NULL));
        at_once(triton_stream_send(parent->stream, parent->request, TRITON_NO_TIMEOUT, NULL));
        at_once(triton_stream_next(parent->stream, TRITON_NO_TIMEOUT, &result, &failure, &is_end, NULL));
        at_once(triton_stream_wait(parent->stream, TRITON_NO_TIMEOUT, NULL));
        at_once(triton_stream_finish(parent->stream, NULL));
        triton_stream_cancel(parent->stream);
    }
    EXPECT(!triton_call_is_done(parent->call) && triton_call_user_data(parent->call) == &calls && fd == -1);
    triton_call_cancel(parent->call);
    triton_cancel_token_cancel(parent->token);
    /* The parent's token and queue, with a client that is the child's. */
    EXPECT(triton_client_new(url, NULL, &own, NULL) == TRITON_STATUS_OK);
    at_once(triton_client_infer(own, parent->request, parent->options, &result, NULL));
    at_once(triton_client_infer_async(own, parent->request, parent->options, NULL, NULL, &call, NULL));
    at_once(triton_client_check_server_live(own, parent->options, &holds, NULL));
    at_once(triton_client_infer_async_queue(own, parent->request, NULL, parent->queue, NULL, &call, NULL));
    triton_client_free(own);
    EXPECT(is_large(parent->result) && strstr(triton_error_message(parent->error), "none") != NULL);
}

static void child_frees(struct handles *parent, size_t number) {
    /* In another order each time. */
    for (size_t i = 0; i < 10; i++) {
        switch ((i * 3 + number) % 10) {
        case 0:
            triton_client_free(client);
            break;
        case 1:
            triton_call_free(parent->call);
            break;
        case 2:
            triton_completion_queue_free(parent->queue);
            break;
        case 3:
            triton_completion_queue_free(parent->filled);
            break;
        case 4:
            triton_infer_result_free(parent->result);
            break;
        case 5:
            triton_error_free(parent->error);
            break;
        case 6:
            triton_cancel_token_free(parent->token);
            break;
        case 7:
            triton_call_options_free(parent->options);
            break;
        case 8:
            triton_stream_free(parent->stream);
            break;
        default:
            triton_infer_request_free(parent->request);
            break;
        }
    }
}

/* A client that the child creates works, with threads of its own. These are counted in some children only:
 * a process that has read its folder in /proc takes long to end. */
static void child_works(bool is_counted) {
    atomic_int open = 1;
    triton_client *own = NULL;
    triton_infer_result *results[3];
    triton_error *errors[3];
    triton_call *call = NULL;
    triton_completion_queue *queue = NULL;
    triton_infer_request *request = simple_request(a, b);
    triton_infer_request *identity = large_request();
    const triton_infer_request *const requests[] = {request, identity, request};
    EXPECT(!is_counted || threads("") == 1);
    EXPECT(triton_client_new(url, NULL, &own, NULL) == TRITON_STATUS_OK);
    CHECK(triton_client_infer(own, request, NULL, &results[0], &error) == TRITON_STATUS_OK);
    EXPECT(is_sum(results[0], 3));
    triton_infer_result_free(results[0]);
    EXPECT(triton_client_infer_async(own, identity, NULL, done, &open, NULL, NULL) == TRITON_STATUS_OK);
    EXPECT(triton_client_infer_async(own, request, NULL, NULL, NULL, &call, NULL) == TRITON_STATUS_OK);
    EXPECT(triton_call_wait(call, PATIENCE_US, NULL) == TRITON_STATUS_OK);
    CHECK(triton_call_take_result(call, &results[0], &error) == TRITON_STATUS_OK);
    EXPECT(is_sum(results[0], 3));
    triton_infer_result_free(results[0]);
    triton_call_free(call);
    EXPECT(triton_completion_queue_new(&queue, NULL) == TRITON_STATUS_OK);
    EXPECT(triton_client_infer_async_queue(own, request, NULL, queue, NULL, NULL, NULL) == TRITON_STATUS_OK);
    EXPECT(triton_completion_queue_next(queue, PATIENCE_US, &call, NULL) == TRITON_STATUS_OK);
    CHECK(triton_call_take_result(call, &results[0], &error) == TRITON_STATUS_OK);
    triton_infer_result_free(results[0]);
    triton_call_free(call);
    triton_completion_queue_free(queue);
    EXPECT(triton_client_infer_many(own, requests, 3, NULL, 0, results, errors, NULL) == TRITON_STATUS_OK);
    for (size_t i = 0; i < 3; i++) {
        EXPECT(errors[i] == NULL && (i == 1 ? is_large(results[i]) : is_sum(results[i], 3)));
        triton_infer_result_free(results[i]);
    }
    CHECK(triton_client_close(own, PATIENCE_US, &error) == TRITON_STATUS_OK);
    EXPECT(open == 0);
    triton_client_free(own);
    triton_infer_request_free(request);
    triton_infer_request_free(identity);
    if (is_counted) WAIT_UNTIL(threads("") == 1);
}

static void fork_once(size_t number) {
    static const uint32_t delay_ms = 100;
    struct handles parent = {.is_slow = number % 20 == 7};
    triton_infer_result *none = NULL;
    parent.request = large_request();
    EXPECT(triton_cancel_token_new(&parent.token, NULL) == TRITON_STATUS_OK);
    EXPECT(triton_call_options_new(&parent.options, NULL) == TRITON_STATUS_OK);
    EXPECT(triton_call_options_set_cancel_token(parent.options, parent.token, NULL) == TRITON_STATUS_OK);
    EXPECT(triton_completion_queue_new(&parent.queue, NULL) == TRITON_STATUS_OK);
    EXPECT(triton_completion_queue_new(&parent.filled, NULL) == TRITON_STATUS_OK);
    EXPECT(triton_client_infer_async_queue(client, parent.request, NULL, parent.filled, NULL, NULL, NULL)
           == TRITON_STATUS_OK);
    EXPECT(triton_client_infer(client, parent.request, NULL, &parent.result, NULL) == TRITON_STATUS_OK);
    triton_infer_request *wrong = NULL;
    EXPECT(triton_infer_request_new("none", &wrong, NULL) == TRITON_STATUS_OK);
    EXPECT(triton_client_infer(client, wrong, NULL, &none, &parent.error) == TRITON_STATUS_NOT_FOUND);
    triton_infer_request *request = parent.is_slow ? slow_request(&delay_ms) : large_request();
    EXPECT(triton_client_infer_async(client, request, parent.options, NULL, &calls, &parent.call, NULL)
           == TRITON_STATUS_OK);
    if (is_grpc) {
        EXPECT(triton_stream_open(client, NULL, NULL, NULL, &parent.stream, NULL) == TRITON_STATUS_OK);
        EXPECT(triton_stream_send(parent.stream, parent.request, TRITON_NO_TIMEOUT, NULL)
               == TRITON_STATUS_OK);
    }

    fflush(NULL);
    const pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        alarm(WATCHDOG_S);
        const int64_t start = now_us();
        child_refuses(&parent);
        EXPECT(now_us() - start < 2000000);
        child_frees(&parent, number);
        child_works(number % 32 == 0);
        _exit(0);
    }
    int status = 0;
    EXPECT(waitpid(child, &status, 0) == child);
    if (status != 0) fprintf(stderr, "child %zu: status %#x\n", number, (unsigned)status);
    EXPECT(status == 0);

    /* The child cancelled neither the call nor its token here. */
    triton_infer_result *result = NULL;
    EXPECT(triton_call_wait(parent.call, PATIENCE_US, NULL) == TRITON_STATUS_OK);
    EXPECT(triton_call_take_result(parent.call, &result, NULL) == TRITON_STATUS_OK);
    EXPECT(parent.is_slow || is_large(result));
    EXPECT(!triton_cancel_token_is_cancelled(parent.token));
    triton_infer_result_free(result);
    if (is_grpc) {
        triton_error *refused = NULL;
        bool is_end = false;
        EXPECT(triton_stream_finish(parent.stream, NULL) == TRITON_STATUS_OK);
        EXPECT(triton_stream_next(parent.stream, PATIENCE_US, &result, &refused, &is_end, NULL)
               == TRITON_STATUS_OK);
        EXPECT(!is_end && refused == NULL && is_large(result));
        triton_infer_result_free(result);
        EXPECT(triton_stream_next(parent.stream, PATIENCE_US, &result, &refused, &is_end, NULL)
               == TRITON_STATUS_OK);
        EXPECT(is_end && result == NULL);
        triton_stream_free(parent.stream);
    }
    triton_call *call = NULL;
    EXPECT(triton_completion_queue_next(parent.filled, PATIENCE_US, &call, NULL) == TRITON_STATUS_OK);
    triton_call_free(call);
    triton_call_free(parent.call);
    triton_completion_queue_free(parent.queue);
    triton_completion_queue_free(parent.filled);
    triton_infer_result_free(parent.result);
    triton_error_free(parent.error);
    triton_cancel_token_free(parent.token);
    triton_call_options_free(parent.options);
    triton_infer_request_free(parent.request);
    triton_infer_request_free(request);
    triton_infer_request_free(wrong);
}

static size_t number_in_callback;

static void fork_in_callback(triton_infer_result *result, triton_error *failure, void *user_data) {
    expect_result(result, failure);
    fork_once(number_in_callback);
    *(atomic_bool *)user_data = true;
}

int main(int argc, char **argv) {
    void *(*const loads[LOADS])(void *) = {load_blocking, load_callbacks, load_queue, load_waits};
    pthread_t handles[LOADS];
    triton_client_options *options = NULL;
    CHECK(argc == 3);
    url = argv[1];
    is_grpc = strncmp(url, "grpc", 4) == 0;
    const size_t count = (size_t)atol(argv[2]);
    for (size_t i = 0; i < 16; i++) a[i] = 1, b[i] = 2;
    for (size_t i = 0; i < LARGE; i++) large[i] = (uint8_t)(i % 251);
    CHECK(triton_client_options_new(&options, &error) == TRITON_STATUS_OK);
    CHECK(triton_client_options_set_callback_threads(options, 2, &error) == TRITON_STATUS_OK);
    CHECK(triton_client_new(url, options, &client, &error) == TRITON_STATUS_OK);
    triton_client_options_free(options);
    for (size_t i = 0; i < LOADS; i++) CHECK(pthread_create(&handles[i], NULL, loads[i], NULL) == 0);
    const int64_t start = now_us();
    triton_infer_request *request = large_request();
    for (size_t i = 0; i < count; i++) {
        if (i % 5 != 4) {
            fork_once(i);
            continue;
        }
        atomic_bool is_done = false;
        number_in_callback = i;
        CHECK(triton_client_infer_async(client, request, NULL, fork_in_callback, &is_done, NULL, &error)
              == TRITON_STATUS_OK);
        while (!is_done) pause_us(100);
    }
    triton_infer_request_free(request);
    is_over = true;
    for (size_t i = 0; i < LOADS; i++) CHECK(pthread_join(handles[i], NULL) == 0);
    CHECK(triton_client_close(client, PATIENCE_US, &error) == TRITON_STATUS_OK);
    triton_client_free(client);
    WAIT_UNTIL(threads("") == 1);
    printf("%zu forks and %zu calls in %.1f s\n", count, (size_t)calls, (double)(now_us() - start) / 1e6);
    return 0;
}

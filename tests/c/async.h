/* What the C tests of asynchronous calls and of streams share: a latch, requests, a server that is silent,
 * and what a call received. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

/* A counter that threads wait for. */
struct latch {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int count;
};

#define LATCH {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0}

static inline void add(struct latch *latch, int count) {
    CHECK(pthread_mutex_lock(&latch->mutex) == 0);
    latch->count += count;
    CHECK(pthread_cond_broadcast(&latch->changed) == 0);
    CHECK(pthread_mutex_unlock(&latch->mutex) == 0);
}

static inline int count_of(struct latch *latch) {
    CHECK(pthread_mutex_lock(&latch->mutex) == 0);
    int count = latch->count;
    CHECK(pthread_mutex_unlock(&latch->mutex) == 0);
    return count;
}

/* A program that waits for two minutes hangs. */
static inline void await(struct latch *latch, int count) {
    struct timespec deadline;
    CHECK(clock_gettime(CLOCK_REALTIME, &deadline) == 0);
    deadline.tv_sec += 120;
    CHECK(pthread_mutex_lock(&latch->mutex) == 0);
    while (latch->count < count)
        CHECK(pthread_cond_timedwait(&latch->changed, &latch->mutex, &deadline) == 0);
    CHECK(pthread_mutex_unlock(&latch->mutex) == 0);
}

static inline double seconds(void) {
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A server that accepts connections and never responds: calls to it are under way until they are cancelled.
 */
static inline const char *silent_url(const char *scheme) {
    static char url[64];
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(listener, 512) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
    snprintf(url, sizeof url, "%s://127.0.0.1:%d", scheme, (int)ntohs(address.sin_port));
    return url;
}

static inline triton_client *new_client(const char *url) {
    triton_client *client = NULL;
    CHECK(!triton_client_new(url, NULL, &client, &error));
    return client;
}

static inline void add_input(triton_infer_request *request, const char *name, triton_datatype datatype,
                             const int64_t *shape, size_t rank, const void *data, size_t byte_size) {
    CHECK(!triton_infer_request_add_input_data(request, name, datatype, shape, rank, data, byte_size, NULL,
                                               &error));
}

static const int64_t simple_shape[] = {1, 16}, one_element[] = {1};

/* The sum of two vectors. */
static inline triton_infer_request *simple(const int32_t *a, const int32_t *b) {
    triton_infer_request *request = NULL;
    CHECK(!triton_infer_request_new("simple", &request, &error));
    add_input(request, "INPUT0", TRITON_DATATYPE_INT32, simple_shape, 2, a, 64);
    add_input(request, "INPUT1", TRITON_DATATYPE_INT32, simple_shape, 2, b, 64);
    return request;
}

/* Takes a while, and stops when it is cancelled. */
static inline triton_infer_request *slow(const uint32_t *delay_ms) {
    triton_infer_request *request = NULL;
    CHECK(!triton_infer_request_new("slow", &request, &error));
    add_input(request, "DELAY_MS", TRITON_DATATYPE_UINT32, one_element, 1, delay_ms, 4);
    return request;
}

static inline triton_infer_request *unknown_model(const char *id) {
    triton_infer_request *request = NULL;
    CHECK(!triton_infer_request_new("no_such_model", &request, &error));
    CHECK(!triton_infer_request_set_id(request, id, &error));
    return request;
}

static inline const void *elements(const triton_infer_result *result, const char *output,
                                   triton_datatype datatype, size_t expected) {
    const void *data = NULL;
    size_t count = 0;
    CHECK(!triton_infer_result_output_as(result, output, datatype, &data, &count, &error));
    CHECK(count == expected);
    return data;
}

/* Frees a result after a look at its sums. */
static inline void check_sums(triton_infer_result *result, const int32_t *a, const int32_t *b) {
    const int32_t *sums = elements(result, "OUTPUT0", TRITON_DATATYPE_INT32, 16);
    for (int i = 0; i < 16; i++) CHECK(sums[i] == a[i] + b[i]);
    triton_infer_result_free(result);
}

/* Frees an error after a look at its status. */
static inline void check_error(triton_error *failure, triton_status status, const char *hint) {
    if (triton_error_status(failure) != status || strstr(triton_error_message(failure), hint) == NULL) {
        fprintf(stderr, "expected %s '%s': %s\n", triton_status_name(status), hint,
                triton_error_message(failure));
        exit(1);
    }
    triton_error_free(failure);
}

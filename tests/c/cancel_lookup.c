/* cancel_lookup.c URL: cancels calls while the name of their host is being resolved, which never ends here.
 * Prints how long a blocking and an asynchronous call took to end, in microseconds: the quickest of
 * several. */
#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

#define TRIES 30
#define MAX_US 5000

static const char *url;
static sem_t began;
static triton_call_options *options = NULL;
static triton_client *client = NULL;

/* In the place of the C library's. */
int getaddrinfo(const char *restrict node, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict result) {
    (void)node, (void)service, (void)hints, (void)result;
    sem_post(&began);
    for (;;) pause();
}

static long now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void check_cancelled(triton_status status) {
    CHECK(status == TRITON_STATUS_CANCELLED && triton_error_origin(error) == TRITON_ORIGIN_CLIENT);
    CHECK(!triton_error_is_in_doubt(error));
    CHECK(strstr(triton_error_message(error), "resolving the host name") != NULL);
    triton_error_free(error);
    error = NULL;
}

static void *infer(void *request) {
    triton_infer_result *result = NULL;
    check_cancelled(triton_client_infer(client, request, options, &result, &error));
    return NULL;
}

static void wait_for_lookup(void) {
    const struct timespec moment = {0, 1000000};
    while (sem_wait(&began) != 0) continue;
    /* The lookup has its own thread; the caller's may need a moment to wait for it. If not, the call is
     * cancelled all the same. */
    nanosleep(&moment, NULL);
}

/* Cancels a call, and returns how long it then took. */
static long cancel(triton_infer_request *request, int is_async) {
    triton_cancel_token *token = NULL;
    triton_call *call = NULL;
    triton_infer_result *result = NULL;
    pthread_t caller;
    long start;
    CHECK(triton_client_new(url, NULL, &client, &error) == TRITON_STATUS_OK);
    CHECK(triton_cancel_token_new(&token, &error) == TRITON_STATUS_OK);
    CHECK(triton_call_options_set_cancel_token(options, is_async ? NULL : token, &error) == TRITON_STATUS_OK);
    if (is_async) {
        CHECK(triton_client_infer_async(client, request, options, NULL, NULL, &call, &error)
              == TRITON_STATUS_OK);
        wait_for_lookup();
        start = now_us();
        triton_call_cancel(call);
        CHECK(triton_call_wait(call, 20000000, &error) == TRITON_STATUS_OK);
        start = now_us() - start;
        check_cancelled(triton_call_take_result(call, &result, &error));
    } else {
        CHECK(pthread_create(&caller, NULL, infer, request) == 0);
        wait_for_lookup();
        start = now_us();
        triton_cancel_token_cancel(token);
        CHECK(pthread_join(caller, NULL) == 0);
        start = now_us() - start;
    }
    triton_call_free(call);
    triton_cancel_token_free(token);
    triton_client_free(client);
    return start;
}

int main(int argc, char **argv) {
    triton_infer_request *request = NULL;
    int is_async, tries;
    CHECK(argc == 2 && sem_init(&began, 0, 0) == 0);
    url = argv[1];
    CHECK(triton_call_options_new(&options, &error) == TRITON_STATUS_OK);
    CHECK(triton_infer_request_new("m", &request, &error) == TRITON_STATUS_OK);
    for (is_async = 0; is_async < 2; is_async++) {
        long quickest = 1000000000;
        for (tries = 0; tries < TRIES && quickest > MAX_US; tries++) {
            long took = cancel(request, is_async);
            if (took < quickest) quickest = took;
        }
        printf("%s %ld\n", is_async ? "asynchronous" : "blocking", quickest);
    }
    triton_infer_request_free(request);
    triton_call_options_free(options);
    return 0;
}

/* authentication.c URL: credentials, the header callback, authority and user agent, of a server that responds
 * UNAUTHENTICATED to every call but those with the second token of the callback. */
#include "check.h"
#include <pthread.h>

static const char *url;

/* What the callback is to do, and what it has seen. */
struct callback {
    pthread_mutex_t mutex;
    int calls, refusals, finalized;
    triton_status status;
    const char *message;
    /* A client that the callback calls itself, if not NULL. */
    const triton_client *client;
    pthread_t thread, refused_thread;
};

static triton_status add_headers(triton_call_headers *headers, void *user_data) {
    struct callback *callback = user_data;
    bool was_refused = triton_call_headers_was_refused(headers), is_live = true;
    const char *token = was_refused ? "Bearer second" : "Bearer first";
    triton_error *failure = NULL;
    triton_status status;
    CHECK(strncmp(triton_call_headers_endpoint(headers), url, strlen(url)) == 0);
    CHECK(triton_call_headers_endpoint(headers) == triton_call_headers_endpoint(headers));
    CHECK(pthread_mutex_lock(&callback->mutex) == 0);
    callback->calls++;
    callback->refusals += was_refused;
    *(was_refused ? &callback->refused_thread : &callback->thread) = pthread_self();
    status = callback->status;
    CHECK(pthread_mutex_unlock(&callback->mutex) == 0);
    if (callback->message) triton_call_headers_set_error(headers, callback->message);
    if (callback->client) {
        CHECK(triton_client_check_server_live(callback->client, NULL, &is_live, &failure)
              == TRITON_STATUS_UNAUTHENTICATED);
        triton_error_free(failure);
    }
    if (status) return status;
    CHECK(triton_call_headers_add(headers, "host", "x", 1, &failure) == TRITON_STATUS_INVALID_ARGUMENT);
    triton_error_free(failure);
    return triton_call_headers_add(headers, "x-raw-bin", "\0\1", 2, NULL)
            || triton_call_headers_add(headers, "x-empty", NULL, 0, NULL)
        ? TRITON_STATUS_INTERNAL
        : triton_call_headers_add(headers, "authorization", token, strlen(token), NULL);
}

static triton_status breaks_a_line(triton_call_headers *headers, void *user_data) {
    (void)user_data;
    return triton_call_headers_add(headers, "x-secret", "swordfish\r\nx-other: 1", 21, NULL);
}

static void finalize(void *user_data) {
    ((struct callback *)user_data)->finalized++;
}

static triton_client *client_of(const triton_client_options *options) {
    triton_client *client = NULL;
    CHECK(!triton_client_new(url, options, &client, &error));
    return client;
}

static triton_status live(const triton_client *client, const triton_call_options *options) {
    bool is_live = false;
    return triton_client_check_server_live(client, options, &is_live, &error);
}

static triton_status infer_async(const triton_client *client) {
    static const int64_t one[] = {1};
    static const int32_t data[] = {1};
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    triton_call *call = NULL;
    triton_status status;
    CHECK(!triton_infer_request_new("m", &request, &error));
    CHECK(!triton_infer_request_add_input_data(request, "I", TRITON_DATATYPE_INT32, one, 1, data, 4, NULL,
                                               &error));
    status = triton_client_infer_async(client, request, NULL, NULL, NULL, &call, &error);
    triton_infer_request_free(request);
    if (status) return status;
    CHECK(!triton_call_wait(call, TRITON_NO_TIMEOUT, &error));
    status = triton_call_take_result(call, &result, &error);
    triton_infer_result_free(result);
    triton_call_free(call);
    return status;
}

/* The server responds to the second token only: over either kind of call. */
static void callback_is_called_again_after_a_refusal(struct callback *callback, const triton_client *client) {
    CHECK(!live(client, NULL));
    CHECK(callback->calls == 2 && callback->refusals == 1);
    CHECK(pthread_equal(callback->thread, pthread_self())
          && pthread_equal(callback->refused_thread, pthread_self()));
    CHECK(!infer_async(client));
    CHECK(callback->calls == 4 && callback->refusals == 2);
    CHECK(pthread_equal(callback->thread, pthread_self())
          && !pthread_equal(callback->refused_thread, pthread_self()));
}

static void callback_fails(struct callback *callback, const triton_client *client) {
    callback->calls = 0;
    callback->status = TRITON_STATUS_NOT_FOUND;
    CHECK(live(client, NULL) == TRITON_STATUS_UNAUTHENTICATED && !triton_error_is_retryable(error));
    CHECK(triton_error_origin(error) == TRITON_ORIGIN_CLIENT && !triton_error_is_in_doubt(error));
    refused(triton_error_status(error), TRITON_STATUS_UNAUTHENTICATED, "it returned NOT_FOUND");
    callback->status = (triton_status)99;
    refused(live(client, NULL), TRITON_STATUS_UNAUTHENTICATED, "it returned UNKNOWN");
    callback->status = TRITON_STATUS_UNAVAILABLE;
    callback->message = "no token: \xff";
    CHECK(infer_async(client) == TRITON_STATUS_UNAUTHENTICATED && triton_error_is_retryable(error));
    refused(triton_error_status(error), TRITON_STATUS_UNAUTHENTICATED, "no token: \xef\xbf\xbd");
    CHECK(callback->calls == 3);
    callback->message = NULL;
    callback->status = TRITON_STATUS_OK;
}

static void header_callback(void) {
    struct callback callback = {.calls = 0};
    triton_client_options *options = NULL;
    triton_client *client, *other;
    CHECK(pthread_mutex_init(&callback.mutex, NULL) == 0);
    CHECK(!triton_client_options_new(&options, &error));
    CHECK(!triton_client_options_set_header_callback(options, add_headers, &callback, finalize, &error));
    client = client_of(options);
    callback_is_called_again_after_a_refusal(&callback, client);
    callback_fails(&callback, client);
    callback.client = client; /* which the callback calls itself, without headers of its own */
    callback.calls = 0;
    CHECK(!live(client, NULL) && !infer_async(client) && callback.calls == 4);
    callback.client = NULL;

    CHECK(!triton_client_options_set_header_callback(options, NULL, NULL, NULL, &error));
    other = client_of(options);
    refused(live(other, NULL), TRITON_STATUS_UNAUTHENTICATED, "");
    CHECK(callback.finalized == 0); /* the first client has it */
    triton_client_free(client);
    CHECK(callback.finalized == 1);
    CHECK(!triton_client_options_set_header_callback(options, NULL, &callback, finalize, &error));
    CHECK(callback.finalized == 2); /* its user_data is not used at all */
    triton_client_free(other);

    CHECK(!triton_client_options_set_header_callback(options, breaks_a_line, &callback, finalize, &error));
    client = client_of(options);
    triton_client_options_free(options);
    CHECK(live(client, NULL) == TRITON_STATUS_UNAUTHENTICATED);
    CHECK(strstr(triton_error_message(error), "swordfish") == NULL);
    refused(triton_error_status(error), TRITON_STATUS_UNAUTHENTICATED, "x-secret");
    triton_client_free(client);
    CHECK(callback.finalized == 3 && pthread_mutex_destroy(&callback.mutex) == 0);
}

/* Each call is refused, after the server has seen its headers: the test compares them. */
static void credentials(void) {
    triton_client_options *options = NULL;
    triton_call_options *defaults = NULL, *own = NULL;
    triton_client *client;
    CHECK(!triton_client_options_new(&options, &error) && !triton_call_options_new(&defaults, &error));
    CHECK(!triton_call_options_new(&own, &error)
          && !triton_call_options_set_timeout_us(own, 10000000, &error));
    CHECK(!triton_call_options_set_basic_auth(defaults, "user", "pass", &error));
    CHECK(!triton_client_options_set_call_options(options, defaults, &error));
    CHECK(!triton_client_options_set_authority(options, "gateway.example:8443", &error));
    CHECK(!triton_client_options_set_user_agent(options, "my-service/2", &error));
    client = client_of(options);
    refused(live(client, own), TRITON_STATUS_UNAUTHENTICATED, ""); /* basic */
    CHECK(!triton_call_options_set_bearer_token(own, "abc.def", &error));
    refused(live(client, own), TRITON_STATUS_UNAUTHENTICATED, ""); /* bearer */
    CHECK(!triton_call_options_set_bearer_token(own, NULL, &error));
    refused(live(client, own), TRITON_STATUS_UNAUTHENTICATED, ""); /* basic */
    CHECK(!triton_call_options_set_basic_auth(own, "", "", &error));
    CHECK(!triton_call_options_set_basic_auth(own, NULL, NULL, &error));
    refused(live(client, own), TRITON_STATUS_UNAUTHENTICATED, ""); /* basic */
    triton_client_free(client);
    CHECK(!triton_client_options_set_authority(options, NULL, &error));
    CHECK(!triton_client_options_set_user_agent(options, NULL, &error));
    CHECK(!triton_client_options_set_call_options(options, NULL, &error));
    client = client_of(options);
    refused(live(client, own), TRITON_STATUS_UNAUTHENTICATED, ""); /* none */
    triton_client_free(client);

    refused(triton_call_options_set_basic_auth(own, "a:b", "swordfish", &error),
            TRITON_STATUS_INVALID_ARGUMENT, "");
    refused(triton_call_options_set_basic_auth(own, "a", NULL, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "password is NULL");
    CHECK(triton_call_options_set_basic_auth(own, "a", "swordfish\n", &error)
          == TRITON_STATUS_INVALID_ARGUMENT);
    CHECK(strstr(triton_error_message(error), "swordfish") == NULL);
    triton_error_free(error);
    CHECK(triton_call_options_set_bearer_token(own, "swordfish\xff", &error)
          == TRITON_STATUS_INVALID_ARGUMENT);
    CHECK(strstr(triton_error_message(error), "swordfish") == NULL);
    refused(triton_error_status(error), TRITON_STATUS_INVALID_ARGUMENT, "token is not UTF-8");
    refused(triton_client_options_set_authority(options, "a/b", &error), TRITON_STATUS_INVALID_ARGUMENT,
            "a/b");
    refused(triton_client_options_set_user_agent(options, "a\r\nb", &error), TRITON_STATUS_INVALID_ARGUMENT,
            "user agent");
    refused(triton_client_options_set_user_agent(options, "", &error), TRITON_STATUS_INVALID_ARGUMENT,
            "user agent");
    triton_call_options_free(own);
    triton_call_options_free(defaults);
    triton_client_options_free(options);
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    url = argv[1];
    credentials();
    header_callback();
    return 0;
}

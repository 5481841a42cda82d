/* async_infer.c: many inferences of the model `simple` in flight at once: some complete in a callback, others
 * are waited for. Every sum is checked.
 *
 *     cc async_infer.c $(pkg-config --cflags --libs triton_client) -o async_infer
 *     ./async_infer [-u URL]                  the default URL is http://localhost:8000
 */
#include <stdio.h>
#include <string.h>
#include <triton_client.h>

#define COUNT 16
#define CALLS 8

static const int64_t shape[] = {1, COUNT};
static const int32_t ones[COUNT] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

/* The requests borrow these numbers until their calls are complete. */
typedef struct {
    int32_t numbers[COUNT];
    int has_passed;
} work;

/* Whether a result has the sum of each number and 1. */
static int has_sums(const triton_infer_result *result, const int32_t *numbers, triton_error **error_out) {
    const void *data = NULL;
    size_t count = 0, i;
    if (triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT32, &data, &count, error_out))
        return 0;
    for (i = 0; i < count && ((const int32_t *)data)[i] == numbers[i] + 1; i++) continue;
    if (i < COUNT) fprintf(stderr, "element %zu of OUTPUT0 is wrong or missing\n", i);
    return i == COUNT;
}

/* Runs once for each call, on a thread of the library. It owns the result and the error. */
static void done(triton_infer_result *result, triton_error *error, void *user_data) {
    work *mine = user_data;
    mine->has_passed = result != NULL && has_sums(result, mine->numbers, &error);
    if (error != NULL) fprintf(stderr, "%s\n", triton_error_message(error));
    triton_error_free(error);
    triton_infer_result_free(result);
}

/* The request is free for other numbers as soon as this returns. */
static int submit(const triton_client *client, triton_infer_request *request, work *mine,
                  triton_infer_callback callback, triton_call **call_out, triton_error **error_out) {
    return triton_infer_request_input_set_data(request, 0, mine->numbers, sizeof mine->numbers, error_out)
        || triton_client_infer_async(client, request, NULL, callback, mine, call_out, error_out);
}

/* Waits for a call and checks its result. */
static int collect(const triton_call *call, triton_error **error_out) {
    work *mine = triton_call_user_data(call);
    triton_infer_result *result = NULL;
    int failed = triton_call_wait(call, TRITON_NO_TIMEOUT, error_out)
        || triton_call_take_result(call, &result, error_out);
    if (!failed) mine->has_passed = has_sums(result, mine->numbers, error_out);
    triton_infer_result_free(result);
    return failed || !mine->has_passed;
}

int main(int argc, char **argv) {
    const char *url = "http://localhost:8000";
    static work called_back[CALLS], waited_for[CALLS];
    int failed, i, k;
    triton_client *client = NULL;
    triton_infer_request *request = NULL;
    triton_call *calls[CALLS] = {NULL};
    triton_error *error = NULL;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-u") == 0 && i + 1 < argc) {
            url = argv[++i];
        } else {
            fprintf(stderr, "usage: %s [-u URL]\n", argv[0]);
            return 1;
        }
    }
    for (i = 0; i < CALLS; i++) {
        for (k = 0; k < COUNT; k++) {
            called_back[i].numbers[k] = 100 * i + k;
            waited_for[i].numbers[k] = -called_back[i].numbers[k];
        }
    }

    failed = triton_client_new(url, NULL, &client, &error)
        || triton_infer_request_new("simple", &request, &error)
        || triton_infer_request_add_input(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, NULL, &error)
        || triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, ones,
                                               sizeof ones, NULL, &error);
    for (i = 0; i < CALLS && !failed; i++)
        failed = submit(client, request, &called_back[i], done, NULL, &error)
            || submit(client, request, &waited_for[i], NULL, &calls[i], &error);
    triton_infer_request_free(request);
    for (i = 0; i < CALLS && !failed; i++) failed = collect(calls[i], &error);

    /* Waits until the last callback has returned, after a failure too. */
    if (triton_client_close(client, TRITON_NO_TIMEOUT, failed ? NULL : &error)) failed = 1;
    for (i = 0; i < CALLS && !failed; i++) failed = !called_back[i].has_passed;

    if (error != NULL) fprintf(stderr, "%s\n", triton_error_message(error));
    if (!failed) printf("%d calls back, %d waited for\nPASS : Async Infer\n", CALLS, CALLS);
    for (i = 0; i < CALLS; i++) triton_call_free(calls[i]);
    triton_error_free(error);
    triton_client_free(client);
    return failed;
}

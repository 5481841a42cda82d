/* load.c URL COUNT IN_FLIGHT: makes COUNT asynchronous calls, of which at most IN_FLIGHT are in flight. Each
 * completes exactly once, the client has two threads, and its memory does not grow. Prints the figures. */
#include "process.h"

struct ticket {
    int32_t a[16];
    atomic_int completions;
};

static const int32_t b[16] = {0};
static atomic_size_t completions;

static void done(triton_infer_result *result, triton_error *error, void *user_data) {
    struct ticket *ticket = user_data;
    CHECK(error == NULL && is_sum(result, ticket->a[0]));
    triton_infer_result_free(result);
    ticket->completions++;
    completions++;
}

int main(int argc, char **argv) {
    CHECK(argc == 4);
    const size_t count = (size_t)atol(argv[2]), in_flight = (size_t)atol(argv[3]);
    struct ticket *tickets = resident_memory(count, sizeof *tickets);
    struct halves memory = {0, 0};
    triton_client_options *options = NULL;
    triton_client *client = NULL;
    CHECK(triton_client_options_new(&options, &error) == TRITON_STATUS_OK);
    CHECK(triton_client_options_set_max_in_flight(options, in_flight, &error) == TRITON_STATUS_OK);
    CHECK(triton_client_new(argv[1], options, &client, &error) == TRITON_STATUS_OK);
    triton_client_options_free(options);
    triton_infer_request *request = simple_request(b, b);
    const int64_t start = now_us();
    for (size_t i = 0; i < count; i++) {
        for (int j = 0; j < 16; j++) tickets[i].a[j] = (int32_t)i;
        CHECK(triton_infer_request_input_set_data(request, 0, tickets[i].a, sizeof tickets[i].a, &error)
              == TRITON_STATUS_OK);
        CHECK(triton_client_infer_async(client, request, NULL, done, &tickets[i], NULL, &error)
              == TRITON_STATUS_OK);
        if (i % 32 == 0) sample(&memory, i, count);
        if (i % (count / 10) == 0) CHECK(threads("") == 3);
    }
    triton_infer_request_free(request);
    CHECK(triton_client_close(client, PATIENCE_US, &error) == TRITON_STATUS_OK);
    const int64_t us = now_us() - start;
    CHECK(completions == count);
    for (size_t i = 0; i < count; i++) CHECK(tickets[i].completions == 1);
    CHECK(threads("") == 3 && threads("triton-io") == 1 && threads("triton-cb-0") == 1);
    check_flat(&memory);
    triton_client_free(client);
    WAIT_UNTIL(threads("") == 1);
    printf("%zu calls, %zu in flight: %.0f calls/s, %ld KiB in the first half, %ld KiB in the second\n",
           count, in_flight, (double)count * 1e6 / (double)us, memory.first >> 10, memory.second >> 10);
    free(tickets);
    return 0;
}

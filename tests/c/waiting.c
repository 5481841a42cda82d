/* waiting.c URL COUNT TIMEOUT_US MAX_CONNECTIONS: makes COUNT calls at once to a server that does not
 * respond. Each takes less than 4 KiB beside its request, they have at most MAX_CONNECTIONS connections, and
 * all end at their deadline. Prints the figures. */
#include "process.h"

/* The number of calls that are made before, so that what a first call allocates is not counted. */
#define BEFORE 64

struct ticket {
    int64_t submitted, completed;
};

static const int32_t data[16] = {0};
static atomic_size_t completions;

static void done(triton_infer_result *result, triton_error *error, void *user_data) {
    struct ticket *ticket = user_data;
    CHECK(result == NULL && triton_error_status(error) == TRITON_STATUS_DEADLINE_EXCEEDED);
    triton_error_free(error);
    ticket->completed = now_us();
    completions++;
}

static void submit(const triton_client *client, struct ticket *tickets, size_t count, uint64_t timeout_us) {
    triton_call_options *options = NULL;
    CHECK(triton_call_options_new(&options, &error) == TRITON_STATUS_OK);
    CHECK(triton_call_options_set_timeout_us(options, timeout_us, &error) == TRITON_STATUS_OK);
    triton_infer_request *request = simple_request(data, data);
    for (size_t i = 0; i < count; i++) {
        tickets[i].submitted = now_us();
        CHECK(triton_client_infer_async(client, request, options, done, &tickets[i], NULL, &error)
              == TRITON_STATUS_OK);
    }
    triton_infer_request_free(request);
    triton_call_options_free(options);
}

/* The size of the request: that of gRPC, which is smaller than the body of HTTP. */
static size_t encoded_byte_size(void) {
    triton_infer_request *request = simple_request(data, data);
    triton_buffer *message = NULL;
    CHECK(triton_infer_request_to_grpc_message(request, &message, &error) == TRITON_STATUS_OK);
    const size_t byte_size = triton_buffer_byte_size(message);
    triton_buffer_free(message);
    triton_infer_request_free(request);
    return byte_size;
}

int main(int argc, char **argv) {
    CHECK(argc == 5);
    const size_t count = (size_t)atol(argv[2]), max_connections = (size_t)atol(argv[4]);
    const int64_t timeout_us = atol(argv[3]);
    struct ticket *tickets = resident_memory(count + BEFORE, sizeof *tickets);
    triton_client_options *options = NULL;
    triton_client *client = NULL;
    CHECK(triton_client_options_new(&options, &error) == TRITON_STATUS_OK);
    CHECK(triton_client_options_set_max_in_flight(options, count, &error) == TRITON_STATUS_OK);
    CHECK(triton_client_new(argv[1], options, &client, &error) == TRITON_STATUS_OK);
    triton_client_options_free(options);
    const size_t message_byte_size = encoded_byte_size();
    submit(client, &tickets[count], BEFORE, 100000);
    WAIT_UNTIL(completions == BEFORE);

    const long before = resident();
    const size_t descriptors_before = descriptors(), sockets_before = sockets();
    const int64_t start = now_us();
    submit(client, tickets, count, (uint64_t)timeout_us);
    const int64_t submitting = now_us() - start;
    /* Until the I/O thread has begun all of them, and its memory has not changed for a while. */
    long after = 0;
    for (int same = 0; same < 20;) {
        pause_us(10000);
        const long now = resident();
        same = now == after && sockets() > sockets_before ? same + 1 : 0;
        after = now;
        CHECK(now_us() - start < timeout_us);
    }
    CHECK(completions == BEFORE);
    const size_t connections = sockets() - sockets_before;
    CHECK(connections <= max_connections && descriptors() <= descriptors_before + max_connections);
    const double each = (double)(after - before) / (double)count;
    CHECK(each < 4096 + (double)message_byte_size);

    WAIT_UNTIL(completions == BEFORE + count);
    int64_t latest = 0;
    for (size_t i = 0; i < count; i++) {
        const int64_t took = tickets[i].completed - tickets[i].submitted;
        CHECK(took >= timeout_us);
        if (took - timeout_us > latest) latest = took - timeout_us;
    }
    printf("%zu calls wait, submitted in %.2f s: %.0f bytes each, %zu sockets; the latest ended %.0f ms "
           "after its deadline\n",
           count, (double)submitting / 1e6, each, connections, (double)latest / 1e3);
    CHECK(latest < 2000000);
    triton_client_free(client);
    WAIT_UNTIL(threads("") == 1);
    free(tickets);
    return 0;
}

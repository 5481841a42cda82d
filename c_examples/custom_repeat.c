/* custom_repeat.c: the decoupled model `repeat_int32`, which responds to one request with any number of
 * responses, also none. All requests are on one stream; every response is checked. Streams exist in gRPC
 * only.
 *
 *     cc custom_repeat.c $(pkg-config --cflags --libs triton_client) -o custom_repeat
 *     ./custom_repeat [-r REQUESTS] [-s REPEATS] [-o OFFSET] [-d DELAY] [-w WAIT] [-u URL]
 *
 * Each of the REQUESTS has REPEATS responses with the values OFFSET, OFFSET + 1 and so on, each after DELAY
 * milliseconds. The model accepts the next request after WAIT milliseconds. The default URL is
 * grpc://localhost:8001.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triton_client.h>

#define MAX 1000 /* requests, and responses of each */

static int requests = 1, repeats = 3, offset = 100, delay_ms = 10, wait_ms = 5;

/* Sends request number `number`. */
static int send_request(const triton_stream *stream, int number, triton_error **error_out) {
    const int64_t shape[] = {repeats}, one[] = {1};
    const uint32_t wait = (uint32_t)wait_ms;
    const size_t byte_size = (size_t)repeats * 4;
    static int32_t in[MAX];
    static uint32_t delays[MAX];
    char id[16];
    triton_infer_request *request = NULL;
    int failed, i;

    for (i = 0; i < repeats; i++) {
        in[i] = offset + i;
        delays[i] = (uint32_t)delay_ms;
    }
    snprintf(id, sizeof id, "%d", number);
    failed = triton_infer_request_new("repeat_int32", &request, error_out)
        || triton_infer_request_set_id(request, id, error_out)
        /* Without it nothing would show that a request has no more responses. */
        || triton_infer_request_set_empty_final_response(request, true, error_out)
        || triton_infer_request_add_input_data(request, "IN", TRITON_DATATYPE_INT32, shape, 1, in, byte_size,
                                               NULL, error_out)
        || triton_infer_request_add_input_data(request, "DELAY", TRITON_DATATYPE_UINT32, shape, 1, delays,
                                               byte_size, NULL, error_out)
        || triton_infer_request_add_input_data(request, "WAIT", TRITON_DATATYPE_UINT32, one, 1, &wait,
                                               sizeof wait, NULL, error_out)
        || triton_stream_send(stream, request, TRITON_NO_TIMEOUT, error_out);
    triton_infer_request_free(request); /* the stream has a copy of it and of the data */
    return failed;
}

/* Checks a response and counts it for its request; the final one counts as well, and has no outputs. */
static int receive(const triton_infer_result *result, int *counts, triton_error **error_out) {
    const int number = atoi(triton_infer_result_id(result));
    const void *out = NULL, *index = NULL;
    size_t count = 0, index_count = 0;
    int *position;

    if (number < 0 || number >= requests) {
        fprintf(stderr, "no request has the id '%s'\n", triton_infer_result_id(result));
        return 1;
    }
    position = &counts[number];
    if (triton_infer_result_is_null(result)) {
        if (*position != repeats) fprintf(stderr, "request %d ended after %d responses\n", number, *position);
        return (*position)++ != repeats;
    }
    if (triton_infer_result_output_as(result, "OUT", TRITON_DATATYPE_INT32, &out, &count, error_out)
        || triton_infer_result_output_as(result, "IDX", TRITON_DATATYPE_UINT32, &index, &index_count,
                                         error_out))
        return 1;
    if (count != 1 || index_count != 1 || *(const int32_t *)out != offset + *position
        || *(const uint32_t *)index != (uint32_t)*position) {
        fprintf(stderr, "request %d: response %d is wrong\n", number, *position);
        return 1;
    }
    printf("request %d: %d\n", number, (int)*(const int32_t *)out);
    (*position)++;
    return 0;
}

int main(int argc, char **argv) {
    const char *url = "grpc://localhost:8001";
    static const char letters[] = "rsodw";
    int *const options[] = {&requests, &repeats, &offset, &delay_ms, &wait_ms};
    static int counts[MAX];
    int failed, i;
    bool is_end = false;
    triton_client *client = NULL;
    triton_stream *stream = NULL;
    triton_infer_result *result = NULL;
    triton_error *error = NULL, *refused = NULL;

    for (i = 1; i + 1 < argc && argv[i][0] == '-' && strlen(argv[i]) == 2; i += 2) {
        const char *letter = strchr(letters, argv[i][1]);
        if (argv[i][1] == 'u') {
            url = argv[i + 1];
        } else if (letter != NULL) {
            *options[letter - letters] = atoi(argv[i + 1]);
        } else {
            break;
        }
    }
    if (i < argc || requests < 0 || requests > MAX || repeats < 0 || repeats > MAX || delay_ms < 0
        || wait_ms < 0) {
        fprintf(stderr,
                "usage: %s [-r REQUESTS] [-s REPEATS] [-o OFFSET] [-d DELAY] [-w WAIT] [-u URL]\n"
                "at most %d requests and repeats\n",
                argv[0], MAX);
        return 1;
    }

    failed = triton_client_new(url, NULL, &client, &error)
        || triton_stream_open(client, NULL, NULL, NULL, &stream, &error);
    for (i = 0; i < requests && !failed; i++) failed = send_request(stream, i, &error);
    failed = failed || triton_stream_finish(stream, &error);

    while (!failed
           && !(failed = triton_stream_next(stream, TRITON_NO_TIMEOUT, &result, &refused, &is_end, &error))
           && !is_end) {
        if (refused != NULL) {
            fprintf(stderr, "%s\n", triton_error_message(refused));
            failed = 1;
        } else {
            failed = receive(result, counts, &error);
        }
        triton_infer_result_free(result);
        triton_error_free(refused);
    }
    for (i = 0; i < requests && !failed; i++) {
        failed = counts[i] != repeats + 1;
        if (failed) fprintf(stderr, "request %d has no final response\n", i);
    }

    if (error != NULL) fprintf(stderr, "%s\n", triton_error_message(error));
    if (!failed) printf("PASS : Custom Repeat\n");
    triton_error_free(error);
    triton_stream_free(stream);
    triton_client_free(client);
    return failed != 0;
}

/* sequence_stream_infer.c: three interleaved sequences of a stateful model over one stream: all steps are
 * sent before the first result is read, and the ids of the requests tell which step a result belongs to.
 * Every value is checked. Streams exist in gRPC only.
 *
 *     cc sequence_stream_infer.c $(pkg-config --cflags --libs triton_client) -o sequence_stream_infer
 *     ./sequence_stream_infer [-d] [-o OFFSET] [-t TIMEOUT] [-u URL]
 *
 * -d uses simple_dyna_sequence and simple_string_dyna_sequence in place of simple_sequence. Runs at the same
 * time need different offsets, from which the ids of the sequences follow. TIMEOUT is that of the whole
 * stream in microseconds. The default URL is grpc://localhost:8001.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triton_client.h>

#define STEPS 8
#define SEQUENCES 3

static const int32_t values[STEPS] = {0, 11, 7, 5, 3, 2, 0, 1};

typedef struct {
    const char *model;
    int32_t id;
    int has_string_id;
    int32_t sign; /* of the values */
    int32_t outputs[STEPS];
    int has_output[STEPS];
} sequence;

/* Checks the outputs of a sequence. simple_sequence adds 1 to the first value; simple_dyna_sequence also the
 * id to the last one; simple_string_dyna_sequence returns the sum of all values so far, and adds the id to
 * the last. */
static int is_right(const sequence *one) {
    const int is_sum = strcmp(one->model, "simple_string_dyna_sequence") == 0;
    int32_t sum = 0, expected;
    int step;
    for (step = 0; step < STEPS; step++) {
        sum += one->sign * values[step];
        expected = is_sum ? sum : one->sign * values[step] + (step == 0);
        if (strstr(one->model, "_dyna_") != NULL && step == STEPS - 1) expected += one->id;
        if (!one->has_output[step] || one->outputs[step] != expected) {
            fprintf(stderr, "sequence %d, step %d: %d, expected %d\n", (int)one->id, step,
                    (int)one->outputs[step], (int)expected);
            return 0;
        }
    }
    return 1;
}

/* Sends one step. The id of the request is its number among all steps. */
static int send_step(const triton_stream *stream, const sequence *one, int step, int number,
                     triton_error **error_out) {
    const int64_t shape[] = {1, 1};
    const int32_t value = one->sign * values[step];
    const bool is_start = step == 0, is_end = step == STEPS - 1;
    char id[16], number_text[16];
    triton_infer_request *request = NULL;
    int failed;

    snprintf(id, sizeof id, "%d", (int)one->id);
    snprintf(number_text, sizeof number_text, "%d", number);
    failed = triton_infer_request_new(one->model, &request, error_out)
        || triton_infer_request_set_id(request, number_text, error_out)
        || (one->has_string_id
                ? triton_infer_request_set_sequence_string(request, id, is_start, is_end, error_out)
                : triton_infer_request_set_sequence(request, (uint64_t)one->id, is_start, is_end, error_out))
        || triton_infer_request_add_input_data(request, "INPUT", TRITON_DATATYPE_INT32, shape, 2, &value,
                                               sizeof value, NULL, error_out)
        || triton_stream_send(stream, request, TRITON_NO_TIMEOUT, error_out);
    triton_infer_request_free(request); /* the stream has a copy of it and of the value */
    return failed;
}

/* Writes the output of a result to its sequence. */
static int receive(const triton_infer_result *result, sequence *sequences, triton_error **error_out) {
    const int number = atoi(triton_infer_result_id(result));
    const void *data = NULL;
    size_t count = 0;
    if (triton_infer_result_output_as(result, "OUTPUT", TRITON_DATATYPE_INT32, &data, &count, error_out))
        return 1;
    if (count != 1 || number < 0 || number >= SEQUENCES * STEPS) {
        fprintf(stderr, "the result of request '%s' has %zu elements\n", triton_infer_result_id(result),
                count);
        return 1;
    }
    sequences[number % SEQUENCES].outputs[number / SEQUENCES] = *(const int32_t *)data;
    sequences[number % SEQUENCES].has_output[number / SEQUENCES] = 1;
    return 0;
}

int main(int argc, char **argv) {
    const char *url = "grpc://localhost:8001";
    uint64_t timeout_us = TRITON_NO_TIMEOUT;
    int is_dyna = 0, offset = 0, failed, number, step, i;
    bool is_end = false;
    sequence sequences[SEQUENCES] = {{0}};
    triton_call_options *call_options = NULL;
    triton_stream_options *options = NULL;
    triton_client *client = NULL;
    triton_stream *stream = NULL;
    triton_infer_result *result = NULL;
    triton_error *error = NULL, *refused = NULL;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-d") == 0) {
            is_dyna = 1;
        } else if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) {
            offset = atoi(argv[++i]);
        } else if (strcmp(argv[i], "-t") == 0 && i + 1 < argc) {
            timeout_us = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "-u") == 0 && i + 1 < argc) {
            url = argv[++i];
        } else {
            fprintf(stderr, "usage: %s [-d] [-o OFFSET] [-t TIMEOUT] [-u URL]\n", argv[0]);
            return 1;
        }
    }
    for (i = 0; i < SEQUENCES; i++) {
        sequences[i].model = is_dyna ? "simple_dyna_sequence" : "simple_sequence";
        sequences[i].id = 2000 + SEQUENCES * offset + i;
        sequences[i].sign = i == 1 ? -1 : 1;
    }
    sequences[2].has_string_id = 1;
    if (is_dyna) sequences[2].model = "simple_string_dyna_sequence";

    failed = triton_call_options_new(&call_options, &error)
        || triton_call_options_set_timeout_us(call_options, timeout_us, &error)
        || triton_stream_options_new(&options, &error)
        || triton_stream_options_set_call_options(options, call_options, &error)
        || triton_client_new(url, NULL, &client, &error)
        || triton_stream_open(client, options, NULL, NULL, &stream, &error);
    for (number = 0; number < SEQUENCES * STEPS && !failed; number++)
        failed = send_step(stream, &sequences[number % SEQUENCES], number / SEQUENCES, number, &error);
    failed = failed || triton_stream_finish(stream, &error);

    while (!failed
           && !(failed = triton_stream_next(stream, TRITON_NO_TIMEOUT, &result, &refused, &is_end, &error))
           && !is_end) {
        if (refused != NULL) {
            fprintf(stderr, "%s\n", triton_error_message(refused));
            failed = 1;
        } else {
            failed = receive(result, sequences, &error);
        }
        triton_infer_result_free(result);
        triton_error_free(refused);
    }
    for (i = 0; i < SEQUENCES && !failed; i++) failed = !is_right(&sequences[i]);

    for (step = 0; step < STEPS && !failed; step++)
        printf("[%d] %d : %d : %d\n", step, (int)sequences[0].outputs[step], (int)sequences[1].outputs[step],
               (int)sequences[2].outputs[step]);
    if (error != NULL) fprintf(stderr, "%s\n", triton_error_message(error));
    if (!failed) printf("PASS : Sequence Stream\n");
    triton_error_free(error);
    triton_stream_free(stream);
    triton_client_free(client);
    triton_stream_options_free(options);
    triton_call_options_free(call_options);
    return failed != 0;
}

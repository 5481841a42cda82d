/* sequence_sync_infer.c: three interleaved sequences of a stateful model, one call for each step. The ids of
 * two sequences are numbers, that of the third is a string. Every value is checked.
 *
 *     cc sequence_sync_infer.c $(pkg-config --cflags --libs triton_client) -o sequence_sync_infer
 *     ./sequence_sync_infer [-d] [-o OFFSET] [-u URL]
 *
 * -d uses simple_dyna_sequence and simple_string_dyna_sequence in place of simple_sequence. Runs at the same
 * time need different offsets, from which the ids follow. The default URL is http://localhost:8000.
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
    int32_t sum;  /* of those sent */
} sequence;

/* The output for a step. simple_sequence adds 1 to the first value; simple_dyna_sequence also the id to the
 * last one; simple_string_dyna_sequence returns the sum of all values so far, and adds the id to the last. */
static int32_t expected(const sequence *one, int step) {
    int32_t output = one->sign * values[step];
    if (strcmp(one->model, "simple_string_dyna_sequence") == 0) {
        output = one->sum;
    } else if (step == 0) {
        output++;
    }
    return strstr(one->model, "_dyna_") != NULL && step == STEPS - 1 ? output + one->id : output;
}

/* Sends the next value of a sequence, and waits for its output. */
static int infer(const triton_client *client, sequence *one, int step, int32_t *output_out,
                 triton_error **error_out) {
    const int64_t shape[] = {1, 1};
    const int32_t value = one->sign * values[step];
    const bool is_start = step == 0, is_end = step == STEPS - 1;
    char id[16];
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    const void *data = NULL;
    size_t count = 0;
    int failed;

    snprintf(id, sizeof id, "%d", (int)one->id);
    failed = triton_infer_request_new(one->model, &request, error_out)
        || (one->has_string_id
                ? triton_infer_request_set_sequence_string(request, id, is_start, is_end, error_out)
                : triton_infer_request_set_sequence(request, (uint64_t)one->id, is_start, is_end, error_out))
        || triton_infer_request_add_input_data(request, "INPUT", TRITON_DATATYPE_INT32, shape, 2, &value,
                                               sizeof value, NULL, error_out)
        || triton_client_infer(client, request, NULL, &result, error_out)
        || triton_infer_result_output_as(result, "OUTPUT", TRITON_DATATYPE_INT32, &data, &count, error_out);
    if (!failed && count != 1) {
        fprintf(stderr, "OUTPUT has %zu elements, expected 1\n", count);
        failed = 1;
    }
    if (!failed) *output_out = *(const int32_t *)data;
    one->sum += value;
    triton_infer_result_free(result);
    triton_infer_request_free(request);
    return failed;
}

int main(int argc, char **argv) {
    const char *url = "http://localhost:8000";
    int is_dyna = 0, offset = 0, failed, step, i;
    sequence sequences[SEQUENCES] = {{0}};
    int32_t outputs[SEQUENCES] = {0};
    triton_client *client = NULL;
    triton_error *error = NULL;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-d") == 0) {
            is_dyna = 1;
        } else if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) {
            offset = atoi(argv[++i]);
        } else if (strcmp(argv[i], "-u") == 0 && i + 1 < argc) {
            url = argv[++i];
        } else {
            fprintf(stderr, "usage: %s [-d] [-o OFFSET] [-u URL]\n", argv[0]);
            return 1;
        }
    }
    for (i = 0; i < SEQUENCES; i++) {
        sequences[i].model = is_dyna ? "simple_dyna_sequence" : "simple_sequence";
        sequences[i].id = 1000 + SEQUENCES * offset + i;
        sequences[i].sign = i == 1 ? -1 : 1;
    }
    sequences[2].has_string_id = 1;
    if (is_dyna) sequences[2].model = "simple_string_dyna_sequence";

    failed = triton_client_new(url, NULL, &client, &error);
    for (step = 0; step < STEPS && !failed; step++) {
        for (i = 0; i < SEQUENCES && !failed; i++) {
            failed = infer(client, &sequences[i], step, &outputs[i], &error);
            if (!failed && outputs[i] != expected(&sequences[i], step)) {
                fprintf(stderr, "sequence %d, step %d: %d, expected %d\n", (int)sequences[i].id, step,
                        (int)outputs[i], (int)expected(&sequences[i], step));
                failed = 1;
            }
        }
        if (!failed) printf("[%d] %d : %d : %d\n", step, (int)outputs[0], (int)outputs[1], (int)outputs[2]);
    }
    if (error != NULL) fprintf(stderr, "%s\n", triton_error_message(error));
    if (!failed) printf("PASS : Sequence\n");

    triton_error_free(error);
    triton_client_free(client);
    return failed;
}

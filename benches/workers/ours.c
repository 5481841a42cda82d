/* libtriton_client, through its C API. One client serves every thread, unless MODE is "own": then each thread has its own
 * (our_request.h has the other modes). */
#include "our_request.h"

static triton_client *shared;

static void bench_start(const struct bench *bench) {
    if (strcmp(bench->mode, "own") != 0) shared = new_client(bench, NULL);
}

static void *bench_open(const struct bench *bench) { return new_state(bench, shared ? shared : new_client(bench, NULL)); }

static void bench_call(void *opaque) {
    struct state *state = opaque;
    triton_infer_result *result = NULL;
    triton_error *error = NULL;
    check(triton_client_infer(state->client, state->request, NULL, &result, &error), &error);
    check_result(state, result);
}

/* libcurl, as a careful user writes it by hand: one easy handle per thread (curl_handle.h). */
#include "curl_handle.h"

static void bench_start(const struct bench *bench) {
    (void)bench;
    curl_global_init(CURL_GLOBAL_ALL);
}

static void *bench_open(const struct bench *bench) { return new_state(bench); }

static void bench_call(void *opaque) {
    struct state *state = opaque;
    state->received = 0;
    check_response(state, curl_easy_perform(state->curl));
}

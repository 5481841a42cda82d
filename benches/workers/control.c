/* Control-plane calls of libtriton_client, through its C API; one client serves every thread. MODE is the call: "ready"
 * (is_model_ready), "metadata" (model_metadata) or "statistics" (model_statistics of all models). COUNT selects the
 * model as it does for inference; BYTES is ignored. */
#include <triton_client.h>

#include "worker.h"

static triton_client *client;
static const char *model;
static enum { READY, METADATA, STATISTICS } kind;

static void check(triton_status status, triton_error *const *error) {
    if (status != TRITON_STATUS_OK) fail(triton_status_name(status), triton_error_message(*error));
}

static void bench_start(const struct bench *bench) {
    char url[256];
    triton_error *error = NULL;
    model = bench->count == 1 ? "identity_uint8" : "simple";
    if (strcmp(bench->mode, "ready") == 0) kind = READY;
    else if (strcmp(bench->mode, "metadata") == 0) kind = METADATA;
    else if (strcmp(bench->mode, "statistics") == 0) kind = STATISTICS;
    else fail("MODE", "expected ready, metadata or statistics");
    snprintf(url, sizeof url, "%s://%s", bench->is_grpc ? "grpc" : "http", bench->address);
    check(triton_client_new(url, NULL, &client, &error), &error);
}

static void *bench_open(const struct bench *bench) {
    (void)bench;
    return NULL;
}

static void bench_call(void *state) {
    triton_error *error = NULL;
    (void)state;
    if (kind == READY) {
        bool is_ready = false;
        check(triton_client_check_model_ready(client, model, NULL, NULL, &is_ready, &error), &error);
        if (!is_ready) fail(model, "not ready");
    } else if (kind == METADATA) {
        triton_model_metadata *metadata = NULL;
        check(triton_client_model_metadata(client, model, NULL, NULL, &metadata, &error), &error);
        if (triton_model_metadata_input_count(metadata) == 0) fail(model, "no inputs");
        triton_model_metadata_free(metadata);
    } else {
        triton_model_statistics_list *statistics = NULL;
        check(triton_client_model_statistics(client, NULL, NULL, NULL, &statistics, &error), &error);
        if (triton_model_statistics_list_entry_count(statistics) == 0) fail("statistics", "no models");
        triton_model_statistics_list_free(statistics);
    }
}

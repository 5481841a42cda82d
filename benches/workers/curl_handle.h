/* An easy handle and its request, for the workers on libcurl: JSON and tensors of the body in one buffer, filled once; kept
 * alive; no "Expect"; the response is received into one reused buffer, at an offset that aligns the tensors: the size of the
 * JSON is known from the headers. MODE "identity" sends "Accept-Encoding: identity". */
#ifndef CURL_HANDLE_H
#define CURL_HANDLE_H
#include <curl/curl.h>

#include "worker.h"

struct state {
    CURL *curl;
    char *body;
    size_t json_size, body_size, count, byte_size;
    char *response;
    size_t received, capacity, response_json_size;
    uint64_t submitted; /* By the worker with a multi handle. */
};

static size_t on_data(char *data, size_t size, size_t count, void *user) {
    struct state *state = user;
    const size_t shift = 64 - state->response_json_size % 64;
    if (shift + state->received + size * count > state->capacity) return 0;
    memcpy(state->response + shift + state->received, data, size * count);
    state->received += size * count;
    return size * count;
}

static size_t on_header(char *data, size_t size, size_t count, void *user) {
    static const char name[] = "inference-header-content-length:";
    if (size * count > sizeof name - 1 && strncasecmp(data, name, sizeof name - 1) == 0)
        ((struct state *)user)->response_json_size = strtoul(data + sizeof name - 1, NULL, 10);
    return size * count;
}

static struct state *new_state(const struct bench *bench) {
    struct state *state = calloc(1, sizeof *state);
    struct curl_slist *headers = NULL;
    const char *model = bench->count == 1 ? "identity_uint8" : "simple";
    char url[256], header[128], json[1024];
    size_t used = 0, i;
    used += (size_t)snprintf(json, sizeof json, "{\"inputs\":[");
    for (i = 0; i < bench->count; i++)
        used += (size_t)snprintf(json + used, sizeof json - used,
            "%s{\"name\":\"INPUT%zu\",\"datatype\":\"%s\",\"shape\":[%s%zu],\"parameters\":{\"binary_data_size\":%zu}}",
            i ? "," : "", i, bench->count == 1 ? "UINT8" : "INT32", bench->count == 1 ? "" : "1,",
            bench->count == 1 ? bench->byte_size : bench->byte_size / 4, bench->byte_size);
    used += (size_t)snprintf(json + used, sizeof json - used, "],\"parameters\":{\"binary_data_output\":true}}");
    state->count = bench->count;
    state->byte_size = bench->byte_size;
    state->json_size = used;
    state->body_size = used + bench->count * bench->byte_size;
    state->body = malloc(state->body_size);
    memcpy(state->body, json, used);
    fill(state->body + used, state->body_size - used);
    state->capacity = bench->count * bench->byte_size + (1 << 16);
    state->response = aligned_alloc(64, state->capacity);
    snprintf(url, sizeof url, "%s://%s/v2/models/%s/infer", bench->ca ? "https" : "http", bench->address, model);
    snprintf(header, sizeof header, "Inference-Header-Content-Length: %zu", used);
    headers = curl_slist_append(headers, header);
    headers = curl_slist_append(headers, "Content-Type: application/octet-stream");
    headers = curl_slist_append(headers, "Expect:");
    if (strcmp(bench->mode, "identity") == 0) headers = curl_slist_append(headers, "Accept-Encoding: identity");
    state->curl = curl_easy_init();
    curl_easy_setopt(state->curl, CURLOPT_URL, url);
    curl_easy_setopt(state->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(state->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    if (bench->ca) curl_easy_setopt(state->curl, CURLOPT_CAINFO, bench->ca);
    curl_easy_setopt(state->curl, CURLOPT_TIMEOUT_MS, 60000L);
    curl_easy_setopt(state->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(state->curl, CURLOPT_POSTFIELDS, state->body);
    curl_easy_setopt(state->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)state->body_size);
    curl_easy_setopt(state->curl, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024);
    curl_easy_setopt(state->curl, CURLOPT_BUFFERSIZE, 512L * 1024);
    curl_easy_setopt(state->curl, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(state->curl, CURLOPT_WRITEDATA, state);
    curl_easy_setopt(state->curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(state->curl, CURLOPT_HEADERDATA, state);
    return state;
}

static void check_response(const struct state *state, CURLcode code) {
    long status = 0;
    if (code != CURLE_OK) fail("curl", curl_easy_strerror(code));
    curl_easy_getinfo(state->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) fail("response", "HTTP status other than 200");
    if (state->received != state->response_json_size + state->count * state->byte_size) fail("response", "wrong size");
}
#endif

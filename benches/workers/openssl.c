/* The floor of TLS with OpenSSL: sends the bytes of a request with one SSL_write, reads the response into one reused
 * buffer, and takes the size of all responses from the first one. HTTP only. MODE "connect": each call has a connection of
 * its own, and resumes the session of the last one if the server has issued a ticket. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker.h"

struct state {
    SSL *ssl;
    struct sockaddr_in address;
    int connects;
    char *request, *response;
    size_t request_size, capacity, byte_size;
};

static SSL_CTX *context;
/* Of the last connection. One thread only, in this mode. */
static SSL_SESSION *session;

static int on_session(SSL *ssl, SSL_SESSION *new_session) {
    (void)ssl;
    SSL_SESSION_free(session);
    session = new_session;
    return 1;
}

static void bench_start(const struct bench *bench) {
    const int connects = strcmp(bench->mode, "connect") == 0;
    if (!bench->ca || bench->is_grpc) fail("openssl", "https only");
    if (connects && bench->threads > 1) fail("openssl", "one thread only");
    context = SSL_CTX_new(TLS_client_method());
    if (!context || SSL_CTX_load_verify_locations(context, bench->ca, NULL) != 1) fail(bench->ca, "invalid certificates");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (!connects) return;
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, on_session);
}

static void open_connection(struct state *state) {
    static const unsigned char alpn[] = "\x08http/1.1";
    const int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (connect(fd, (struct sockaddr *)&state->address, sizeof state->address) != 0) fail("connect", "failed");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    state->ssl = SSL_new(context);
    SSL_set_fd(state->ssl, fd);
    SSL_set_alpn_protos(state->ssl, alpn, sizeof alpn - 1);
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(state->ssl), "127.0.0.1");
    if (session) SSL_set_session(state->ssl, session);
    if (SSL_connect(state->ssl) != 1) fail("SSL_connect", "failed");
}

static void *bench_open(const struct bench *bench) {
    struct state *state = calloc(1, sizeof *state);
    const char *model = bench->count == 1 ? "identity_uint8" : "simple";
    char json[1024];
    size_t used = 0, i;
    state->address.sin_family = AF_INET;
    state->address.sin_port = htons((uint16_t)atoi(strchr(bench->address, ':') + 1));
    state->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    state->connects = strcmp(bench->mode, "connect") == 0;
    used += (size_t)snprintf(json, sizeof json, "{\"inputs\":[");
    for (i = 0; i < bench->count; i++)
        used += (size_t)snprintf(json + used, sizeof json - used,
            "%s{\"name\":\"INPUT%zu\",\"datatype\":\"%s\",\"shape\":[%s%zu],\"parameters\":{\"binary_data_size\":%zu}}",
            i ? "," : "", i, bench->count == 1 ? "UINT8" : "INT32", bench->count == 1 ? "" : "1,",
            bench->count == 1 ? bench->byte_size : bench->byte_size / 4, bench->byte_size);
    used += (size_t)snprintf(json + used, sizeof json - used, "],\"parameters\":{\"binary_data_output\":true}}");
    state->request = malloc(2048 + bench->count * bench->byte_size);
    state->request_size = (size_t)snprintf(state->request, 2048,
        "POST /v2/models/%s/infer HTTP/1.1\r\nHost: %s\r\nContent-Type: application/octet-stream\r\n"
        "Inference-Header-Content-Length: %zu\r\nContent-Length: %zu\r\n\r\n%s",
        model, bench->address, used, used + bench->count * bench->byte_size, json);
    fill(state->request + state->request_size, bench->count * bench->byte_size);
    state->request_size += bench->count * bench->byte_size;
    state->capacity = bench->count * bench->byte_size + (1 << 16);
    state->response = aligned_alloc(4096, (state->capacity + 4095) & ~(size_t)4095);
    if (!state->connects) open_connection(state);
    return state;
}

static size_t receive(struct state *state, size_t received) {
    size_t count = 0;
    if (SSL_read_ex(state->ssl, state->response + received, state->capacity - received, &count) != 1)
        fail("SSL_read_ex", "connection closed by the server");
    return count;
}

/* Takes the size of all responses from the headers of the first, of which `received` bytes are in the buffer. */
static void read_size(struct state *state, size_t received) {
    const char *end = memmem(state->response, received, "\r\n\r\n", 4), *length;
    if (!end) return;
    length = memmem(state->response, received, "\r\nContent-Length: ", 18);
    if (memcmp(state->response, "HTTP/1.1 200", 12) != 0 || !length) fail("response", "HTTP status other than 200");
    state->byte_size = (size_t)(end + 4 - state->response) + strtoul(length + 18, NULL, 10);
}

static void bench_call(void *opaque) {
    struct state *state = opaque;
    size_t received = 0, sent = 0;
    if (state->connects) open_connection(state);
    if (SSL_write_ex(state->ssl, state->request, state->request_size, &sent) != 1 || sent != state->request_size)
        fail("SSL_write_ex", "failed");
    while (state->byte_size == 0) {
        received += receive(state, received);
        read_size(state, received);
    }
    while (received < state->byte_size) received += receive(state, received);
    if (!state->connects) return;
    SSL_shutdown(state->ssl);
    close(SSL_get_fd(state->ssl));
    SSL_free(state->ssl);
}

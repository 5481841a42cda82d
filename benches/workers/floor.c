/* The floor: writes the bytes of a request to a socket with one writev, and reads the response into one reused buffer.
 * It takes the size of all responses from the first one, and parses nothing after that. With WORKER_IN_FLIGHT, one thread
 * serves a connection for each request in flight with epoll (HTTP only). */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "worker.h"

#define STREAM_WINDOW 0x7fffffffu

struct state {
    int socket;
    int is_grpc;
    struct iovec *parts;
    size_t part_count;
    unsigned char (*stream_ids)[9]; /* the frame headers; each call sets their stream */
    size_t frame_count;
    uint32_t stream;
    unsigned char update[13];
    unsigned char *response;
    size_t capacity, byte_size, rest; /* rest: bytes received after the last response, or of this one */
    uint64_t submitted; /* With WORKER_IN_FLIGHT. */
};

static unsigned char *put32(unsigned char *to, uint32_t value) {
    value = htonl(value);
    memcpy(to, &value, 4);
    return to + 4;
}

static size_t varint(unsigned char *to, uint64_t value) {
    size_t size = 0;
    for (; value >= 0x80; value >>= 7) to[size++] = (unsigned char)(value | 0x80);
    to[size++] = (unsigned char)value;
    return size;
}

static size_t field(unsigned char *to, unsigned number, const void *value, size_t length) {
    size_t size = varint(to, number << 3 | 2);
    size += varint(to + size, length);
    if (value) memcpy(to + size, value, length);
    return size + (value ? length : 0);
}

static void frame(unsigned char *to, size_t length, int kind, int flags) {
    put32(to, (uint32_t)length << 8);
    to[3] = (unsigned char)kind;
    to[4] = (unsigned char)flags;
    put32(to + 5, 0);
}

static void part(struct state *state, const void *data, size_t size) {
    state->parts = realloc(state->parts, (state->part_count + 1) * sizeof *state->parts);
    state->parts[state->part_count].iov_base = (void *)data;
    state->parts[state->part_count++].iov_len = size;
}

static void *tensor(const struct bench *bench) {
    void *data = malloc(bench->byte_size);
    memset(data, 7, bench->byte_size);
    return data;
}

static const char *model(const struct bench *bench) { return bench->count == 1 ? "identity_uint8" : "simple"; }

static void write_http(struct state *state, const struct bench *bench) {
    char *text = malloc(2048), json[1024];
    size_t used = 0, i;
    used += (size_t)snprintf(json, sizeof json, "{\"inputs\":[");
    for (i = 0; i < bench->count; i++)
        used += (size_t)snprintf(json + used, sizeof json - used,
            "%s{\"name\":\"INPUT%zu\",\"datatype\":\"%s\",\"shape\":[%s%zu],\"parameters\":{\"binary_data_size\":%zu}}",
            i ? "," : "", i, bench->count == 1 ? "UINT8" : "INT32", bench->count == 1 ? "" : "1,",
            bench->count == 1 ? bench->byte_size : bench->byte_size / 4, bench->byte_size);
    used += (size_t)snprintf(json + used, sizeof json - used, "],\"parameters\":{\"binary_data_output\":true}}");
    part(state, text, (size_t)snprintf(text, 2048,
        "POST /v2/models/%s/infer HTTP/1.1\r\nHost: %s\r\nContent-Type: application/octet-stream\r\n"
        "Inference-Header-Content-Length: %zu\r\nContent-Length: %zu\r\n\r\n%s",
        model(bench), bench->address, used, used + bench->count * bench->byte_size, json));
    for (i = 0; i < bench->count; i++) part(state, tensor(bench), bench->byte_size);
}

static size_t literal(unsigned char *to, const char *name, const char *value) {
    const size_t name_size = strlen(name), value_size = strlen(value);
    to[0] = 0;
    to[1] = (unsigned char)name_size;
    memcpy(to + 2, name, name_size);
    to[2 + name_size] = (unsigned char)value_size;
    memcpy(to + 3 + name_size, value, value_size);
    return 3 + name_size + value_size;
}

/* Frames of at most 1 MiB, for a server that accepts that size. */
static void write_grpc(struct state *state, const struct bench *bench) {
    const size_t max_frame = 1 << 20;
    unsigned char *headers = malloc(1024), *metadata = malloc(1024), *prefix;
    unsigned char shape[32], input[256];
    size_t used = 0, length, left, i, at = 0;
    const struct iovec *messages;
    struct iovec pieces[8];
    size_t piece_count = 0;
    /* The message: metadata, then each raw input after its key. */
    used = 5;
    used += field(metadata + used, 1, model(bench), strlen(model(bench)));
    for (i = 0; i < bench->count; i++) {
        char name[32];
        size_t size = 0, rank = 0;
        snprintf(name, sizeof name, "INPUT%zu", i);
        if (bench->count != 1) rank += varint(shape, 1);
        rank += varint(shape + rank, bench->count == 1 ? bench->byte_size : bench->byte_size / 4);
        size += field(input, 1, name, strlen(name));
        size += field(input + size, 2, bench->count == 1 ? "UINT8" : "INT32", 5);
        size += field(input + size, 3, shape, rank);
        used += field(metadata + used, 5, input, size);
    }
    length = used - 5;
    pieces[piece_count].iov_base = metadata;
    pieces[piece_count++].iov_len = used;
    for (i = 0; i < bench->count; i++) {
        prefix = malloc(16);
        pieces[piece_count].iov_base = prefix;
        pieces[piece_count].iov_len = field(prefix, 7, NULL, bench->byte_size);
        length += pieces[piece_count++].iov_len + bench->byte_size;
        pieces[piece_count].iov_base = tensor(bench);
        pieces[piece_count++].iov_len = bench->byte_size;
    }
    metadata[0] = 0;
    put32(metadata + 1, (uint32_t)length);
    /* :method POST and :scheme http from the static table, the rest as literals. */
    headers[0] = 0x83;
    headers[1] = 0x86;
    used = 2;
    {
        char path[128];
        snprintf(path, sizeof path, "/inference.GRPCInferenceService/ModelInfer");
        used += literal(headers + used, ":path", path);
        used += literal(headers + used, ":authority", bench->address);
        used += literal(headers + used, "content-type", "application/grpc");
        used += literal(headers + used, "te", "trailers");
    }
    messages = pieces;
    left = length + 5;
    state->frame_count = 1 + (left + max_frame - 1) / max_frame;
    state->stream_ids = calloc(state->frame_count, sizeof *state->stream_ids);
    frame(state->stream_ids[0], used, 1, 4);
    part(state, state->stream_ids[0], 9);
    part(state, headers, used);
    for (i = 1; i < state->frame_count; i++) {
        size_t size = left < max_frame ? left : max_frame;
        left -= size;
        frame(state->stream_ids[i], size, 0, left == 0);
        part(state, state->stream_ids[i], 9);
        while (size > 0) {
            const size_t here = messages->iov_len - at < size ? messages->iov_len - at : size;
            part(state, (const char *)messages->iov_base + at, here);
            size -= here;
            at += here;
            if (at == messages->iov_len) {
                messages++;
                at = 0;
            }
        }
    }
    frame(state->update, 4, 8, 0);
    part(state, state->update, sizeof state->update);
    state->stream = 1;
}

static void send_all(int socket, const struct iovec *parts, size_t count) {
    struct iovec copy[1024];
    struct iovec *at = copy;
    if (count > 1024) fail("writev", "too many slices");
    memcpy(copy, parts, count * sizeof *parts);
    while (count > 0) {
        ssize_t sent = writev(socket, at, (int)count);
        if (sent <= 0) fail("writev", "failed");
        while (count > 0 && (size_t)sent >= at->iov_len) {
            sent -= (ssize_t)at->iov_len;
            at++;
            count--;
        }
        if (count > 0) {
            at->iov_base = (char *)at->iov_base + sent;
            at->iov_len -= (size_t)sent;
        }
    }
}

static struct state *open_state(const struct bench *bench) {
    struct state *state = calloc(1, sizeof *state);
    struct sockaddr_in address = {0};
    int one = 1;
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)atoi(strchr(bench->address, ':') + 1));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    state->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(state->socket, (struct sockaddr *)&address, sizeof address) != 0) fail("connect", bench->address);
    setsockopt(state->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    state->is_grpc = bench->is_grpc;
    state->capacity = bench->count * bench->byte_size + (1 << 16);
    state->capacity = (state->capacity + 4095) & ~(size_t)4095;
    state->response = aligned_alloc(4096, state->capacity);
    if (bench->is_grpc) {
        unsigned char first[24 + 9 + 12 + 13];
        memcpy(first, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
        frame(first + 24, 12, 4, 0);
        memcpy(first + 33, "\0\4\0\0\0\0\0\5\0\0\0\0", 12);
        put32(first + 35, STREAM_WINDOW);
        put32(first + 41, 1 << 20);
        frame(first + 45, 4, 8, 0);
        put32(first + 54, STREAM_WINDOW - 65535);
        if (write(state->socket, first, sizeof first) != (ssize_t)sizeof first) fail("write", "preface");
        write_grpc(state, bench);
    } else {
        write_http(state, bench);
    }
    return state;
}

static size_t receive(struct state *state, unsigned char *to, size_t size) {
    const ssize_t received = read(state->socket, to, size);
    if (received <= 0) fail("read", "connection closed by the server");
    return (size_t)received;
}

/* Takes the size of all responses from the headers of the first, of which `received` bytes are in the buffer. */
static void read_size(struct state *state, size_t received) {
    const unsigned char *end = memmem(state->response, received, "\r\n\r\n", 4), *length;
    if (!end) return;
    length = memmem(state->response, received, "\r\nContent-Length: ", 18);
    if (memcmp(state->response, "HTTP/1.1 200", 12) != 0 || !length) fail("response", "HTTP status other than 200");
    state->byte_size = (size_t)(end + 4 - state->response) + strtoul((const char *)length + 18, NULL, 10);
}

#ifdef WORKER_IN_FLIGHT
static struct state **states;
static int epoll_fd;

static void submit(struct state *state) {
    state->rest = 0;
    state->submitted = worker_now();
    send_all(state->socket, state->parts, state->part_count);
}

static void bench_start(const struct bench *bench) {
    size_t i;
    if (bench->is_grpc) fail("floor", "HTTP only");
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    states = calloc(bench->threads, sizeof *states);
    for (i = 0; i < bench->threads; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        event.data.ptr = states[i] = open_state(bench);
        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, states[i]->socket, &event) != 0) fail("epoll_ctl", "failed");
    }
}

static void bench_run(const struct bench *bench, size_t calls) {
    struct epoll_event events[64];
    size_t started, done = 0;
    for (started = 0; started < bench->threads && started < calls; started++) submit(states[started]);
    while (done < calls) {
        const int count = epoll_wait(epoll_fd, events, 64, -1);
        int i;
        for (i = 0; i < count; i++) {
            struct state *state = events[i].data.ptr;
            state->rest += receive(state, state->response + state->rest, state->capacity - state->rest);
            if (state->byte_size == 0) read_size(state, state->rest);
            if (state->byte_size == 0 || state->rest < state->byte_size) continue;
            worker_done(state->submitted);
            done++;
            if (started == calls) continue;
            submit(state);
            started++;
        }
    }
}
#else
static void bench_start(const struct bench *bench) { (void)bench; }

static void *bench_open(const struct bench *bench) { return open_state(bench); }

static void call_http(struct state *state) {
    size_t received = 0;
    send_all(state->socket, state->parts, state->part_count);
    while (state->byte_size == 0) {
        received += receive(state, state->response + received, state->capacity - received);
        read_size(state, received);
    }
    while (received < state->byte_size) received += receive(state, state->response + received, state->byte_size - received);
}

/* Reads frames until one ends the stream. All of them stay in the one buffer. */
static void call_grpc(struct state *state) {
    size_t received = state->rest, at = 0, data = 0, i;
    for (i = 0; i < state->frame_count; i++) put32(state->stream_ids[i] + 5, state->stream);
    put32(state->update + 9, state->byte_size ? (uint32_t)state->byte_size : 1);
    send_all(state->socket, state->parts, state->part_count);
    for (;;) {
        size_t size;
        while (received - at < 9) received += receive(state, state->response + received, state->capacity - received);
        size = (size_t)state->response[at] << 16 | (size_t)state->response[at + 1] << 8 | state->response[at + 2];
        while (received - at < 9 + size) received += receive(state, state->response + received, state->capacity - received);
        if (state->response[at + 3] == 0) data += size;
        if (state->response[at + 3] == 4 && state->response[at + 4] == 0) {
            unsigned char acknowledged[9];
            frame(acknowledged, 0, 4, 1);
            if (write(state->socket, acknowledged, 9) != 9) fail("write", "settings");
        }
        at += 9 + size;
        if (state->response[at - 6 - size] == 1 && state->response[at - 5 - size] & 1) break;
    }
    state->rest = received - at;
    memmove(state->response, state->response + at, state->rest);
    if (data == 0) fail("response", "no data");
    state->byte_size = data;
    state->stream += 2;
}

static void bench_call(void *opaque) {
    struct state *state = opaque;
    if (state->is_grpc) call_grpc(state);
    else call_http(state);
}
#endif

/* connections.c URL: the options of connections, the numbers of a client's connections, and the functions
 * that open and close them. */
#include "check.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static const char *url;

static triton_client *client_of(const triton_client_options *options) {
    triton_client *client = NULL;
    CHECK(!triton_client_new(url, options, &client, &error));
    return client;
}

static void live(const triton_client *client) {
    bool is_live = false;
    CHECK(!triton_client_check_server_live(client, NULL, &is_live, &error) && is_live);
}

static triton_connection_counts counts_of(const triton_client *client) {
    triton_connection_counts counts = {sizeof counts, 9, 9, 9, 9, 9, 9, 9, 9};
    CHECK(!triton_client_connection_counts(client, &counts, &error) && counts.struct_size == sizeof counts);
    CHECK(counts.tls_handshake_count == 0 && counts.tls_resumed_count == 0);
    return counts;
}

/* How many connections a client opens for two calls, one after the other. */
static int opened_for_two_calls(const triton_client_options *options) {
    triton_client *client = client_of(options);
    triton_connection_counts counts;
    live(client);
    live(client);
    counts = counts_of(client);
    CHECK(counts.connect_count == counts.opened_count && counts.busy_count == 0);
    triton_client_free(client);
    return (int)counts.opened_count;
}

static void limits(void) {
    triton_client_options *options = NULL;
    CHECK(!triton_client_options_new(&options, &error) && opened_for_two_calls(options) == 1);
    CHECK(!triton_client_options_set_max_connection_requests(options, 1, &error));
    CHECK(opened_for_two_calls(options) == 2);
    CHECK(!triton_client_options_set_max_connection_requests(options, 0, &error));
    CHECK(opened_for_two_calls(options) == 1);
    CHECK(!triton_client_options_set_max_connection_age_us(options, 1, &error));
    CHECK(opened_for_two_calls(options) == 2);
    CHECK(!triton_client_options_set_max_connection_age_us(options, TRITON_NO_TIMEOUT, &error));
    CHECK(!triton_client_options_set_idle_timeout_us(options, 1, &error)
          && opened_for_two_calls(options) == 2);
    CHECK(!triton_client_options_set_idle_timeout_us(options, TRITON_NO_TIMEOUT, &error));
    CHECK(opened_for_two_calls(options) == 1);

    refused(triton_client_options_set_idle_timeout_us(options, 0, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "0");
    refused(triton_client_options_set_max_connection_age_us(options, 0, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "0");
    refused(triton_client_options_set_tcp_keepalive_us(options, 0, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "0");
    refused(triton_client_options_set_keepalive_time_us(options, 0, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "0");
    refused(triton_client_options_set_keepalive_timeout_us(options, 0, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "0");
    refused(triton_client_options_set_keepalive_timeout_us(options, TRITON_NO_TIMEOUT, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "keepalive_timeout");
    CHECK(!triton_client_options_set_keepalive_time_us(options, 600000000, &error));
    CHECK(!triton_client_options_set_keepalive_timeout_us(options, 5000000, &error));
    CHECK(opened_for_two_calls(options) == 1);
    CHECK(!triton_client_options_set_keepalive_time_us(options, TRITON_NO_TIMEOUT, &error));
    triton_client_options_free(options);
}

/* An option of the one TCP connection that this process has. */
static int socket_option(int level, int name) {
    int found = -1;
    for (int fd = 3; fd < 256; fd++) {
        struct sockaddr_storage peer;
        socklen_t size = sizeof peer;
        int value = -1;
        if (getpeername(fd, (struct sockaddr *)&peer, &size) || peer.ss_family != AF_INET) continue;
        size = sizeof value;
        CHECK(found == -1 && getsockopt(fd, level, name, &value, &size) == 0);
        found = value;
    }
    CHECK(found != -1);
    return found;
}

static void sockets(void) {
    triton_client_options *options = NULL;
    triton_client *client = client_of(NULL);
    live(client);
    CHECK(socket_option(IPPROTO_TCP, TCP_NODELAY) != 0 && socket_option(SOL_SOCKET, SO_KEEPALIVE) == 0);
    triton_client_free(client);
    CHECK(!triton_client_options_new(&options, &error));
    CHECK(!triton_client_options_set_tcp_nodelay(options, false, &error));
    CHECK(!triton_client_options_set_tcp_keepalive_us(options, 89500000, &error)); /* rounded up */
    client = client_of(options);
    live(client);
    CHECK(socket_option(IPPROTO_TCP, TCP_NODELAY) == 0 && socket_option(SOL_SOCKET, SO_KEEPALIVE) != 0);
    CHECK(socket_option(IPPROTO_TCP, TCP_KEEPIDLE) == 90 && socket_option(IPPROTO_TCP, TCP_KEEPINTVL) == 90);
    triton_client_free(client);
    CHECK(!triton_client_options_set_tcp_nodelay(options, true, &error));
    CHECK(!triton_client_options_set_tcp_keepalive_us(options, TRITON_NO_TIMEOUT, &error));
    client = client_of(options);
    live(client);
    CHECK(socket_option(IPPROTO_TCP, TCP_NODELAY) != 0 && socket_option(SOL_SOCKET, SO_KEEPALIVE) == 0);
    triton_client_free(client);
    triton_client_options_free(options);
}

static void ahead_and_idle(void) {
    triton_client_options *options = NULL;
    triton_connection_counts counts;
    triton_client *client;
    CHECK(!triton_client_options_new(&options, &error));
    CHECK(!triton_client_options_set_max_connections(options, 3, &error));
    client = client_of(options);
    triton_client_options_free(options);
    refused(triton_client_connect(client, 4, NULL, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "max_connections");
    CHECK(!triton_client_connect(client, 0, NULL, &error) && counts_of(client).opened_count == 0);
    CHECK(!triton_client_connect(client, 2, NULL, &error) && !triton_client_connect(client, 3, NULL, &error));
    counts = counts_of(client);
    CHECK(counts.open_count == 3 && counts.idle_count == 3 && counts.busy_count == 0);
    CHECK(counts.opened_count == 3 && counts.connect_count == 3 && counts.reconnect_count == 0);
    live(client);
    CHECK(counts_of(client).opened_count == 3);
    CHECK(!triton_client_close_idle(client, &error));
    counts = counts_of(client);
    CHECK(counts.open_count == 0 && counts.idle_count == 0 && counts.opened_count == 3);
    live(client);
    CHECK(counts_of(client).opened_count == 4);
    refused(triton_client_connect(NULL, 1, NULL, &error), TRITON_STATUS_INVALID_ARGUMENT, "client");
    refused(triton_client_close_idle(NULL, &error), TRITON_STATUS_INVALID_ARGUMENT, "client");
    triton_client_free(client);
}

/* A struct of an older header is filled as far as it goes; of a newer one, the rest is 0. */
static void struct_sizes(void) {
    triton_client *client = client_of(NULL);
    struct {
        triton_connection_counts counts;
        uint64_t more;
    } newer;
    triton_connection_counts counts;
    memset(&newer, 7, sizeof newer);
    memset(&counts, 7, sizeof counts);
    live(client);
    counts.struct_size = 2 * sizeof(uint64_t);
    CHECK(!triton_client_connection_counts(client, &counts, &error));
    CHECK(counts.open_count == 1 && counts.idle_count == UINT64_C(0x0707070707070707));
    newer.counts.struct_size = sizeof newer;
    CHECK(!triton_client_connection_counts(client, &newer.counts, &error));
    CHECK(newer.counts.idle_count == 1 && newer.counts.tls_resumed_count == 0 && newer.more == 0);
    counts.struct_size = 8;
    refused(triton_client_connection_counts(client, &counts, &error), TRITON_STATUS_INVALID_ARGUMENT,
            "struct_size");
    counts.struct_size = sizeof counts;
    refused(triton_client_connection_counts(NULL, &counts, &error), TRITON_STATUS_INVALID_ARGUMENT, "client");
    CHECK(counts.open_count == 0 && counts.tls_resumed_count == 0);
    triton_client_free(client);
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    url = argv[1];
    limits();
    sockets();
    ahead_and_idle();
    struct_sizes();
    return 0;
}

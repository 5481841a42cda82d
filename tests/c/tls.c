/* tls.c URL URL_1_2 FOLDER: the options of TLS, of a server that requires a client certificate, and of one
 * that has TLS 1.2 only; the certificates are in a folder. */
#include "check.h"
#include <unistd.h>

static triton_client_options *options = NULL;

/* What a file has, until the next call. */
static const void *contents(const char *name, size_t *byte_size) {
    static char buffers[3][16384];
    static int next = 0;
    char *buffer = buffers[next++ % 3];
    FILE *file = fopen(name, "rb");
    CHECK(file != NULL);
    *byte_size = fread(buffer, 1, sizeof buffers[0], file);
    CHECK(*byte_size > 0 && *byte_size < sizeof buffers[0] && fclose(file) == 0);
    return buffer;
}

/* Returns the status of a call by a new client. */
static triton_status live(const char *url) {
    triton_client *client = NULL;
    bool is_live = false;
    triton_connection_counts counts = {sizeof counts, 0, 0, 0, 0, 0, 0, 0, 0};
    triton_status status;
    CHECK(!triton_client_new(url, options, &client, &error));
    status = triton_client_check_server_live(client, NULL, &is_live, &error);
    CHECK(is_live == (status == TRITON_STATUS_OK));
    if (is_live) {
        CHECK(!triton_client_connection_counts(client, &counts, &error));
        CHECK(counts.tls_handshake_count == 1 && counts.connect_count == 1 && counts.tls_resumed_count == 0);
        CHECK(!triton_client_close_idle(client, &error) && !triton_client_connect(client, 1, NULL, &error));
        CHECK(!triton_client_connection_counts(client, &counts, &error));
        CHECK(counts.tls_handshake_count == 2 && counts.tls_resumed_count == 1);
    }
    triton_client_free(client);
    return status;
}

/* Without any of the options that a program before has set. */
static void begin(void) {
    triton_client_options_free(options);
    CHECK(!triton_client_options_new(&options, &error));
}

static void certificates(const char *url) {
    size_t ca_size, certificate_size, key_size;
    const void *ca = contents("ca.pem", &ca_size);
    const void *certificate = contents("client.pem", &certificate_size);
    const void *key = contents("client.key", &key_size);
    begin();
    refused(live(url), TRITON_STATUS_UNAVAILABLE, "certificate");
    CHECK(!triton_client_options_set_tls_ca_file(options, "ca.pem", &error));
    refused(live(url), TRITON_STATUS_UNAUTHENTICATED, "client certificate");
    CHECK(
        !triton_client_options_set_tls_client_certificate_files(options, "client.pem", "client.key", &error));
    CHECK(!live(url));
    CHECK(!triton_client_options_set_tls_client_certificate_files(options, NULL, NULL, &error));
    refused(live(url), TRITON_STATUS_UNAUTHENTICATED, "client certificate");
    CHECK(!triton_client_options_set_tls_client_certificate(options, certificate, certificate_size, key,
                                                            key_size, &error));
    CHECK(!live(url));
    CHECK(!triton_client_options_set_tls_ca_file(options, NULL, &error));
    refused(live(url), TRITON_STATUS_UNAVAILABLE, "certificate");
    CHECK(!triton_client_options_set_tls_ca(options, ca, ca_size, &error) && !live(url));
    CHECK(!triton_client_options_set_tls_ca(options, NULL, 0, &error));
    refused(live(url), TRITON_STATUS_UNAVAILABLE, "certificate");
    CHECK(!triton_client_options_set_tls_ca(options, ca, ca_size, &error));
    CHECK(!triton_client_options_set_tls_client_certificate(options, NULL, 0, NULL, 0, &error));
    refused(live(url), TRITON_STATUS_UNAUTHENTICATED, "client certificate");
}

/* Creating a client fails, and names the file. */
static void bad_files(const char *url) {
    triton_client *client = NULL;
    begin();
    CHECK(!triton_client_options_set_tls_ca_file(options, "none.pem", &error));
    refused(triton_client_new(url, options, &client, &error), TRITON_STATUS_INVALID_ARGUMENT, "none.pem");
    CHECK(!triton_client_options_set_tls_ca_file(options, "client.key", &error));
    refused(triton_client_new(url, options, &client, &error), TRITON_STATUS_INVALID_ARGUMENT, "client.key");
    CHECK(!triton_client_options_set_tls_ca(options, "", 0, &error)); /* empty, and not NULL */
    refused(triton_client_new(url, options, &client, &error), TRITON_STATUS_INVALID_ARGUMENT, "empty");
    CHECK(!triton_client_options_set_tls_ca_file(options, "ca.pem", &error));
    CHECK(!triton_client_options_set_tls_client_certificate_files(options, "client.pem", "stranger.key",
                                                                  &error));
    refused(triton_client_new(url, options, &client, &error), TRITON_STATUS_INVALID_ARGUMENT, "stranger.key");
    refused(triton_client_options_set_tls_client_certificate_files(options, NULL, "client.key", &error),
            TRITON_STATUS_INVALID_ARGUMENT, "certificate_path is NULL");
    refused(triton_client_options_set_tls_client_certificate_files(options, "client.pem", NULL, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "key_path is NULL");
    refused(triton_client_options_set_tls_client_certificate(options, "x", 1, NULL, 0, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "key is NULL");
    refused(triton_client_options_set_tls_client_certificate(options, NULL, 0, "x", 1, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "certificate is NULL");
    refused(triton_client_options_set_tls_ca(options, "x", (size_t)-1, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "data");
    refused(triton_client_options_set_tls_ca_file(options, "\xff.pem", &error),
            TRITON_STATUS_INVALID_ARGUMENT, "path is not UTF-8");
    CHECK(client == NULL);
}

static void names_and_switches(const char *url) {
    begin();
    CHECK(!triton_client_options_set_tls_ca_file(options, "ca.pem", &error));
    CHECK(
        !triton_client_options_set_tls_client_certificate_files(options, "client.pem", "client.key", &error));
    CHECK(!triton_client_options_set_tls_server_name(options, "a.triton.test", &error) && !live(url));
    CHECK(!triton_client_options_set_tls_server_name(options, "elsewhere.test", &error));
    refused(live(url), TRITON_STATUS_UNAVAILABLE, "elsewhere.test");
    CHECK(!triton_client_options_set_tls_verify_host(options, false, &error) && !live(url));
    CHECK(!triton_client_options_set_tls_verify_host(options, true, &error));
    refused(live(url), TRITON_STATUS_UNAVAILABLE, "elsewhere.test");
    refused(triton_client_options_set_tls_server_name(options, "", &error), TRITON_STATUS_INVALID_ARGUMENT,
            "tls_server_name");
    CHECK(!triton_client_options_set_tls_server_name(options, NULL, &error) && !live(url));
    CHECK(!triton_client_options_set_tls_ca_file(options, "other-ca.pem", &error));
    refused(live(url), TRITON_STATUS_UNAVAILABLE, "certificate");
    CHECK(!triton_client_options_set_tls_verify_peer(options, false, &error) && !live(url));
    CHECK(!triton_client_options_set_tls_verify_peer(options, true, &error));
    refused(live(url), TRITON_STATUS_UNAVAILABLE, "certificate");
}

static void versions(const char *url_1_2) {
    begin();
    CHECK(!triton_client_options_set_tls_ca_file(options, "ca.pem", &error) && !live(url_1_2));
    CHECK(!triton_client_options_set_tls_min_version(options, TRITON_TLS_1_3, &error));
    refused(live(url_1_2), TRITON_STATUS_UNAVAILABLE, "TLS 1.3");
    CHECK(!triton_client_options_set_tls_min_version(options, TRITON_TLS_1_2, &error) && !live(url_1_2));
    refused(triton_client_options_set_tls_min_version(options, (triton_tls_version)11, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "invalid triton_tls_version value: 11");
    refused(triton_client_options_set_tls_min_version(options, (triton_tls_version)0, &error),
            TRITON_STATUS_INVALID_ARGUMENT, "invalid triton_tls_version value: 0");
}

int main(int argc, char **argv) {
    CHECK(argc == 4 && triton_has_feature("tls") && chdir(argv[3]) == 0);
    /* The default, in place of the system's, which takes long to read under valgrind. */
    CHECK(setenv("SSL_CERT_FILE", "other-ca.pem", 1) == 0);
    certificates(argv[1]);
    bad_files(argv[1]);
    names_and_switches(argv[1]);
    versions(argv[2]);
    triton_client_options_free(options);
    return 0;
}

package org.tritonclient;

/** The protocols of a server. Tests run over each. */
enum Protocol {
    HTTP,
    GRPC;

    /** Returns a URL of an address, {@code HOST:PORT}. */
    String url(String address) {
        return (this == HTTP ? "http://" : "grpc://") + address;
    }
}

package org.tritonclient;

/** The compression of messages. */
public enum Compression {
    /** Not compressed. */
    NONE,
    /** gzip (RFC 1952). */
    GZIP,
    /** zlib (RFC 1950), which HTTP and gRPC call deflate. */
    DEFLATE;

    int number() {
        return ordinal();
    }
}

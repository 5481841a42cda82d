package org.tritonclient;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** The headers that a {@link HeaderCallback} adds to a call, during the callback. Not thread-safe. */
public final class CallHeaders {
    private final String endpoint;
    private final boolean wasRefused;
    private final RecordWriter record = new RecordWriter(128);

    CallHeaders(String endpoint, boolean wasRefused) {
        this.endpoint = endpoint;
        this.wasRefused = wasRefused;
    }

    /** Returns the URL of the server. */
    public String getEndpoint() {
        return endpoint;
    }

    /**
     * Returns whether the server has responded {@link Status#UNAUTHENTICATED} to this call with the headers that the
     * callback added before: a callback that keeps its token must now get another one.
     */
    public boolean wasRefused() {
        return wasRefused;
    }

    /**
     * Adds a header to the call, over gRPC metadata. A name may be added several times, except for {@code
     * authorization}. Replaces the headers of that name in the options of the call and the client. A header that is
     * invalid as in {@link CallOptions.Builder#header(String, String)} fails the call.
     */
    public CallHeaders add(String name, String value) {
        return add(name, Objects.requireNonNull(value, "value").getBytes(StandardCharsets.UTF_8));
    }

    /** Adds a header with any bytes, whose name ends in {@code -bin}: they are sent as base64. */
    public CallHeaders add(String name, byte[] value) {
        record.str(Objects.requireNonNull(name, "name")).bytes(Objects.requireNonNull(value, "value"));
        return this;
    }

    byte[] record() {
        return record.toByteArray();
    }
}

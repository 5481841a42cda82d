package org.tritonclient;

import java.util.Objects;

/**
 * A call failed. {@link #getStatus} says why, {@link #getOrigin} where. The library retries nothing by itself: see
 * {@link #isRetryable} and {@link #isInDoubt}.
 */
public final class InferenceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Status status;
    private final Origin origin;
    private final int httpStatus;
    private final boolean retryable;
    private final boolean inDoubt;
    private final String requestId;
    /** Not serialised: the headers of a response may hold secrets. */
    private final transient Headers headers;

    private InferenceException(
            Status status,
            Origin origin,
            int httpStatus,
            boolean retryable,
            boolean inDoubt,
            String message,
            String requestId,
            Headers headers,
            Throwable cause) {
        super(message);
        if (cause != null) {
            // Else it can still be set.
            initCause(cause);
        }
        this.status = Objects.requireNonNull(status, "status");
        this.origin = Objects.requireNonNull(origin, "origin");
        this.httpStatus = httpStatus;
        this.retryable = retryable;
        this.inDoubt = inDoubt;
        this.requestId = requestId;
        this.headers = headers;
    }

    /** Creates an error of the client, for a result or call that the native side did not refuse. */
    InferenceException(Status status, Origin origin, String message) {
        this(status, origin, 0, false, false, message, "", Headers.EMPTY, null);
    }

    /** Reads the record of an error, after its kind. */
    static InferenceException read(RecordReader record) {
        return read(record, null);
    }

    /** As the other one, with what a callback of the user threw; {@code null} if that is not why. */
    static InferenceException read(RecordReader record, Throwable cause) {
        Status status = Status.of(record.i32());
        Origin origin = Origin.of(record.i32());
        int httpStatus = record.i32();
        int flags = record.u8();
        String message = record.str();
        String requestId = record.str();
        Headers headers = Headers.read(record);
        boolean retryable = (flags & 1) != 0;
        boolean inDoubt = (flags & 2) != 0;
        return new InferenceException(
                status, origin, httpStatus, retryable, inDoubt, message, requestId, headers, cause);
    }

    /** Returns the reason of the failure. */
    public Status getStatus() {
        return status;
    }

    /** Returns where the failure comes from. */
    public Origin getOrigin() {
        return origin;
    }

    /** Returns the HTTP status of the response, for example 503; 0 if there was none. */
    public int getHttpStatus() {
        return httpStatus;
    }

    /** Returns whether the same call may succeed later: the server is unreachable, overloaded, or not ready. */
    public boolean isRetryable() {
        return retryable;
    }

    /**
     * Returns whether the server may have executed the request: it was sent, at least in part, and no response says
     * what became of it.
     */
    public boolean isInDoubt() {
        return inDoubt;
    }

    /** Returns the id of the request, as set by {@link InferRequest#setId(String)}; empty if it has none. */
    public String getRequestId() {
        return requestId;
    }

    /** Returns the headers of the response, over gRPC its metadata; empty if there was none, or after serialisation. */
    public Headers getHeaders() {
        return headers == null ? Headers.EMPTY : headers;
    }
}

package org.tritonclient;

/** The reason of a failure; the names are those of gRPC. Over HTTP they follow from the HTTP status. */
public enum Status {
    /** The call was cancelled: by a {@link CancelToken}, by its future, by an interrupt, or by closing the client. */
    CANCELLED(1),
    /** The server gave no reason, or one unknown to this version. */
    UNKNOWN(2),
    /** An argument is invalid. */
    INVALID_ARGUMENT(3),
    /** The deadline of the call passed. */
    DEADLINE_EXCEEDED(4),
    /** The model, output, or other object does not exist. */
    NOT_FOUND(5),
    /** The object exists already. */
    ALREADY_EXISTS(6),
    /** The caller is not permitted to do this. */
    PERMISSION_DENIED(7),
    /** A limit was reached: a size, a number of calls, or memory. */
    RESOURCE_EXHAUSTED(8),
    /** The state of the client, of an object, or of the server does not permit the operation. */
    FAILED_PRECONDITION(9),
    /** The operation was aborted by the server. */
    ABORTED(10),
    /** A value is out of its range. */
    OUT_OF_RANGE(11),
    /** The server, or this version of the library, does not support the operation. */
    UNIMPLEMENTED(12),
    /** An internal error of the server or of the library, or a malformed response. */
    INTERNAL(13),
    /** The server cannot be reached, or the connection was lost. */
    UNAVAILABLE(14),
    /** Data was lost. */
    DATA_LOSS(15),
    /** The caller is not authenticated. */
    UNAUTHENTICATED(16);

    private final int number;

    Status(int number) {
        this.number = number;
    }

    /** Returns the number of the status, which is that of gRPC and of the C API. */
    public int getNumber() {
        return number;
    }

    static Status of(int number) {
        return number >= 1 && number <= 16 ? VALUES[number - 1] : UNKNOWN;
    }

    private static final Status[] VALUES = values();
}

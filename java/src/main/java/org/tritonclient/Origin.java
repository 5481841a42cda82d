package org.tritonclient;

/** Where a failure comes from. */
public enum Origin {
    /** An argument of the caller: nothing was sent. */
    ARGUMENT,
    /** The client: a deadline, a cancel, a size limit, or a defect of the library. */
    CLIENT,
    /** The connection: name resolution failed, the connection was refused or lost, or the response is malformed. */
    CONNECTION,
    /** The server, or a proxy before it, sent an error response. */
    SERVER;

    static Origin of(int number) {
        return number >= 1 && number <= 4 ? VALUES[number - 1] : CLIENT;
    }

    private static final Origin[] VALUES = values();
}

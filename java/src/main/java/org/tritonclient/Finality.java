package org.tritonclient;

/** Whether a result is the last response to its request. */
public enum Finality {
    /** The response does not state it: more responses are possible. Servers before Triton 2.35 never state it. */
    UNKNOWN,
    /** It is the last response. */
    FINAL,
    /** More responses follow. */
    NOT_FINAL;

    private static final Finality[] VALUES = values();

    static Finality of(int number) {
        return number >= 0 && number < VALUES.length ? VALUES[number] : UNKNOWN;
    }
}

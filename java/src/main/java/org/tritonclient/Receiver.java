package org.tritonclient;

/** Receives what the native side delivers under one id. It runs on a callback thread of the client. */
interface Receiver {
    /**
     * Receives an outcome.
     *
     * @param record  the record; {@code null} if the native side has no memory for it
     * @param buffers the direct buffers to which it refers, after one element that is not used; or {@code null}
     * @return whether this was the last one
     */
    boolean receive(byte[] record, Object[] buffers);

    /** Learns of a failure in {@link #receive}: the last event. */
    void fail(Throwable cause);
}

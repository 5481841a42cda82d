package org.tritonclient;

/** A request in the form in which it crosses to the native side. */
final class EncodedRequest {
    /** The packed record. */
    final byte[] record;
    /** The direct buffers to which the record refers; {@code null} if there are none. */
    final Object[] buffers;
    /** What is in use until the call is complete; {@code null} if there is nothing. */
    private final TensorBuffer[] used;

    EncodedRequest(byte[] record, Object[] buffers, TensorBuffer[] used) {
        this.record = record;
        this.buffers = buffers;
        this.used = used;
    }

    /** Ends the use of the memory: the call is complete, or was refused. */
    void release() {
        if (used != null) {
            for (TensorBuffer buffer : used) {
                buffer.release();
            }
        }
    }
}

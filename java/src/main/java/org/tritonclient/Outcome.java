package org.tritonclient;

/** The outcomes that the native side delivers. The kinds are those of src/jni/result.rs. */
final class Outcome {
    static final int RESULT = 0;
    static final int ERROR = 1;
    static final int END = 2;
    static final int END_WITH_ERROR = 3;

    private Outcome() {}

    /**
     * Returns the result of an outcome that came by itself, a record, or as an array of the record and its buffers;
     * null as a record that is null.
     */
    static InferResult result(Object outcome) {
        if (outcome == null || outcome instanceof byte[]) {
            return result((byte[]) outcome, null);
        }
        Object[] buffers = (Object[]) outcome;
        return result((byte[]) buffers[0], buffers);
    }

    /**
     * Returns the result of an outcome.
     *
     * @param record  the record; {@code null} if the native side had no memory for it
     * @param buffers the buffers, or what a callback of the user threw, after an element that is not used; {@code null}
     *     if there are none
     * @throws InferenceException if it is an error
     */
    static InferResult result(byte[] record, Object[] buffers) {
        if (kind(record) == ERROR) {
            Throwable cause = buffers == null ? null : (Throwable) buffers[1];
            throw InferenceException.read(new RecordReader(record, 1), cause);
        }
        return InferResult.read(record, 1, buffers);
    }

    /** Frees the memory of an outcome that nobody receives. Allocates nothing: memory may be short. */
    static void discard(Object outcome) {
        Object record = outcome instanceof Object[] ? ((Object[]) outcome)[0] : outcome;
        if (record instanceof byte[]) {
            discard((byte[]) record);
        }
    }

    /** As the other one, of the record alone; {@code null} if there was no memory for it. */
    static void discard(byte[] record) {
        if (record != null && record.length > Long.BYTES && record[0] == RESULT) {
            long handle = (long) LittleEndian.LONG.get(record, 1);
            if (handle != 0) {
                Native.resultFree(handle);
            }
        }
    }

    /** Returns the kind of an outcome, which its first byte is. Allocates nothing: a result has no owner yet. */
    static int kind(byte[] record) {
        if (record == null) {
            throw new InferenceException(
                    Status.RESOURCE_EXHAUSTED, Origin.CLIENT, "the JVM has no memory for the outcome of the call");
        }
        return record[0];
    }
}

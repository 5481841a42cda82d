package org.tritonclient;

/** The outcomes that the native side delivers. The kinds are those of src/jni/result.rs. */
final class Outcome {
    static final int RESULT = 0;
    static final int ERROR = 1;
    static final int END = 2;
    static final int END_WITH_ERROR = 3;

    private Outcome() {}

    /**
     * Returns the result of an outcome that came by itself, a record, or as an array of the record and its buffers; null
     * as a record that is null.
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
     * @param buffers the buffers, after an element that is not used; {@code null} if there are none
     * @throws InferenceException if it is an error
     */
    static InferResult result(byte[] record, Object[] buffers) {
        if (isResult(record)) {
            return InferResult.read(record, 1, buffers);
        }
        RecordReader reader = reader(record);
        reader.u8();
        throw InferenceException.read(reader);
    }

    /**
     * Returns whether an outcome is a result. Needs no memory, without which the handle of the result would be lost.
     */
    static boolean isResult(byte[] record) {
        return record != null && record.length > 0 && record[0] == RESULT;
    }

    /** Frees what an outcome has. Needs no memory. */
    static void discard(Object outcome) {
        byte[] record = (byte[]) (outcome instanceof Object[] ? ((Object[]) outcome)[0] : outcome);
        if (isResult(record)) {
            InferResult.free(record, 1);
        }
    }

    /** Returns a reader of an outcome, before its kind. */
    static RecordReader reader(byte[] record) {
        if (record == null) {
            throw new InferenceException(
                    Status.RESOURCE_EXHAUSTED, Origin.CLIENT, "the JVM has no memory for the outcome of the call");
        }
        return new RecordReader(record);
    }
}

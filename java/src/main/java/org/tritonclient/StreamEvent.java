package org.tritonclient;

/**
 * What an {@link InferStream} delivers: a response, the error of one request, or the end of the stream. A response has
 * a result, which is to be closed. Immutable.
 */
public final class StreamEvent implements AutoCloseable {
    private final InferResult result;
    private final InferenceException error;
    private final boolean isEnd;

    StreamEvent(InferResult result, InferenceException error, boolean isEnd) {
        this.result = result;
        this.error = error;
        this.isEnd = isEnd;
    }

    /** Reads an event that came by itself, a record, or as an array of the record and its buffers. */
    static StreamEvent read(Object outcome) {
        if (outcome instanceof byte[]) {
            return read((byte[]) outcome, null);
        }
        Object[] buffers = (Object[]) outcome;
        return read((byte[]) buffers[0], buffers);
    }

    /**
     * Reads an event.
     *
     * @param record  the record; {@code null} if the native side had no memory for it
     * @param buffers the buffers, after an element that is not used; {@code null} if there are none
     */
    static StreamEvent read(byte[] record, Object[] buffers) {
        int kind = Outcome.kind(record);
        switch (kind) {
            case Outcome.RESULT:
                return new StreamEvent(InferResult.read(record, 1, buffers), null, false);
            case Outcome.END:
                return new StreamEvent(null, null, true);
            default:
                return new StreamEvent(null, InferenceException.read(new RecordReader(record, 1)), kind == Outcome.END_WITH_ERROR);
        }
    }

    /**
     * Returns whether this is a response: {@link #getResult} returns its result. {@link InferResult#getId} is the id of
     * its request, and {@link InferResult#getFinality} is whether further responses to that request follow.
     */
    public boolean isResult() {
        return result != null;
    }

    /**
     * Returns whether this is the error of one request, after which the stream continues: {@link #getError} has the id
     * of the request, {@link Origin#SERVER} and {@link Status#UNKNOWN}, since Triton sends a text only. It is the last
     * event of its request if the request was refused before the model ran. An error of a single response of a
     * decoupled model is not: others may follow.
     */
    public boolean isRequestError() {
        return error != null && !isEnd;
    }

    /** Returns whether this is the end of the stream: {@link #getError} is why it failed, or {@code null}. */
    public boolean isEnd() {
        return isEnd;
    }

    /**
     * Returns the result, which is to be closed: by itself, or by {@link #close}.
     *
     * @throws InferenceException the error, if this is one, or the end of a stream that failed
     * @throws IllegalStateException if this is the end of a stream that did not fail
     */
    public InferResult getResult() {
        if (error != null) {
            throw error;
        }
        if (isEnd) {
            throw new IllegalStateException("the end of the stream has no result");
        }
        return result;
    }

    /** Returns the error of a request, or of a stream that failed; {@code null} if there is none. */
    public InferenceException getError() {
        return error;
    }

    /** Closes the result, if there is one. */
    @Override
    public void close() {
        if (result != null) {
            result.close();
        }
    }

    @Override
    public String toString() {
        if (isEnd) {
            return error == null ? "StreamEvent[end]" : "StreamEvent[end: " + error + "]";
        }
        return "StreamEvent[" + (error == null ? result : error) + "]";
    }
}

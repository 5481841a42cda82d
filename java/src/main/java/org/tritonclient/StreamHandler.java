package org.tritonclient;

/**
 * Receives the events of a stream: {@link InferenceServerClient#openStream(StreamOptions, StreamHandler)}. The calls
 * come one after another, each after the one before it has returned, on the executor of the stream
 * ({@link StreamOptions.Builder#executor}), by default on a callback thread of the client.
 *
 * <p>A handler may block and call the client and its stream. While it blocks, the stream does not read on, beyond one
 * window of 4 MiB; Triton keeps the responses in its own memory as the model produces them. On a callback thread,
 * {@link InferStream#send} fails with {@link Status#RESOURCE_EXHAUSTED} instead of waiting for room in the queue.
 *
 * <p>If a handler throws anything, also an {@link Error}, it is logged and the stream is cancelled: only
 * {@link #onEnd} follows, with an error whose cause it is.
 */
public interface StreamHandler {
    /** Receives a response. The result belongs to the handler, which is to close it. */
    void onResult(InferResult result);

    /** Receives the error of one request; the stream continues. See {@link StreamEvent#isRequestError}. */
    void onRequestError(InferenceException error);

    /**
     * Receives the end of the stream: exactly once, as the last call.
     *
     * @param error why the stream failed, for example {@link Status#CANCELLED}; {@code null} if it did not
     */
    void onEnd(InferenceException error);
}

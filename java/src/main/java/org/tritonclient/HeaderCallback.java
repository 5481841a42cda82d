package org.tritonclient;

/**
 * Adds headers to each call of a client, such as a token that is renewed or the context of a trace:
 * {@link ClientOptions.Builder#headerCallback}. Called on several threads at once.
 */
@FunctionalInterface
public interface HeaderCallback {
    /**
     * Adds headers to a call. It may block, which counts against the deadline of the call, and may call the client
     * itself: those calls have no headers of the callback.
     *
     * @throws Exception fails the call: the cause of its {@link InferenceException}, which is
     *     {@link Status#UNAUTHENTICATED}, and retryable only if the cause is an {@link InferenceException} that is
     */
    void addHeaders(CallHeaders headers) throws Exception;
}

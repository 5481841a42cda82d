package org.tritonclient;

/** Receives the events of a generated response: {@link InferenceServerClient#generateStream}. */
@FunctionalInterface
public interface GenerateHandler {
    /**
     * Called with each event of the response as it is received, on the thread of the call, which waits. The timeout of
     * the call covers this method too. An exception ends the stream, and is thrown by the call.
     *
     * @param json the event, a JSON object
     * @return whether to continue; {@code false} ends the stream, on the server too, and the call returns
     */
    boolean onEvent(String json);
}

package org.tritonclient;

import java.nio.charset.StandardCharsets;

/** Passes the events of a generated response to a handler. */
final class GenerateEvents {
    private final GenerateHandler handler;
    private final Interruption interruption;

    GenerateEvents(GenerateHandler handler, Interruption interruption) {
        this.handler = handler;
        this.interruption = interruption;
    }

    /** Called by the native side with the UTF-8 of an event. Returns whether to continue. */
    boolean event(byte[] json) {
        try {
            return handler.onEvent(new String(json, StandardCharsets.UTF_8));
        } finally {
            // A blocking call in the handler has taken the thread's interruption for itself.
            interruption.enter();
        }
    }
}

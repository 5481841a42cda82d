package org.tritonclient;

import java.nio.charset.StandardCharsets;

/** Passes the events of a generated response to a handler. */
final class GenerateEvents {
    private final GenerateHandler handler;

    GenerateEvents(GenerateHandler handler) {
        this.handler = handler;
    }

    /** Called by the native side with the UTF-8 of an event. Returns whether to continue. */
    boolean event(byte[] json) {
        return handler.onEvent(new String(json, StandardCharsets.UTF_8));
    }
}

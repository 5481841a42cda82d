package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.function.Executable;

/** Assertions about calls. */
final class Expect {
    private Expect() {}

    /** Asserts that a call fails so, and returns its error. */
    static InferenceException failure(Status status, Origin origin, Executable call) {
        InferenceException error = assertThrows(InferenceException.class, call);
        assertEquals(status, error.getStatus(), error.toString());
        assertEquals(origin, error.getOrigin(), error.toString());
        return error;
    }

    /** Asserts that an error's message contains a text. */
    static void message(InferenceException error, String part) {
        assertTrue(error.getMessage().contains(part), error.toString());
    }

    /** Polls until the condition holds, for ten seconds at most. */
    static void eventually(String what, BooleanSupplier holds) {
        long start = System.nanoTime();
        while (!holds.getAsBoolean()) {
            assertTrue(System.nanoTime() - start < Duration.ofSeconds(10).toNanos(), what);
            Thread.yield();
        }
    }
}

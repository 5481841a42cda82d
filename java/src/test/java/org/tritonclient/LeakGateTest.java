package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Runs after all other tests: they left no native object, no global reference, and no result that is not closed. */
@Order(Integer.MAX_VALUE)
class LeakGateTest {
    @Test
    void nothingIsLeft() {
        RealServer.await("the last native object is freed: " + Native.liveObjects(), () -> {
            System.gc();
            return Native.liveObjects() == 0;
        });
        assertEquals(0, ResultMemory.liveByteSize());
        assertEquals(0, ResultMemory.unclosedCount(), "results that were collected without being closed");
    }
}

package org.tritonclient;

import java.time.Duration;

/** Timeouts as the native side has them. */
final class Timeout {
    private Timeout() {}

    /** Returns the nanoseconds; -1 for {@code null}, no limit; 0, which is refused as a timeout, for a negative one. */
    static long nanos(Duration timeout) {
        if (timeout == null) {
            return -1;
        }
        if (timeout.isNegative()) {
            return 0;
        }
        try {
            return timeout.toNanos();
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE;
        }
    }
}

package org.tritonclient;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Waits for conditions in tests. */
final class Await {
    private static final long SECONDS = 20;

    private Await() {}

    /** Waits until a condition holds. */
    static void until(String what, BooleanSupplier condition) throws InterruptedException {
        until(what, () -> {}, condition);
    }

    /** Waits until a condition holds that a collection of garbage brings about. */
    static void collected(String what, BooleanSupplier condition) throws InterruptedException {
        until(what, System::gc, condition);
    }

    private static void until(String what, Runnable before, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (true) {
            before.run();
            if (condition.getAsBoolean()) {
                return;
            }
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not within " + SECONDS + " s: " + what);
            }
            Thread.sleep(1);
        }
    }
}

package org.tritonclient;

import java.util.List;
import java.util.function.BooleanSupplier;

/** The real server of the tests, and small helpers. */
final class RealServer {
    private RealServer() {}

    static String http() {
        return "http://" + address("TRITON_TEST_HTTP");
    }

    static String grpc() {
        return "grpc://" + address("TRITON_TEST_GRPC");
    }

    /** Returns the URLs of the server, one for each protocol. */
    static List<String> urls() {
        return List.of(http(), grpc());
    }

    private static String address(String variable) {
        String address = System.getenv(variable);
        if (address == null) {
            throw new IllegalStateException(variable + " is not set: run the tests by tests/triton/with-server.sh");
        }
        return address;
    }

    /** Returns a request to the model {@code simple}, which adds and subtracts. */
    static InferRequest simple() {
        int[] a = new int[16];
        int[] b = new int[16];
        for (int i = 0; i < 16; i++) {
            a[i] = i;
            b[i] = 1;
        }
        InferInput first = new InferInput("INPUT0", new long[] {1, 16}, DataType.INT32);
        InferInput second = new InferInput("INPUT1", new long[] {1, 16}, DataType.INT32);
        first.setData(a);
        second.setData(b);
        return new InferRequest("simple", List.of(first, second), List.of());
    }

    /** Returns a request that takes the server a time, during which it watches for a cancel. */
    static InferRequest slow(int millis) {
        InferInput delay = new InferInput("DELAY_MS", new long[] {1}, DataType.UINT32);
        delay.setData(new int[] {millis});
        return new InferRequest("slow", List.of(delay), List.of());
    }

    /**
     * Returns a request that is to be cancelled. Over gRPC the server then stops; over HTTP it computes the result to
     * its end, for which the next one waits: so it is short there.
     */
    static InferRequest endless(String url) {
        return slow(url.startsWith("http") ? 1000 : 20_000);
    }

    /** Waits until a condition holds; fails after 10 s. */
    static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("after 10 s: not " + what);
            }
            Thread.onSpinWait();
            Thread.yield();
        }
    }
}

package org.tritonclient.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * The protocol with {@code benches/java_calls.py}, if the property {@code bench.driver} is {@code true}: each measured
 * iteration begins and ends when the driver says so, so that clients in several processes take turns.
 *
 * <p>Before an iteration the process prints "ready" and reads a line; after it, it prints "done", reads a line, and
 * prints the number of calls, the wall time, the median and 99th percentile of the latency in ns, and the number of
 * calls so far that failed and were repeated. It exits when its standard input is closed.
 */
final class Driver {
    private static final boolean IS_ON = Boolean.getBoolean("bench.driver");
    private static final BufferedReader IN =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));

    private Driver() {}

    static void begin() {
        exchange("ready");
    }

    static void end(long wall) {
        exchange("done");
        if (IS_ON) {
            long[] sorted = Latencies.sorted();
            int last = sorted.length - 1;
            System.out.printf(
                    "%d %d %d %d %d%n",
                    Latencies.count(), wall, sorted[last / 2], sorted[last - last / 100], Latencies.REPEATED.sum());
        }
    }

    private static void exchange(String line) {
        if (!IS_ON) {
            return;
        }
        System.out.println(line);
        try {
            if (IN.readLine() == null) {
                Runtime.getRuntime().halt(0);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

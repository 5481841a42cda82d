package org.tritonclient.examples.flink;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.streaming.api.functions.async.CollectionSupplier;
import org.apache.flink.streaming.api.functions.async.ResultFuture;
import org.junit.jupiter.api.Test;
import org.tritonclient.examples.testing.TestServer;

/** What the function tells Flink, and how often. */
class TritonFunctionTest {
    private final TritonFunction function = new TritonFunction(TestServer.url("http"), Duration.ofSeconds(60));
    private final Outcome outcome = new Outcome();

    @Test
    void a_result_is_reported_once() throws Exception {
        function.open(null);
        function.asyncInvoke(Sample.of(7), outcome);
        Scored scored = outcome.future.get(60, TimeUnit.SECONDS).iterator().next();
        assertEquals(7, scored.id());
        assertArrayEquals(new int[] {7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7}, scored.sum());
        function.close();
        assertEquals(1, outcome.reports.get());
    }

    @Test
    void a_timeout_cancels_the_call_and_is_reported_once() throws Exception {
        TestServer.freeze();
        try {
            function.open(null);
            function.asyncInvoke(Sample.of(7), outcome);
            awaitWaitingConnections(1);
            function.timeout(Sample.of(7), outcome);
            Exception error = assertThrows(ExecutionException.class, outcome.future::get);
            assertInstanceOf(TimeoutException.class, error.getCause());
            awaitWaitingConnections(0); // the call was cancelled, although its own timeout is 60 s
            function.close();
            assertEquals(1, outcome.reports.get());
        } finally {
            TestServer.thaw();
        }
    }

    @Test
    void close_cancels_the_calls_and_reports_none() throws Exception {
        TestServer.freeze();
        try {
            function.open(null);
            function.asyncInvoke(Sample.of(7), outcome);
            awaitWaitingConnections(1);
            function.close();
            awaitWaitingConnections(0);
            assertEquals(0, outcome.reports.get());
        } finally {
            TestServer.thaw();
        }
    }

    private static void awaitWaitingConnections(int count) throws Exception {
        Instant deadline = Instant.now().plusSeconds(30);
        while (TestServer.waitingConnections("http") != count) {
            assertTrue(Instant.now().isBefore(deadline), "requests that wait for the server: " + count);
            Thread.onSpinWait();
        }
    }

    /** Records what Flink would be told. */
    private static final class Outcome implements ResultFuture<Scored> {
        final CompletableFuture<Collection<Scored>> future = new CompletableFuture<>();
        final AtomicInteger reports = new AtomicInteger();

        @Override
        public void complete(Collection<Scored> results) {
            reports.incrementAndGet();
            future.complete(results);
        }

        @Override
        public void complete(CollectionSupplier<Scored> supplier) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void completeExceptionally(Throwable error) {
            reports.incrementAndGet();
            future.completeExceptionally(error);
        }
    }
}

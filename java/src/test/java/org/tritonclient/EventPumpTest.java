package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

/** The rules of Reactive Streams, and those of handlers, on a stream without a native side. */
class EventPumpTest {
    /** Records its signals, and whether two of them overlap. */
    private static final class Recorder implements Flow.Subscriber<StreamEvent> {
        final List<String> signals = new CopyOnWriteArrayList<>();
        final AtomicReference<Flow.Subscription> subscription = new AtomicReference<>();
        final AtomicReference<Throwable> error = new AtomicReference<>();
        final AtomicInteger inside = new AtomicInteger();
        volatile boolean overlapped;
        volatile Thread thread;
        private final BiConsumer<Recorder, String> onSignal;

        Recorder(BiConsumer<Recorder, String> onSignal) {
            this.onSignal = onSignal;
        }

        private void signal(String text) {
            overlapped |= inside.getAndIncrement() != 0;
            thread = Thread.currentThread();
            signals.add(text);
            try {
                onSignal.accept(this, text);
            } finally {
                inside.getAndDecrement();
            }
        }

        void request(long count) {
            subscription.get().request(count);
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            this.subscription.set(subscription);
            signal("subscribed");
        }

        @Override
        public void onNext(StreamEvent event) {
            signal(event.getError().getMessage());
        }

        @Override
        public void onError(Throwable error) {
            this.error.set(error);
            signal("error");
        }

        @Override
        public void onComplete() {
            signal("complete");
        }
    }

    private static Recorder recorder() {
        return new Recorder((recorder, text) -> {});
    }

    private static void subscribe(FakeStream stream, Flow.Subscriber<StreamEvent> subscriber) {
        new StreamPublisher(stream, null).subscribe(subscriber);
    }

    private static void await(FakeStream stream) throws Exception {
        stream.ended.get(20, TimeUnit.SECONDS);
        assertEquals(1, stream.released());
    }

    @Test
    void anEventIsFetchedForEachThatIsRequestedAndNoMore() throws Exception {
        try (FakeStream stream = new FakeStream()) {
            Recorder recorder = recorder();
            for (int i = 0; i < 5; i++) {
                stream.add("event " + i);
            }
            stream.end(null);
            subscribe(stream, recorder);
            assertEquals(List.of("subscribed"), recorder.signals);
            assertEquals(0, stream.fetched());
            recorder.request(2);
            Await.until("two events", () -> recorder.signals.size() == 3);
            recorder.request(1);
            Await.until("three events", () -> recorder.signals.size() == 4);
            assertEquals(3, stream.fetched());
            assertFalse(stream.isRequested());
            // The end needs demand as an event does.
            recorder.request(Long.MAX_VALUE);
            recorder.request(Long.MAX_VALUE);
            await(stream);
            assertEquals(
                    List.of("subscribed", "event 0", "event 1", "event 2", "event 3", "event 4", "complete"),
                    recorder.signals);
            recorder.request(1);
            recorder.subscription.get().cancel();
            assertFalse(stream.isCancelled());
            assertEquals(FakeStream.class.getName(), recorder.thread.getName());
            assertTrue(stream.logged.isEmpty(), stream.logged.toString());
        }
    }

    @Test
    void aMillionEventsRequestedOneByOneDoNotGrowTheStackAndSignalsDoNotOverlap() throws Exception {
        int count = 1_000_000;
        AtomicInteger seen = new AtomicInteger();
        AtomicInteger depth = new AtomicInteger();
        StreamEvent event = new StreamEvent(null, new InferenceException(Status.UNKNOWN, Origin.SERVER, ""), false);
        for (Executor executor : new Executor[] {null, Runnable::run}) {
            seen.set(0);
            try (FakeStream stream = new FakeStream().executor(executor)) {
                subscribe(stream, new Flow.Subscriber<>() {
                    private Flow.Subscription subscription;

                    @Override
                    public void onSubscribe(Flow.Subscription subscription) {
                        this.subscription = subscription;
                        subscription.request(1);
                    }

                    @Override
                    public void onNext(StreamEvent event) {
                        if (seen.incrementAndGet() % 100_000 == 0) {
                            int frames = Thread.currentThread().getStackTrace().length;
                            depth.accumulateAndGet(frames, Math::max);
                        }
                        subscription.request(1);
                    }

                    @Override
                    public void onError(Throwable error) {}

                    @Override
                    public void onComplete() {}
                });
                for (int i = 0; i < count; i++) {
                    stream.add(event);
                }
                stream.end(null);
                await(stream);
                assertEquals(count, seen.get());
                assertTrue(depth.get() > 0 && depth.get() < 40, depth.toString());
            }
        }
    }

    @Test
    void fourThreadsMayRequestAtOnce() throws Exception {
        try (FakeStream stream = new FakeStream()) {
            Recorder recorder = recorder();
            subscribe(stream, recorder);
            int count = 20_000;
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Thread thread = new Thread(() -> {
                    for (int at = 0; at < count / 4; at++) {
                        recorder.request(1);
                    }
                });
                threads.add(thread);
                thread.start();
            }
            for (int i = 0; i < count + 10; i++) {
                stream.add(Integer.toString(i));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            Await.until("all that was requested", () -> recorder.signals.size() == 1 + count);
            Await.until("the pump is idle", () -> recorder.inside.get() == 0 && !stream.isRequested());
            assertEquals(count, stream.fetched());
            for (int i = 0; i < count; i++) {
                assertEquals(Integer.toString(i), recorder.signals.get(1 + i));
            }
            assertFalse(recorder.overlapped);
            recorder.subscription.get().cancel();
            await(stream);
        }
    }

    @Test
    void nothingIsSignalledBeforeOnSubscribeHasReturned() throws Exception {
        try (FakeStream stream = new FakeStream()) {
            stream.add("event");
            stream.end(null);
            CountDownLatch idle = new CountDownLatch(1);
            Recorder recorder = new Recorder((self, text) -> {
                if (text.equals("subscribed")) {
                    self.request(Long.MAX_VALUE);
                    // Whatever was to be signalled on the callback thread would have been.
                    stream.callbacks.execute(idle::countDown);
                    try {
                        assertTrue(idle.await(20, TimeUnit.SECONDS));
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }
            });
            subscribe(stream, recorder);
            await(stream);
            assertFalse(recorder.overlapped);
            assertEquals(List.of("subscribed", "event", "complete"), recorder.signals);
        }
    }

    @Test
    void aRequestForNoEventIsAnErrorAndCancelsTheStream() throws Exception {
        for (long count : new long[] {0, -1, Long.MIN_VALUE}) {
            try (FakeStream stream = new FakeStream()) {
                Recorder recorder = recorder();
                stream.add("never seen");
                subscribe(stream, recorder);
                recorder.request(count);
                await(stream);
                recorder.request(count);
                assertEquals(List.of("subscribed", "error"), recorder.signals);
                assertInstanceOf(IllegalArgumentException.class, recorder.error.get());
                assertTrue(recorder.error.get().getMessage().contains("positive"), recorder.error.toString());
                assertTrue(stream.isCancelled());
            }
        }
    }

    @Test
    void aCancelledSubscriptionGetsNoSignalAndWhatHasArrivedIsClosed() throws Exception {
        AtomicInteger freed = new AtomicInteger();
        try (FakeStream stream = new FakeStream()) {
            Recorder recorder = new Recorder((self, text) -> {
                if (text.equals("event")) {
                    self.subscription.get().cancel();
                    self.subscription.get().cancel();
                }
            });
            stream.add("event");
            for (int i = 0; i < 3; i++) {
                stream.add(new StreamEvent(result(freed), null, false));
            }
            subscribe(stream, recorder);
            recorder.request(Long.MAX_VALUE);
            await(stream);
            assertEquals(List.of("subscribed", "event"), recorder.signals);
            assertTrue(stream.isCancelled());
            assertEquals(3, freed.get());
        }
        // Before anything was requested.
        try (FakeStream stream = new FakeStream()) {
            Recorder recorder = recorder();
            stream.add("event");
            subscribe(stream, recorder);
            recorder.subscription.get().cancel();
            await(stream);
            assertEquals(List.of("subscribed"), recorder.signals);
        }
    }

    /** Returns a result with native memory, which counts when that is freed. */
    private static InferResult result(AtomicInteger freed) {
        return new ResultRecord(1)
                .pieces("OUT", DataType.UINT8, new byte[16], new int[] {16}, 16)
                .read(handle -> freed.incrementAndGet());
    }

    @Test
    void theEndIsSignalledOnceAndTheSubscriberIsForgotten() throws Exception {
        InferenceException failure = new InferenceException(Status.UNAVAILABLE, Origin.CONNECTION, "lost");
        try (FakeStream stream = new FakeStream()) {
            Recorder recorder = recorder();
            subscribe(stream, recorder);
            recorder.request(5);
            stream.add("event");
            stream.end(failure);
            await(stream);
            assertEquals(List.of("subscribed", "event", "error"), recorder.signals);
            assertSame(failure, recorder.error.get());
            Flow.Subscription subscription = recorder.subscription.get();
            WeakReference<Recorder> reference = new WeakReference<>(recorder);
            recorder = null;
            Await.collected("the subscriber is collected", () -> reference.get() == null);
            subscription.request(1);
        }
    }

    @Test
    void aStreamThatIsCancelledElsewhereEndsWithoutDemand() throws Exception {
        try (FakeStream stream = new FakeStream()) {
            AtomicReference<EventPump> pump = new AtomicReference<>();
            Recorder recorder = recorder();
            StreamPublisher publisher = new StreamPublisher(new StreamPublisher.Pumps() {
                @Override
                public EventPump claim(EventPump.Sink sink) {
                    pump.set(stream.claim(sink));
                    return pump.get();
                }

                @Override
                public void log(String message, Throwable cause) {
                    stream.log(message, cause);
                }
            }, null);
            publisher.subscribe(recorder);
            stream.add("requested");
            stream.add("not requested");
            recorder.request(1);
            Await.until("one event", () -> recorder.signals.size() == 2);
            stream.cancel();
            pump.get().cancelled();
            pump.get().cancelled();
            await(stream);
            assertEquals(List.of("subscribed", "requested", "error"), recorder.signals);
            assertEquals(Status.CANCELLED, ((InferenceException) recorder.error.get()).getStatus());
        }
    }

    @Test
    void aSecondSubscriberIsRefusedAndNullIsNoSubscriber() {
        try (FakeStream stream = new FakeStream()) {
            subscribe(stream, recorder());
            Recorder second = recorder();
            subscribe(stream, second);
            assertEquals(List.of("subscribed", "error"), second.signals);
            assertInstanceOf(IllegalStateException.class, second.error.get());
            second.request(1);
            second.subscription.get().cancel();
            assertFalse(stream.isCancelled());
            assertThrows(NullPointerException.class, () -> subscribe(stream, null));
        }
    }

    @Test
    void aSubscriberThatThrowsHasCancelled() throws Exception {
        for (String where : List.of("subscribed", "event")) {
            try (FakeStream stream = new FakeStream()) {
                Error thrown = new OutOfMemoryError("for the test");
                Recorder recorder = new Recorder((self, text) -> {
                    if (text.equals("subscribed")) {
                        self.request(Long.MAX_VALUE);
                    }
                    if (text.equals(where)) {
                        throw thrown;
                    }
                });
                stream.add("event");
                stream.add("never seen");
                subscribe(stream, recorder);
                await(stream);
                assertEquals(where, recorder.signals.get(recorder.signals.size() - 1));
                assertTrue(stream.isCancelled());
                assertEquals(List.of(thrown), stream.logged);
            }
        }
        // At the end there is nothing left to cancel.
        try (FakeStream stream = new FakeStream()) {
            Recorder recorder = new Recorder((self, text) -> {
                if (text.equals("complete")) {
                    throw new IllegalStateException("for the test");
                }
            });
            subscribe(stream, recorder);
            recorder.request(1);
            stream.end(null);
            await(stream);
            assertEquals(1, stream.logged.size());
        }
    }

    @Test
    void aStreamThatDeliversNoMoreIsAnError() throws Exception {
        IllegalStateException refusal = new IllegalStateException("for the test");
        try (FakeStream stream = new FakeStream()) {
            Recorder recorder = recorder();
            subscribe(stream, recorder);
            stream.refuse(refusal);
            recorder.request(1);
            await(stream);
            assertEquals(List.of("subscribed", "error"), recorder.signals);
            assertSame(refusal, recorder.error.get());
            assertTrue(stream.isCancelled());
        }
    }

    @Test
    void signalsComeOnTheExecutorAndOneThatRefusesCancelsTheStream() throws Exception {
        List<Runnable> tasks = new CopyOnWriteArrayList<>();
        try (FakeStream stream = new FakeStream().executor(tasks::add)) {
            Recorder recorder = recorder();
            subscribe(stream, recorder);
            recorder.request(Long.MAX_VALUE);
            stream.add("event");
            stream.add("later");
            Await.until("a task", () -> tasks.size() == 1);
            assertEquals(List.of("subscribed"), recorder.signals);
            assertEquals(1, stream.fetched());
            tasks.get(0).run();
            assertSame(Thread.currentThread(), recorder.thread);
            assertEquals(List.of("subscribed", "event"), recorder.signals);
            Await.until("the next task", () -> tasks.size() == 2);
            tasks.get(1).run();
            recorder.subscription.get().cancel();
            Await.until("the last task", () -> tasks.size() == 3);
            tasks.get(2).run();
            await(stream);
            assertEquals(List.of("subscribed", "event", "later"), recorder.signals);
        }
        RejectedExecutionException refused = new RejectedExecutionException("for the test");
        try (FakeStream stream = new FakeStream().executor(task -> {
            throw refused;
        })) {
            Recorder recorder = recorder();
            subscribe(stream, recorder);
            recorder.request(Long.MAX_VALUE);
            stream.add("event");
            await(stream);
            assertEquals(List.of("subscribed", "error"), recorder.signals);
            assertSame(refused, recorder.error.get().getCause());
            assertTrue(stream.isCancelled());
        }
    }

    /** Records the calls of a handler. */
    private static final class Calls implements StreamHandler {
        final List<String> calls = new CopyOnWriteArrayList<>();
        final AtomicReference<InferenceException> end = new AtomicReference<>();
        private final Throwable thrown;

        Calls(Throwable thrown) {
            this.thrown = thrown;
        }

        @Override
        public void onResult(InferResult result) {
            result.close();
            calls.add("result");
            EventPumpTest.<RuntimeException>sneak(thrown);
        }

        @Override
        public void onRequestError(InferenceException error) {
            calls.add(error.getMessage());
        }

        @Override
        public void onEnd(InferenceException error) {
            end.set(error);
            calls.add("end");
            EventPumpTest.<RuntimeException>sneak(thrown);
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable thrown) throws T {
        if (thrown != null) {
            throw (T) thrown;
        }
    }

    private static void handle(FakeStream stream, StreamHandler handler) {
        EventPump pump = stream.claim(new HandlerSink(handler));
        pump.request(Long.MAX_VALUE);
        pump.start();
    }

    @Test
    void aHandlerGetsEveryEventAndTheEndOnce() throws Exception {
        AtomicInteger freed = new AtomicInteger();
        InferenceException failure = new InferenceException(Status.UNAVAILABLE, Origin.CONNECTION, "lost");
        for (InferenceException end : new InferenceException[] {null, failure}) {
            try (FakeStream stream = new FakeStream()) {
                Calls calls = new Calls(null);
                handle(stream, calls);
                stream.add(new StreamEvent(result(freed), null, false));
                stream.add("error");
                stream.end(end);
                await(stream);
                assertEquals(List.of("result", "error", "end"), calls.calls);
                assertSame(end, calls.end.get());
            }
        }
        assertEquals(2, freed.get());
    }

    @Test
    void whatAHandlerThrowsCancelsTheStreamAndIsTheCauseOfItsEnd() throws Exception {
        for (Throwable thrown : List.of(
                new IllegalStateException("for the test"),
                new OutOfMemoryError("for the test"),
                new StackOverflowError("for the test"),
                new Exception("for the test"))) {
            AtomicInteger freed = new AtomicInteger();
            try (FakeStream stream = new FakeStream()) {
                Calls calls = new Calls(thrown);
                for (int i = 0; i < 3; i++) {
                    stream.add(new StreamEvent(result(freed), null, false));
                }
                handle(stream, calls);
                await(stream);
                assertEquals(List.of("result", "end"), calls.calls);
                assertEquals(Status.CANCELLED, calls.end.get().getStatus());
                assertSame(thrown, calls.end.get().getCause());
                assertTrue(stream.isCancelled());
                // Also what it threw at the end.
                assertEquals(List.of(thrown, thrown), stream.logged);
                assertEquals(3, freed.get());
            }
        }
    }

    @Test
    void anEventThatIsLostCancelsTheStream() throws Exception {
        try (FakeStream stream = new FakeStream()) {
            Calls calls = new Calls(null);
            EventPump pump = stream.claim(new HandlerSink(calls));
            pump.request(Long.MAX_VALUE);
            // The native side had no memory for its record.
            assertTrue(pump.receive(null, null));
            await(stream);
            assertEquals(List.of("end"), calls.calls);
            assertEquals(Status.RESOURCE_EXHAUSTED, calls.end.get().getStatus());
            assertTrue(stream.isCancelled());
            assertNotEquals(0, stream.fetched());
        }
    }
}

package org.tritonclient;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A stream of the native side, and who fetches its events: {@link #next}, or a pump for a handler or a subscriber. The
 * first use decides.
 */
final class NativeStream implements StreamPublisher.Pumps {
    /** In {@link #consumer}: the events are fetched by {@link #next}. */
    private static final Object FETCHED = new Object();

    /** Keeps the client alive, also while a pump fetches events. */
    private final InferenceServerClient client;
    private final ClientCore core;
    private final NativeHandle handle;
    private final Executor executor;
    /** {@code null} as long as nobody has asked for events; {@link #FETCHED}, or the pump. */
    private final AtomicReference<Object> consumer = new AtomicReference<>();
    /** Events that were requested for threads which stopped waiting for them: they are the next ones. */
    private final Queue<EventFuture> left = new ConcurrentLinkedQueue<>();
    /** Completed when the end was delivered, or nobody will fetch it. */
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    NativeStream(InferenceServerClient client, StreamOptions options) {
        this.client = client;
        core = client.core;
        executor = options.executor();
        long clientAddress = core.acquire();
        try {
            byte[] record = options.record();
            handle = new NativeHandle(
                    () -> Native.streamOpen(clientAddress, record), Native::streamFree, "the stream");
        } finally {
            core.release();
            Reference.reachabilityFence(options);
        }
    }

    /** Returns what is to be done when the object of the user is unreachable. It refers to neither of the two. */
    Runnable abandonment() {
        return new Abandonment(handle);
    }

    /** Copies a request into the queue of the stream. {@code null} waits for room without limit. */
    void send(InferRequest request, Duration timeout) {
        PackedRequest packed = request.pack();
        try {
            long nanos = Timeout.nanos(timeout);
            long stream = handle.acquire();
            try {
                if (Threads.isVirtual()) {
                    sendAsync(stream, packed, nanos);
                } else {
                    core.call(CallOptions.defaults(), (client, options, token) -> {
                        Native.streamSend(stream, packed.record, packed.buffers, nanos, token);
                        return null;
                    });
                }
            } finally {
                handle.release();
            }
        } finally {
            packed.release();
        }
    }

    /** As a native wait, which would keep the carrier of a virtual thread. */
    private void sendAsync(long stream, PackedRequest packed, long nanos) {
        core.call(CallOptions.defaults(), (client, options, token) -> {
            EventFuture sent = new EventFuture();
            long id = core.completions().add(sent);
            boolean isSent = true;
            try {
                isSent = Native.streamSendAsync(stream, packed.record, packed.buffers, nanos, token, id);
            } finally {
                if (isSent) {
                    core.completions().remove(id);
                }
            }
            if (!isSent) {
                // An interrupt cancels the token, which completes this.
                InferenceException error = sent.join().getError();
                if (error != null) {
                    throw error;
                }
            }
            return null;
        });
    }

    void finish() {
        long stream = handle.acquire();
        try {
            Native.streamFinish(stream);
        } finally {
            handle.release();
        }
    }

    /** Returns the next event; after the end, the end. {@code null} waits without limit. */
    StreamEvent next(Duration timeout) {
        consumer.compareAndSet(null, FETCHED);
        if (consumer.get() != FETCHED) {
            throw new IllegalStateException("the events of the stream go to its handler or subscriber");
        }
        long stream = handle.acquire();
        try {
            StreamEvent event = next(stream, timeout);
            if (event.isEnd()) {
                ended.complete(null);
            }
            return event;
        } finally {
            handle.release();
        }
    }

    private StreamEvent next(long stream, Duration timeout) {
        EventFuture requested = left.poll();
        if (requested == null) {
            long nanos = Timeout.nanos(timeout);
            if (nanos == 0 || !Threads.isVirtual()) {
                return core.call(
                        CallOptions.defaults(),
                        (client, options, token) -> StreamEvent.read(Native.streamNext(stream, nanos, token)));
            }
            requested = new EventFuture();
            request(stream, requested);
        }
        boolean isTaken = false;
        try {
            StreamEvent event = await(requested, timeout);
            isTaken = true;
            return event;
        } finally {
            if (!isTaken && !requested.isCompletedExceptionally()) {
                left.add(requested);
                if (handle.isClosed()) {
                    closeLeft();
                }
            }
        }
    }

    /** As a native wait, which would keep the carrier of a virtual thread. */
    private static StreamEvent await(EventFuture requested, Duration timeout) {
        try {
            if (timeout == null) {
                return requested.get();
            }
            return requested.get(Timeout.nanos(timeout), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new InferenceException(
                    Status.DEADLINE_EXCEEDED,
                    Origin.CLIENT,
                    "deadline exceeded: no event of the stream within " + timeout.toMillis() + "ms");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InferenceException(Status.CANCELLED, Origin.CLIENT, "the calling thread was interrupted");
        } catch (ExecutionException e) {
            throw new InferenceException(
                    Status.RESOURCE_EXHAUSTED, Origin.CLIENT, "an event of the stream was lost: " + e.getCause());
        }
    }

    private void request(long stream, Receiver receiver) {
        long id = core.completions().add(receiver);
        try {
            Native.streamNextAsync(stream, id);
        } catch (Throwable refused) {
            core.completions().remove(id);
            throw refused;
        }
    }

    /** Makes the pump of the stream. */
    @Override
    public EventPump claim(EventPump.Sink sink) {
        PumpSource source = new PumpSource(this);
        EventPump pump = new EventPump(source, sink, executor, ended);
        source.begin(pump);
        if (!consumer.compareAndSet(null, pump)) {
            source.release();
            throw new IllegalStateException("the events of the stream go to another consumer already");
        }
        if (handle.isClosed()) {
            pump.cancelled();
        }
        return pump;
    }

    @Override
    public void log(String message, Throwable cause) {
        core.log().failure(message, cause);
    }

    /** Cancels the stream. Does not block. */
    void cancel() {
        long stream = handle.tryAcquire();
        if (stream == 0) {
            return;
        }
        try {
            Native.streamCancel(stream);
        } finally {
            handle.release();
        }
        Object consumer = this.consumer.get();
        if (consumer instanceof EventPump) {
            ((EventPump) consumer).cancelled();
        }
    }

    /** Waits until the end was delivered. {@code null} waits without limit. */
    void waitEnd(Duration timeout) {
        Object consumer = this.consumer.get();
        if (consumer instanceof EventPump && ((EventPump) consumer).isInSink()) {
            throw Messages.precondition("the handler or subscriber of a stream can't wait for the end of the stream");
        }
        try {
            if (timeout == null) {
                ended.get();
            } else {
                ended.get(Timeout.nanos(timeout), TimeUnit.NANOSECONDS);
            }
        } catch (TimeoutException e) {
            throw new InferenceException(
                    Status.DEADLINE_EXCEEDED,
                    Origin.CLIENT,
                    "deadline exceeded: the stream has not ended within " + timeout.toMillis() + "ms");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InferenceException(Status.CANCELLED, Origin.CLIENT, "the calling thread was interrupted");
        } catch (ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    /** Cancels and closes the stream, and frees it after its last use. Does not block. */
    void close() {
        cancel();
        handle.close();
        closeLeft();
        if (!(consumer.get() instanceof EventPump)) {
            ended.complete(null);
        }
    }

    private void closeLeft() {
        EventFuture requested;
        while ((requested = left.poll()) != null) {
            requested.abandon();
        }
    }

    /** An event, or the outcome of a request that waits for room, which the native side delivers. */
    private static final class EventFuture extends CompletableFuture<StreamEvent> implements Receiver {
        @Override
        public boolean receive(byte[] record, Object[] buffers) {
            StreamEvent event = StreamEvent.read(record, buffers);
            if (!complete(event)) {
                event.close();
            }
            return true;
        }

        @Override
        public void fail(Throwable cause) {
            completeExceptionally(cause);
        }

        /** Nobody waits for it any more. */
        void abandon() {
            if (!cancel(false) && !isCompletedExceptionally()) {
                join().close();
            }
        }
    }

    /** The stream as its pump uses it, also after the stream is closed. */
    private static final class PumpSource implements EventPump.Source {
        private final NativeStream stream;
        private EventPump pump;
        private Cleaner.Cleanable use;
        /** 0 after the use has ended. */
        private long address;

        PumpSource(NativeStream stream) {
            this.stream = stream;
        }

        /** Begins a use that ends by {@link #release}, or when a pump that fetches nothing is unreachable. */
        synchronized void begin(EventPump pump) {
            this.pump = pump;
            NativeHandle handle = stream.handle;
            Use begun = new Use(handle);
            address = handle.acquire();
            use = Cleaning.own(pump, begun);
        }

        @Override
        public void next() {
            stream.request(address(), pump);
        }

        private synchronized long address() {
            return address;
        }

        @Override
        public synchronized void cancel() {
            if (address != 0) {
                Native.streamCancel(address);
            }
        }

        @Override
        public void release() {
            synchronized (this) {
                address = 0;
            }
            use.clean();
        }

        @Override
        public void log(String message, Throwable cause) {
            stream.log(message, cause);
        }
    }

    /** See {@link PumpSource#begin}. It must not refer to the pump. */
    private static final class Use implements Runnable {
        private final NativeHandle handle;

        Use(NativeHandle handle) {
            this.handle = handle;
        }

        @Override
        public void run() {
            handle.release();
        }
    }

    /**
     * See {@link #abandonment}. A pump that fetches events goes on to the end, which comes: there will be no request.
     */
    private static final class Abandonment implements Runnable {
        private final NativeHandle handle;

        Abandonment(NativeHandle handle) {
            this.handle = handle;
        }

        @Override
        public void run() {
            long stream = handle.tryAcquire();
            if (stream != 0) {
                try {
                    Native.streamFinish(stream);
                } finally {
                    handle.release();
                }
            }
            handle.close();
        }
    }
}

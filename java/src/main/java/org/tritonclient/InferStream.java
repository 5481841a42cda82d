package org.tritonclient;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.Flow;

/**
 * A stream of inference requests and responses over gRPC ({@code ModelStreamInfer}): for decoupled models, which send
 * any number of responses to a request, and for sequences. A client may have any number of streams. All methods may be
 * called from several threads at once.
 *
 * <pre>{@code
 * try (InferenceServerClient client = new InferenceServerClient(url);
 *         InferStream stream = client.openStream()) {
 *     for (int i = 0; i < requests; i++) {
 *         stream.send(request(repeats).setId(Integer.toString(i)));
 *     }
 *     stream.finish();
 *     for (StreamEvent event : stream) {
 *         try (InferResult result = event.getResult()) { // throws the error of a request
 *             receive(result, counts, repeats);
 *         }
 *     }
 * } catch (InferenceException e) {
 *     System.err.println(e.getMessage());
 *     System.exit(1);
 * }
 * }</pre>
 *
 * <p>The events are fetched in one of three ways, and the first use decides: by {@link #next()} or {@link #iterator},
 * by the {@link StreamHandler} that the stream was opened with, or by the subscriber of {@link #publisher}. Their order
 * is that in which the server sent them. While events wait to be fetched, the stream reads no more from the server than
 * one window of 4 MiB and one message. This does not stop Triton, which keeps the responses that the model produces in
 * its own memory: cancel a stream whose responses are not needed.
 *
 * <p>{@link Thread#interrupt} ends a blocking method with {@link Status#CANCELLED}; the stream continues, no event is
 * lost, and the interrupt status of the thread stays set. On virtual threads all methods wait without the carrier.
 *
 * <p>A stream is closed with {@link #close}, which cancels it. One that is dropped without being closed is cancelled
 * when it is collected; if it has a handler or a subscriber, it is finished instead, so that they receive the
 * remaining events. A stream with a handler whose requests do not end keeps its client from being collected.
 */
public final class InferStream implements AutoCloseable, Iterable<StreamEvent> {
    private final NativeStream stream;
    private final Cleaner.Cleanable cleanable;

    /** @param handler {@code null} if the events are fetched otherwise */
    InferStream(InferenceServerClient client, StreamOptions options, StreamHandler handler) {
        stream = new NativeStream(client, options);
        cleanable = Cleaning.own(this, stream.abandonment());
        if (handler != null) {
            EventPump pump = stream.claim(new HandlerSink(handler));
            pump.request(Long.MAX_VALUE);
            pump.start();
        }
    }

    /** Sends a request, and waits without limit if the queue has no room: {@link #send(InferRequest, Duration)}. */
    public void send(InferRequest request) {
        Objects.requireNonNull(request, "request");
        try {
            stream.send(request, null);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Copies a request into the queue of the stream, from which it is sent, also the data of its inputs. Responses are
     * matched to requests by the id of the request ({@link InferRequest#setId}).
     *
     * <p>Blocks while the request would exceed the maximum size of the queue
     * ({@link StreamOptions.Builder#maxQueuedByteSize}). Use separate streams for decoupled models and for other
     * models, and not both at the same time.
     *
     * @param timeout how long to wait for room; zero does not wait
     * @throws InferenceException with {@link Status#DEADLINE_EXCEEDED} if there is no room within {@code timeout};
     *     {@link Status#RESOURCE_EXHAUSTED} instead of waiting on a callback thread of the client, and for a request
     *     above the maximum size of a message; {@link Status#INVALID_ARGUMENT} as for an inference, and if an output
     *     has a buffer; {@link Status#FAILED_PRECONDITION} after {@link #finish}; once the stream has ended, its final
     *     status, or {@link Status#UNAVAILABLE} if it did not fail
     * @throws IllegalStateException if the stream or its client is closed
     */
    public void send(InferRequest request, Duration timeout) {
        Objects.requireNonNull(request, "request");
        Objects.requireNonNull(timeout, "timeout");
        try {
            stream.send(request, timeout);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Ends the requests: {@link #send} is refused from now on, and the stream ends after the last response. Does not
     * block; has no effect if it is repeated.
     *
     * <p>The server learns of the end once every request that asked for the empty final response
     * ({@link InferRequest#setEmptyFinalResponse}) has had its final response. For all other requests it does not wait,
     * since Triton does not say which of their responses is the last. Behind some proxies this matters: Envoy ends a
     * stream 15 s after it, whatever it carries, and Apache no longer passes a cancel on to a silent server. Set the
     * empty final response there.
     *
     * @throws IllegalStateException if the stream is closed
     */
    public void finish() {
        try {
            stream.finish();
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Returns the next event, and waits for it without limit: {@link #next(Duration)}. */
    public StreamEvent next() {
        try {
            return stream.next(null);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Returns the next event; blocks until there is one. The last one is the end of the stream
     * ({@link StreamEvent#isEnd}), which is returned again after that.
     *
     * @param timeout how long to wait; zero does not wait
     * @throws InferenceException with {@link Status#DEADLINE_EXCEEDED} if there is no event within {@code timeout}, and
     *     with {@link Status#CANCELLED} if the thread is interrupted: the stream continues
     * @throws IllegalStateException if the events go to a handler or subscriber, and if the stream or its client is
     *     closed. A thread that waits while the stream is closed may also get its end.
     */
    public StreamEvent next(Duration timeout) {
        Objects.requireNonNull(timeout, "timeout");
        try {
            return stream.next(timeout);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Returns an iterator of the events before the end, which waits for each without limit. If the stream fails,
     * {@link Iterator#hasNext} throws the {@link InferenceException} in place of the end. The iterator fetches an event
     * when it is asked for it, and not before; several iterators share the events.
     */
    @Override
    public Iterator<StreamEvent> iterator() {
        return new Events(this);
    }

    /**
     * Returns a publisher of the events before the end, for a single subscriber, as Reactive Streams defines it. An
     * event is fetched for each one that the subscriber has requested: a slow subscriber stops the stream from reading.
     * The end is {@code onComplete}, or {@code onError} with an {@link InferenceException}. It is fetched as an event
     * is, so it needs demand, unless the stream is cancelled.
     *
     * <p>The subscriber is called on the executor of the stream ({@link StreamOptions.Builder#executor}), by default on
     * a callback thread of the client, where it may block. The events belong to it, and their results are to be closed.
     * Cancelling the subscription cancels the stream. If {@code onNext} throws, this is logged, and the subscription is
     * cancelled.
     *
     * <p>A further subscriber, and one that comes after {@link #next()} or to a closed stream, gets an
     * {@link IllegalStateException} by {@code onError}.
     */
    public Flow.Publisher<StreamEvent> publisher() {
        return new StreamPublisher(stream, this);
    }

    /**
     * Cancels the stream: its end is {@link Status#CANCELLED}, and the server is notified. Events that have arrived
     * come before the end; a subscriber gets those that it has requested. Does not block, and has no effect on a stream
     * that has ended.
     */
    public void cancel() {
        try {
            stream.cancel();
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Waits without limit until the stream has ended: {@link #waitEnd(Duration)}. */
    public void waitEnd() {
        try {
            stream.waitEnd(null);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Waits until the end of the stream was delivered: its handler or subscriber has returned from the last call, or
     * {@link #next()} has returned the end. How the stream ended is not repeated here.
     *
     * @param timeout how long to wait; zero does not wait
     * @throws InferenceException with {@link Status#DEADLINE_EXCEEDED} if it has not ended within {@code timeout}; with
     *     {@link Status#CANCELLED} if the thread is interrupted; with {@link Status#FAILED_PRECONDITION} within the
     *     handler or subscriber of the stream. In another handler on a callback thread of the client it may wait for
     *     ever
     */
    public void waitEnd(Duration timeout) {
        Objects.requireNonNull(timeout, "timeout");
        try {
            stream.waitEnd(timeout);
        } finally {
            // Else the stream might be collected, and finished, while its end is waited for.
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Cancels and frees the stream. Does not block; has no effect if it is repeated. A handler still receives the end,
     * and a thread that waits for an event or for room gets {@link Status#CANCELLED}. Results stay valid.
     */
    @Override
    public void close() {
        stream.close();
        cleanable.clean();
    }

    /** The events before the end. */
    private static final class Events implements Iterator<StreamEvent> {
        private final InferStream stream;
        private StreamEvent ahead;

        Events(InferStream stream) {
            this.stream = stream;
        }

        @Override
        public boolean hasNext() {
            if (ahead == null) {
                ahead = stream.next();
            }
            if (ahead.isEnd() && ahead.getError() != null) {
                throw ahead.getError();
            }
            return !ahead.isEnd();
        }

        @Override
        public StreamEvent next() {
            if (!hasNext()) {
                throw new NoSuchElementException("the stream has ended");
            }
            StreamEvent event = ahead;
            ahead = null;
            return event;
        }
    }
}

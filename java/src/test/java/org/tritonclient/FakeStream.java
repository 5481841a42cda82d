package org.tritonclient;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A stream without a native side: it delivers its events on one thread of its own, as a client does. */
final class FakeStream implements EventPump.Source, StreamPublisher.Pumps, AutoCloseable {
    final List<Throwable> logged = new CopyOnWriteArrayList<>();
    final CompletableFuture<Void> ended = new CompletableFuture<>();
    final ExecutorService callbacks =
            Executors.newSingleThreadExecutor(task -> new Thread(task, FakeStream.class.getName()));
    private final Deque<StreamEvent> events = new ArrayDeque<>();
    private EventPump pump;
    private boolean isRequested;
    private boolean isCancelled;
    private int fetched;
    private int released;
    private RuntimeException refusal;
    /** Where the sink runs; {@code null} for the callback thread. */
    private Executor executor;

    FakeStream executor(Executor executor) {
        this.executor = executor;
        return this;
    }

    /** Lets all further requests for an event fail. */
    synchronized void refuse(RuntimeException refusal) {
        this.refusal = refusal;
    }

    /** Adds an event that has a text. */
    void add(String text) {
        add(new StreamEvent(null, new InferenceException(Status.UNKNOWN, Origin.SERVER, text), false));
    }

    synchronized void add(StreamEvent event) {
        events.add(event);
        deliver();
    }

    void end(InferenceException error) {
        add(new StreamEvent(null, error, true));
    }

    /** Returns how many events were fetched. */
    synchronized int fetched() {
        return fetched;
    }

    synchronized int released() {
        return released;
    }

    synchronized boolean isCancelled() {
        return isCancelled;
    }

    synchronized boolean isRequested() {
        return isRequested;
    }

    @Override
    public synchronized EventPump claim(EventPump.Sink sink) {
        if (pump != null) {
            throw new IllegalStateException("another one has the events");
        }
        pump = new EventPump(this, sink, executor, ended);
        return pump;
    }

    @Override
    public synchronized void next() {
        if (refusal != null) {
            throw refusal;
        }
        if (isRequested || released > 0) {
            logged.add(new AssertionError("one event at a time, and none after the end"));
        }
        isRequested = true;
        deliver();
    }

    private void deliver() {
        if (isRequested && !events.isEmpty()) {
            isRequested = false;
            fetched++;
            StreamEvent event = events.poll();
            callbacks.execute(() -> pump.receive(event));
        }
    }

    /** The end comes after the events that have arrived. */
    @Override
    public synchronized void cancel() {
        if (!isCancelled) {
            isCancelled = true;
            end(new InferenceException(Status.CANCELLED, Origin.CLIENT, "cancelled"));
        }
    }

    @Override
    public synchronized void release() {
        released++;
    }

    @Override
    public void log(String message, Throwable cause) {
        logged.add(cause);
    }

    @Override
    public void close() {
        callbacks.shutdownNow();
    }
}

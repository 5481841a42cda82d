package org.tritonclient;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Fetches the events of a stream, one by one as they are demanded, and passes each to a sink: a handler or a
 * subscriber. The sink is called by one thread at a time, the native side's callback thread or a task of the executor,
 * and never within a call to this object.
 *
 * <p>What ends the sink's interest cancels the stream, whose remaining events are then fetched and closed up to its
 * end: nothing of it stays behind.
 */
final class EventPump implements Receiver, Runnable {
    /** A stream. */
    interface Source {
        /** Lets the next event come by {@link Receiver#receive}, on another thread, exactly once unless this throws. */
        void next();

        /** Cancels the stream: its end comes soon. Does not block. */
        void cancel();

        /** The end has come, or never will. */
        void release();

        /** Logs what the sink threw. */
        void log(String message, Throwable cause);
    }

    /** What the events go to. */
    interface Sink {
        void event(StreamEvent event);

        /** @param error why it ended; {@code null} if the stream did not fail */
        void end(Throwable error);

        /** Returns the error to end with, because {@link #event} threw; {@code null} if no end is to be signalled. */
        Throwable thrown(Throwable cause);
    }

    private final Source source;
    private final Executor executor;
    private final CompletableFuture<Void> ended;
    /** {@code null} once it has ended: a subscription must not keep its subscriber. */
    private Sink sink;
    /** The event on its way to the sink; {@code null} if it was lost. */
    private StreamEvent event;
    /** Whether there is an event or a lost one for {@link #run}: an executor may throw after it has accepted a task. */
    private final AtomicBoolean isPending = new AtomicBoolean();
    /** The thread that is in the sink. */
    private volatile Thread inSink;

    // Guarded by this.
    private long demand;
    /** Whether an event is requested or on its way to the sink; from the start on, so that {@link #start} is first. */
    private boolean isRunning = true;
    /** Whether nothing is to reach the sink any more, except {@link #failure}. */
    private boolean isStopped;
    private Throwable failure;
    /** Whether the stream was cancelled elsewhere: the end is fetched without demand. */
    private boolean isCancelled;
    private boolean isOver;

    /**
     * Creates a pump that does nothing before {@link #start}.
     *
     * @param executor where the sink is called; {@code null} for the threads that deliver
     * @param ended    completed after the last call of the sink
     */
    EventPump(Source source, Sink sink, Executor executor, CompletableFuture<Void> ended) {
        this.source = source;
        this.sink = sink;
        this.executor = executor;
        this.ended = ended;
    }

    /** Begins to fetch what is demanded, also what was before. */
    void start() {
        proceed();
    }

    /** Demands further events. */
    void request(long count) {
        synchronized (this) {
            demand = count > Long.MAX_VALUE - demand ? Long.MAX_VALUE : demand + count;
            if (isRunning || isOver) {
                return;
            }
            isRunning = true;
        }
        fetch();
    }

    /**
     * Stops: cancels the stream, and passes no further event to the sink.
     *
     * @param failure what the sink is to end with; {@code null} if no end is to be signalled
     */
    void stop(Throwable failure) {
        boolean isIdle;
        synchronized (this) {
            if (isStopped || isOver) {
                return;
            }
            isStopped = true;
            this.failure = failure;
            isIdle = !isRunning;
            isRunning = true;
        }
        source.cancel();
        if (isIdle) {
            fetch();
        }
    }

    /** The stream was cancelled: the sink is to learn of its end, whatever it demands. */
    void cancelled() {
        synchronized (this) {
            isCancelled = true;
            if (isRunning || isOver) {
                return;
            }
            isRunning = true;
        }
        fetch();
    }

    /** Returns whether the calling thread is in the sink. */
    boolean isInSink() {
        return inSink == Thread.currentThread();
    }

    @Override
    public boolean receive(byte[] record, Object[] buffers) {
        StreamEvent event;
        try {
            event = StreamEvent.read(record, buffers);
        } catch (Throwable lost) {
            fail(lost);
            return true;
        }
        receive(event);
        return true;
    }

    /** An event was lost, and with it the stream. */
    @Override
    public void fail(Throwable cause) {
        stop(cause);
        receive(null);
    }

    /** Receives the event that was requested. */
    void receive(StreamEvent event) {
        this.event = event;
        isPending.set(true);
        if (executor != null) {
            try {
                executor.execute(this);
                return;
            } catch (Throwable refused) {
                stop(failure("the executor of the stream refused a task", refused));
            }
        }
        run();
    }

    /** Passes the event on. Does nothing the second time. */
    @Override
    public void run() {
        if (!isPending.compareAndSet(true, false)) {
            return;
        }
        StreamEvent event = this.event;
        this.event = null;
        if (event != null && event.isEnd()) {
            end(event.getError());
            return;
        }
        boolean isWanted;
        synchronized (this) {
            isWanted = !isStopped && demand > 0;
            if (isWanted && demand != Long.MAX_VALUE) {
                demand--;
            }
        }
        if (isWanted) {
            deliver(event);
        } else if (event != null) {
            event.close();
        }
        proceed();
    }

    private void deliver(StreamEvent event) {
        inSink = Thread.currentThread();
        try {
            sink.event(event);
        } catch (Throwable thrown) {
            source.log("the handler or subscriber of a stream threw an exception, and the stream is cancelled", thrown);
            stop(sink.thrown(thrown));
        } finally {
            inSink = null;
        }
    }

    /** Fetches the next event, unless there is no reason to. */
    private void proceed() {
        synchronized (this) {
            if (isOver) {
                return;
            }
            if (demand == 0 && !isStopped && !isCancelled) {
                isRunning = false;
                return;
            }
        }
        fetch();
    }

    private void fetch() {
        try {
            source.next();
        } catch (Throwable refused) {
            source.cancel();
            end(refused);
        }
    }

    private void end(Throwable error) {
        Sink sink = this.sink;
        boolean isSignalled;
        synchronized (this) {
            isOver = true;
            isSignalled = !isStopped || failure != null;
            if (isStopped) {
                error = failure;
            }
        }
        if (isSignalled) {
            inSink = Thread.currentThread();
            try {
                sink.end(error);
            } catch (Throwable thrown) {
                source.log("the handler or subscriber of a stream threw an exception at its end", thrown);
            } finally {
                inSink = null;
            }
        }
        this.sink = null;
        source.release();
        ended.complete(null);
    }

    /**
     * Creates the error of a stream that was cancelled because of something in Java. If there is no memory, waits for
     * it: the sink would never learn of the end.
     */
    static InferenceException failure(String message, Throwable cause) {
        while (true) {
            try {
                InferenceException error = new InferenceException(Status.CANCELLED, Origin.CLIENT, message);
                error.initCause(cause);
                return error;
            } catch (OutOfMemoryError e) {
                FullHeap.pause();
            }
        }
    }
}

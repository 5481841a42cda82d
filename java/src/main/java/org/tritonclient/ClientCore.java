package org.tritonclient;

import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.Executor;

/**
 * What a client consists of, without the client: it is closed by the cleaner when the client is unreachable, and so
 * must not refer to it.
 */
final class ClientCore implements Runnable {
    /** A blocking native. */
    interface Operation<T> {
        T run(long client, byte[] options, long token);
    }

    /** A blocking native that calls code of the user, which may call again: it resumes the interruption after that. */
    interface NestingOperation<T> {
        T run(long client, byte[] options, long token, Interruption interruption);
    }

    private static final long STEP_NANOS = 20_000_000;

    private final NativeHandle handle;
    private final Completions completions;
    private final Interruptions interruptions = new Interruptions();
    private final Executor executor;
    private final NativeLog log;

    /** Loads the native library, if that is not done yet, and creates a client. */
    static ClientCore create(String url, ClientOptions options) {
        Objects.requireNonNull(url, "url");
        Objects.requireNonNull(options, "options");
        NativeLibrary.load();
        return new ClientCore(url, options);
    }

    private ClientCore(String url, ClientOptions options) {
        log = new NativeLog(options.logger());
        completions = new Completions(log, options.headerCallback());
        executor = options.executor();
        byte[] record = options.record(log.level());
        byte[] encodedUrl = url.getBytes(StandardCharsets.UTF_8);
        try {
            handle = new NativeHandle(
                    () -> Native.clientNew(encodedUrl, record, completions), Native::clientFree, "the client");
        } finally {
            Arrays.fill(record, (byte) 0);
            Reference.reachabilityFence(options);
        }
    }

    Completions completions() {
        return completions;
    }

    Executor executor() {
        return executor;
    }

    NativeLog log() {
        return log;
    }

    /** Returns the address of the client for one use, which {@link #release} ends. */
    long acquire() {
        return handle.acquire();
    }

    void release() {
        handle.release();
    }

    /**
     * Runs a blocking operation, which an interrupt of this thread and the client's end cancel. What it returns has an
     * owner: this may fail after it. The caller keeps the client reachable, whose end cancels the operation.
     */
    <T> T call(CallOptions options, Operation<T> operation) {
        return callNesting(options, (client, record, token, interruption) -> operation.run(client, record, token));
    }

    /** As {@link #call}. */
    <T> T callNesting(CallOptions options, NestingOperation<T> operation) {
        long client = handle.acquire();
        try {
            CallInterruption interruption = interruptions.take();
            try {
                long token = interruption.acquire();
                try {
                    interruption.enter();
                    completions.setWait(interruption);
                    return operation.run(client, options.record(), token, interruption);
                } finally {
                    completions.setWait(null);
                    interruption.leave();
                    interruption.release();
                }
            } finally {
                interruptions.giveBack(interruption);
                Reference.reachabilityFence(options);
            }
        } finally {
            handle.release();
        }
    }

    /** Cancels an asynchronous call; has no effect if the client is closed, which cancels it too. */
    void cancel(long id) {
        long client = handle.tryAcquire();
        if (client != 0) {
            try {
                Native.cancelCall(client, id);
            } finally {
                handle.release();
            }
        }
    }

    /** Waits until what is under way has ended, and closes the client. */
    void close(Duration timeout) {
        long client = handle.acquire();
        try {
            // In steps, between which an interrupt is noticed: the native wait has no token.
            long left = timeout == null ? Long.MAX_VALUE : Timeout.nanos(timeout);
            while (true) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new InferenceException(Status.CANCELLED, Origin.CLIENT, "the calling thread was interrupted");
                }
                long step = Math.min(left, STEP_NANOS);
                left -= step;
                try {
                    Native.clientClose(client, step);
                    break;
                } catch (InferenceException e) {
                    if (e.getStatus() != Status.DEADLINE_EXCEEDED) {
                        throw e;
                    }
                    if (left == 0) {
                        // Its own text is that of the last step.
                        throw new InferenceException(
                                Status.DEADLINE_EXCEEDED,
                                Origin.CLIENT,
                                "calls or streams of the client did not end within " + timeout.toMillis() + "ms");
                    }
                }
            }
        } finally {
            handle.release();
        }
        run();
    }

    /** Cancels everything that is under way, and frees the client. Does not block. */
    @Override
    public void run() {
        long client = handle.tryAcquire();
        if (client != 0) {
            try {
                Native.clientShutdown(client);
            } finally {
                handle.release();
            }
        }
        interruptions.close();
        handle.close();
    }
}

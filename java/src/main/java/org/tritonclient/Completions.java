package org.tritonclient;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The object of a client that the native side calls, which holds the only reference from there to Java. What waits here
 * keeps the client alive; this object itself does not.
 */
final class Completions {
    /** With pauses of 1 + 2 + 4 ... ms. */
    private static final int MAX_ATTEMPTS = 10;

    private final Receivers receivers = new Receivers();
    private final AtomicLong ids = new AtomicLong();
    private final NativeLog log;
    private final HeaderCallback headerCallback;
    /** What each thread waits in while it runs the header callback. */
    private final ThreadLocal<Interruption> waits = new ThreadLocal<>();

    /** @param headerCallback {@code null} if there is none */
    Completions(NativeLog log, HeaderCallback headerCallback) {
        this.log = log;
        this.headerCallback = headerCallback;
    }

    boolean hasHeaderCallback() {
        return headerCallback != null;
    }

    /** Tells what this thread waits in from now on; {@code null} for nothing. */
    void setWait(Interruption interruption) {
        if (headerCallback == null) {
            return;
        }
        if (interruption == null) {
            waits.remove();
        } else {
            waits.set(interruption);
        }
    }

    /** Returns the id under which the native side delivers to a receiver. */
    long add(Receiver receiver) {
        long id = ids.incrementAndGet();
        receivers.add(id, receiver);
        return id;
    }

    /** Forgets a receiver to which nothing will be delivered. */
    void remove(long id) {
        receivers.remove(id);
    }

    /**
     * Called by the native side, on a callback thread of the client or its I/O thread. Needs no memory up to the
     * receiver. If this throws all the same, nothing has happened, and the native side calls again.
     */
    private void complete(long id, byte[] record, Object[] buffers) {
        Receiver receiver = receivers.get(id);
        if (receiver == null) {
            Outcome.discard(record);
            return;
        }
        boolean last = true;
        try {
            last = receiver.receive(record, buffers);
        } catch (Throwable failure) {
            fail(receiver, failure);
        }
        if (last) {
            receivers.remove(id);
        }
    }

    /** A receiver that never learned of the failure would wait for ever: if memory is short, it may not be for long. */
    private static void fail(Receiver receiver, Throwable failure) {
        for (int i = 0; i < MAX_ATTEMPTS; i++) {
            try {
                receiver.fail(failure);
                return;
            } catch (Throwable again) {
                LockSupport.parkNanos(1_000_000L << i);
            }
        }
    }

    /**
     * Called by the native side, on the thread that makes or submits a call, or on one of its own. Returns the record
     * of the headers; or that of what the callback threw, and that itself.
     */
    private Object[] addHeaders(byte[] endpoint, boolean wasRefused) {
        Interruption wait = waits.get();
        try {
            CallHeaders headers = new CallHeaders(new String(endpoint, StandardCharsets.UTF_8), wasRefused);
            headerCallback.addHeaders(headers);
            return new Object[] {headers.record(), null};
        } catch (Throwable thrown) {
            if (thrown instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            boolean isRetryable = thrown instanceof InferenceException && ((InferenceException) thrown).isRetryable();
            RecordWriter record = new RecordWriter().bool(isRetryable).str(describe(thrown));
            return new Object[] {record.toByteArray(), thrown};
        } finally {
            if (wait != null) {
                // A blocking call in the callback has taken the thread's interruption for itself.
                waits.set(wait);
                wait.enter();
            }
        }
    }

    /** Its text may be made by code of the user, which may throw too. */
    private static String describe(Throwable thrown) {
        try {
            return String.valueOf(thrown);
        } catch (Throwable again) {
            return thrown.getClass().getName();
        }
    }

    /** Called by the native side, on any thread. */
    private void log(int level, byte[] record) {
        RecordReader reader = new RecordReader(record);
        log.write(level, reader.str(), reader.str());
    }

    /**
     * Called by the native side once on each of its threads. Without this a thread has no context class loader, and
     * code in a callback that looks for a class or a resource with it fails.
     */
    private void attached() {
        Thread.currentThread().setContextClassLoader(Completions.class.getClassLoader());
    }
}

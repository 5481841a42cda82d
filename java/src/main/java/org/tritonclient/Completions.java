package org.tritonclient;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The object of a client that the native side calls, which holds the only reference from there to Java. What waits here
 * keeps the client alive; this object itself does not.
 */
final class Completions {
    /** With pauses of 1 + 2 + 4 ... ms. */
    private static final int MAX_ATTEMPTS = 10;

    private final Map<Long, Receiver> receivers = new ConcurrentHashMap<>();
    private final AtomicLong ids = new AtomicLong();
    private final NativeLog log;

    Completions(NativeLog log) {
        this.log = log;
    }

    /** Returns the id under which the native side delivers to a receiver. */
    long add(Receiver receiver) {
        long id = ids.incrementAndGet();
        receivers.put(id, receiver);
        return id;
    }

    /** Forgets a receiver to which nothing will be delivered. */
    void remove(long id) {
        receivers.remove(id);
    }

    /**
     * Called by the native side, on a callback thread of the client or its I/O thread. If this throws, which only a
     * lack of memory can cause, nothing has happened, and the native side calls again.
     */
    private void complete(long id, byte[] record, Object[] buffers) {
        // Before anything else: this allocates.
        Long key = id;
        Receiver receiver = receivers.get(key);
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
            try {
                receivers.remove(key);
            } catch (Throwable failure) {
                // It stays: a second call would deliver a second time.
            }
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

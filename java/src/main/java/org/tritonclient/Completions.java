package org.tritonclient;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The object of a client that the native side calls, which holds the only reference from there to Java. What waits here
 * keeps the client alive; this object itself does not.
 */
final class Completions {
    private final Receivers receivers = new Receivers();
    private final AtomicLong ids = new AtomicLong();
    private final NativeLog log;

    Completions(NativeLog log) {
        this.log = log;
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

    /** Called by the native side, on a callback thread of the client. Lets no exception out. */
    private void complete(long id, byte[] record, Object[] buffers) {
        Receiver receiver = receivers.get(id);
        if (receiver == null) {
            return;
        }
        boolean last = true;
        try {
            last = receiver.receive(record, buffers);
        } catch (Throwable failure) {
            receiver.fail(failure);
        } finally {
            if (last) {
                receivers.remove(id);
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

package org.tritonclient;

import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;

/** The {@link CallInterruption}s of a client, one for each thread that is in a blocking call. They are reused. */
final class Interruptions {
    private final Queue<CallInterruption> idle = new ConcurrentLinkedQueue<>();
    /** All that are not freed. */
    private final Set<CallInterruption> all = new HashSet<>();
    private boolean closed;

    /** Returns one for a call, after which it is given back. */
    CallInterruption take() {
        CallInterruption interruption = idle.poll();
        return interruption != null ? interruption : create();
    }

    private synchronized CallInterruption create() {
        if (closed) {
            throw new IllegalStateException("the client is closed");
        }
        CallInterruption interruption = CallInterruption.create();
        try {
            all.add(interruption);
        } catch (OutOfMemoryError e) {
            interruption.free();
            throw e;
        }
        return interruption;
    }

    void giveBack(CallInterruption interruption) {
        if (interruption.isOpen()) {
            try {
                idle.add(interruption);
                return;
            } catch (OutOfMemoryError e) {
                // The call has an outcome, which must not be lost.
            }
        }
        forget(interruption);
    }

    private synchronized void forget(CallInterruption interruption) {
        all.remove(interruption);
        interruption.free();
    }

    /** Cancels the calls under way, and refuses further ones. */
    synchronized void close() {
        closed = true;
        for (CallInterruption interruption : all) {
            interruption.cancelAndFree();
        }
        all.clear();
        idle.clear();
    }
}

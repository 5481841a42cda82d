package org.tritonclient;

import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;

/** The {@link Interruption}s of a client, one for each thread that is in a blocking call. They are reused. */
final class Interruptions {
    private final Queue<Interruption> idle = new ConcurrentLinkedQueue<>();
    /** All that are not freed. */
    private final Set<Interruption> all = new HashSet<>();
    private boolean closed;

    /** Returns one for a call, after which it is given back. */
    Interruption take() {
        Interruption interruption = idle.poll();
        return interruption != null ? interruption : create();
    }

    private synchronized Interruption create() {
        if (closed) {
            throw new IllegalStateException("the client is closed");
        }
        Interruption interruption = new Interruption();
        all.add(interruption);
        return interruption;
    }

    void giveBack(Interruption interruption) {
        if (interruption.isOpen()) {
            idle.add(interruption);
        } else {
            forget(interruption);
        }
    }

    private synchronized void forget(Interruption interruption) {
        all.remove(interruption);
        interruption.free();
    }

    /** Cancels the calls under way, and refuses further ones. */
    synchronized void close() {
        closed = true;
        for (Interruption interruption : all) {
            interruption.cancel();
            interruption.free();
        }
        all.clear();
        idle.clear();
    }
}

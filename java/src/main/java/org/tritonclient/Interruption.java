package org.tritonclient;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.spi.AbstractInterruptibleChannel;

/**
 * Lets an interrupt of a thread cancel what the thread waits for: the JDK calls {@link #implCloseChannel} on the
 * interrupting thread. After an interrupt it is spent.
 */
class Interruption extends AbstractInterruptibleChannel {
    private final Runnable cancel;

    /** @param cancel called once, on any thread; must not block */
    Interruption(Runnable cancel) {
        this.cancel = cancel;
    }

    /** Begins a wait that an interrupt ends, also one that came before. Again, after code that may have waited too. */
    final void enter() {
        begin();
    }

    /** Ends the wait. An interrupt that came too late stays what it is: the interrupt status of the thread. */
    final void leave() {
        try {
            end(true);
        } catch (ClosedByInterruptException | OutOfMemoryError e) {
            // The thread's interrupt status is set, also if there is no memory for the exception. Whether there is a
            // result, the caller knows.
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    protected final void implCloseChannel() {
        cancel.run();
    }
}

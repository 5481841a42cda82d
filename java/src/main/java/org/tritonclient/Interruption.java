package org.tritonclient;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.spi.AbstractInterruptibleChannel;

/**
 * Lets an interrupt of the calling thread cancel its call: the JDK calls {@link #implCloseChannel} on the interrupting
 * thread. It is used by one call at a time, and by further ones unless it was interrupted.
 */
final class Interruption extends AbstractInterruptibleChannel {
    private final NativeHandle token = new NativeHandle(Native.tokenNew(), Native::tokenFree, "the token of a call");

    /** Begins a call that an interrupt cancels, also one that came before. Returns the token. */
    long enter() {
        long address = token.acquire();
        begin();
        return address;
    }

    /** Begins again, after code that may have made another interruptible call on this thread. */
    void resume() {
        begin();
    }

    /** Ends the call. An interrupt that came too late stays what it is: the interrupt status of the thread. */
    void leave() {
        try {
            end(true);
        } catch (ClosedByInterruptException e) {
            // The thread's interrupt status is set. Whether the call has a result, the caller knows.
        } catch (IOException e) {
            throw new AssertionError(e);
        } finally {
            token.release();
        }
    }

    /** Cancels the call under way and all later ones. */
    void cancel() {
        long address = token.tryAcquire();
        if (address != 0) {
            try {
                Native.tokenCancel(address);
            } finally {
                token.release();
            }
        }
    }

    /** Frees the token, after the call under way. */
    void free() {
        token.close();
    }

    @Override
    protected void implCloseChannel() {
        cancel();
    }
}

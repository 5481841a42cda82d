package org.tritonclient;

/** The interruption of a blocking call, with the native token that cancels the call. Used by one call at a time. */
final class CallInterruption extends Interruption {
    private final NativeHandle token;

    CallInterruption() {
        // It is closed with its client, and a call that begins at that moment says so.
        this(new NativeHandle(Native::tokenNew, Native::tokenFree, "the client"));
    }

    private CallInterruption(NativeHandle token) {
        super(() -> cancel(token));
        this.token = token;
    }

    /** Returns the token for one call, after which it is released. */
    long acquire() {
        return token.acquire();
    }

    void release() {
        token.release();
    }

    /** Cancels the call under way and all later ones, and frees the token after it. */
    void cancelAndFree() {
        cancel(token);
        token.close();
    }

    /** Frees the token, after the call under way. */
    void free() {
        token.close();
    }

    private static void cancel(NativeHandle token) {
        long address = token.tryAcquire();
        if (address != 0) {
            try {
                Native.tokenCancel(address);
            } finally {
                token.release();
            }
        }
    }
}

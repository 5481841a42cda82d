package org.tritonclient;

import java.lang.ref.Reference;

/**
 * Cancels the calls that were made with it ({@link CallOptions.Builder#cancelToken}), from any thread: calls under way
 * end with {@link Status#CANCELLED}, and further calls are refused. It is cancelled for good.
 */
public final class CancelToken {
    private final NativeHandle handle;

    /** Creates a token that is not cancelled. */
    public CancelToken() {
        NativeLibrary.load();
        handle = new NativeHandle(Native::tokenNew, Native::tokenFree, "the cancel token");
        Cleaning.own(this, handle);
    }

    /** Cancels the calls with this token. Does not block; has no effect if it is repeated. */
    public void cancel() {
        long token = handle.acquire();
        try {
            Native.tokenCancel(token);
        } finally {
            handle.release();
            // Else the collector might take a token at its last use, and close it before that.
            Reference.reachabilityFence(this);
        }
    }

    /** Returns whether the token is cancelled. */
    public boolean isCancelled() {
        long token = handle.acquire();
        try {
            return Native.tokenIsCancelled(token);
        } finally {
            handle.release();
            Reference.reachabilityFence(this);
        }
    }

    /** Returns the address, which is valid as long as this object is reachable. */
    long address() {
        long address = handle.acquire();
        handle.release();
        Reference.reachabilityFence(this);
        return address;
    }
}

package org.tritonclient.benchmarks;

/** One request of a client with its own inputs; it makes one call at a time. */
interface Caller {
    /** Makes one call; returns its outputs, which are not used otherwise. */
    Object call() throws Exception;

    /** Starts a call, and calls {@code done} once its outputs were read, on the client's thread. */
    void submit(Done done);

    /** Receives the end of a call. */
    interface Done {
        /** Called exactly once; {@code error} is null if the call succeeded. */
        void done(Throwable error);
    }
}

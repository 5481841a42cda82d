package org.tritonclient.benchmarks;

/** A client under measurement, which all callers share. */
interface Client extends AutoCloseable {
    /** Returns a caller with inputs and buffers of its own. */
    Caller newCaller();

    @Override
    void close() throws Exception;
}

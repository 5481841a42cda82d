package org.tritonclient;

/**
 * The numbers of a client's connections at a point in time: {@link InferenceServerClient#getConnectionCounts}.
 * Immutable.
 */
public final class ConnectionCounts {
    private final long open;
    private final long idle;
    private final long opened;

    private ConnectionCounts(RecordReader record) {
        open = record.i64();
        idle = record.i64();
        opened = record.i64();
    }

    static ConnectionCounts read(RecordReader record) {
        return new ConnectionCounts(record);
    }

    /** Returns the number of connections that are open or being opened. */
    public long getOpen() {
        return open;
    }

    /** Returns the number of open connections that no call uses. */
    public long getIdle() {
        return idle;
    }

    /** Returns the number of connections opened since the client was created, including failed attempts. */
    public long getOpened() {
        return opened;
    }

    /** Returns the three numbers. */
    @Override
    public String toString() {
        return open + " open, " + idle + " idle, " + opened + " opened";
    }
}

package org.tritonclient;

/**
 * The numbers of a client's connections at a point in time: {@link InferenceServerClient#getConnectionCounts}.
 * Immutable.
 */
public final class ConnectionCounts {
    private final long open;
    private final long idle;
    private final long busy;
    private final long opened;
    private final long connects;
    private final long reconnects;
    private final long tlsHandshakes;
    private final long tlsResumed;

    private ConnectionCounts(RecordReader record) {
        open = record.i64();
        idle = record.i64();
        busy = record.i64();
        opened = record.i64();
        connects = record.i64();
        reconnects = record.i64();
        tlsHandshakes = record.i64();
        tlsResumed = record.i64();
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

    /** Returns the number of connections that calls and streams use. */
    public long getBusy() {
        return busy;
    }

    /** Returns the number of connections opened since the client was created, including failed attempts. */
    public long getOpened() {
        return opened;
    }

    /** Returns the number of TCP connections established since the client was created. */
    public long getConnects() {
        return connects;
    }

    /**
     * Returns the number of connections opened in place of one that the server had closed, or on which it had refused a
     * call.
     */
    public long getReconnects() {
        return reconnects;
    }

    /** Returns the number of complete TLS handshakes, resumed ones included. */
    public long getTlsHandshakes() {
        return tlsHandshakes;
    }

    /** Returns the number of TLS handshakes that resumed an earlier session. */
    public long getTlsResumed() {
        return tlsResumed;
    }

    /** Returns all numbers. */
    @Override
    public String toString() {
        return open + " open, " + idle + " idle, " + busy + " busy, " + opened + " opened, " + connects + " connects, "
                + reconnects + " reconnects, " + tlsHandshakes + " TLS handshakes, " + tlsResumed + " resumed";
    }
}

package org.tritonclient;

import java.time.Duration;

/**
 * The durations of a call's stages. Each stage begins where the previous one ends; together they are the whole call.
 * The server's own time is in {@link #getFirstByte}, and in part in {@link #getReceive}.
 */
public final class CallTimes {
    private final long queue;
    private final long connect;
    private final long send;
    private final long firstByte;
    private final long receive;

    private CallTimes(RecordReader record) {
        queue = record.i64();
        connect = record.i64();
        send = record.i64();
        firstByte = record.i64();
        receive = record.i64();
    }

    static CallTimes read(RecordReader record) {
        return new CallTimes(record);
    }

    /** Returns the time to encode the request and to check out a connection. */
    public Duration getQueue() {
        return Duration.ofNanos(queue);
    }

    /** Returns the time to open a connection, including name resolution; zero on an open one. */
    public Duration getConnect() {
        return Duration.ofNanos(connect);
    }

    /** Returns the time until the operating system accepted the last byte of the request. */
    public Duration getSend() {
        return Duration.ofNanos(send);
    }

    /** Returns the time until the first byte of the response. */
    public Duration getFirstByte() {
        return Duration.ofNanos(firstByte);
    }

    /** Returns the time until the last byte of the response. */
    public Duration getReceive() {
        return Duration.ofNanos(receive);
    }

    /** Returns the time of the whole call. */
    public Duration getTotal() {
        return Duration.ofNanos(queue + connect + send + firstByte + receive);
    }

    @Override
    public String toString() {
        return "CallTimes[queue=" + getQueue() + ", connect=" + getConnect() + ", send=" + getSend()
                + ", firstByte=" + getFirstByte() + ", receive=" + getReceive() + "]";
    }
}

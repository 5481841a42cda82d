package org.tritonclient;

import java.time.Duration;

/** A number of occurrences, and their total time: {@link Durations}. Immutable. */
public final class StatisticDuration {
    private final long count;
    private final Duration time;

    private StatisticDuration(RecordReader record) {
        count = record.i64();
        time = Duration.ofNanos(record.i64());
    }

    static StatisticDuration read(RecordReader record) {
        return new StatisticDuration(record);
    }

    /** Returns the number of occurrences. */
    public long getCount() {
        return count;
    }

    /** Returns the total time of all occurrences. */
    public Duration getTime() {
        return time;
    }

    /** Returns number and time, for example {@code 3 in PT0.0012S}. */
    @Override
    public String toString() {
        return count + " in " + time;
    }
}

package org.tritonclient.examples.flink;

import java.io.Serializable;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.flink.api.common.serialization.SimpleStringEncoder;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.core.fs.Path;
import org.apache.flink.streaming.api.datastream.AsyncDataStream;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.async.AsyncRetryStrategy;
import org.apache.flink.streaming.util.retryable.AsyncRetryStrategies;
import org.tritonclient.InferenceException;

/**
 * Scores a stream of samples with the model {@code simple} and writes one line for each.
 *
 * <p>Arguments: URL of the server, number of samples, folder to write.
 */
public final class ScoreStream {
    /** The maximum number of calls in flight for each parallel subtask. */
    private static final int CAPACITY = 100;

    /** The timeout of one attempt. */
    private static final Duration CALL_TIMEOUT = Duration.ofSeconds(5);

    /** The timeout of a sample, with all attempts and the delays between them. */
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private ScoreStream() {}

    /** Submits the job. Run it with {@code flink run}; see README.md. */
    public static void main(String[] args) throws Exception {
        if (args.length != 3) {
            throw new IllegalArgumentException("usage: ScoreStream URL COUNT OUTPUT");
        }
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
        score(environment.fromSequence(1, Long.parseLong(args[1])).map(Sample::of), args[0])
                .map(scored -> scored.id() + " " + Arrays.toString(scored.sum()))
                .sinkTo(FileSink.forRowFormat(new Path(args[2]), new SimpleStringEncoder<String>()).build());
        environment.execute("ScoreStream");
    }

    /** Scores the samples. Their order may change; {@code orderedWaitWithRetry} keeps it. */
    public static DataStream<Scored> score(DataStream<Sample> samples, String url) {
        return AsyncDataStream.unorderedWaitWithRetry(
                samples,
                new TritonFunction(url, CALL_TIMEOUT),
                TIMEOUT.toMillis(),
                TimeUnit.MILLISECONDS,
                CAPACITY,
                retries());
    }

    /**
     * Returns the retry strategy: up to three more attempts, each 200 ms after the last, if the failure is retryable,
     * for example because the server was unreachable or overloaded, and the input has not ended. Every other failure
     * fails the job, which restarts if it has a restart strategy.
     *
     * <p>This repeats calls in doubt too, which is harmless for a model without state. For other models add
     * {@code && !isInDoubt()}.
     */
    private static AsyncRetryStrategy<Scored> retries() {
        // The cast: Flink serialises the strategy, and a plain lambda is not serialisable.
        Predicate<Throwable> isRetryable = (Predicate<Throwable> & Serializable)
                error -> error instanceof InferenceException && ((InferenceException) error).isRetryable();
        return new AsyncRetryStrategies.FixedDelayRetryStrategyBuilder<Scored>(3, 200)
                .ifException(isRetryable)
                .build();
    }
}

package org.tritonclient.examples.spark;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.tritonclient.DataType;
import org.tritonclient.InferInput;
import org.tritonclient.InferResult;
import org.tritonclient.InferenceServerClient;

/**
 * Scores the rows of one partition in batches. Only the URL is sent to the executors: a client is not serialisable.
 *
 * <p>A batch is read and scored when its first row is needed, so a task has one batch in memory and one call in
 * flight, and the executors' cores bound the load of the server. The call blocks: when Spark interrupts a cancelled
 * task, it ends.
 *
 * <p>No exception is caught here. An {@code InferenceException} fails the task, and Spark runs its partition again,
 * on any executor, until it has failed {@code spark.task.maxFailures} times; a loop in here would multiply the
 * attempts. Batches that were scored before the failure are scored again, as they are with speculative execution:
 * repeating is harmless for a model without state, also if the failed call is in doubt.
 */
final class ScorePartition implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    /** The model's {@code max_batch_size}. */
    private static final int BATCH_SIZE = 8;

    /** The elements of an input for each row. */
    private static final int WIDTH = 16;

    private final String url;

    ScorePartition(String url) {
        this.url = url;
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        if (!rows.hasNext()) {
            return rows; // no client for an empty partition
        }
        InferenceServerClient client = SharedClient.acquire(url, TaskContext.get());
        return new Iterator<Row>() {
            private Iterator<Row> scored = List.<Row>of().iterator();

            @Override
            public boolean hasNext() {
                return scored.hasNext() || rows.hasNext();
            }

            @Override
            public Row next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                if (!scored.hasNext()) {
                    List<Row> batch = new ArrayList<>(BATCH_SIZE);
                    while (batch.size() < BATCH_SIZE && rows.hasNext()) {
                        batch.add(rows.next());
                    }
                    scored = score(client, batch).iterator();
                }
                return scored.next();
            }
        };
    }

    private static List<Row> score(InferenceServerClient client, List<Row> batch) {
        List<InferInput> inputs = List.of(input("INPUT0", batch, "a"), input("INPUT1", batch, "b"));
        try (InferResult result = client.infer("simple", inputs, List.of())) {
            int[] sums = result.getOutputAsInt("OUTPUT0");
            List<Row> scored = new ArrayList<>(batch.size());
            for (int i = 0; i < batch.size(); i++) {
                Integer[] sum = new Integer[WIDTH]; // Spark's encoder takes no int[]
                for (int j = 0; j < WIDTH; j++) {
                    sum[j] = sums[i * WIDTH + j];
                }
                scored.add(append(batch.get(i), sum));
            }
            return scored;
        }
    }

    /** Returns a column of the batch as a tensor of shape [rows, 16]. */
    private static InferInput input(String name, List<Row> batch, String column) {
        int[] values = new int[batch.size() * WIDTH];
        int next = 0;
        for (Row row : batch) {
            List<Integer> vector = row.getList(row.fieldIndex(column));
            if (vector == null || vector.size() != WIDTH || vector.contains(null)) {
                throw new IllegalArgumentException(
                        "column '" + column + "': expected an array of " + WIDTH + " integers, got " + vector);
            }
            for (int value : vector) {
                values[next++] = value;
            }
        }
        return new InferInput(name, new long[] {batch.size(), WIDTH}, DataType.INT32).setData(values);
    }

    /** Returns the row with one more column. */
    private static Row append(Row row, Object value) {
        Object[] values = new Object[row.size() + 1];
        for (int i = 0; i < row.size(); i++) {
            values[i] = row.get(i);
        }
        values[row.size()] = value;
        return RowFactory.create(values);
    }
}

package org.tritonclient.examples.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.launcher.JavaModuleOptions;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tritonclient.examples.testing.Relay;
import org.tritonclient.examples.testing.TestServer;

/** The example on two executors. */
class ScoreDataFrameIT {
    private static SparkSession spark;

    @BeforeAll
    static void start() {
        spark = Cluster.start(Cluster.jars());
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @ParameterizedTest
    @ValueSource(strings = {"http", "grpc"})
    void each_row_is_scored_once_and_keeps_its_columns_with_their_metadata(String protocol) throws Exception {
        Dataset<Row> rows = Cluster.rows(spark, 1001, 7);
        Dataset<Row> scored = ScoreDataFrame.score(rows, TestServer.url(protocol));
        for (int i = 0; i < rows.schema().size(); i++) {
            assertEquals(rows.schema().apply(i), scored.schema().apply(i)); // compares the metadata too
        }
        long before = TestServer.executions();
        check(scored, 1001);
        // 7 partitions of 143 rows: 17 batches of 8 and one of 7 each.
        assertEquals(7 * 18, TestServer.executions() - before);
    }

    @Test
    void each_executor_has_one_client_and_closes_it() {
        Dataset<Row> scored = ScoreDataFrame.score(Cluster.rows(spark, 400, 8), TestServer.url("grpc"));
        assertEquals(Set.of("0: 1", "1: 1"), openClients(scored));
        assertEquals(Set.of("0: 0", "1: 0"), openClients(Cluster.rows(spark, 8, 8)));
    }

    @Test
    void spark_runs_a_failed_task_again() throws Exception {
        try (Relay relay = new Relay(2)) {
            List<Integer> attempts = ScoreDataFrame.score(Cluster.rows(spark, 20, 1), relay.url())
                    .mapPartitions((MapPartitionsFunction<Row, Integer>) rows -> {
                        rows.forEachRemaining(row -> {});
                        return List.of(TaskContext.get().attemptNumber()).iterator();
                    }, Encoders.INT())
                    .collectAsList();
            assertEquals(List.of(2), attempts, "the third attempt: two connections were closed");
        }
    }

    @Test
    void an_error_reaches_the_driver_after_the_last_attempt() {
        Dataset<Row> scored = ScoreDataFrame.score(Cluster.rows(spark, 10, 1), "http://127.0.0.1:1");
        Exception error = assertThrows(SparkException.class, scored::collectAsList);
        assertTrue(error.getMessage().contains("failed 4 times"), error.getMessage());
        assertTrue(error.getMessage().contains("org.tritonclient.InferenceException"), error.getMessage());
    }

    @Test
    void a_row_that_does_not_fit_names_its_column() {
        Dataset<Row> rows = Cluster.rows(spark, 10, 1).selectExpr("id", "a", "if(id = 7, null, b) as b");
        Exception error = assertThrows(
                SparkException.class, () -> ScoreDataFrame.score(rows, TestServer.url("http")).collectAsList());
        assertTrue(error.getMessage().contains("column 'b': expected an array of 16 integers, got null"),
                error.getMessage());
    }

    @Test
    void a_cancelled_job_ends_its_calls() throws Exception {
        FutureTask<List<Row>> job = new FutureTask<>(() -> {
            spark.sparkContext().setJobGroup("cancelled", "waits for the server", true);
            return ScoreDataFrame.score(Cluster.rows(spark, 100, 2), TestServer.url("http")).collectAsList();
        });
        TestServer.freeze();
        try {
            Thread thread = new Thread(job);
            thread.start();
            Instant deadline = Instant.now().plusSeconds(120);
            while (TestServer.waitingConnections("http") < 2) {
                assertTrue(Instant.now().isBefore(deadline) && !job.isDone(), "two calls are in flight");
                Thread.onSpinWait();
            }
            Instant cancelled = Instant.now();
            spark.sparkContext().cancelJobGroup("cancelled");
            assertInstanceOf(SparkException.class, assertThrows(ExecutionException.class, job::get).getCause());
            // Each executor has one core: it runs this only when the call has ended. The call's timeout is 60 s.
            assertEquals(Set.of("0: 0", "1: 0"), openClients(Cluster.rows(spark, 8, 8)));
            Duration took = Duration.between(cancelled, Instant.now());
            assertTrue(took.toSeconds() < 50, took.toString());
        } finally {
            TestServer.thaw();
        }
    }

    @Test
    void spark_submit_runs_the_example() throws Exception {
        Path folder = Files.createTempDirectory("submit");
        String input = folder.resolve("input").toString();
        String output = folder.resolve("output").toString();
        Cluster.rows(spark, 100, 3).write().parquet(input);

        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        command.addAll(List.of(JavaModuleOptions.defaultModuleOptionArray()));
        command.addAll(List.of("-Xmx512m", "-cp", System.getenv("SPARK_HOME") + "/jars/*",
                "org.apache.spark.deploy.SparkSubmit", "--master", Cluster.MASTER, "--jars", Cluster.jars()[1],
                "--conf", String.join("=", Cluster.UNCOMPRESSED), "--class", ScoreDataFrame.class.getName(),
                Cluster.jars()[0], TestServer.url("grpc"), input, output));
        File log = folder.resolve("log").toFile();
        Process submit = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log).start();
        try {
            assertTrue(submit.waitFor(5, TimeUnit.MINUTES), () -> "it did not end; see " + log);
        } finally {
            submit.destroy();
        }
        assertEquals(0, submit.exitValue(), () -> "see " + log);
        check(spark.read().parquet(output), 100);
    }

    private static void check(Dataset<Row> scored, int count) {
        Set<Long> ids = new HashSet<>();
        for (Row row : scored.collectAsList()) {
            long id = row.getAs("id");
            assertTrue(ids.add(id));
            assertEquals(id % 3 == 0 ? null : "row " + id, row.getAs("name"));
            assertEquals(Collections.nCopies(16, (int) id * 16), row.getList(row.fieldIndex("sum")));
        }
        assertEquals(count, ids.size());
    }

    /** Returns the executors and their numbers of open clients after the last row of each partition. */
    private static Set<String> openClients(Dataset<Row> rows) {
        return Set.copyOf(rows.mapPartitions((MapPartitionsFunction<Row, String>) partition -> {
            partition.forEachRemaining(row -> {});
            return List.of(SparkEnv.get().executorId() + ": " + SharedClient.openCount()).iterator();
        }, Encoders.STRING()).collectAsList());
    }
}

package org.tritonclient.examples.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.management.ObjectName;
import org.apache.flink.api.common.JobID;
import org.apache.flink.client.program.PackagedProgram;
import org.apache.flink.client.program.PackagedProgramUtils;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.clusterframework.ApplicationStatus;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.util.SerializedThrowable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.tritonclient.examples.testing.Relay;
import org.tritonclient.examples.testing.TestServer;

/**
 * The example's jar on a cluster of one task manager with two slots. The client is in that jar only: each submission
 * loads it with a class loader of its own.
 */
class ScoreStreamIT {
    private static final Configuration CONFIGURATION = new Configuration();
    private static MiniCluster cluster;

    @BeforeAll
    static void start() throws Exception {
        cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(CONFIGURATION)
                .setNumSlotsPerTaskManager(2)
                .withRandomPorts()
                .build());
        cluster.start();
    }

    @AfterAll
    static void stop() throws Exception {
        cluster.close();
    }

    @Test
    void a_job_is_submitted_three_times_and_leaves_no_class_loader() throws Exception {
        assertThrows(ClassNotFoundException.class, () -> Class.forName("org.tritonclient.InferenceServerClient"));
        for (String protocol : new String[] {"grpc", "http", "grpc"}) {
            long before = TestServer.executions();
            assertScored(TestServer.url(protocol), 1000);
            assertEquals(1000, TestServer.executions() - before, "each sample was scored once");
        }
        assertEquals(1, mappings(), "the class loaders share one mapping of the native library");
        await("the class loaders are collected", () -> instances("org.apache.flink.util.ChildFirstClassLoader") == 0);
    }

    @Test
    void a_job_is_cancelled_with_calls_in_flight_and_leaves_no_class_loader() throws Exception {
        TestServer.freeze();
        try {
            JobID job = submit(TestServer.url("http"), 1_000_000, Files.createTempDirectory("cancelled"));
            await("calls of both subtasks are in flight", () -> TestServer.waitingConnections("http") >= 2);
            cluster.cancelJob(job).get();
            assertEquals(ApplicationStatus.CANCELED, cluster.requestJobResult(job).get().getApplicationStatus());
            await("the connections are closed", () -> TestServer.waitingConnections("http") == 0);
        } finally {
            TestServer.thaw();
        }
        await("the class loader is collected", () -> instances("org.apache.flink.util.ChildFirstClassLoader") == 0);
        assertScored(TestServer.url("http"), 100);
    }

    @Test
    void flink_retries_what_is_retryable() throws Exception {
        try (Relay relay = new Relay(2)) {
            // Many more than the capacity: Flink does not retry after the end of the input.
            assertScored(relay.url(), 5000);
        }
    }

    @Test
    void the_job_fails_when_the_attempts_are_used_up() throws Exception {
        JobID job = submit("http://127.0.0.1:1", 1, Files.createTempDirectory("failed"));
        JobResult result = cluster.requestJobResult(job).get();
        assertEquals(ApplicationStatus.FAILED, result.getApplicationStatus());
        String error = result.getSerializedThrowable().orElseThrow().getFullStringifiedStackTrace();
        assertTrue(error.contains("org.tritonclient.InferenceException: "), error);
    }

    /** Runs the job and checks its output. */
    private static void assertScored(String url, int count) throws Exception {
        Path output = Files.createTempDirectory("scored");
        JobResult result = cluster.requestJobResult(submit(url, count, output)).get();
        assertEquals(ApplicationStatus.SUCCEEDED, result.getApplicationStatus(), () -> result.getSerializedThrowable()
                .map(SerializedThrowable::getFullStringifiedStackTrace)
                .orElse(""));
        Set<String> lines = new TreeSet<>();
        try (Stream<Path> files = Files.walk(output)) {
            for (Path file : files.filter(Files::isRegularFile).collect(Collectors.toList())) {
                lines.addAll(Files.readAllLines(file));
            }
        }
        Set<String> expected = new TreeSet<>();
        for (int id = 1; id <= count; id++) {
            expected.add(id + " " + Collections.nCopies(16, id));
        }
        assertEquals(expected, lines);
    }

    /** Submits the jar as {@code flink run -p 2} does. */
    private static JobID submit(String url, int count, Path output) throws Exception {
        try (PackagedProgram program = PackagedProgram.newBuilder()
                .setJarFile(new File(System.getProperty("job.jar")))
                .setArguments(url, Integer.toString(count), output.toString())
                .build()) {
            JobGraph graph = PackagedProgramUtils.createJobGraph(program, CONFIGURATION, 2, true);
            return cluster.submitJob(graph).get().getJobID();
        }
    }

    /** Returns the number of different files with the client's native library that are mapped into this process. */
    private static long mappings() throws IOException {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.filter(line -> line.contains("libtriton_client"))
                    .map(line -> line.split("\\s+")[4]) // inode
                    .distinct()
                    .count();
        }
    }

    /** Returns the number of live instances of a class, after a garbage collection. */
    private static long instances(String type) throws Exception {
        Object histogram = ManagementFactory.getPlatformMBeanServer().invoke(
                new ObjectName("com.sun.management:type=DiagnosticCommand"),
                "gcClassHistogram",
                new Object[] {new String[0]},
                new String[] {String[].class.getName()});
        return histogram.toString().lines()
                .map(line -> line.trim().split("\\s+")) // number, instances, bytes, class
                .filter(fields -> fields.length >= 4 && fields[3].equals(type))
                .mapToLong(fields -> Long.parseLong(fields[1]))
                .sum();
    }

    private static void await(String what, Callable<Boolean> condition) throws Exception {
        Instant deadline = Instant.now().plusSeconds(120);
        while (!condition.call()) {
            assertTrue(Instant.now().isBefore(deadline), what);
            Thread.onSpinWait();
        }
    }
}

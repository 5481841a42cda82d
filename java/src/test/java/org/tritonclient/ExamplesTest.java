package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs each program of java/examples in a JVM of its own, on the real server. */
class ExamplesTest {
    private static final String HTTP = "http://" + System.getenv("TRITON_TEST_HTTP");
    private static final String GRPC = "grpc://" + System.getenv("TRITON_TEST_GRPC");

    @TempDir
    Path files;

    static List<String> urls() {
        return List.of(HTTP, GRPC);
    }

    /** How a program ended, and what it printed. */
    private static final class Run {
        private final String command;
        private final int status;
        private final String output;
        private final String errors;

        Run(String command, int status, String output, String errors) {
            this.command = command;
            this.status = status;
            this.output = output;
            this.errors = errors;
        }

        List<String> lines() {
            return Arrays.asList(output.split(System.lineSeparator()));
        }

        /** Returns its lines, if it succeeded. */
        List<String> succeed() {
            assertEquals(0, status, this::toString);
            return lines();
        }

        @Override
        public String toString() {
            return command + ": exit status " + status + "\n" + output + errors;
        }
    }

    private Run run(String name, String... arguments) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        if (Runtime.version().feature() >= 17) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        String library = System.getProperty(NativeLibrary.PATH_PROPERTY);
        if (library != null) {
            command.add("-D" + NativeLibrary.PATH_PROPERTY + "=" + library);
        }
        command.add("-Xmx256m");
        command.add("-cp");
        command.add(String.join(File.pathSeparator, classes(InferRequest.class), classes(ExamplesTest.class)));
        command.add(name);
        command.addAll(Arrays.asList(arguments));
        Path errors = Files.createTempFile(files, name, ".stderr");
        Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Run(String.join(" ", command), process.waitFor(), output, Files.readString(errors));
    }

    /** Returns the folder of the classes of the library, or of the tests, which are also those of the examples. */
    private static String classes(Class<?> type) throws Exception {
        return Paths.get(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    }

    private static List<String> sums(int first, int second, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> (first + i) + " + " + second + " = " + (first + i + second))
                .collect(Collectors.toList());
    }

    @Test
    void everyExampleIsTestedHere() throws IOException {
        Path root = Paths.get("").toAbsolutePath();
        while (!Files.exists(root.resolve("java/examples"))) {
            root = root.getParent();
        }
        String test = Files.readString(root.resolve("java/src/test/java/org/tritonclient/ExamplesTest.java"));
        TreeSet<String> untested = new TreeSet<>();
        try (Stream<Path> examples = Files.list(root.resolve("java/examples"))) {
            examples.map(path -> path.getFileName().toString())
                    .filter(name -> name.endsWith(".java"))
                    .map(name -> name.replace(".java", ""))
                    .filter(name -> !test.contains("run(\"" + name + "\""))
                    .forEach(untested::add);
        }
        assertEquals(new TreeSet<>(), untested);
    }

    @ParameterizedTest
    @MethodSource("urls")
    void inferPrintsItsSixteenSums(String url) throws Exception {
        assertEquals(sums(0, 1, 16), run("Infer", url).succeed());
    }

    @ParameterizedTest
    @MethodSource("urls")
    void simpleInferClientPrintsSumsAndDifferences(String url) throws Exception {
        List<String> expected = new ArrayList<>();
        for (int i = 1; i <= 16; i++) {
            expected.add(i + " + " + i + " = " + 2 * i);
            expected.add(i + " - " + i + " = 0");
        }
        assertEquals(expected, run("SimpleInferClient", url).succeed());
    }

    @ParameterizedTest
    @MethodSource("urls")
    void stringInferClientPrintsSumsAndDifferences(String url) throws Exception {
        List<String> lines = run("StringInferClient", url).succeed();
        assertEquals(32, lines.size(), lines::toString);
        assertEquals(List.of("15 + 1 = 16", "15 - 1 = 14"), lines.subList(30, 32));
    }

    @ParameterizedTest
    @MethodSource("urls")
    void simpleInferPerfPrintsRequestsPerSecond(String url) throws Exception {
        List<String> lines = run("SimpleInferPerf", url, "3", "200").succeed();
        assertEquals("Testing simple with 3 threads.", lines.get(0));
        // Two gaps and a total of each thread.
        assertEquals(6, lines.stream().filter(line -> line.contains("[GAP] Requests: ")).count(), lines::toString);
        assertEquals(3, lines.stream().filter(line -> line.contains("[TOTAL] avg latency(ms): ")).count());
        String rule = "==================================";
        List<String> end = lines.subList(lines.size() - 4, lines.size());
        assertEquals(List.of(rule, rule), List.of(end.get(0), end.get(3)));
        assertTrue(end.get(1).matches("\\[ALL\\]         QPS: [1-9]\\d*\\D\\d\\d"), end.get(1));
        assertTrue(end.get(2).matches("\\[ALL\\] Latency\\(ms\\): \\d+\\D\\d\\d"), end.get(2));
    }

    @ParameterizedTest
    @MethodSource("urls")
    void memoryGrowthTestPrintsTheMemoryInUse(String url) throws Exception {
        List<String> lines = run("MemoryGrowthTest", url, "200").succeed();
        assertEquals(10, lines.size(), lines::toString);
        assertTrue(lines.get(9).matches("200: heap \\d+\\D\\d MiB, RSS [1-9]\\d*\\D\\d MiB"), lines.get(9));
    }

    @ParameterizedTest
    @MethodSource("urls")
    void asyncInferClientHasSeveralCallsInFlight(String url) throws Exception {
        List<String> expected = new ArrayList<>();
        IntStream.range(0, 8).forEach(i -> expected.add("future " + i + ": " + 16 * (i + 1)));
        IntStream.range(0, 8).forEach(i -> expected.add("one of many " + i + ": " + 16 * (i + 1)));
        assertEquals(expected, run("AsyncInferClient", url).succeed());
    }

    @ParameterizedTest
    @MethodSource("urls")
    void sequenceInferClientInterleavesTwoSequences(String url) throws Exception {
        // No other test uses these ids.
        String id = url.equals(HTTP) ? "31001" : "31002";
        List<String> lines = run("SequenceInferClient", url, id).succeed();
        assertEquals(List.of("[0] 12 : -10", "[1] 7 : -7"), lines.subList(0, 2));
        assertEquals(7, lines.size());
    }

    @Test
    void streamInferClientReceivesAllResponses() throws Exception {
        List<String> lines = run("StreamInferClient", GRPC, "2", "3").succeed();
        List<String> expected = new ArrayList<>();
        for (int request = 0; request < 2; request++) {
            for (int value = 100; value < 103; value++) {
                expected.add("request " + request + ": " + value);
            }
        }
        assertEquals(expected, lines.stream().sorted().collect(Collectors.toList()));

        Run run = run("StreamInferClient", HTTP);
        assertEquals(1, run.status, run::toString);
        assertTrue(run.errors.contains("gRPC only"), run::toString);
    }

    @ParameterizedTest
    @MethodSource("urls")
    void bufferInferClientSendsThreeFrames(String url) throws Exception {
        assertEquals(List.of("frame 0: 0.0", "frame 1: 1.0", "frame 2: 2.0"), run("BufferInferClient", url).succeed());
    }

    @ParameterizedTest
    @MethodSource("urls")
    void controlClientPrintsTheServerAndTheModel(String url) throws Exception {
        Run run = run("ControlClient", url, "simple");
        List<String> lines = run.succeed();
        assertEquals("live: true, ready: true", lines.get(1), run::toString);
        assertTrue(lines.contains("  simple 1 READY"), run::toString);
        assertTrue(lines.contains("  input INPUT0: INT32 [-1, 16]"), run::toString);

        run = run("ControlClient", url, "no_such_model");
        assertEquals(1, run.status, run::toString);
        assertTrue(run.errors.contains("no_such_model"), run::toString);
    }

    @Test
    void generateClientStreamsWordsAndCountsRequests() throws Exception {
        String metrics = "http://" + System.getenv("TRITON_TEST_METRICS");
        List<String> lines = run("GenerateClient", HTTP, metrics).succeed();
        assertEquals(4, lines.size(), lines::toString);
        assertTrue(lines.get(2).startsWith("{") && lines.get(2).contains("\"three\""), lines.get(2));
        assertTrue(lines.get(3).matches("requests to the model: \\d+"), lines.get(3));
    }

    @ParameterizedTest
    @MethodSource("urls")
    void retryClientSucceedsAtOnce(String url) throws Exception {
        Run run = run("RetryClient", url);
        assertEquals(List.of("response from model 'simple'"), run.succeed());
        assertFalse(run.errors.contains("attempt"), run::toString);
    }

    @Test
    void retryClientTriesFourTimesAndExplainsTheFailure() throws Exception {
        Run run = run("RetryClient", refused());
        assertEquals(1, run.status, run::toString);
        assertTrue(run.errors.contains("attempt 3: ") && run.errors.contains("UNAVAILABLE: "), run::toString);
    }

    @Test
    void secureInferClientShowsItsCertificate() throws Exception {
        String arguments = "--grpc-use-ssl=true --grpc-server-cert=" + certificate("server.pem")
                + " --grpc-server-key=" + certificate("server.key")
                + " --grpc-use-ssl-mutual=true --grpc-root-cert=" + certificate("ca.pem");
        try (TestServer server = TestServer.start("simple", arguments)) {
            String url = "grpcs://" + server.grpc;
            String ca = certificate("ca.pem");
            Run run = run("SecureInferClient", url, ca, certificate("client.pem"), certificate("client.key"));
            assertEquals(sums(0, 1, 16), run.succeed());

            run = run("SecureInferClient", url, ca, certificate("stranger.pem"), certificate("stranger.key"));
            assertEquals(1, run.status, run::toString);
            assertTrue(run.errors.startsWith("UNAUTHENTICATED: "), run::toString);
        }
    }

    private static String certificate(String name) throws Exception {
        return Certificates.file(name).toString();
    }

    @Test
    void theOthersFailWithAMessageIfTheServerCannotBeReached() throws Exception {
        String url = refused();
        for (String name : List.of("Infer", "AsyncInferClient", "SimpleInferPerf")) {
            Run run = run(name, url);
            assertEquals(1, run.status, run::toString);
            assertTrue(run.errors.toLowerCase(Locale.ROOT).contains("refused"), run::toString);
            assertFalse(run.errors.contains("\tat "), run::toString);
        }
    }

    /** Returns the URL of a port on which nothing listens any more. */
    private static String refused() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return "http://127.0.0.1:" + socket.getLocalPort();
        }
    }
}

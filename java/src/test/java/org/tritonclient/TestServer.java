package org.tritonclient;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.concurrent.TimeUnit;

/** A real Triton server: the one that all tests share, or one that a test starts for itself. */
final class TestServer implements AutoCloseable {
    final String http;
    final String grpc;
    final String metrics;
    /** {@code null} for the shared one. */
    private final Process process;

    private TestServer(String http, String grpc, String metrics, Process process) {
        this.http = http;
        this.grpc = grpc;
        this.metrics = metrics;
        this.process = process;
    }

    /** Returns the server for the whole run, which tests/triton/with-server.sh has started. */
    static TestServer shared() {
        return new TestServer(
                variable("TRITON_TEST_HTTP"), variable("TRITON_TEST_GRPC"), variable("TRITON_TEST_METRICS"), null);
    }

    /** Starts a server with some of the test models, {@code "simple slow"}, and further options of tritonserver. */
    static TestServer start(String models, String arguments) throws IOException {
        String print = "echo $TRITON_TEST_HTTP $TRITON_TEST_GRPC $TRITON_TEST_METRICS; exec cat";
        String script = root().resolve("tests/triton/with-server.sh").toString();
        ProcessBuilder builder = new ProcessBuilder(script, "sh", "-c", print);
        builder.environment().put("MODELS", models);
        builder.environment().put("TRITON_ARGS", arguments);
        Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = output.readLine();
        if (line == null) {
            process.destroy();
            throw new IOException("the server did not start");
        }
        String[] addresses = line.split(" ");
        return new TestServer(addresses[0], addresses[1], addresses[2], process);
    }

    String url(Protocol protocol) {
        return protocol.url(protocol == Protocol.HTTP ? http : grpc);
    }

    InferenceServerClient client(Protocol protocol) {
        return new InferenceServerClient(url(protocol), options().build());
    }

    /** Returns options with the URL of this server's metrics, which is not on the default port. */
    ClientOptions.Builder options() {
        return ClientOptions.builder().metricsUrl("http://" + metrics);
    }

    /** Stops a server that the test has started. */
    @Override
    public void close() throws IOException {
        if (process == null) {
            return;
        }
        // At the end of its input the command exits, and with-server.sh stops the server.
        process.getOutputStream().close();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                throw new IOException("the server did not stop");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            process.destroy();
        }
    }

    private static String variable(String name) {
        String value = System.getenv(name);
        if (value == null) {
            throw new IllegalStateException("there is no Triton server: start it with tests/triton/with-server.sh");
        }
        return value;
    }

    private static Path root() {
        Path folder = Paths.get("").toAbsolutePath();
        while (!Files.exists(folder.resolve("tests/triton/with-server.sh"))) {
            folder = folder.getParent();
        }
        return folder;
    }
}

package org.tritonclient.examples.testing;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The Triton server that {@code tests/triton/with-server.sh} runs the tests with. */
public final class TestServer {
    private TestServer() {}

    /** Returns the server's URL for the protocol {@code http} or {@code grpc}. */
    public static String url(String protocol) {
        return protocol + "://" + environment("TRITON_TEST_" + protocol.toUpperCase(Locale.ROOT));
    }

    /** Returns the server's port for the protocol {@code http} or {@code grpc}. */
    public static int port(String protocol) {
        return URI.create(url(protocol)).getPort();
    }

    /** Returns how often the server has executed the model {@code simple}. */
    public static long executions() throws IOException, InterruptedException {
        URI statistics = URI.create(url("http") + "/v2/models/simple/stats");
        HttpRequest request = HttpRequest.newBuilder(statistics).build();
        String json = HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
        Matcher count = Pattern.compile("\"execution_count\":(\\d+)").matcher(json);
        if (!count.find()) {
            throw new IOException("unexpected statistics: " + json);
        }
        return Long.parseLong(count.group(1));
    }

    /** Stops the server with SIGSTOP: connections and requests reach it, and it sends no response. */
    public static void freeze() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** Continues the server. */
    public static void thaw() throws IOException, InterruptedException {
        signal("CONT");
    }

    /** Returns the number of connections on which a request waits for the frozen server. */
    public static int waitingConnections(String protocol) throws IOException {
        String suffix = String.format(Locale.ROOT, ":%04X", port(protocol));
        int waiting = 0;
        for (String table : new String[] {"/proc/net/tcp", "/proc/net/tcp6"}) {
            for (String line : Files.readAllLines(Path.of(table))) {
                String[] fields = line.trim().split("\\s+"); // sl, local address, remote address, state, tx:rx queue
                if (fields[1].endsWith(suffix) && fields[3].equals("01") && !fields[4].endsWith(":00000000")) {
                    waiting++;
                }
            }
        }
        return waiting;
    }

    private static void signal(String name) throws IOException, InterruptedException {
        String command = "kill -" + name + " " + environment("TRITON_TEST_PID");
        int status = new ProcessBuilder("sh", "-c", command).inheritIO().start().waitFor();
        if (status != 0) {
            throw new IOException(command + ": exit status " + status);
        }
    }

    private static String environment(String name) {
        String value = System.getenv(name);
        if (value == null) {
            throw new IllegalStateException(name + " is not set: run the tests with tests/triton/with-server.sh");
        }
        return value;
    }
}

package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The options of connections, and connections that are opened ahead of calls, over both protocols. */
class ConnectionOptionsTest {
    private static long openedForTwoCalls(String url, UnaryOperator<ClientOptions.Builder> set) {
        ClientOptions options = set.apply(ClientOptions.builder()).build();
        try (InferenceServerClient client = new InferenceServerClient(url, options)) {
            assertTrue(client.isServerLive() && client.isServerLive());
            ConnectionCounts counts = client.getConnectionCounts();
            assertEquals(counts.getOpened(), counts.getConnects());
            return counts.getOpened();
        }
    }

    @Test
    void aConnectionEndsByItsAgeItsIdleTimeAndItsNumberOfCalls() throws Exception {
        try (EmbeddedServer server = EmbeddedServer.start()) {
            Duration moment = Duration.ofNanos(1);
            for (String url : server.urls()) {
                assertEquals(1, openedForTwoCalls(url, options -> options));
                assertEquals(2, openedForTwoCalls(url, options -> options.maxConnectionRequests(1)));
                assertEquals(1, openedForTwoCalls(url, options -> options.maxConnectionRequests(2)));
                assertEquals(2, openedForTwoCalls(url, options -> options.maxConnectionAge(moment)));
                assertEquals(1, openedForTwoCalls(url, options -> options.maxConnectionAge(null)));
                assertEquals(2, openedForTwoCalls(url, options -> options.idleTimeout(moment)));
                assertEquals(1, openedForTwoCalls(url, options -> options.idleTimeout(moment).idleTimeout(null)));
                assertEquals(1, openedForTwoCalls(url, options -> options.keepAliveTime(Duration.ofMinutes(10))
                        .keepAliveTimeout(Duration.ofSeconds(5))
                        .keepAliveTime(null)
                        .tcpNoDelay(false)));
            }
        }
    }

    @Test
    void connectionsAreOpenedAheadAndClosedWhenIdle() throws Exception {
        try (EmbeddedServer server = EmbeddedServer.start()) {
            for (String url : server.urls()) {
                ClientOptions options = ClientOptions.builder().maxConnections(3).build();
                try (InferenceServerClient client = new InferenceServerClient(url, options)) {
                    client.connect(2);
                    client.connect(3, CallOptions.builder().timeout(Duration.ofSeconds(10)).build());
                    ConnectionCounts counts = client.getConnectionCounts();
                    assertEquals(List.of(3L, 3L, 0L, 3L, 3L, 0L, 0L, 0L), List.of(
                            counts.getOpen(), counts.getIdle(), counts.getBusy(), counts.getOpened(),
                            counts.getConnects(), counts.getReconnects(), counts.getTlsHandshakes(),
                            counts.getTlsResumed()));
                    client.infer(RealServer.simple()).close();
                    assertEquals(3, client.getConnectionCounts().getOpened());
                    client.closeIdle();
                    assertEquals(0, client.getConnectionCounts().getOpen());
                    InferenceException error =
                            Expect.failure(Status.INVALID_ARGUMENT, Origin.ARGUMENT, () -> client.connect(4));
                    Expect.message(error, "max_connections");
                    error = Expect.failure(Status.INVALID_ARGUMENT, Origin.ARGUMENT, () -> client.connect(-1));
                    Expect.message(error, "-1");
                }
            }
        }
        try (CannedServer silent = CannedServer.silent();
                InferenceServerClient client = new InferenceServerClient("grpc://" + silent.address())) {
            CallOptions options = CallOptions.builder().timeout(Duration.ofMillis(100)).build();
            Expect.failure(Status.DEADLINE_EXCEEDED, Origin.CLIENT, () -> client.connect(1, options));
        }
    }

    @Test
    void tcpKeepAliveIsSetOnTheSocket() throws Exception {
        try (EmbeddedServer server = EmbeddedServer.start()) {
            String url = server.urls().get(0);
            int port = Integer.parseInt(url.substring(url.lastIndexOf(':') + 1));
            for (Duration time : new Duration[] {null, Duration.ofSeconds(90)}) {
                ClientOptions options = ClientOptions.builder().tcpKeepAlive(time).build();
                try (InferenceServerClient client = new InferenceServerClient(url, options)) {
                    client.connect(1);
                    // The column of timers: 02 is that of keepalive.
                    assertEquals(List.of(time == null ? "00" : "02"), List.copyOf(timers(port)));
                    client.closeIdle();
                }
            }
        }
    }

    /** Returns the timers of the established connections of this machine to a port. */
    private static Collection<String> timers(int port) throws Exception {
        String remote = String.format("0100007F:%04X", port);
        return Files.readAllLines(Path.of("/proc/net/tcp")).stream()
                .map(line -> line.trim().split("\\s+"))
                .filter(columns -> columns[2].equals(remote) && columns[3].equals("01"))
                // By the local address: a table that changes while it is read may have a row twice.
                .collect(Collectors.toMap(
                        columns -> columns[1], columns -> columns[5].substring(0, 2), (one, same) -> one))
                .values();
    }

    @Test
    void authorityAndUserAgentAreSent() throws Exception {
        try (RecordingServer server = new RecordingServer(headers -> true)) {
            ClientOptions options = ClientOptions.builder()
                    .authority("gateway.example:8443")
                    .userAgent("my-service/2")
                    .callOptions(CallOptions.builder().basicAuth("user", "pass").build())
                    .build();
            try (InferenceServerClient client = new InferenceServerClient(server.url(), options)) {
                client.isServerLive();
                CallOptions bearer = CallOptions.builder().bearerToken("abc.def").build();
                client.inferAsync(new InferRequest("m", List.of(), List.of()), bearer).get().close();
            }
            assertEquals(List.of("gateway.example:8443", "gateway.example:8443"), server.values("host"));
            assertTrue(server.values("user-agent").stream().allMatch(agent -> agent.endsWith(" my-service/2")));
            assertEquals(List.of("Basic dXNlcjpwYXNz", "Bearer abc.def"), server.values("authorization"));
        }
    }

    @Test
    void eachOptionIsCheckedByTheCore() {
        Duration zero = Duration.ZERO;
        List<UnaryOperator<ClientOptions.Builder>> invalid = List.of(
                options -> options.idleTimeout(zero),
                options -> options.maxConnectionAge(Duration.ofSeconds(-1)),
                options -> options.maxConnectionRequests(0),
                options -> options.maxConnectionRequests(-1),
                options -> options.tcpKeepAlive(zero),
                options -> options.keepAliveTime(zero),
                options -> options.keepAliveTimeout(zero),
                options -> options.authority("a/b"),
                options -> options.userAgent("a\r\nb"));
        for (UnaryOperator<ClientOptions.Builder> set : invalid) {
            ClientOptions options = set.apply(ClientOptions.builder()).build();
            Expect.failure(Status.INVALID_ARGUMENT, Origin.ARGUMENT,
                    () -> new InferenceServerClient("localhost", options).close());
        }
        // Without an effect that a test can see.
        byte[] record = ClientOptions.builder().tcpNoDelay(false).build().record(0);
        assertArrayEquals(new byte[] {29, 0}, record);
        List<CallOptions> calls = List.of(
                CallOptions.builder().basicAuth("a:b", "swordfish").build(),
                CallOptions.builder().bearerToken("swordfish\n").build());
        try (InferenceServerClient client = new InferenceServerClient("localhost:1")) {
            for (CallOptions call : calls) {
                InferenceException error = Expect.failure(
                        Status.INVALID_ARGUMENT, Origin.ARGUMENT, () -> client.isServerLive(call));
                assertTrue(!error.getMessage().contains("swordfish"), error.getMessage());
            }
        }
    }
}

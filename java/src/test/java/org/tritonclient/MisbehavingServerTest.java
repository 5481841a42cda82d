package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Servers that break off, send garbage or nothing: each call ends soon, with an error that says so. */
class MisbehavingServerTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(1);
    private static final long PATIENCE_NANOS = Duration.ofSeconds(10).toNanos();

    /** What a server does with a connection on which a request has begun. */
    private interface Act {
        void play(Socket connection) throws IOException;
    }

    /** Settings of HTTP/2, with which a server begins, and their confirmation. */
    private static final byte[] HTTP2 = {0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0};

    private static Map<String, Act> acts() {
        Map<String, Act> acts = new LinkedHashMap<>();
        acts.put("close", connection -> {});
        acts.put("reset", connection -> connection.setSoLinger(true, 0));
        acts.put("garbage", connection -> send(connection, garbage()));
        acts.put("zeros", connection -> send(connection, new byte[1 << 16]));
        acts.put("HTTP/2, then close", connection -> send(connection, HTTP2));
        acts.put("HTTP/2, then garbage", connection -> {
            send(connection, HTTP2);
            send(connection, garbage());
        });
        acts.put("HTTP/2, then a frame of 16 MiB", connection -> {
            send(connection, HTTP2);
            send(connection, new byte[] {-1, -1, -1, 0, 0, 0, 0, 0, 1});
            send(connection, new byte[1 << 16]);
        });
        acts.put("half a head", connection -> send(connection, text("HTTP/1.1 200 OK\r\nContent-Le")));
        acts.put("half a body", connection -> send(connection, response(100, "{\"model_name\":\"simple\"")));
        acts.put("no JSON", connection -> send(connection, response(9, "\u0001\u0002\"[{:,.\u007f")));
        acts.put("an HTML page", connection -> send(connection, response(13, "<html></html>")));
        acts.put("a wrong JSON size", connection -> send(
                connection,
                text("HTTP/1.1 200 OK\r\nInference-Header-Content-Length: 4000000000\r\nContent-Length: 2\r\n\r\n{}")));
        acts.put("a tensor past the end", connection -> {
            String json = "{\"model_name\":\"simple\",\"outputs\":[{\"name\":\"OUTPUT0\",\"datatype\":\"INT32\","
                    + "\"shape\":[1,16],\"parameters\":{\"binary_data_size\":9223372036854775807}}]}";
            send(connection, text("HTTP/1.1 200 OK\r\nInference-Header-Content-Length: " + json.length()
                    + "\r\nContent-Length: " + json.length() + "\r\n\r\n" + json));
        });
        acts.put("a length that does not end", connection -> send(
                connection, text("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n")));
        acts.put("endless headers", connection -> {
            send(connection, text("HTTP/1.1 200 OK\r\n"));
            byte[] header = text(("x: " + "y".repeat(1000) + "\r\n").repeat(64));
            for (int i = 0; i < 200; i++) {
                send(connection, header);
            }
        });
        acts.put("nothing", MisbehavingServerTest::read);
        return acts;
    }

    private static byte[] response(int length, String body) {
        String head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + length + "\r\n\r\n";
        return text(head + body);
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] garbage() {
        byte[] garbage = new byte[1 << 16];
        new Random(1).nextBytes(garbage);
        return garbage;
    }

    private static void send(Socket connection, byte[] bytes) throws IOException {
        OutputStream output = connection.getOutputStream();
        output.write(bytes);
        output.flush();
    }

    private static void read(Socket connection) throws IOException {
        InputStream input = connection.getInputStream();
        while (input.read() >= 0) {}
    }

    /** Plays an act on each connection, and closes it. */
    private static final class Server implements AutoCloseable {
        private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

        Server(Act act) throws IOException {
            Thread thread = new Thread(() -> {
                while (!listener.isClosed()) {
                    try {
                        Socket connection = listener.accept();
                        Thread own = new Thread(() -> play(act, connection));
                        own.setDaemon(true);
                        own.start();
                    } catch (IOException closed) {
                        return;
                    }
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        private static void play(Act act, Socket connection) {
            try (Socket closing = connection) {
                if (closing.getInputStream().read() >= 0) {
                    act.play(closing);
                }
            } catch (IOException closedByTheClient) {
                // That is what it should do.
            }
        }

        String address() {
            return "127.0.0.1:" + listener.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }
    }

    @Test
    void everyCallEndsWithAnErrorThatFits() throws Exception {
        for (Map.Entry<String, Act> act : acts().entrySet()) {
            for (Protocol protocol : Protocol.values()) {
                try (Server server = new Server(act.getValue());
                        InferenceServerClient client = new InferenceServerClient(
                                protocol.url(server.address()),
                                ClientOptions.builder().timeout(TIMEOUT).build())) {
                    String what = protocol + ", " + act.getKey();
                    fails(what, () -> client.infer(RealServer.simple()));
                    fails(what, () -> await(client));
                    if (!act.getKey().startsWith("a tensor")) {
                        fails(what, () -> client.getModelMetadata("simple"));
                    }
                    if (protocol == Protocol.GRPC) {
                        stream(what, client);
                    } else {
                        fails(what, () -> client.generateStream("simple", "{}", json -> true));
                    }
                }
            }
        }
    }

    private static void await(InferenceServerClient client) throws Throwable {
        try {
            client.inferAsync(RealServer.simple()).get(20, TimeUnit.SECONDS).close();
        } catch (ExecutionException e) {
            throw e.getCause();
        }
    }

    private static void stream(String what, InferenceServerClient client) {
        StreamOptions options = StreamOptions.builder()
                .callOptions(CallOptions.builder().timeout(TIMEOUT).build())
                .build();
        try (InferStream stream = client.openStream(options)) {
            fails(what, () -> {
                stream.send(RealServer.simple());
                stream.next(Duration.ofSeconds(20)).getResult();
            });
        }
    }

    private static void fails(String what, Executable call) {
        long start = System.nanoTime();
        Throwable thrown = assertThrows(Throwable.class, call, what);
        InferenceException error = assertInstanceOf(InferenceException.class, thrown, what);
        assertTrue(System.nanoTime() - start < PATIENCE_NANOS, what + ": it took too long");
        boolean isSilent = what.endsWith("nothing");
        Set<Status> statuses = isSilent
                ? Set.of(Status.DEADLINE_EXCEEDED)
                : Set.of(
                        Status.UNAVAILABLE, Status.INTERNAL, Status.UNKNOWN, Status.RESOURCE_EXHAUSTED,
                        // Some of these servers speak the other protocol, or say too little for an end.
                        Status.DEADLINE_EXCEEDED);
        assertTrue(statuses.contains(error.getStatus()), what + ": " + error);
        assertTrue(error.getMessage().length() > 10 && error.getMessage().length() < 16_000, what + ": " + error);
        if (isSilent) {
            assertEquals(Origin.CLIENT, error.getOrigin(), what);
        }
    }
}

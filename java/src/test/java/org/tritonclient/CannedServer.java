package org.tritonclient;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A server whose responses a test makes up. It serves one connection at a time. */
final class CannedServer implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    /** The bytes of each response; {@code null} for none, ever. */
    private final byte[] response;
    private final List<Socket> connections = new CopyOnWriteArrayList<>();
    private final CountDownLatch requested = new CountDownLatch(1);
    private final CountDownLatch disconnected = new CountDownLatch(1);
    private final Thread thread = new Thread(this::serve, "canned-server");

    private CannedServer(byte[] response) throws IOException {
        this.response = response;
        thread.setDaemon(true);
        thread.start();
    }

    /** Starts a server that accepts connections and never responds, in any protocol. */
    static CannedServer silent() throws IOException {
        return new CannedServer(null);
    }

    /**
     * Starts a server that sends a response with status 200 to each request over HTTP.
     *
     * @param contentType the content type, after which further headers may follow
     */
    static CannedServer respond(String contentType, String body) throws IOException {
        int length = body.getBytes(StandardCharsets.UTF_8).length;
        return new CannedServer(head(contentType, length).concat(body).getBytes(StandardCharsets.UTF_8));
    }

    /** Starts a server that sends a result of so many bytes to each inference over HTTP, whatever it asks for. */
    static CannedServer result(int byteSize) throws IOException {
        String json = "{\"model_name\":\"m\",\"outputs\":[{\"name\":\"OUTPUT0\",\"datatype\":\"UINT8\",\"shape\":["
                + byteSize + "],\"parameters\":{\"binary_data_size\":" + byteSize + "}}]}";
        String type = "application/octet-stream\r\nInference-Header-Content-Length: " + json.length();
        byte[] start = head(type, json.length() + byteSize).concat(json).getBytes(StandardCharsets.UTF_8);
        return new CannedServer(Arrays.copyOf(start, start.length + byteSize));
    }

    /** Starts a server that sends the beginning of a response to each request over HTTP. */
    static CannedServer begin(String contentType, String begin) throws IOException {
        return new CannedServer(head(contentType, 1 << 20).concat(begin).getBytes(StandardCharsets.UTF_8));
    }

    private static String head(String contentType, int length) {
        return "HTTP/1.1 200 OK\r\nContent-Type: " + contentType + "\r\nContent-Length: " + length + "\r\n\r\n";
    }

    /** Returns its address, {@code HOST:PORT}. */
    String address() {
        return "127.0.0.1:" + listener.getLocalPort();
    }

    /** Waits for the first bytes of a request. */
    void awaitRequest() throws InterruptedException {
        if (!requested.await(20, TimeUnit.SECONDS)) {
            throw new AssertionError("no request");
        }
    }

    /** Waits until a client has closed its connection. */
    void awaitDisconnect() throws InterruptedException {
        if (!disconnected.await(20, TimeUnit.SECONDS)) {
            throw new AssertionError("no disconnect");
        }
    }

    private void serve() {
        while (!listener.isClosed()) {
            try (Socket connection = listener.accept()) {
                connections.add(connection);
                serve(connection);
                disconnected.countDown();
            } catch (IOException e) {
                disconnected.countDown();
            }
        }
    }

    private void serve(Socket connection) throws IOException {
        InputStream input = new BufferedInputStream(connection.getInputStream());
        while (readRequest(input)) {
            if (response != null) {
                connection.getOutputStream().write(response);
            }
        }
    }

    /** Reads a request, or what there is if no response follows. Returns whether there was one. */
    private boolean readRequest(InputStream input) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (response == null || !head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int next = input.read();
            if (next < 0) {
                return false;
            }
            requested.countDown();
            head.write(next);
        }
        String lines = head.toString(StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
        int length = lines.indexOf("content-length:");
        if (length >= 0) {
            String value = lines.substring(length + "content-length:".length());
            input.readNBytes(Integer.parseInt(value.substring(0, value.indexOf('\r')).trim()));
        }
        return true;
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket connection : connections) {
            connection.close();
        }
        try {
            thread.join(20_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

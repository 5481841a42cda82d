package org.tritonclient;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** An HTTP server that holds its responses back until it is told, so that calls are under way as long as needed. */
final class ClassLoaderServer implements AutoCloseable {
    private static final String BODY = "{\"model_name\":\"m\",\"model_version\":\"1\",\"outputs\":["
            + "{\"name\":\"OUTPUT0\",\"datatype\":\"INT32\",\"shape\":[1],\"data\":[7]}]}";

    private final ServerSocket listener = new ServerSocket(0, 1000, InetAddress.getByName("127.0.0.1"));
    /** Connections to it are made, and nothing follows. */
    private final ServerSocket silent = new ServerSocket(0, 1000, InetAddress.getByName("127.0.0.1"));
    private final AtomicInteger requests = new AtomicInteger();
    private final CountDownLatch released = new CountDownLatch(1);

    ClassLoaderServer() throws IOException {
        start(this::accept);
    }

    String url() {
        return "127.0.0.1:" + listener.getLocalPort();
    }

    /** Returns the URL of a server over gRPC that never responds. */
    String silentUrl() {
        return "grpc://127.0.0.1:" + silent.getLocalPort();
    }

    /** Returns how many requests have arrived. */
    int requests() {
        return requests.get();
    }

    /** Lets all responses go. */
    void release() {
        released.countDown();
    }

    private static void start(Runnable action) {
        Thread thread = new Thread(action, "test-server");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                start(() -> serve(socket));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void serve(Socket socket) {
        try (Socket connection = socket) {
            InputStream in = new BufferedInputStream(connection.getInputStream());
            OutputStream out = connection.getOutputStream();
            for (int length; (length = headers(in)) >= 0; ) {
                in.readNBytes(length);
                requests.incrementAndGet();
                released.await();
                String head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " + BODY.length()
                        + "\r\n\r\n";
                out.write((head + BODY).getBytes(StandardCharsets.US_ASCII));
            }
        } catch (IOException | InterruptedException e) {
            // The client closed the connection, as it does when a call is cancelled.
        }
    }

    /** Reads the headers of a request. Returns the size of its body, or -1 at the end of the connection. */
    private static int headers(InputStream in) throws IOException {
        int length = 0;
        StringBuilder line = new StringBuilder();
        for (int c; (c = in.read()) >= 0; ) {
            if (c != '\n') {
                line.append((char) c);
                continue;
            }
            String text = line.toString().trim().toLowerCase(Locale.ROOT);
            line.setLength(0);
            if (text.startsWith("content-length:")) {
                length = Integer.parseInt(text.substring("content-length:".length()).trim());
            }
            if (text.isEmpty()) {
                return length;
            }
        }
        return -1;
    }

    @Override
    public void close() throws IOException {
        release();
        listener.close();
        silent.close();
    }
}

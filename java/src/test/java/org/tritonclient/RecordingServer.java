package org.tritonclient;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** A server over HTTP that records the headers of requests, and responds 200 or 401. */
final class RecordingServer implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    private final Predicate<Map<String, String>> isAuthenticated;
    private final List<Map<String, String>> requests = new CopyOnWriteArrayList<>();
    private final List<Socket> connections = new CopyOnWriteArrayList<>();

    /** @param isAuthenticated of the headers of a request, whose names are in lower case */
    RecordingServer(Predicate<Map<String, String>> isAuthenticated) throws IOException {
        this.isAuthenticated = isAuthenticated;
        start(this::accept);
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "recording-server");
        thread.setDaemon(true);
        thread.start();
    }

    String url() {
        return "http://127.0.0.1:" + listener.getLocalPort();
    }

    /** Returns the values of a header, one for each request so far; "none" for one without it. */
    List<String> values(String name) {
        return requests.stream().map(headers -> headers.getOrDefault(name, "none")).collect(Collectors.toList());
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket connection = listener.accept();
                connections.add(connection);
                start(() -> serve(connection));
            } catch (IOException e) {
                // The listener is closed.
            }
        }
    }

    private void serve(Socket accepted) {
        try (Socket connection = accepted) {
            InputStream input = new BufferedInputStream(connection.getInputStream());
            while (!line(input).isEmpty()) {
                Map<String, String> headers = new TreeMap<>();
                for (String line = line(input); !line.isEmpty(); line = line(input)) {
                    int colon = line.indexOf(':');
                    headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
                }
                input.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
                requests.add(headers);
                boolean isGood = isAuthenticated.test(headers);
                String body = isGood ? "{\"model_name\":\"m\",\"outputs\":[]}" : "{\"error\":\"who are you?\"}";
                String response = "HTTP/1.1 " + (isGood ? "200 OK" : "401 Unauthorized") + "\r\nContent-Length: "
                        + body.length() + "\r\n\r\n" + body;
                connection.getOutputStream().write(response.getBytes(StandardCharsets.US_ASCII));
            }
        } catch (IOException e) {
            // The client has closed the connection.
        }
    }

    /** Reads a line; empty at the end. */
    private static String line(InputStream input) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = input.read(); next >= 0 && next != '\n'; next = input.read()) {
            line.append((char) next);
        }
        return line.toString().strip();
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket connection : connections) {
            connection.close();
        }
    }
}

package org.tritonclient.examples.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;

/** Forwards connections to the server, except the first ones, which it closes at once. */
public final class Relay implements AutoCloseable {
    private final ServerSocket listener;
    private final AtomicInteger toClose;

    /** Starts to listen on a free port of 127.0.0.1. */
    public Relay(int toClose) throws IOException {
        this.toClose = new AtomicInteger(toClose);
        listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    /** Returns the URL that leads to the server through this relay, over HTTP. */
    public String url() {
        return "http://127.0.0.1:" + listener.getLocalPort();
    }

    private void accept() throws IOException {
        while (true) {
            Socket client = listener.accept(); // throws after close()
            if (toClose.getAndDecrement() > 0) {
                client.close();
                continue;
            }
            Socket server = new Socket(InetAddress.getLoopbackAddress(), TestServer.port("http"));
            start(() -> copy(client, server));
            start(() -> copy(server, client));
        }
    }

    private static void copy(Socket from, Socket to) throws IOException {
        try (from; to) {
            from.getInputStream().transferTo(to.getOutputStream());
        }
    }

    private interface Task {
        void run() throws IOException;
    }

    private static void start(Task task) {
        Thread thread = new Thread(() -> {
            try {
                task.run();
            } catch (IOException e) {
                // closed
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}

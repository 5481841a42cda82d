package org.tritonclient;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/** TLS of the JDK before a server: a port that passes the bytes on to a plain one. */
final class TlsFront implements AutoCloseable {
    private final SSLServerSocket listener;
    private final String host;
    private final int port;
    private final List<String> names = new CopyOnWriteArrayList<>();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "tls-front");
        thread.setDaemon(true);
        return thread;
    });

    private TlsFront(SSLContext context, boolean needsClient, String[] versions, String upstream) throws IOException {
        host = upstream.substring(0, upstream.indexOf(':'));
        port = Integer.parseInt(upstream.substring(upstream.indexOf(':') + 1));
        listener = (SSLServerSocket)
                context.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        SSLParameters parameters = listener.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
        parameters.setNeedClientAuth(needsClient);
        parameters.setProtocols(versions);
        listener.setSSLParameters(parameters);
        threads.execute(this::accept);
    }

    /** Starts a port with the certificate {@code server}, which requires a certificate of its clients. */
    static TlsFront mutual(String upstream) throws Exception {
        return new TlsFront(Certificates.server("server"), true, new String[] {"TLSv1.3", "TLSv1.2"}, upstream);
    }

    /** Starts a port with the certificate {@code server} that has TLS 1.2 only. */
    static TlsFront old(String upstream) throws Exception {
        return new TlsFront(Certificates.server("server"), false, new String[] {"TLSv1.2"}, upstream);
    }

    /** Returns its address, {@code HOST:PORT}. */
    String address() {
        return "127.0.0.1:" + listener.getLocalPort();
    }

    /** Returns the names that clients asked for in the handshakes so far. */
    List<String> names() {
        return names;
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                SSLSocket client = (SSLSocket) listener.accept();
                sockets.add(client);
                threads.execute(() -> serve(client));
            } catch (IOException e) {
                // The listener is closed.
            }
        }
    }

    private void serve(SSLSocket accepted) {
        try (SSLSocket client = accepted) {
            client.startHandshake();
            for (SNIServerName name : ((ExtendedSSLSession) client.getSession()).getRequestedServerNames()) {
                names.add(new String(name.getEncoded()));
            }
            try (Socket server = new Socket(host, port)) {
                sockets.add(server);
                threads.execute(() -> copy(server, client));
                copy(client, server);
            }
        } catch (IOException e) {
            // The client has refused the certificate, or has none.
        }
    }

    /** Copies until the end, and ends the other side. */
    private static void copy(Socket from, Socket target) {
        try (Socket to = target) {
            InputStream input = from.getInputStream();
            OutputStream output = to.getOutputStream();
            byte[] buffer = new byte[16384];
            for (int count = input.read(buffer); count >= 0; count = input.read(buffer)) {
                output.write(buffer, 0, count);
            }
        } catch (IOException e) {
            // One side has ended the connection.
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
        threads.shutdown();
        try {
            if (!threads.awaitTermination(20, TimeUnit.SECONDS)) {
                throw new AssertionError("a thread of the TLS front does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

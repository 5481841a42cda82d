package org.tritonclient;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ResourceBundle;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Ends its JVM while calls and streams of every kind are under way. */
public final class ExitMain {
    /** The status of all ends but that of {@code main}. */
    static final int STATUS = 7;

    private static final AtomicBoolean EXITING = new AtomicBoolean();
    private static final CountDownLatch UNDER_WAY = new CountDownLatch(200);

    private static String how;
    private static Path moment;

    private ExitMain() {}

    /**
     * Takes how to end, a file to create at that moment, the port of a server that is silent, the URLs of one that
     * responds, over HTTP and gRPC, and the address of one that generates.
     */
    public static void main(String[] arguments) throws Exception {
        how = arguments[0];
        moment = Paths.get(arguments[1]);
        if (how.equals("hook")) {
            closeInHook(arguments[3]);
        }
        wait("http://" + arguments[2]);
        wait("grpc://" + arguments[2]);
        work(arguments[3]);
        work(arguments[4]);
        stream(arguments[4]);
        InferenceServerClient generating = new InferenceServerClient("http://" + arguments[5]);
        thread(() -> generating.generateStream("m", "{}", json -> {
            awaitCalls();
            exitIf("generate");
            return true;
        }));
        awaitCalls();
        switch (how) {
            case "main":
                Files.createFile(moment);
                return;
            case "exit":
            case "hook":
                exitIf(how);
                return;
            case "halt":
                Files.createFile(moment);
                Runtime.getRuntime().halt(STATUS);
                return;
            default:
                Thread.sleep(60_000);
                throw new AssertionError("no exit: " + how);
        }
    }

    private static void awaitCalls() {
        try {
            if (!UNDER_WAY.await(60, TimeUnit.SECONDS)) {
                throw new AssertionError("the calls do not proceed");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Exits, if that is the end that was asked for. */
    private static void exitIf(String place) {
        if (!place.equals(how) || UNDER_WAY.getCount() > 0 || !EXITING.compareAndSet(false, true)) {
            return;
        }
        try {
            Files.createFile(moment);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        System.exit(STATUS);
    }

    /** Calls that still work when the JVM exits, and the end of a client. */
    private static void closeInHook(String url) {
        InferenceServerClient client = new InferenceServerClient(url);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            client.infer(RealServer.simple()).close();
            client.inferAsync(RealServer.simple()).join().close();
            client.close();
        }));
    }

    /** Every kind of call that waits for a server. */
    private static void wait(String url) {
        InferenceServerClient client = new InferenceServerClient(url, options());
        for (int i = 0; i < 4; i++) {
            thread(() -> client.infer(RealServer.simple()));
            client.inferAsync(RealServer.simple());
        }
        thread(client::getServerMetadata);
        thread(() -> client.inferAsync(RealServer.simple()).join());
        if (url.startsWith("grpc")) {
            InferStream stream = client.openStream();
            stream.send(RealServer.simple());
            thread(stream::next);
            client.openStream(StreamOptions.defaults(), new Events(null)).send(RealServer.simple());
        } else {
            thread(() -> client.generateStream("m", "{}", json -> true));
        }
    }

    /** Calls that come and go: what they have of Java is in use at every moment. */
    private static void work(String url) {
        ClientOptions onCallbackThreads = ClientOptions.builder()
                .executor(Runnable::run)
                .logger(new ExitLogger())
                .build();
        for (ClientOptions options : new ClientOptions[] {onCallbackThreads, options()}) {
            InferenceServerClient client = new InferenceServerClient(url, options);
            for (int i = 0; i < 4; i++) {
                again(client);
            }
            thread(() -> {
                while (true) {
                    client.infer(RealServer.simple()).close();
                }
            });
        }
    }

    private static void again(InferenceServerClient client) {
        client.inferAsync(RealServer.simple()).thenAccept(result -> {
            result.close();
            UNDER_WAY.countDown();
            exitIf("callback");
            again(client);
        });
    }

    private static void stream(String url) {
        InferenceServerClient client = new InferenceServerClient(url, options());
        Events events = new Events(null);
        events.stream = client.openStream(StreamOptions.defaults(), events);
        for (int i = 0; i < 4; i++) {
            events.stream.send(RealServer.simple());
        }
    }

    private static ClientOptions options() {
        return ClientOptions.builder().logger(new QuietLogger()).build();
    }

    private static void thread(Runnable body) {
        Thread thread = new Thread(() -> {
            try {
                body.run();
            } catch (InferenceException | IllegalStateException atTheEnd) {
                // In the hook, and when the servers end.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    /** Sends a request for each result. */
    private static final class Events implements StreamHandler {
        volatile InferStream stream;

        Events(InferStream stream) {
            this.stream = stream;
        }

        @Override
        public void onResult(InferResult result) {
            result.close();
            exitIf("handler");
            InferStream stream = this.stream;
            if (stream != null) {
                stream.send(RealServer.simple());
            }
        }

        @Override
        public void onRequestError(InferenceException error) {}

        @Override
        public void onEnd(InferenceException error) {}
    }

    /** Prints nothing. */
    private static class QuietLogger implements System.Logger {
        @Override
        public String getName() {
            return "test";
        }

        @Override
        public boolean isLoggable(Level level) {
            return true;
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {}

        @Override
        public void log(Level level, ResourceBundle bundle, String format, Object... arguments) {}
    }

    private static final class ExitLogger extends QuietLogger {
        @Override
        public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
            exitIf("logger");
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String format, Object... arguments) {
            exitIf("logger");
        }
    }
}

package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.ResourceBundle;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What goes wrong in native code and in code of the user ends in an exception, and never the JVM. */
class FailureTest {
    @Test
    void aPanicIsAnExceptionWithItsText() {
        new InferenceServerClient(RealServer.http()).close();
        byte[] text = "for the test \u00e4".getBytes(StandardCharsets.UTF_8);
        InferenceException error = assertThrows(InferenceException.class, () -> Native.panic(text));
        assertEquals(Status.INTERNAL, error.getStatus());
        assertTrue(error.getMessage().contains("for the test \u00e4"), error.getMessage());
        assertTrue(error.isInDoubt());
    }

    @Test
    void whatADependentActionThrowsEndsInItsFuture() throws Exception {
        List<Throwable> thrown = List.of(
                new IllegalStateException("mine"), new OutOfMemoryError("mine"), new StackOverflowError("mine"));
        for (String url : RealServer.urls()) {
            // On the callback thread itself, which must survive.
            ClientOptions options = ClientOptions.builder().executor(Runnable::run).build();
            try (InferenceServerClient client = new InferenceServerClient(url, options)) {
                for (Throwable one : thrown) {
                    CompletableFuture<Void> dependent = client.inferAsync(RealServer.slow(30)).thenAccept(result -> {
                        FailureTest.<RuntimeException>sneak(one);
                    });
                    Throwable cause = assertThrows(
                                    java.util.concurrent.ExecutionException.class,
                                    () -> dependent.get(30, TimeUnit.SECONDS))
                            .getCause();
                    assertEquals(one, cause);
                }
                client.inferAsync(RealServer.simple()).get(10, TimeUnit.SECONDS).close();
            }
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable one) throws T {
        throw (T) one;
    }

    @Test
    void anExecutorThatThrowsAnErrorLosesNoResult() throws Exception {
        for (Error error : new Error[] {new OutOfMemoryError("mine"), new StackOverflowError("mine")}) {
            ClientOptions options = ClientOptions.builder()
                    .executor(task -> {
                        throw error;
                    })
                    .build();
            try (InferenceServerClient client = new InferenceServerClient(RealServer.grpc(), options)) {
                for (int i = 0; i < 3; i++) {
                    client.inferAsync(RealServer.simple()).get(10, TimeUnit.SECONDS).close();
                }
            }
        }
    }

    @Test
    void aLoggerThatThrowsChangesNothingAndMessagesArrive() throws Exception {
        for (String url : RealServer.urls()) {
            List<String> messages = java.util.Collections.synchronizedList(new ArrayList<>());
            for (boolean throwing : new boolean[] {false, true}) {
                ClientOptions options = ClientOptions.builder()
                        .logger(new TestLogger(messages, throwing))
                        .build();
                try (InferenceServerClient client = new InferenceServerClient(url, options)) {
                    client.infer(RealServer.simple()).close();
                    client.inferAsync(RealServer.simple()).get(10, TimeUnit.SECONDS).close();
                }
            }
            assertTrue(messages.stream().anyMatch(message -> message.contains("model 'simple'")), messages::toString);
        }
    }

    private static final class TestLogger implements System.Logger {
        private final List<String> messages;
        private final boolean throwing;

        TestLogger(List<String> messages, boolean throwing) {
            this.messages = messages;
            this.throwing = throwing;
        }

        @Override
        public String getName() {
            return "test";
        }

        @Override
        public boolean isLoggable(Level level) {
            return true;
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
            record(message);
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String format, Object... arguments) {
            record(format);
        }

        private void record(String message) {
            messages.add(message);
            if (throwing) {
                throw new IllegalStateException("the logger is broken");
            }
        }
    }
}

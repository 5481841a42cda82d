package org.tritonclient;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Blocking calls of clients to which nothing refers but the call itself. Run with code that is compiled at once: the
 * interpreter keeps what a method refers to until its end, and a compiler does not.
 */
final class DroppedClientMain {
    private static final CallOptions OPTIONS = CallOptions.builder().timeout(Duration.ofSeconds(2)).build();

    private DroppedClientMain() {}

    public static void main(String[] arguments) throws Exception {
        try (SilentServer server = new SilentServer()) {
            String url = server.grpc();
            List<Supplier<String>> calls = List.of(
                    () -> status(() -> infer(url)),
                    () -> status(() -> inferMany(url)),
                    () -> status(() -> isLive(url)));
            AtomicInteger left = new AtomicInteger(calls.size());
            for (Supplier<String> call : calls) {
                new Thread(() -> {
                    try {
                        System.out.println(call.get());
                    } finally {
                        left.decrementAndGet();
                    }
                }).start();
            }
            while (left.get() > 0) {
                System.gc();
                Thread.sleep(20);
            }
        }
    }

    private static String status(Runnable call) {
        try {
            call.run();
            return "OK";
        } catch (InferenceException error) {
            return error.getStatus().name();
        }
    }

    private static void infer(String url) {
        new InferenceServerClient(url).infer(new InferRequest("model"), OPTIONS).close();
    }

    private static void inferMany(String url) {
        new InferenceServerClient(url).inferMany(List.of(new InferRequest("model")), OPTIONS).get(0).getResult();
    }

    private static void isLive(String url) {
        new InferenceServerClient(url).isServerLive(OPTIONS);
    }
}

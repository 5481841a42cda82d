package org.tritonclient;

import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** What an application does with a client of its own class loader. All that crosses are classes of the JDK. */
final class ClassLoaderWorkload implements AutoCloseable {
    static final int CALLS = 4;

    private final InferenceServerClient client;
    private final Thread blocked;

    private ClassLoaderWorkload(String url, AtomicInteger results, AtomicInteger failures) {
        client = new InferenceServerClient(url);
        for (int i = 1; i < CALLS; i++) {
            client.inferAsync("m", inputs(), Collections.emptyList()).whenComplete((result, failure) -> {
                if (failure == null && result.getOutputAsInt("OUTPUT0")[0] == 7) {
                    results.incrementAndGet();
                    result.close();
                } else {
                    failures.incrementAndGet();
                }
            });
        }
        blocked = new Thread(() -> {
            try (InferResult result = client.infer("m", inputs(), Collections.emptyList())) {
                results.addAndGet(result.getOutputAsInt("OUTPUT0")[0] == 7 ? 1 : 0);
            } catch (InferenceException | IllegalStateException e) {
                failures.incrementAndGet();
            }
        });
        blocked.start();
    }

    private static List<InferInput> inputs() {
        InferInput input = new InferInput("INPUT0", new long[] {1}, DataType.INT32);
        input.setData(new int[] {1});
        return Collections.singletonList(input);
    }

    /** Starts calls on which nobody waits, and counts how each ends. */
    static AutoCloseable start(String url, AtomicInteger results, AtomicInteger failures) {
        return new ClassLoaderWorkload(url, results, failures);
    }

    /** Cancels the calls, as an application does that is stopped. */
    @Override
    public void close() {
        blocked.interrupt();
        client.close();
    }
}

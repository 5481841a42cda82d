package org.tritonclient;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** What an application does with clients of its own class loader. All that crosses are classes of the JDK. */
final class ClassLoaderWorkload implements AutoCloseable {
    /** How many calls it makes that the server holds. */
    static final int HELD = 4;

    /** How many it makes to the silent server, and how many streams it opens there. */
    static final int SILENT = 2;

    private final InferenceServerClient client;
    private final InferenceServerClient silent;
    /** How many calls ended how: a status, or "results". */
    private final Map<String, Integer> ends;
    private final List<Thread> threads = new ArrayList<>();

    private ClassLoaderWorkload(String url, String silentUrl, Duration silence, Map<String, Integer> ends) {
        this.ends = ends;
        ClientOptions options = ClientOptions.builder()
                .headerCallback(headers -> headers.add("x-tenant", "blue"))
                .build();
        client = new InferenceServerClient(url, options);
        silent = new InferenceServerClient(silentUrl, options);
        for (int i = 0; i < HELD - 1; i++) {
            client.inferAsync("m", inputs(), Collections.emptyList()).whenComplete(this::end);
        }
        Thread blocked = new Thread(() -> {
            try {
                end(client.infer("m", inputs(), Collections.emptyList()), null);
            } catch (Throwable failure) {
                end(null, failure);
            }
        });
        blocked.start();
        threads.add(blocked);
        CallOptions silently = CallOptions.builder().timeout(silence).build();
        InferRequest request = new InferRequest("m", inputs(), Collections.emptyList());
        silent.inferAsync(request, silently).whenComplete(this::end);
        silent.openStream(StreamOptions.builder().callOptions(silently).build(), new Events()).send(request);
    }

    private static List<InferInput> inputs() {
        InferInput input = new InferInput("INPUT0", new long[] {1}, DataType.INT32);
        input.setData(new int[] {1});
        return Collections.singletonList(input);
    }

    private void end(InferResult result, Throwable failure) {
        String end;
        if (failure instanceof InferenceException) {
            end = ((InferenceException) failure).getStatus().name();
        } else {
            end = failure != null ? failure.toString() : "result " + Arrays.toString(result.getOutputAsInt("OUTPUT0"));
        }
        if (result != null) {
            result.close();
        }
        ends.merge(end, 1, Integer::sum);
    }

    /**
     * Starts calls for which nobody waits, and counts how each ends.
     *
     * @param silence the timeout of calls to the silent server
     */
    static AutoCloseable start(String url, String silentUrl, Duration silence, Map<String, Integer> ends) {
        return new ClassLoaderWorkload(url, silentUrl, silence, ends);
    }

    /** Cancels the calls, as an application does that is stopped. */
    @Override
    public void close() {
        threads.forEach(Thread::interrupt);
        client.close();
        silent.close();
    }

    private final class Events implements StreamHandler {
        @Override
        public void onResult(InferResult result) {
            end(result, null);
        }

        @Override
        public void onRequestError(InferenceException error) {
            end(null, error);
        }

        @Override
        public void onEnd(InferenceException error) {
            end(null, error);
        }
    }
}

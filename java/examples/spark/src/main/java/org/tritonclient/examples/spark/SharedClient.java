package org.tritonclient.examples.spark;

import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;
import org.tritonclient.InferenceServerClient;

/**
 * The client that the tasks of an executor share, one for each URL. The first task opens it, and the end of the last
 * task that uses it closes it.
 *
 * <p>Not opened once and never closed: a static field exists once for each class loader, and with isolated sessions
 * (Spark Connect) an executor has several. Spark drops a session's class loader when the session has ended, but an
 * open client has threads and connections, which would keep it until the executor exits.
 *
 * <p>Not one for each task: tasks that run at the same time share the connections. As long as one of the executor's
 * cores is busy, the client stays open; on an executor with a single core, each task opens its own, which takes a few
 * milliseconds. Closing it after an idle time would avoid that, and would need a thread that outlives the tasks.
 */
final class SharedClient {
    private static final ConcurrentHashMap<String, SharedClient> OPEN = new ConcurrentHashMap<>();

    private final InferenceServerClient client;
    private int tasks;

    private SharedClient(String url) {
        client = new InferenceServerClient(url); // no network yet
    }

    /**
     * Returns the executor's client for this URL. It stays open at least until the task completes, fails or is
     * killed.
     */
    static InferenceServerClient acquire(String url, TaskContext task) {
        // compute() is atomic: no task receives a client that another one closes.
        SharedClient shared = OPEN.compute(url, (key, open) -> {
            SharedClient used = open == null ? new SharedClient(url) : open;
            used.tasks++;
            return used;
        });
        task.addTaskCompletionListener((TaskCompletionListener) ended -> release(url));
        return shared.client;
    }

    private static void release(String url) {
        OPEN.computeIfPresent(url, (key, shared) -> {
            if (--shared.tasks > 0) {
                return shared;
            }
            shared.client.close(); // does not block
            return null;
        });
    }

    /** Returns the number of open clients of this class loader, for tests. */
    static int openCount() {
        return OPEN.size();
    }
}

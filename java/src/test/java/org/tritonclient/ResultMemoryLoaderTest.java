package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.Cleaner;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The statics of results, the cleaner with its thread among them, do not outlive their class loader. */
class ResultMemoryLoaderTest {
    private static final int LOADERS = 5;

    /** Called in another class loader: leaves results, closed and not, behind. */
    static void use() {
        for (int i = 0; i < 10; i++) {
            InferResult result = new ResultRecord(1).pieces("O", DataType.INT32, new byte[64], new int[] {64}, 16)
                    .read(handle -> {});
            result.getOutputBuffer("O");
            if (i % 2 == 0) {
                result.close();
            }
        }
    }

    private static Set<Thread> cleaners() {
        Set<Thread> cleaners = new HashSet<>();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("Cleaner-")) {
                cleaners.add(thread);
            }
        }
        return cleaners;
    }

    @Test
    void aClassLoaderIsCollectedAndItsCleanerEnds() throws Exception {
        // One that is there in any case.
        Cleaner.create();
        Set<Thread> before = cleaners();
        List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
        for (int i = 0; i < LOADERS; i++) {
            IsolatedLoader loader = new IsolatedLoader();
            loader.call(ResultMemoryLoaderTest.class, "use");
            loader.close();
            loaders.add(new WeakReference<>(loader));
        }
        Set<Thread> started = cleaners();
        started.removeAll(before);
        assertEquals(LOADERS, started.size(), "each has a cleaner");
        Await.collected("all class loaders", () -> loaders.stream().allMatch(loader -> loader.get() == null));
        Await.collected("all threads of cleaners", () -> started.stream().noneMatch(Thread::isAlive));
        assertTrue(started.stream().noneMatch(Thread::isAlive));
    }
}

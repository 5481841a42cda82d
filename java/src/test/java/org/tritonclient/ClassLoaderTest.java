package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** Applications that come and go in one JVM, each with a class loader and clients of its own. */
class ClassLoaderTest extends NativeLibraryTestBase {
    private static final int LOADERS = 20;

    private final AtomicInteger results = new AtomicInteger();
    private final AtomicInteger failures = new AtomicInteger();

    @Test
    void twentyClassLoadersAreDroppedWithCallsUnderWay() throws Exception {
        assumeTrue(
                NativeLibrary.class.getResource(NativePlatform.resource(NativePlatform.name())) != null,
                "the native library is not built");
        try (ClassLoaderServer server = new ClassLoaderServer()) {
            List<WeakReference<ClassLoader>> loaders = drop(server);
            // Those that were closed do not wait for the server.
            await("cancelled calls", () -> failures.get() == LOADERS / 2 * ClassLoaderWorkload.CALLS);
            assertEquals(0, results.get());
            System.gc();
            assertNotNull(loaders.get(1).get(), "calls under way keep what they complete");
            // The class loaders of these are closed, so that a class that is not loaded cannot be any more.
            server.release();
            await("responses", () -> results.get() == LOADERS / 2 * ClassLoaderWorkload.CALLS);
            awaitCollecting("class loaders are kept", () -> loaders.stream().allMatch(one -> one.get() == null));
            assertEquals(LOADERS / 2 * ClassLoaderWorkload.CALLS, failures.get());
        }
        await("native threads have ended", () -> nativeThreads().isEmpty());
        try (IsolatedLoader loader = new IsolatedLoader()) {
            loader.load();
            assertEquals(1, mappings(temporary).size());
            assertEquals(0L, loader.call(Native.class, "liveObjects"));
        }
    }

    /** In a method of its own, so that no local variable holds a class loader. */
    private List<WeakReference<ClassLoader>> drop(ClassLoaderServer server) throws Exception {
        List<IsolatedLoader> loaders = new ArrayList<>();
        List<AutoCloseable> workloads = new ArrayList<>();
        for (int i = 0; i < LOADERS; i++) {
            IsolatedLoader loader = new IsolatedLoader();
            loaders.add(loader);
            workloads.add((AutoCloseable)
                    loader.call(ClassLoaderWorkload.class, "start", server.url(), results, failures));
        }
        await("requests", () -> server.requests() == LOADERS * ClassLoaderWorkload.CALLS);
        assertEquals(1, mappings(temporary).size());
        List<WeakReference<ClassLoader>> references = new ArrayList<>();
        for (int i = 0; i < LOADERS; i++) {
            if (i % 2 == 0) {
                workloads.get(i).close();
            }
            loaders.get(i).close();
            references.add(new WeakReference<>(loaders.get(i)));
        }
        return references;
    }

    private static List<String> nativeThreads() {
        List<String> names = new ArrayList<>();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("triton")) {
                names.add(thread.getName());
            }
        }
        return names;
    }

    private static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, what);
            Thread.yield();
        }
    }
}

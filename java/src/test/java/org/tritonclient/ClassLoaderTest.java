package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Applications that come and go in one JVM, each with a class loader and clients of its own. */
class ClassLoaderTest extends NativeLibraryTestBase {
    private static final int LOADERS = 20;
    private static final int HELD = LOADERS / 2 * ClassLoaderWorkload.HELD;
    private static final int SILENT = LOADERS / 2 * ClassLoaderWorkload.SILENT;

    @Test
    void twentyClassLoadersAreDroppedWithCallsUnderWay() throws Exception {
        assumeTrue(
                NativeLibrary.class.getResource(NativePlatform.resource(NativePlatform.name())) != null,
                "the native library is not built");
        Map<String, Integer> ends = new ConcurrentHashMap<>();
        try (ClassLoaderServer server = new ClassLoaderServer()) {
            List<WeakReference<ClassLoader>> loaders = drop(server, ends);
            // Those that were closed do not wait for the servers.
            awaitEnds(ends, "CANCELLED", HELD + SILENT);
            System.gc();
            assertNotNull(loaders.get(1).get(), "calls under way keep what they complete");
            // The class loaders of these are closed: a class that is not loaded cannot be loaded any more.
            server.release();
            awaitEnds(ends, "result [7]", HELD);
            awaitEnds(ends, "DEADLINE_EXCEEDED", SILENT);
            Await.collected("all class loaders", () -> loaders.stream().allMatch(loader -> loader.get() == null));
        }
        assertEquals(
                Map.of("CANCELLED", HELD + SILENT, "result [7]", HELD, "DEADLINE_EXCEEDED", SILENT), Map.copyOf(ends));
        try (IsolatedLoader loader = new IsolatedLoader()) {
            loader.load();
            assertEquals(1, mappings(temporary).size());
            assertEquals(0L, loader.call(Native.class, "liveObjects"));
        }
    }

    private static boolean isClosed(int loader) {
        return loader % 2 == 0;
    }

    private static void awaitEnds(Map<String, Integer> ends, String end, int count) throws Exception {
        try {
            Await.until(count + " calls end with " + end, () -> ends.getOrDefault(end, 0) >= count);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + ", but " + ends, e);
        }
    }

    /** In a method of its own, so that no local variable holds a class loader. */
    private List<WeakReference<ClassLoader>> drop(ClassLoaderServer server, Map<String, Integer> ends)
            throws Exception {
        List<IsolatedLoader> loaders = new ArrayList<>();
        List<AutoCloseable> workloads = new ArrayList<>();
        for (int i = 0; i < LOADERS; i++) {
            IsolatedLoader loader = new IsolatedLoader();
            loaders.add(loader);
            Duration silence = Duration.ofSeconds(isClosed(i) ? 300 : 5);
            workloads.add((AutoCloseable)
                    loader.call(ClassLoaderWorkload.class, "start", server.url(), server.silentUrl(), silence, ends));
        }
        Await.until("requests", () -> server.requests() == LOADERS * ClassLoaderWorkload.HELD);
        assertEquals(1, mappings(temporary).size());
        List<WeakReference<ClassLoader>> references = new ArrayList<>();
        for (int i = 0; i < LOADERS; i++) {
            if (isClosed(i)) {
                workloads.get(i).close();
            }
            loaders.get(i).close();
            references.add(new WeakReference<>(loaders.get(i)));
        }
        return references;
    }

    @Test
    void allClassesAreLoadedWithTheLibrary() throws Exception {
        Path classes = Paths.get(NativeLibraryJvm.mainClasses(), "org", "tritonclient");
        assumeTrue(Files.isDirectory(classes), "the classes are in a jar");
        List<String> missing = new ArrayList<>();
        try (IsolatedLoader loader = new IsolatedLoader(bundle()); Stream<Path> files = Files.list(classes)) {
            loader.load();
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".class") && !name.equals("package-info.class"))
                    .map(name -> name.substring(0, name.length() - ".class".length()))
                    .filter(name -> !loader.hasLoaded("org.tritonclient." + name))
                    .sorted()
                    .forEach(missing::add);
        }
        assertEquals(Collections.emptyList(), missing, "PackageClasses lacks these");
    }
}

package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Where the library comes from, and what stays of its files. */
class NativeLibraryTest extends NativeLibraryTestBase {
    @Test
    void extractedFilesAreThoseOfTheOwnerAlone() throws Exception {
        Path library = standIn();
        try (IsolatedLoader loader = new IsolatedLoader(bundle(library))) {
            loader.load();
            loader.load();
            Path published = published();
            assertEquals(Arrays.asList(published.getParent(), published), extracted());
            assertArrayEquals(Files.readAllBytes(library), Files.readAllBytes(published));
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(published)));
            assertEquals(
                    "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(published.getParent())));
        }
    }

    @Test
    void propertyKeepsFilesForDebuggers() throws Exception {
        setProperty(LibraryCopy.KEEP_PROPERTY, "true");
        try (IsolatedLoader loader = new IsolatedLoader(bundle())) {
            loader.load();
            // The published file with its directory, and the link.
            assertEquals(4, extracted().size(), () -> "" + temporary);
        }
    }

    @Test
    void twentyClassLoadersShareOneMappingAndAreCollected() throws Exception {
        Path resources = bundle();
        List<WeakReference<ClassLoader>> loaders = loadAndDrop(resources, 20);
        Await.collected("all class loaders", () -> loaders.stream().allMatch(loader -> loader.get() == null));
    }

    /** In a method of its own, so that no local variable holds a loader. */
    private List<WeakReference<ClassLoader>> loadAndDrop(Path resources, int count) throws Exception {
        List<IsolatedLoader> loaders = new ArrayList<>();
        List<WeakReference<ClassLoader>> references = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            IsolatedLoader loader = new IsolatedLoader(resources);
            loader.load();
            loaders.add(loader);
            references.add(new WeakReference<>(loader));
        }
        assertEquals(1, mappings(temporary).size());
        assertEquals(2, extracted().size());
        for (IsolatedLoader loader : loaders) {
            loader.close();
        }
        return references;
    }

    @Test
    void classLoadersThatLoadAtTheSameTimeShareOneMapping() throws Exception {
        Path resources = bundle();
        int count = 8;
        CyclicBarrier barrier = new CyclicBarrier(count);
        ExecutorService threads = Executors.newFixedThreadPool(count);
        List<IsolatedLoader> loaders = new ArrayList<>();
        try {
            List<Future<?>> loads = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                IsolatedLoader loader = new IsolatedLoader(resources);
                loaders.add(loader);
                loads.add(threads.submit(() -> {
                    barrier.await(30, TimeUnit.SECONDS);
                    loader.load();
                    return null;
                }));
            }
            for (Future<?> load : loads) {
                load.get(30, TimeUnit.SECONDS);
            }
            assertEquals(1, mappings(temporary).size());
            assertEquals(Arrays.asList(published().getParent(), published()), extracted());
        } finally {
            threads.shutdownNow();
            for (IsolatedLoader loader : loaders) {
                loader.close();
            }
        }
    }

    @Test
    void threadsOfOneClassLoaderLoadOnce() throws Exception {
        setProperty(LibraryCopy.KEEP_PROPERTY, "true");
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (IsolatedLoader loader = new IsolatedLoader(bundle())) {
            CyclicBarrier barrier = new CyclicBarrier(8);
            List<Future<?>> loads = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                loads.add(threads.submit(() -> {
                    barrier.await(30, TimeUnit.SECONDS);
                    loader.load();
                    return null;
                }));
            }
            for (Future<?> load : loads) {
                load.get(30, TimeUnit.SECONDS);
            }
            assertEquals(4, extracted().size());
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void libraryIsCopiedWhereLinksAreNotPossible() throws Exception {
        Path elsewhere = otherFileSystem();
        Path resources = bundle();
        try (IsolatedLoader first = new IsolatedLoader(resources);
                IsolatedLoader second = new IsolatedLoader(resources)) {
            first.load();
            Path moved = elsewhere.resolve("libtriton_client.so");
            Files.copy(published(), moved, StandardCopyOption.COPY_ATTRIBUTES);
            String key = publishedProperty();
            setProperty(key, Files.size(moved) + " " + moved);
            second.load();
            assertEquals(2, mappings(temporary).size());
            assertEquals(moved, published(), "the file on the other file system was used");
            // The copy was deleted after loading.
            assertEquals(2, extracted().size());
        } finally {
            delete(elsewhere);
        }
    }

    @Test
    void libraryIsExtractedAgainIfItsFileWasDeleted() throws Exception {
        Path first = changed(published -> {
            Files.delete(published);
            Files.delete(published.getParent());
        });
        assertFalse(Files.exists(first));
    }

    @Test
    void libraryIsExtractedAgainIfItsFileIsIncomplete() throws Exception {
        // Another inode, as the first class loader has the file mapped.
        changed(published -> {
            byte[] content = Files.readAllBytes(published);
            Files.delete(published);
            Files.write(published, Arrays.copyOf(content, content.length - 1));
            Files.setPosixFilePermissions(published, PosixFilePermissions.fromString("rw-------"));
        });
    }

    @Test
    void libraryIsExtractedAgainIfOthersMayWriteToItsFile() throws Exception {
        changed(published ->
                Files.setPosixFilePermissions(published, PosixFilePermissions.fromString("rw--w----")));
    }

    @Test
    void libraryIsExtractedAgainIfItsFileIsALink() throws Exception {
        changed(published -> {
            Path target = Files.move(published, temporary.resolve("moved.so"));
            Files.createSymbolicLink(published, target);
        });
    }

    @Test
    void libraryIsExtractedAgainIfItsFileHasAnotherOwner() throws Exception {
        assumeTrue("root".equals(Files.getOwner(temporary).getName()), "only root may change owners");
        changed(published -> Files.setOwner(
                published,
                published.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody")));
    }

    @Test
    void damagedPropertyIsReplaced() throws Exception {
        Path resources = bundle();
        try (IsolatedLoader first = new IsolatedLoader(resources);
                IsolatedLoader second = new IsolatedLoader(resources)) {
            first.load();
            String key = publishedProperty();
            System.setProperty(key, "damaged");
            second.load();
            assertTrue(Files.exists(published()));
        }
    }

    private interface Change {
        void apply(Path published) throws Exception;
    }

    /** Changes the published file between two class loaders. Returns its path before. */
    private Path changed(Change change) throws Exception {
        Path resources = bundle();
        try (IsolatedLoader first = new IsolatedLoader(resources);
                IsolatedLoader second = new IsolatedLoader(resources);
                IsolatedLoader third = new IsolatedLoader(resources)) {
            first.load();
            Path before = published();
            change.apply(before);
            second.load();
            Path after = published();
            assertNotEquals(before, after);
            third.load();
            assertEquals(after, published(), "the second file is shared");
            assertEquals(2, mappings(temporary).size());
            return before;
        }
    }

    @Test
    void libraryWithoutRecordedHashIsSharedToo() throws Exception {
        Path resources = bundle();
        Files.delete(resources.resolve(NativePlatform.resource(NativePlatform.name()).substring(1) + ".sha256"));
        try (IsolatedLoader first = new IsolatedLoader(resources);
                IsolatedLoader second = new IsolatedLoader(resources)) {
            first.load();
            second.load();
            assertEquals(1, mappings(temporary).size());
            assertEquals(2, extracted().size());
        }
    }

    @Test
    void interruptedThreadsLoadAndStayInterrupted() throws Exception {
        try (IsolatedLoader loader = new IsolatedLoader(bundle())) {
            Thread.currentThread().interrupt();
            loader.load();
            assertTrue(Thread.interrupted());
        } finally {
            Thread.interrupted();
        }
    }

    @Test
    void propertyNamesTheLibrary() throws Exception {
        Path library = standIn();
        setProperty(NativeLibrary.PATH_PROPERTY, library.toString());
        try (IsolatedLoader loader = new IsolatedLoader(files.resolve("none"))) {
            loader.load();
            assertEquals(1, mappings(files).size());
            assertEquals(Collections.emptyList(), extracted());
        }
    }

    @Test
    void relativePathsAreThoseOfTheWorkingDirectory() throws Exception {
        Path library = standIn();
        Path working = Paths.get("").toAbsolutePath();
        assumeTrue(working.getRoot().equals(library.getRoot()));
        setProperty(NativeLibrary.PATH_PROPERTY, working.relativize(library).toString());
        try (IsolatedLoader loader = new IsolatedLoader(files.resolve("none"))) {
            loader.load();
            assertEquals(1, mappings(files).size());
        }
    }

    @Test
    void twentyClassLoadersShareTheLibraryOfTheProperty() throws Exception {
        setProperty(NativeLibrary.PATH_PROPERTY, standIn().toString());
        List<WeakReference<ClassLoader>> loaders = loadAndDropFile();
        Await.collected("all class loaders", () -> loaders.stream().allMatch(loader -> loader.get() == null));
    }

    private List<WeakReference<ClassLoader>> loadAndDropFile() throws Exception {
        List<IsolatedLoader> loaders = new ArrayList<>();
        List<WeakReference<ClassLoader>> references = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            IsolatedLoader loader = new IsolatedLoader(files.resolve("none"));
            loader.load();
            loaders.add(loader);
            references.add(new WeakReference<>(loader));
        }
        assertEquals(1, mappings(files).size());
        assertEquals(0, mappings(temporary).size());
        assertEquals(Collections.emptyList(), extracted());
        for (IsolatedLoader loader : loaders) {
            loader.close();
        }
        return references;
    }

    @Test
    void libraryOfThePropertyIsCopiedOnceFromAnotherFileSystem() throws Exception {
        Path elsewhere = otherFileSystem();
        try {
            Path library = Files.copy(standIn(), elsewhere.resolve("library.so"));
            setProperty(NativeLibrary.PATH_PROPERTY, library.toString());
            List<IsolatedLoader> loaders = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                loaders.add(new IsolatedLoader(files.resolve("none")));
                loaders.get(i).load();
            }
            assertEquals(1, mappings(elsewhere).size());
            assertEquals(1, mappings(temporary).size());
            for (IsolatedLoader loader : loaders) {
                loader.close();
            }
        } finally {
            delete(elsewhere);
        }
    }

    @Test
    void nothingIsLeftWhenTheJvmExits() throws Exception {
        String output = NativeLibraryJvm.run(bundle(), "-D" + LibraryCopy.DIRECTORY_PROPERTY + "=" + temporary);
        assertContains(output, "loaded");
        assertEquals(Collections.emptyList(), extracted());
    }

    /** Returns a new directory where no link to the files of this test is possible. */
    private Path otherFileSystem() throws Exception {
        Path shared = Paths.get("/dev/shm");
        assumeTrue(Files.isWritable(shared), "/dev/shm is missing");
        assumeFalse(Files.getFileStore(shared).equals(Files.getFileStore(temporary)), "one file system");
        return Files.createTempDirectory(shared, "triton-client-test-");
    }

    private static void delete(Path directory) {
        for (File file : directory.toFile().listFiles()) {
            file.delete();
        }
        directory.toFile().delete();
    }
}

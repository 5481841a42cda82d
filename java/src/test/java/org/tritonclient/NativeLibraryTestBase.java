package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Each test has a folder for all that the loader writes, and leaves the system properties as they were. */
abstract class NativeLibraryTestBase {
    /** For the tests' own files. */
    @TempDir
    Path files;

    /** The directory of extracted files. */
    @TempDir
    Path temporary;

    private final Map<String, String> saved = new HashMap<>();

    @BeforeEach
    void prepare() {
        assumeTrue(NativePlatform.os().equals("linux"), "Linux only");
        setProperty(NativeLibrary.PATH_PROPERTY, null);
        setProperty(LibraryCopy.KEEP_PROPERTY, null);
        setProperty(LibraryCopy.DIRECTORY_PROPERTY, temporary.toString());
        // Those of the tests' own class loader.
        publishedProperties().forEach(name -> setProperty(name, null));
    }

    @AfterEach
    void restore() {
        publishedProperties().forEach(System::clearProperty);
        saved.forEach(NativeLibraryTestBase::put);
    }

    final void setProperty(String name, String value) {
        // Not putIfAbsent, which takes a property that was not set for one that is not saved.
        if (!saved.containsKey(name)) {
            saved.put(name, System.getProperty(name));
        }
        put(name, value);
    }

    private static void put(String name, String value) {
        if (value == null) {
            System.clearProperty(name);
        } else {
            System.setProperty(name, value);
        }
    }

    final Path standIn(String... flags) throws Exception {
        return new StandIn(files).build("stand-in.so", flags);
    }

    /** Returns a folder of resources with a stand-in as the bundled library. */
    final Path bundle(String... flags) throws Exception {
        return bundle(standIn(flags));
    }

    final Path bundle(Path library) throws Exception {
        return StandIn.bundle(Files.createTempDirectory(files, "resources"), library);
    }

    /** Returns the message of the failure. */
    final String failure(Path resources) throws Exception {
        try (IsolatedLoader loader = new IsolatedLoader(resources)) {
            return failure(loader);
        }
    }

    static String failure(IsolatedLoader loader) {
        Exception error = assertThrows(IllegalStateException.class, loader::load);
        assertEquals(NativeLibraryException.class.getName(), error.getClass().getName());
        return error.getMessage();
    }

    static void assertContains(String text, String part) {
        assertTrue(text.contains(part), () -> "expected '" + part + "' in:\n" + text);
    }

    /** Returns the file of the only extraction that was published in this test. */
    final Path published() {
        return Paths.get(System.getProperty(publishedProperty()).replaceFirst("^\\d+ ", ""));
    }

    static String publishedProperty() {
        List<String> all = publishedProperties();
        assertEquals(1, all.size(), all::toString);
        return all.get(0);
    }

    private static List<String> publishedProperties() {
        return System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith(LibraryCopy.PUBLISHED_PROPERTY))
                .collect(Collectors.toList());
    }

    /** Returns the files and directories below the folder of extractions. */
    final List<Path> extracted() throws Exception {
        try (Stream<Path> paths = Files.walk(temporary)) {
            return paths.filter(path -> !path.equals(temporary)).sorted().collect(Collectors.toList());
        }
    }

    /** Returns device and inode of each mapped file of a folder, whether or not it was deleted. */
    static Set<String> mappings(Path folder) throws Exception {
        Set<String> inodes = new TreeSet<>();
        for (String line : Files.readAllLines(Paths.get("/proc/self/maps"))) {
            if (line.contains(folder + "/")) {
                String[] fields = line.split(" +");
                inodes.add(fields[3] + " " + fields[4]);
            }
        }
        return inodes;
    }
}

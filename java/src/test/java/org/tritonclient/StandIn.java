package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Builds libraries from {@code stand_in.c}. Where there is no C compiler, the tests that need one are skipped. */
final class StandIn {
    private final Path directory;

    StandIn(Path directory) {
        this.directory = directory;
    }

    /** Builds a library that the loader accepts, unless a flag says otherwise. */
    Path build(String name, String... flags) throws Exception {
        Path source = directory.resolve("stand_in.c");
        try (InputStream text = StandIn.class.getResourceAsStream("stand_in.c")) {
            Files.copy(text, source, StandardCopyOption.REPLACE_EXISTING);
        }
        List<String> all = new ArrayList<>(Arrays.asList("-DABI=" + Native.ABI, source.toString()));
        all.addAll(Arrays.asList(flags));
        return compile(name, all.toArray(new String[0]));
    }

    /** Builds a shared library of a source text, which a stand-in may need. */
    Path dependency(String name, String text, String... flags) throws Exception {
        Path source = directory.resolve(name + ".c");
        Files.write(source, text.getBytes(StandardCharsets.UTF_8));
        List<String> all = new ArrayList<>(Arrays.asList(source.toString(), "-Wl,-soname," + name));
        all.addAll(Arrays.asList(flags));
        return compile(name, all.toArray(new String[0]));
    }

    private Path compile(String name, String... flags) throws Exception {
        Path library = directory.resolve(name);
        List<String> command = new ArrayList<>(Arrays.asList("cc", "-shared", "-fPIC", "-o", library.toString()));
        command.addAll(Arrays.asList(flags));
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            assumeTrue(false, "no C compiler: " + e.getMessage());
            return null;
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return library;
    }

    /** Returns a directory to put before a class path, with the library as the bundled one of this platform. */
    static Path bundle(Path root, Path library) throws Exception {
        Path resource = new File(root.toFile(), NativePlatform.resource(NativePlatform.name())).toPath();
        Files.createDirectories(resource.getParent());
        Files.copy(library, resource, StandardCopyOption.REPLACE_EXISTING);
        byte[] digest = LibrarySource.sha256().digest(Files.readAllBytes(library));
        String line = LibrarySource.hex(digest) + "  " + resource.getFileName() + "\n";
        Files.write(resource.resolveSibling(resource.getFileName() + ".sha256"), line.getBytes(StandardCharsets.UTF_8));
        return root;
    }
}

package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runs a program of the tests in a JVM of its own, with the JVM's checks of native code. These print what they find and
 * go on, so that the output is part of the result.
 */
final class OwnJvm {
    private static final long SECONDS = 90;

    private final List<String> command = new ArrayList<>();
    private final Path folder;

    /** @param folder an empty folder, for the output and the report of a crash */
    OwnJvm(Path folder, String... options) throws Exception {
        this.folder = folder;
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(Arrays.asList(
                "-Xcheck:jni",
                "-ea",
                "-XX:ErrorFile=" + folder.resolve("crash.log"),
                "-cp",
                NativeLibraryJvm.mainClasses() + File.pathSeparator + NativeLibraryJvm.testClasses()));
        if (Runtime.version().feature() >= 17) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(Arrays.asList(options));
    }

    /** Runs the program, and asserts that it ends with this status, prints nothing, and does not crash. */
    void run(int status, Class<?> main, String... arguments) throws Exception {
        Process process = start(main, arguments);
        try {
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("after " + SECONDS + " s " + command + " has not ended:\n" + output());
            }
        } finally {
            process.destroyForcibly();
        }
        check(process, status);
    }

    Process start(Class<?> main, String... arguments) throws IOException {
        List<String> all = new ArrayList<>(command);
        all.add(main.getName());
        all.addAll(Arrays.asList(arguments));
        return new ProcessBuilder(all)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("output").toFile())
                .start();
    }

    /** Asserts how a process has ended. */
    void check(Process process, int status) throws IOException {
        assertEquals("", output());
        assertEquals(status, process.exitValue());
        assertFalse(Files.exists(folder.resolve("crash.log")));
        try (DirectoryStream<Path> crashes = Files.newDirectoryStream(folder, "{core,hs_err}*")) {
            assertFalse(crashes.iterator().hasNext());
        }
    }

    String output() throws IOException {
        return new String(Files.readAllBytes(folder.resolve("output")), StandardCharsets.UTF_8);
    }
}

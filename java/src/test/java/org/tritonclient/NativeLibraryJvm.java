package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Runs {@link NativeLibraryMain} in a JVM of its own. */
final class NativeLibraryJvm {
    private NativeLibraryJvm() {}

    /** Runs it from the class path, and returns what it prints. */
    static String run(Path resources, String... options) throws Exception {
        List<String> command = new ArrayList<>(Arrays.asList(options));
        command.addAll(Arrays.asList(
                "-cp",
                String.join(File.pathSeparator, resources.toString(), mainClasses(), testClasses()),
                NativeLibraryMain.class.getName()));
        return java(command);
    }

    /** Runs it from the module path. */
    static String runModule(Path resources, String... options) throws Exception {
        List<String> command = new ArrayList<>(Arrays.asList(options));
        command.addAll(Arrays.asList(
                "--module-path",
                mainClasses(),
                "--patch-module",
                "org.tritonclient=" + String.join(File.pathSeparator, resources.toString(), testClasses()),
                "-m",
                "org.tritonclient/" + NativeLibraryMain.class.getName()));
        return java(command);
    }

    /** Runs another class with the library of this JVM, and returns what it prints. */
    static String runMain(Class<?> main, String... options) throws Exception {
        List<String> command = new ArrayList<>(Arrays.asList(options));
        if (Runtime.version().feature() >= 17) {
            // Else newer ones print a warning.
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        String library = System.getProperty(NativeLibrary.PATH_PROPERTY);
        if (library != null) {
            command.add("-D" + NativeLibrary.PATH_PROPERTY + "=" + library);
        }
        command.addAll(Arrays.asList(
                "-cp", String.join(File.pathSeparator, mainClasses(), testClasses()), main.getName()));
        return java(command);
    }

    private static String java(List<String> arguments) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    static String mainClasses() throws Exception {
        return Paths.get(IsolatedLoader.classes(NativeLibrary.class).toURI()).toString();
    }

    private static String testClasses() throws Exception {
        return Paths.get(IsolatedLoader.classes(NativeLibraryMain.class).toURI()).toString();
    }
}

package org.tritonclient;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The message of a library that could not be loaded: a line for each attempt, and what is known of its cause. */
final class LoadFailure {
    private static final Pattern VERSION = Pattern.compile("version [`'](\\w+?)_([0-9.]+)' not found");
    private static final Pattern MISSING = Pattern.compile(
            "(?:^|: )([^/:\\s]+): cannot open shared object file|Error loading shared library ([^/:\\s]+): ");

    private final StringBuilder message = new StringBuilder("cannot load the native library of the Triton client");
    private Throwable cause;

    /** Adds a line. */
    void add(String line) {
        message.append("\n  - ").append(line);
    }

    /** Adds an attempt and what to do about its error. */
    void add(String attempt, Throwable error, String hint) {
        add(attempt + ": " + describe(error));
        if (hint != null) {
            message.append("\n    ").append(hint);
        }
        if (cause == null) {
            cause = error;
        } else if (cause != error) {
            cause.addSuppressed(error);
        }
    }

    NativeLibraryException exception() {
        return new NativeLibraryException(message.toString(), cause);
    }

    /** Returns the text of an error. That of the JDK for files is a bare path in the commonest cases. */
    static String describe(Throwable error) {
        if (error instanceof NoSuchFileException) {
            return "no such file or directory: '" + ((NoSuchFileException) error).getFile() + "'";
        }
        if (error instanceof AccessDeniedException) {
            return "permission denied: '" + ((AccessDeniedException) error).getFile() + "'";
        }
        if (error instanceof FileSystemException || error.getClass() == IOException.class) {
            return error.getMessage();
        }
        return error.toString();
    }

    /**
     * Returns the cause of a failed {@code System.load}, or {@code null} if its text is not known.
     *
     * @param isBundled whether the file was extracted from this jar, so that it can be extracted elsewhere
     */
    static String hint(Throwable error, Path file, boolean isBundled) {
        if (error instanceof IllegalCallerException) {
            return nativeAccess();
        }
        String text = String.valueOf(error.getMessage());
        if (error instanceof NoClassDefFoundError || error instanceof NoSuchMethodError) {
            return "native code refers to the classes of this package by name: they cannot be renamed (relocated,"
                    + " obfuscated) or removed, and must be of the library's version";
        }
        if (text.contains("unsupported JNI version")) {
            return "the library refused this JVM or these classes: its version may differ from that of the classes";
        }
        String arch = ElfFile.arch(file);
        if (arch != null && !arch.equals(NativePlatform.arch())) {
            return "the library was built for " + arch + ", and this JVM runs on " + NativePlatform.arch();
        }
        if (isBundled && isMusl(text)) {
            return "this JVM uses the C library musl (as on Alpine Linux), and the native library needs glibc: use an"
                    + " image with glibc";
        }
        Matcher version = VERSION.matcher(text);
        if (version.find()) {
            String library = version.group(1).equals("GLIBC") ? "glibc" : version.group(1);
            return "the library needs " + library + " " + version.group(2) + " or later, and that of this system is"
                    + " older: use a newer image, or build the library on this one";
        }
        Matcher missing = MISSING.matcher(text);
        if (missing.find()) {
            String name = missing.group(1) != null ? missing.group(1) : missing.group(2);
            return "the library depends on '" + name + "', which this system lacks: install it" + packageOf(name);
        }
        if (text.contains("failed to map segment") || text.contains("Operation not permitted")) {
            return notExecutable(file, isBundled);
        }
        return null;
    }

    private static String nativeAccess() {
        Module module = LoadFailure.class.getModule();
        String name = module.isNamed() ? module.getName() : "ALL-UNNAMED";
        return "this JVM denies native access: start it with --enable-native-access=" + name;
    }

    private static String packageOf(String name) {
        return name.startsWith("libgcc_s.") ? " (Debian and Ubuntu: libgcc-s1; Red Hat, SUSE and Alpine: libgcc)" : "";
    }

    private static String notExecutable(Path file, boolean isBundled) {
        String advice = isBundled
                ? "set the property '" + LibraryCopy.DIRECTORY_PROPERTY + "' to a directory elsewhere"
                : "move the library elsewhere";
        String mount = noexecMount(file);
        return mount != null
                ? "the file system at '" + mount + "' is mounted noexec: " + advice
                : "the system does not allow this file to be executed (SELinux or another policy): " + advice;
    }

    /** Returns where the file's file system is mounted if it is mounted noexec, else {@code null}. */
    private static String noexecMount(Path file) {
        try {
            Path directory = file.toAbsolutePath().getParent().toRealPath();
            Path mount = null;
            boolean isNoexec = false;
            // Later lines hide earlier ones at the same place.
            for (String line : Files.readAllLines(Paths.get("/proc/self/mountinfo"))) {
                String[] fields = line.split(" ");
                Path point = Paths.get(unescape(fields[4]));
                if (directory.startsWith(point)
                        && (mount == null || point.getNameCount() >= mount.getNameCount())) {
                    mount = point;
                    isNoexec = Arrays.asList(fields[5].split(",")).contains("noexec");
                }
            }
            return isNoexec ? mount.toString() : null;
        } catch (IOException | RuntimeException e) {
            return null;
        }
    }

    private static String unescape(String field) {
        return field.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\");
    }

    private static boolean isMusl(String text) {
        // Texts of its dynamic loader, which differ from glibc's.
        if (text.contains("Error loading shared library") || text.contains("Error relocating")) {
            return true;
        }
        try {
            for (String line : Files.readAllLines(Paths.get("/proc/self/maps"))) {
                if (line.contains("/ld-musl-")) {
                    return true;
                }
            }
        } catch (IOException | RuntimeException e) {
            // Not Linux, or a path that is not UTF-8.
        }
        return false;
    }
}

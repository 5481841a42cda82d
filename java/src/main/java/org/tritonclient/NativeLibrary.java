package org.tritonclient;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Loads the native library. {@code docs/java-loading.md} says from where, and what each failure means.
 *
 * <p>Clients call {@link #load} from their constructors, not from a static initialiser, whose second failure would be
 * a NoClassDefFoundError without a reason.
 */
final class NativeLibrary {
    static final String PATH_PROPERTY = "tritonclient.library";

    private static volatile boolean isLoaded;

    private final LoadFailure failure = new LoadFailure();

    private NativeLibrary() {}

    /**
     * Loads the library for this class loader, unless that was done.
     *
     * @throws NativeLibraryException if it cannot be loaded; the next call tries again
     */
    static void load() {
        if (isLoaded) {
            return;
        }
        synchronized (NativeLibrary.class) {
            if (!isLoaded) {
                NativeLibrary library = new NativeLibrary();
                String path = System.getProperty(PATH_PROPERTY);
                if (path != null) {
                    library.loadFile(path);
                } else {
                    library.loadBundled();
                }
                isLoaded = true;
            }
        }
    }

    /** Loads the file that the property names, and nothing else. */
    private void loadFile(String value) {
        String attempt = "property '" + PATH_PROPERTY + "': '" + value + "'";
        Path path;
        try {
            path = Paths.get(value).toAbsolutePath();
        } catch (InvalidPathException e) {
            failure.add(attempt, e, null);
            throw fileFailure();
        }
        if (value.isEmpty() || !Files.isRegularFile(path)) {
            failure.add(attempt + ": " + (Files.exists(path) ? "not a regular file" : "no such file"));
            throw fileFailure();
        }
        try {
            open(path);
        } catch (IOException | LinkageError | RuntimeException e) {
            if (isLoadedElsewhere(e)) {
                loadLink(path, attempt);
            } else {
                failure.add(attempt, e, LoadFailure.hint(e, path, false));
                throw fileFailure();
            }
        }
        connect(attempt, "use the library of this version, or remove the property");
    }

    /** Loads a hard link of a file which another class loader has loaded: a path may be loaded by one only. */
    private void loadLink(Path path, String attempt) {
        String where = attempt + " is loaded in another class loader, and a link to it in '" + LibraryCopy.parent()
                + "' fails";
        try (LibraryCopy copy = LibraryCopy.ofFile(path)) {
            openCopy(copy, where);
        } catch (IOException | UnsupportedOperationException e) {
            failure.add(where, e, null);
            throw fileFailure();
        }
    }

    private NativeLibraryException fileFailure() {
        failure.add("the library of the jar is not tried, because the property is set");
        return failure.exception();
    }

    private void loadBundled() {
        failure.add("property '" + PATH_PROPERTY + "': not set");
        LibrarySource source = LibrarySource.bundled(NativePlatform.name());
        if (source == null) {
            failure.add(missing());
            throw failure.exception();
        }
        String attempt = "'" + source.place() + "'";
        try (LibraryCopy copy = LibraryCopy.of(source)) {
            openCopy(copy, attempt + ", extracted to '" + copy.path() + "'");
        } catch (IOException e) {
            failure.add(attempt + ", not extracted", e, null);
            throw failure.exception();
        }
        connect(attempt, "the jar was packaged with the library of another version");
    }

    private static String missing() {
        String name = NativePlatform.name();
        List<String> present = new ArrayList<>();
        for (String platform : NativePlatform.KNOWN) {
            if (NativeLibrary.class.getResource(NativePlatform.resource(platform)) != null) {
                present.add(platform);
            }
        }
        return "this jar has no library for " + name + " ('" + NativePlatform.resource(name) + "'): it has "
                + (present.isEmpty() ? "none" : String.join(", ", present))
                + "; set the property '" + PATH_PROPERTY + "' to a library that was built for this system";
    }

    /** Loads a copy, or explains why that fails while the file is still there. */
    private void openCopy(LibraryCopy copy, String attempt) {
        try {
            open(copy.path());
        } catch (IOException | LinkageError | RuntimeException e) {
            failure.add(attempt, e, LoadFailure.hint(e, copy.path(), true));
            throw failure.exception();
        }
    }

    private static void open(Path path) throws IOException {
        String problem = NativePlatform.os().equals("linux") ? ElfFile.problem(path) : null;
        if (problem != null) {
            throw new IOException(problem);
        }
        System.load(path.toString());
    }

    private static boolean isLoadedElsewhere(Throwable error) {
        return error instanceof UnsatisfiedLinkError
                && String.valueOf(error.getMessage()).toLowerCase(Locale.ROOT).contains("in another classloader");
    }

    /** Compares the numbers of both sides before anything else is called. */
    private void connect(String attempt, String advice) {
        int abi;
        try {
            abi = Native.abiVersion();
        } catch (LinkageError | RuntimeException e) {
            failure.add(attempt, e, "not the library of this client, or built without its feature 'jni'; or the"
                    + " classes were renamed (relocated), to which native code refers by name");
            throw failure.exception();
        }
        if (abi != Native.ABI) {
            failure.add(attempt + ": its ABI number is " + abi + ", and that of these classes is " + Native.ABI + ": "
                    + advice);
            throw failure.exception();
        }
        try {
            Native.register();
            PackageClasses.load();
        } catch (LinkageError | RuntimeException e) {
            failure.add(attempt, e, "its functions or the classes of this jar are incomplete: " + advice);
            throw failure.exception();
        }
    }
}

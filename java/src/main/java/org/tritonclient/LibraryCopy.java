package org.tritonclient;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Properties;
import java.util.Set;

/**
 * The file from which one class loader loads the library: a hard link with a fresh name in a fresh directory.
 *
 * <p>The JVM refuses the same path to a second class loader. To the dynamic loader all hard links of a file are one
 * library, so that the JVM has it once in memory, however many class loaders come and go. The file to which they link
 * is extracted once for each JVM; a system property named by the hash of its content tells the other class loaders
 * where it is. System properties hold strings only, and so keep no class loader alive.
 */
final class LibraryCopy implements AutoCloseable {
    static final String DIRECTORY_PROPERTY = "tritonclient.tmpdir";
    static final String KEEP_PROPERTY = "tritonclient.keepLibrary";
    /** With the hash: {@code <size in bytes> <path>}. */
    static final String PUBLISHED_PROPERTY = "tritonclient.extracted.";

    /** Another program may delete what was just extracted, but hardly more often than this. */
    private static final int MAX_ROUNDS = 3;

    private final Path directory;
    private final Path path;

    private LibraryCopy(Path directory, Path path) {
        this.directory = directory;
        this.path = path;
    }

    Path path() {
        return path;
    }

    /** Creates a link to the extracted library, which is extracted first unless another class loader has done it. */
    static LibraryCopy of(LibrarySource source) throws IOException {
        String hash = source.hash();
        Path directory = newDirectory();
        LibraryCopy copy = new LibraryCopy(directory, directory.resolve(source.fileName()));
        boolean complete = false;
        try {
            copy.fill(source, hash);
            complete = true;
            return copy;
        } finally {
            if (!complete) {
                copy.close();
            }
        }
    }

    /** Creates a link to a file of the user, or a copy if the directory is on another file system. */
    static LibraryCopy ofFile(Path file) throws IOException {
        Path directory = newDirectory();
        Path path = directory.resolve(file.getFileName().toString());
        try {
            Files.createLink(path, file.toRealPath());
            return new LibraryCopy(directory, path);
        } catch (IOException | UnsupportedOperationException e) {
            delete(directory);
            return of(LibrarySource.file(file));
        }
    }

    /** Deletes the link: what is mapped stays mapped. */
    @Override
    public void close() {
        if (!isKept()) {
            delete(path);
            delete(directory);
        }
    }

    /** Returns the directory in which the library is extracted. */
    static String parent() {
        String directory = System.getProperty(DIRECTORY_PROPERTY);
        return directory != null && !directory.isEmpty() ? directory : System.getProperty("java.io.tmpdir");
    }

    /**
     * Lets the path show the published file. Class loaders that come at the same time extract a file each; the first
     * one to publish its own wins, and the others delete theirs. A lock would have to be an object of the JDK that all
     * share, and nothing but this class may use it.
     */
    private void fill(LibrarySource source, String hash) throws IOException {
        Properties properties = System.getProperties();
        String key = PUBLISHED_PROPERTY + hash;
        IOException reason = new IOException("other class loaders keep replacing the extracted file");
        for (int round = 0; ; round++) {
            String published = properties.getProperty(key);
            if (published != null) {
                try {
                    adopt(published, hash);
                    return;
                } catch (IOException e) {
                    // Deleted by a cleaner of temporary files, or changed by another program: extracted again.
                    reason = e;
                    delete(path);
                }
            }
            if (round == MAX_ROUNDS) {
                throw reason;
            }
            Path extracted = extract(source, hash);
            String value = Files.size(extracted) + " " + extracted;
            boolean isOurs = published == null
                    ? properties.putIfAbsent(key, value) == null
                    : properties.replace(key, published, value);
            if (!isOurs) {
                delete(extracted);
                delete(extracted.getParent());
            } else if (!isKept()) {
                deleteOnExit(extracted);
            }
        }
    }

    /** Links or copies a published file, and checks it. */
    private void adopt(String published, String hash) throws IOException {
        int space = published.indexOf(' ');
        long byteSize;
        Path file;
        try {
            byteSize = Long.parseLong(published.substring(0, Math.max(space, 0)));
            file = Paths.get(published.substring(space + 1));
        } catch (NumberFormatException | InvalidPathException e) {
            throw new IOException("invalid system property '" + PUBLISHED_PROPERTY + hash + "'", e);
        }
        boolean isLinked;
        try {
            Files.createLink(path, file);
            isLinked = true;
        } catch (NoSuchFileException e) {
            throw e;
        } catch (FileSystemException | UnsupportedOperationException e) {
            // Another file system, or one without hard links. The library is then in memory twice.
            isLinked = false;
        }
        if (isLinked) {
            // The link is in a directory that nobody else can change, so what holds now holds while it is loaded.
            check(path, byteSize);
        } else {
            check(file, byteSize);
            write(new FileInputStream(file.toFile()), path, hash);
        }
    }

    /**
     * Checks that the file is ours and complete. The published directory has a name that everybody can see, and once
     * a cleaner has deleted it, anybody can create it anew.
     */
    private void check(Path file, long byteSize) throws IOException {
        PosixFileAttributes attributes =
                Files.readAttributes(file, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        UserPrincipal owner = Files.getOwner(directory);
        Set<PosixFilePermission> permissions = attributes.permissions();
        if (!attributes.isRegularFile()) {
            throw new FileSystemException(file.toString(), null, "not a regular file");
        }
        if (!attributes.owner().equals(owner)) {
            throw new FileSystemException(
                    file.toString(), null, "expected the owner " + owner + ", got " + attributes.owner());
        }
        if (permissions.contains(PosixFilePermission.GROUP_WRITE)
                || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new FileSystemException(
                    file.toString(), null, "others may write to it: " + PosixFilePermissions.toString(permissions));
        }
        if (attributes.size() != byteSize) {
            throw new FileSystemException(
                    file.toString(), null, "expected " + byteSize + " bytes, got " + attributes.size());
        }
    }

    /** Writes the library to a fresh directory. */
    private static Path extract(LibrarySource source, String hash) throws IOException {
        Path directory = newDirectory();
        Path path = directory.resolve(source.fileName());
        boolean complete = false;
        try {
            write(source.open(), path, hash);
            complete = true;
            return path;
        } finally {
            if (!complete) {
                delete(path);
                delete(directory);
            }
        }
    }

    /** Streams of java.io: those of Files would fail on a thread whose interrupt flag is set. */
    private static void write(InputStream content, Path path, String hash) throws IOException {
        MessageDigest digest = LibrarySource.sha256();
        long byteSize;
        try (InputStream stream = new DigestInputStream(content, digest)) {
            Files.createFile(path, permissions("rw-------"));
            try (OutputStream file = new FileOutputStream(path.toFile())) {
                byteSize = stream.transferTo(file);
            }
        }
        if (Files.size(path) != byteSize) {
            throw new FileSystemException(
                    path.toString(), null, "expected " + byteSize + " bytes, got " + Files.size(path));
        }
        String actual = LibrarySource.hex(digest.digest());
        if (!actual.equals(hash)) {
            throw new IOException("the content is damaged: expected the SHA-256 " + hash + ", got " + actual + " of "
                    + byteSize + " bytes; a build that filters resources does this");
        }
    }

    private static Path newDirectory() throws IOException {
        String parent = parent();
        try {
            String prefix = "triton-client-" + ProcessHandle.current().pid() + "-";
            return Files.createTempDirectory(Paths.get(parent).toAbsolutePath(), prefix, permissions("rwx------"));
        } catch (IOException | InvalidPathException e) {
            throw new IOException("cannot create a directory in '" + parent + "': " + LoadFailure.describe(e)
                    + "; set the property '" + DIRECTORY_PROPERTY + "' to a directory that this program may write", e);
        }
    }

    private static FileAttribute<Set<PosixFilePermission>> permissions(String permissions) {
        return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
    }

    /** Once for each JVM: the JDK keeps these names until it exits, and deletes the last one first. */
    private static void deleteOnExit(Path file) {
        try {
            file.getParent().toFile().deleteOnExit();
            file.toFile().deleteOnExit();
        } catch (IllegalStateException e) {
            // The JVM is about to exit. The file has to stay: a client may be created in a shutdown hook.
        }
    }

    private static boolean isKept() {
        return Boolean.getBoolean(KEEP_PROPERTY);
    }

    private static void delete(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            // A file is left behind, which is better than a client that cannot be created.
        }
    }
}

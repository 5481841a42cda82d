package org.tritonclient;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The content of a native library: a resource of this jar, or a file. */
abstract class LibrarySource {
    private String hash;

    private LibrarySource() {}

    /** Returns the library of this jar for a platform, or {@code null} if it has none. */
    static LibrarySource bundled(String platform) {
        String name = NativePlatform.resource(platform);
        // The class's own method alone works on the class path, in nested jars, on the module path and in a jlink
        // image. It opens a resource to find it: the URL of one in a nested jar needs a handler that may be missing.
        try (InputStream stream = NativeLibrary.class.getResourceAsStream(name)) {
            return stream == null ? null : new Bundled(name);
        } catch (IOException e) {
            return new Bundled(name);
        }
    }

    static LibrarySource file(Path path) {
        return new FileSource(path);
    }

    /** Returns where the library is, for messages. */
    abstract String place();

    abstract String fileName();

    abstract InputStream open() throws IOException;

    /** Returns the SHA-256 in hexadecimal digits, where it was written at build time without reading the content. */
    final String hash() throws IOException {
        if (hash == null) {
            String recorded = recordedHash();
            hash = recorded != null ? recorded : computeHash();
        }
        return hash;
    }

    /** Returns the SHA-256 that was recorded for this content, or {@code null}. */
    String recordedHash() throws IOException {
        return null;
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is missing, which every Java platform must have", e);
        }
    }

    static String hex(byte[] bytes) {
        StringBuilder text = new StringBuilder(2 * bytes.length);
        for (byte b : bytes) {
            text.append(Character.forDigit(b >> 4 & 15, 16)).append(Character.forDigit(b & 15, 16));
        }
        return text.toString();
    }

    private String computeHash() throws IOException {
        MessageDigest digest = sha256();
        byte[] chunk = new byte[1 << 16];
        try (InputStream stream = open()) {
            for (int n; (n = stream.read(chunk)) >= 0; ) {
                digest.update(chunk, 0, n);
            }
        }
        return hex(digest.digest());
    }

    private static final class Bundled extends LibrarySource {
        private final String name;

        Bundled(String name) {
            this.name = name;
        }

        @Override
        String place() {
            URL url = NativeLibrary.class.getResource(name);
            return url == null ? name : url.toString();
        }

        @Override
        String fileName() {
            return name.substring(name.lastIndexOf('/') + 1);
        }

        @Override
        InputStream open() throws IOException {
            return opened(name);
        }

        /** The build writes it beside the library, as sha256sum does: the digits come first. */
        @Override
        String recordedHash() throws IOException {
            try (InputStream stream = NativeLibrary.class.getResourceAsStream(name + ".sha256")) {
                if (stream == null) {
                    return null;
                }
                String text = new String(stream.readNBytes(64), StandardCharsets.US_ASCII);
                return text.matches("[0-9a-f]{64}") ? text : null;
            }
        }

        private static InputStream opened(String name) throws IOException {
            InputStream stream = NativeLibrary.class.getResourceAsStream(name);
            if (stream == null) {
                throw new IOException("the resource is gone: the class loader was closed, or the jar was replaced");
            }
            return stream;
        }
    }

    private static final class FileSource extends LibrarySource {
        private final Path path;

        FileSource(Path path) {
            this.path = path;
        }

        @Override
        String place() {
            return path.toString();
        }

        @Override
        String fileName() {
            return path.getFileName().toString();
        }

        @Override
        InputStream open() throws IOException {
            return new FileInputStream(path.toFile());
        }
    }
}

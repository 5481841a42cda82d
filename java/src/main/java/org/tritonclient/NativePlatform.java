package org.tritonclient;

import java.util.Locale;

/** The operating system and processor of this JVM, as they are named in {@code META-INF/native/<os>-<arch>/}. */
final class NativePlatform {
    /** The platforms for which a jar may have a library, for the message of a JVM on another one. */
    static final String[] KNOWN = {"linux-x86_64", "linux-aarch64", "macos-x86_64", "macos-aarch64"};

    private NativePlatform() {}

    static String os() {
        String name = System.getProperty("os.name", "unknown").toLowerCase(Locale.ROOT);
        if (name.startsWith("mac") || name.startsWith("darwin")) {
            return "macos";
        }
        if (name.startsWith("windows")) {
            return "windows";
        }
        return name.replace(' ', '_');
    }

    static String arch() {
        String name = System.getProperty("os.arch", "unknown").toLowerCase(Locale.ROOT);
        switch (name) {
            case "amd64":
            case "x64":
            case "x86-64":
                return "x86_64";
            case "arm64":
                return "aarch64";
            default:
                return name;
        }
    }

    /** Returns for example {@code linux-x86_64}. */
    static String name() {
        return os() + "-" + arch();
    }

    /** Returns the name of the library's resource for a platform. */
    static String resource(String platform) {
        String file = platform.startsWith("macos-") ? "libtriton_client.dylib" : "libtriton_client.so";
        return "/META-INF/native/" + platform + "/" + file;
    }
}

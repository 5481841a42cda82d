package org.tritonclient;

/** Loads the library in a JVM of its own, and prints what came of it. */
public final class NativeLibraryMain {
    private NativeLibraryMain() {}

    /** Takes no arguments. */
    public static void main(String[] args) {
        try {
            NativeLibrary.load();
            System.out.println("loaded");
        } catch (NativeLibraryException e) {
            System.out.println(e.getMessage());
        }
    }
}

package org.tritonclient;

/**
 * The native library could not be loaded. The message has a line for each attempt and, where the cause is known, what
 * to do about it. The next client that is created tries again.
 */
public final class NativeLibraryException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    NativeLibraryException(String message, Throwable cause) {
        super(message, cause);
    }
}

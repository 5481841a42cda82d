package org.tritonclient;

import java.lang.ref.Cleaner;

/**
 * The cleaner of all native objects. Its thread ends when the class loader of this class is collected and the last
 * object is cleaned: it holds no class of ours beyond that.
 */
final class Cleaning {
    static final Cleaner CLEANER = Cleaner.create();

    private Cleaning() {}

    /** Runs {@code action} once {@code owner} is unreachable, unless it was cleaned before. */
    static Cleaner.Cleanable register(Object owner, Runnable action) {
        return CLEANER.register(owner, action);
    }

    /** As {@link #register}. If that fails, {@code action} runs at once: what it frees has no owner. */
    static Cleaner.Cleanable own(Object owner, Runnable action) {
        try {
            return CLEANER.register(owner, action);
        } catch (Throwable failure) {
            action.run();
            throw failure;
        }
    }
}

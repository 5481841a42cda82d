package org.tritonclient;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;

/** Virtual threads, which the bytecode of the tests does not know. */
final class VirtualThreads {
    private static final Method START = find();

    private VirtualThreads() {}

    static boolean exist() {
        return START != null;
    }

    static Thread start(Runnable task) {
        try {
            return (Thread) START.invoke(null, task);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new AssertionError(e);
        }
    }

    private static Method find() {
        try {
            return Thread.class.getMethod("startVirtualThread", Runnable.class);
        } catch (NoSuchMethodException e) {
            return null;
        }
    }
}

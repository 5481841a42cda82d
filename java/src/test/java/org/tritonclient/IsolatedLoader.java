package org.tritonclient;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;

/** A class loader with its own copy of the client's classes, as an application server has one for each application. */
final class IsolatedLoader extends URLClassLoader {
    /** @param resources where the bundled library is */
    IsolatedLoader(Path resources) throws Exception {
        super(
                new URL[] {resources.toUri().toURL(), classes(NativeLibrary.class), classes(IsolatedLoader.class)},
                ClassLoader.getPlatformClassLoader());
    }

    /** Calls the loader under test. */
    void load() throws Exception {
        call("org.tritonclient.NativeLibrary", "load");
    }

    /** Calls a static method without parameters, and throws what it throws. */
    Object call(String className, String methodName) throws Exception {
        Method method = Class.forName(className, true, this).getDeclaredMethod(methodName);
        method.setAccessible(true);
        try {
            return method.invoke(null);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Error) {
                throw (Error) e.getCause();
            }
            throw (Exception) e.getCause();
        }
    }

    static URL classes(Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation();
    }
}

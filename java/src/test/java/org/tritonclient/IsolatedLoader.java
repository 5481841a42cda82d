package org.tritonclient;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;

/** A class loader with its own copy of the client's classes, as an application server has one for each application. */
final class IsolatedLoader extends URLClassLoader {
    private final Path resources;

    /** With the library of the build. */
    IsolatedLoader() {
        this(null);
    }

    /** @param resources a folder with another bundled library, or without one */
    IsolatedLoader(Path resources) {
        super(
                new URL[] {classes(NativeLibrary.class), classes(IsolatedLoader.class)},
                ClassLoader.getPlatformClassLoader());
        this.resources = resources;
    }

    @Override
    public URL findResource(String name) {
        if (resources == null || !name.startsWith("META-INF/native/")) {
            return super.findResource(name);
        }
        Path file = resources.resolve(name);
        try {
            return Files.exists(file) ? file.toUri().toURL() : null;
        } catch (MalformedURLException e) {
            throw new IllegalStateException(e);
        }
    }

    boolean hasLoaded(String className) {
        return findLoadedClass(className) != null;
    }

    /** Calls the loader under test. */
    void load() throws Exception {
        call(NativeLibrary.class, "load");
    }

    /** Calls a static method of this loader's copy of a class, and throws what it throws. */
    Object call(Class<?> type, String name, Object... arguments) throws Exception {
        for (Method method : Class.forName(type.getName(), true, this).getDeclaredMethods()) {
            if (method.getName().equals(name)) {
                method.setAccessible(true);
                try {
                    return method.invoke(null, arguments);
                } catch (InvocationTargetException e) {
                    if (e.getCause() instanceof Error) {
                        throw (Error) e.getCause();
                    }
                    throw (Exception) e.getCause();
                }
            }
        }
        throw new NoSuchMethodException(type.getName() + "." + name);
    }

    static URL classes(Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation();
    }
}

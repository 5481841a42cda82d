package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledForJreRange;
import org.junit.jupiter.api.condition.JRE;

/** What a failure says, each with its real cause. */
class NativeLibraryFailureTest extends NativeLibraryTestBase {
    private static final String RESOURCE = NativePlatform.resource(NativePlatform.name());

    private Path none() {
        return files.resolve("none");
    }

    /** Sets the strict property, and returns the message. */
    private String fileFailure(Path library) throws Exception {
        setProperty(NativeLibrary.PATH_PROPERTY, library.toString());
        String message = failure(none());
        assertContains(message, "property 'tritonclient.library': '" + library + "'");
        assertContains(message, "the library of the jar is not tried, because the property is set");
        return message;
    }

    @Test
    void propertyHasNoFallback() throws Exception {
        setProperty(NativeLibrary.PATH_PROPERTY, "/nonexistent/libtriton_client.so");
        assertContains(failure(bundle()), "no such file");
        assertContains(fileFailure(files), "not a regular file");
        setProperty(NativeLibrary.PATH_PROPERTY, "");
        assertContains(failure(bundle()), "property 'tritonclient.library': ''");
        assertEquals(Collections.emptyList(), extracted());
    }

    @Test
    void secondTryTriesAgain() throws Exception {
        setProperty(LibraryCopy.DIRECTORY_PROPERTY, "/nonexistent");
        try (IsolatedLoader loader = new IsolatedLoader(bundle())) {
            String first = failure(loader);
            assertContains(first, "cannot create a directory in '/nonexistent': no such file or directory");
            assertContains(first, "'tritonclient.tmpdir'");
            assertEquals(withoutDigits(first), withoutDigits(failure(loader)));
            setProperty(LibraryCopy.DIRECTORY_PROPERTY, temporary.toString());
            loader.load();
        }
    }

    private static String withoutDigits(String text) {
        return text.replaceAll("\\d+", "");
    }

    @Test
    void jarWithoutLibraryForThisPlatform() throws Exception {
        Path resources = bundle();
        setProperty("os.arch", "riscv64");
        String message = failure(resources);
        assertContains(message, "property 'tritonclient.library': not set");
        assertContains(message, "no library for linux-riscv64");
        assertContains(message, "it has " + "linux-");
        assertContains(failure(none()), "it has none");
    }

    @Test
    void otherAbi() throws Exception {
        Path library = standIn("-UABI", "-DABI=" + (Native.ABI + 41));
        String numbers = "its ABI number is " + (Native.ABI + 41) + ", and that of these classes is " + Native.ABI;
        String message = failure(bundle(library));
        assertContains(message, numbers);
        assertContains(message, RESOURCE);
        assertContains(fileFailureOf(library), numbers);
    }

    private String fileFailureOf(Path library) throws Exception {
        setProperty(NativeLibrary.PATH_PROPERTY, library.toString());
        return failure(none());
    }

    @Test
    void otherLibrary() throws Exception {
        assertContains(fileFailureOf(standIn("-DNO_NATIVES")), "built without its feature 'jni'");
    }

    @Test
    void renamedClasses() throws Exception {
        String message = failure(bundle("-DCLASS=\"org/tritonclient/Renamed\""));
        assertContains(message, "NoClassDefFoundError");
        assertContains(message, "cannot be renamed");
    }

    @Test
    void refusedJvm() throws Exception {
        assertContains(failure(bundle("-DVERSION=0x00990000")), "the library refused this JVM");
    }

    @Test
    void otherProcessor() throws Exception {
        Path library = standIn();
        byte[] content = Files.readAllBytes(library);
        boolean isArm = NativePlatform.arch().equals("aarch64");
        content[18] = (byte) (isArm ? 62 : 183);
        Files.write(library, content);
        String expected = isArm
                ? "the library was built for x86_64, and this JVM runs on aarch64"
                : "the library was built for aarch64, and this JVM runs on x86_64";
        assertContains(failure(bundle(library)), expected);
        assertContains(fileFailure(library), expected);
    }

    @Test
    void truncatedFile() throws Exception {
        Path library = standIn();
        byte[] content = Files.readAllBytes(library);
        for (int byteSize : new int[] {content.length / 2, 100}) {
            Files.write(library, Arrays.copyOf(content, byteSize));
            assertContains(fileFailure(library), "the file is truncated: ");
            assertContains(failure(bundle(library)), "the file is truncated: ");
        }
        Files.write(library, new byte[0]);
        assertContains(fileFailure(library), "the file is empty");
    }

    @Test
    void damagedJar() throws Exception {
        Path resources = bundle();
        Path library = new File(resources.toFile(), RESOURCE).toPath();
        byte[] content = Files.readAllBytes(library);
        content[content.length / 2] ^= 1;
        Files.write(library, content);
        String message = failure(resources);
        assertContains(message, "not extracted: the content is damaged");
        assertContains(message, "SHA-256");
        assertEquals(Collections.emptyList(), extracted());
    }

    @Test
    void noLibraryAtAll() throws Exception {
        Path library = files.resolve("text.so");
        Files.write(library, "version https://git-lfs.github.com/spec/v1\n".getBytes(StandardCharsets.UTF_8));
        assertContains(fileFailure(library), "the file is not a shared library");
    }

    @Test
    void missingDependency() throws Exception {
        StandIn standIn = new StandIn(files);
        Path dependency = standIn.dependency("libtriton_absent.so.1", "int absent(void) { return 0; }");
        Path library = standIn.build("library.so", "-DNEEDS=absent", dependency.toString());
        Files.delete(dependency);
        String message = failure(bundle(library));
        assertContains(message, "the library depends on 'libtriton_absent.so.1', which this system lacks");
    }

    @Test
    void missingLibgcc() throws Exception {
        StandIn standIn = new StandIn(files);
        // Version 9, so that the real one does not satisfy it.
        Path dependency = standIn.dependency("libgcc_s.so.9", "int absent(void) { return 0; }");
        Path library = standIn.build("library.so", "-DNEEDS=absent", dependency.toString());
        Files.delete(dependency);
        String message = failure(bundle(library));
        assertContains(message, "'libgcc_s.so.9', which this system lacks: install it (Debian and Ubuntu: libgcc-s1;");
    }

    @Test
    void olderGlibc() throws Exception {
        StandIn standIn = new StandIn(files);
        Path versions = files.resolve("versions");
        Files.write(versions, "GLIBC_2.99 { future; };".getBytes(StandardCharsets.UTF_8));
        Path future = standIn.dependency(
                "libc.so.6", "int future(void) { return 0; }", "-nostdlib", "-Wl,--version-script=" + versions);
        Path library = standIn.build("library.so", "-nostdlib", "-DNEEDS=future", future.toString());
        assertContains(failure(bundle(library)), "the library needs glibc 2.99 or later");
    }

    /** The texts are those of musl 1.2.3, as there is no JVM with musl here. */
    @Test
    void musl() {
        Path library = none();
        String missing = "Error loading shared library libgcc_s.so.1: No such file or directory (needed by /x/y.so)";
        String symbol = "Error relocating /x/y.so: __cpu_indicator_init: symbol not found";
        for (String text : new String[] {missing, symbol}) {
            assertContains(LoadFailure.hint(new UnsatisfiedLinkError(text), library, true), "needs glibc");
        }
        // A library of the user may be built for musl.
        assertContains(
                LoadFailure.hint(new UnsatisfiedLinkError(missing), library, false), "depends on 'libgcc_s.so.1'");
    }

    @Test
    void noexecFileSystem() throws Exception {
        Path mount = Files.createDirectory(files.resolve("no exec"));
        assumeTrue(run("mount", "-t", "tmpfs", "-o", "noexec", "tmpfs", mount.toString()) == 0, "may not mount");
        try {
            Path library = standIn();
            setProperty(LibraryCopy.DIRECTORY_PROPERTY, mount.toString());
            String message = failure(bundle(library));
            assertContains(message, "the file system at '" + mount + "' is mounted noexec");
            assertContains(message, "'tritonclient.tmpdir'");
            assertContains(fileFailure(Files.copy(library, mount.resolve("x.so"))), "move the library");
        } finally {
            assertEquals(0, run("umount", "-l", mount.toString()));
        }
    }

    private static int run(String... command) throws Exception {
        try {
            return new ProcessBuilder(command).inheritIO().start().waitFor();
        } catch (IOException e) {
            return -1;
        }
    }

    @Test
    void fullFileSystem() throws Exception {
        Path mount = Files.createDirectory(files.resolve("full"));
        assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=4096", "tmpfs", mount.toString()) == 0, "may not mount");
        try {
            setProperty(LibraryCopy.DIRECTORY_PROPERTY, mount.toString());
            assertContains(failure(bundle()), "No space left on device");
            assertEquals(0, mount.toFile().list().length);
        } finally {
            assertEquals(0, run("umount", "-l", mount.toString()));
        }
    }

    @Test
    void linkOfThePropertysLibraryFails() throws Exception {
        setProperty(NativeLibrary.PATH_PROPERTY, standIn().toString());
        try (IsolatedLoader first = new IsolatedLoader(none()); IsolatedLoader second = new IsolatedLoader(none())) {
            first.load();
            setProperty(LibraryCopy.DIRECTORY_PROPERTY, "/nonexistent");
            String message = failure(second);
            assertContains(message, "is loaded in another class loader, and a link to it in '/nonexistent' fails");
            assertContains(message, "cannot create a directory in '/nonexistent'");
        }
    }

    @Test
    @DisabledForJreRange(max = JRE.JAVA_23, disabledReason = "native access is not restricted")
    void deniedNativeAccess() throws Exception {
        Path resources = bundle();
        String message = NativeLibraryJvm.run(resources, "--illegal-native-access=deny");
        assertContains(message, "IllegalCallerException");
        assertContains(message, "start it with --enable-native-access=ALL-UNNAMED");
        String[] allowed = {"--illegal-native-access=deny", "--enable-native-access=ALL-UNNAMED"};
        assertEquals("loaded", NativeLibraryJvm.run(resources, allowed).trim());
    }

    @Test
    @DisabledForJreRange(max = JRE.JAVA_23, disabledReason = "native access is not restricted")
    void deniedNativeAccessOfTheModule() throws Exception {
        assumeTrue(
                Files.exists(Paths.get(NativeLibraryJvm.mainClasses(), "module-info.class")), "not built as a module");
        Path resources = bundle();
        String message = NativeLibraryJvm.runModule(resources, "--illegal-native-access=deny");
        assertContains(message, "start it with --enable-native-access=org.tritonclient");
        String[] allowed = {"--illegal-native-access=deny", "--enable-native-access=org.tritonclient"};
        assertEquals("loaded", NativeLibraryJvm.runModule(resources, allowed).trim());
    }

    @Test
    void causesAreKept() throws Exception {
        try (IsolatedLoader loader = new IsolatedLoader(bundle("-DVERSION=0x00990000"))) {
            Exception error = assertThrows(IllegalStateException.class, loader::load);
            assertTrue(error.getCause() instanceof UnsatisfiedLinkError);
            assertFalse(error.getMessage().endsWith("."));
        }
    }
}

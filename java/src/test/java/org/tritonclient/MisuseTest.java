package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Programs that use the library wrongly get an exception that says what is wrong, and nothing worse. */
class MisuseTest {
    private static final int PARAMETERS = Integer.getInteger("tritonclient.test.parameters", 4096);

    /** Parameters that may be null, which the documentation says: class, method, and index. */
    private static final Set<String> NULLABLE = Set.of(
            "CallOptions$Builder.cancelToken 0",
            "CallOptions$Builder.loadReport 0",
            "CallOptions$Builder.timeout 0",
            "ClientOptions$Builder.connectTimeout 0",
            "ClientOptions$Builder.idleTimeout 0",
            "ClientOptions$Builder.keepAliveTime 0",
            "ClientOptions$Builder.loadTimeout 0",
            "ClientOptions$Builder.maxConnectionAge 0",
            "ClientOptions$Builder.tcpKeepAlive 0",
            "ClientOptions$Builder.timeout 0",
            "InferRequestedOutput.setBuffer 0",
            "InferenceServerClient.close 0",
            "RepositoryOptions$Builder.config 0");

    private static Map<Class<?>, Object> samples(InferenceServerClient client, InferStream stream) {
        Map<Class<?>, Object> samples = new HashMap<>();
        samples.put(String.class, "a");
        samples.put(Duration.class, Duration.ofSeconds(1));
        samples.put(List.class, List.of());
        samples.put(Executor.class, (Executor) Runnable::run);
        samples.put(System.Logger.class, System.getLogger("test"));
        samples.put(byte[].class, new byte[1]);
        samples.put(long[].class, new long[] {1});
        samples.put(DataType.class, DataType.INT32);
        samples.put(ByteBuffer.class, ByteBuffer.allocateDirect(4));
        samples.put(Compression.class, Compression.GZIP);
        samples.put(LoadReportFormat.class, LoadReportFormat.values()[0]);
        for (Object data : new Object[] {
            new boolean[1], new short[1], new int[1], new float[1], new double[1], new String[] {"a"}, new byte[1][1]
        }) {
            samples.put(data.getClass(), data);
        }
        samples.put(ShortBuffer.class, ShortBuffer.allocate(1));
        samples.put(IntBuffer.class, IntBuffer.allocate(1));
        samples.put(LongBuffer.class, LongBuffer.allocate(1));
        samples.put(FloatBuffer.class, FloatBuffer.allocate(1));
        samples.put(DoubleBuffer.class, DoubleBuffer.allocate(1));
        samples.put(Path.class, Path.of("file.pem"));
        samples.put(TlsVersion.class, TlsVersion.TLS_1_2);
        samples.put(HeaderCallback.class, (HeaderCallback) headers -> {});
        samples.put(CallHeaders.class, new CallHeaders("localhost", false));
        samples.put(CancelToken.class, new CancelToken());
        samples.put(CallOptions.class, CallOptions.defaults());
        samples.put(ClientOptions.class, ClientOptions.defaults());
        samples.put(StreamOptions.class, StreamOptions.defaults());
        samples.put(RepositoryOptions.class, RepositoryOptions.defaults());
        samples.put(CallOptions.Builder.class, CallOptions.builder());
        samples.put(ClientOptions.Builder.class, ClientOptions.builder());
        samples.put(StreamOptions.Builder.class, StreamOptions.builder());
        samples.put(RepositoryOptions.Builder.class, RepositoryOptions.builder());
        samples.put(SettingsUpdate.class, new SettingsUpdate());
        samples.put(GenerateHandler.class, (GenerateHandler) json -> false);
        samples.put(StreamHandler.class, new HandlerOfNothing());
        samples.put(InferInput.class, new InferInput("I", new long[] {1}, DataType.INT32));
        samples.put(InferRequest.class, RealServer.simple());
        samples.put(InferRequestedOutput.class, new InferRequestedOutput("O"));
        samples.put(InferenceServerClient.class, client);
        samples.put(InferStream.class, stream);
        return samples;
    }

    private static final class HandlerOfNothing implements StreamHandler {
        @Override
        public void onResult(InferResult result) {
            result.close();
        }

        @Override
        public void onRequestError(InferenceException error) {}

        @Override
        public void onEnd(InferenceException error) {}
    }

    @Test
    void aNullArgumentIsRefusedByItsName() throws Exception {
        Set<String> faults = new TreeSet<>();
        Set<String> unchecked = new TreeSet<>();
        int checked = 0;
        try (InferenceServerClient client = new InferenceServerClient(RealServer.grpc());
                InferStream stream = client.openStream();
                InferResult result = client.infer(RealServer.simple())) {
            Map<Class<?>, Object> samples = samples(client, stream);
            samples.put(InferResult.class, result);
            samples.put(Headers.class, result.getHeaders());
            samples.put(Parameters.class, result.getParameters());
            ServerMetadata server = client.getServerMetadata();
            samples.put(Settings.class, client.getLogSettings());
            samples.put(ServerMetadata.class, server);
            samples.put(ModelStatisticsList.class, client.getModelStatistics(""));
            for (Class<?> type : publicClasses()) {
                List<Executable> members = new ArrayList<>(Arrays.asList(type.getDeclaredConstructors()));
                members.addAll(Arrays.asList(type.getDeclaredMethods()));
                for (Executable member : members) {
                    if (Modifier.isPublic(member.getModifiers()) && !member.isSynthetic() && !isOfTheJdk(member)) {
                        checked += check(member, samples, faults, unchecked);
                    }
                }
            }
        }
        assertEquals(Collections.emptySet(), faults);
        // Read from what only a load report, metrics and statistics have.
        assertEquals(Set.of("Durations", "LoadReport", "MetricSample", "Metrics"), unchecked);
        assertTrue(checked > 150, checked + " parameters");
    }

    private static boolean isOfTheJdk(Executable member) {
        return member.getName().equals("equals") || member.getDeclaringClass().isEnum();
    }

    private static List<Class<?>> publicClasses() throws Exception {
        File folder = new File(NativeLibraryJvm.mainClasses(), "org/tritonclient");
        List<Class<?>> classes = new ArrayList<>();
        for (String file : folder.list((directory, name) -> name.endsWith(".class") && !name.startsWith("package-"))) {
            Class<?> type = Class.forName("org.tritonclient." + file.replace(".class", ""));
            boolean isPublic = Modifier.isPublic(type.getModifiers()) || type == ControlPlane.class;
            if (isPublic && !type.isInterface()) {
                classes.add(type);
            }
        }
        return classes;
    }

    private static int check(
            Executable member, Map<Class<?>, Object> samples, Set<String> faults, Set<String> unchecked)
            throws Exception {
        Class<?>[] types = member.getParameterTypes();
        int checked = 0;
        for (int at = 0; at < types.length; at++) {
            String where = member.getDeclaringClass().getName().replace("org.tritonclient.", "") + "."
                    + (member instanceof Constructor ? "new" : member.getName()) + " " + at;
            if (types[at].isPrimitive() || NULLABLE.contains(where)) {
                continue;
            }
            Object[] arguments = new Object[types.length];
            for (int i = 0; i < types.length; i++) {
                arguments[i] = i == at ? null : sample(types[i], samples);
            }
            where += " " + Arrays.toString(types);
            checked++;
            try {
                member.setAccessible(true);
                if (member instanceof Constructor) {
                    ((Constructor<?>) member).newInstance(arguments);
                } else if (Modifier.isStatic(member.getModifiers())) {
                    ((Method) member).invoke(null, arguments);
                } else {
                    Class<?> owner = member.getDeclaringClass();
                    Object object = samples.get(owner == ControlPlane.class ? InferenceServerClient.class : owner);
                    if (object == null) {
                        unchecked.add(owner.getSimpleName());
                        continue;
                    }
                    ((Method) member).invoke(object, arguments);
                }
                faults.add(where + ": accepted");
            } catch (InvocationTargetException e) {
                Throwable thrown = e.getCause();
                String message = String.valueOf(thrown.getMessage());
                if (!(thrown instanceof NullPointerException) || !message.matches("[a-z][A-Za-z0-9]*")) {
                    faults.add(where + ": " + thrown);
                }
            }
        }
        return checked;
    }

    private static Object sample(Class<?> type, Map<Class<?>, Object> samples) {
        if (type == boolean.class) {
            return false;
        }
        if (type == int.class) {
            return 1;
        }
        if (type == long.class) {
            return 1L;
        }
        if (type == double.class) {
            return 1.0;
        }
        return samples.get(type);
    }

    @Test
    void whatIsClosedIsRefused() throws Exception {
        for (String url : RealServer.urls()) {
            InferenceServerClient client = new InferenceServerClient(url);
            client.close();
            for (Method method : InferenceServerClient.class.getMethods()) {
                boolean isOurs = method.getDeclaringClass() == InferenceServerClient.class
                        || method.getDeclaringClass() == ControlPlane.class;
                boolean mayBeCalled = method.getName().equals("close") && method.getParameterCount() == 0;
                if (!isOurs || mayBeCalled || method.isSynthetic()) {
                    continue;
                }
                Map<Class<?>, Object> samples = samples(client, null);
                Object[] arguments = Arrays.stream(method.getParameterTypes())
                        .map(type -> type == List.class ? List.of() : sample(type, samples))
                        .toArray();
                if (method.getName().equals("inferMany")) {
                    arguments[0] = List.of(RealServer.simple());
                }
                Throwable thrown = assertThrows(
                                InvocationTargetException.class,
                                () -> method.invoke(client, arguments),
                                method::toString)
                        .getCause();
                assertEquals(IllegalStateException.class, thrown.getClass(), method + ": " + thrown);
                assertEquals("the client is closed", thrown.getMessage(), method::toString);
            }
        }
        InferStream stream;
        try (InferenceServerClient client = new InferenceServerClient(RealServer.grpc())) {
            stream = client.openStream();
            stream.close();
            assertThrows(IllegalStateException.class, () -> stream.send(RealServer.simple()));
            assertThrows(IllegalStateException.class, stream::finish);
            assertThrows(IllegalStateException.class, stream::next);
            stream.cancel();
            stream.close();
        }
    }

    /** A name of a megabyte, with what is special in URLs, JSON, headers and C strings, and no character at all. */
    @Test
    void anyTextIsCarriedOrRefused() {
        List<String> texts = List.of(
                "x".repeat(1 << 20), "a\0b", "\ud800", "a\udc00b", "\ud83d\ude00", "..", "/", "a/b", "%00", "%2e%2e",
                "?a=b", "#", " ", "\r\nX-Injected: 1\r\n\r\n", "\"}", "\u2028", "");
        for (String url : RealServer.urls()) {
            try (InferenceServerClient client = new InferenceServerClient(url)) {
                for (String text : texts) {
                    refused(text, () -> client.getModelMetadata(text.isEmpty() ? "unknown" : text));
                    refused(text, () -> client.getModelMetadata("simple", text.isEmpty() ? "99" : text));
                    refused(text, () -> client.infer(new InferRequest(
                                    text.isEmpty() ? "unknown" : text, RealServer.simple().getInputs(), List.of()))
                            .close());
                    InferInput input = new InferInput(text, new long[] {1, 16}, DataType.INT32).setData(new int[16]);
                    refused(text, () -> client.infer("simple", List.of(input), List.of()).close());
                    refused(text, () -> client.infer(
                                    "simple",
                                    RealServer.simple().getInputs(),
                                    List.of(new InferRequestedOutput("x" + text)))
                            .close());
                    // An id comes back, or is refused.
                    try (InferResult result = client.infer(RealServer.simple().setId(text))) {
                        assertEquals(text.replaceAll("(?<![\ud800-\udbff])[\udc00-\udfff]|[\ud800-\udbff](?![\udc00-\udfff])",
                                "?"), result.getId());
                    } catch (InferenceException e) {
                        assertTrue(e.getMessage().length() < 16_000, e.getMessage());
                    }
                }
                client.infer(RealServer.simple()).close();
            }
        }
    }

    private static void refused(String text, org.junit.jupiter.api.function.Executable call) {
        String what = text.length() > 100 ? "a long text" : "'" + text + "'";
        InferenceException error = assertThrows(InferenceException.class, call, what);
        assertTrue(error.getMessage().length() < 16_000, () -> what + ": " + error.getMessage().length() + " characters: "
                + error.getMessage().substring(0, 200));
    }

    @Test
    void numbersOutsideTheirRangesAreRefused() {
        for (String url : RealServer.urls()) {
            List<ClientOptions.Builder> builders = List.of(
                    ClientOptions.builder().timeout(Duration.ofSeconds(-1)),
                    ClientOptions.builder().timeout(Duration.ZERO),
                    ClientOptions.builder().connectTimeout(Duration.ofSeconds(Long.MIN_VALUE)),
                    ClientOptions.builder().maxConnections(-1),
                    ClientOptions.builder().maxInFlight(Integer.MIN_VALUE),
                    ClientOptions.builder().callbackThreads(-1),
                    ClientOptions.builder().maxMessageByteSize(-1),
                    ClientOptions.builder().resultMemoryByteSize(Long.MIN_VALUE));
            for (ClientOptions.Builder builder : builders) {
                invalid(() -> new InferenceServerClient(url, builder.build()).close());
            }
            try (InferenceServerClient client = new InferenceServerClient(url)) {
                for (long[] shape : new long[][] {{-1, 16}, {Long.MIN_VALUE}, {Long.MAX_VALUE, Long.MAX_VALUE}, {1, 17}}) {
                    InferInput input = new InferInput("INPUT0", shape, DataType.INT32).setData(new int[16]);
                    invalid(() -> client.infer("simple", List.of(input), List.of()).close());
                }
                InferInput region = new InferInput("INPUT0", new long[] {1, 16}, DataType.INT32);
                invalid(() -> client.infer("simple", List.of(region.setSharedMemory("r", -1, 0)), List.of()).close());
                invalid(() -> client.infer("simple", List.of(region.setSharedMemory("r", 64, -1)), List.of()).close());
                invalid(() -> client.infer(
                                "simple",
                                RealServer.simple().getInputs(),
                                List.of(new InferRequestedOutput("OUTPUT0", true, -1)))
                        .close());
                CallOptions options = CallOptions.builder().timeout(Duration.ofNanos(-1)).build();
                invalid(() -> client.infer(RealServer.simple(), options).close());
                // The longest duration is none.
                CallOptions longest = CallOptions.builder().timeout(Duration.ofSeconds(Long.MAX_VALUE)).build();
                client.infer(RealServer.simple(), longest).close();
            }
        }
    }

    /** Refused by Java at once, or by the native side when it is used. */
    private static void invalid(org.junit.jupiter.api.function.Executable call) {
        Throwable thrown = assertThrows(Throwable.class, call);
        boolean isInvalid = thrown instanceof IllegalArgumentException
                || thrown instanceof InferenceException
                        && ((InferenceException) thrown).getStatus() == Status.INVALID_ARGUMENT;
        assertTrue(isInvalid, thrown::toString);
    }

    @Test
    void manyParametersAreCarried() {
        for (String url : RealServer.urls()) {
            try (InferenceServerClient client = new InferenceServerClient(url)) {
                InferRequest request = RealServer.simple();
                for (int i = 0; i < PARAMETERS; i++) {
                    request.setParameter("parameter " + i, i);
                }
                client.infer(request).close();
            }
        }
    }

    @Test
    void buffersOfEveryKindKeepTheirBytes() {
        ByteBuffer whole = ByteBuffer.allocateDirect(4 * 18).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 18; i++) {
            whole.putInt(4 * i, i);
        }
        whole.position(4).limit(4 * 17);
        ByteBuffer big = ByteBuffer.allocateDirect(64).order(ByteOrder.BIG_ENDIAN);
        ByteBuffer odd = ByteBuffer.allocateDirect(65);
        odd.position(1);
        ByteBuffer unaligned = odd.slice().order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 16; i++) {
            big.putInt(4 * i, i + 1);
            unaligned.putInt(4 * i, i + 1);
        }
        List<ByteBuffer> buffers = List.of(
                whole,
                whole.slice().order(ByteOrder.LITTLE_ENDIAN),
                whole.duplicate().order(ByteOrder.LITTLE_ENDIAN),
                whole.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN),
                big,
                big.asReadOnlyBuffer(),
                unaligned);
        for (String url : RealServer.urls()) {
            try (InferenceServerClient client = new InferenceServerClient(url)) {
                for (ByteBuffer buffer : buffers) {
                    InferInput input = new InferInput("INPUT0", new long[] {16}, DataType.INT32).setData(buffer);
                    int position = buffer.position();
                    try (InferResult result = client.infer("identity_int32", List.of(input), List.of())) {
                        int[] values = result.getOutputAsInt("OUTPUT0");
                        assertEquals(16, values.length);
                        for (int i = 0; i < 16; i++) {
                            assertEquals(i + 1, values[i], buffer.toString());
                        }
                    }
                    assertEquals(position, buffer.position());
                }
                for (ByteBuffer empty : List.of(ByteBuffer.allocateDirect(0), ByteBuffer.allocate(0))) {
                    InferInput input = new InferInput("INPUT0", new long[] {0}, DataType.INT32).setData(empty);
                    try (InferResult result = client.infer("identity_int32", List.of(input), List.of())) {
                        assertEquals(0, result.getOutputAsInt("OUTPUT0").length);
                    } catch (InferenceException e) {
                        assertEquals(Origin.SERVER, e.getOrigin(), e.toString());
                    }
                }
            }
        }
    }

    /** Not supported, and yet no reason to crash: each call fails, or has a result. */
    @Test
    void aRequestThatThreadsChangeWhileItIsUsedHarmsNobody() throws Exception {
        try (EmbeddedServer server = EmbeddedServer.start()) {
            for (String url : server.urls()) {
                try (InferenceServerClient client = new InferenceServerClient(url)) {
                    InferRequest request = RealServer.simple();
                    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(500);
                    AtomicReference<Throwable> failure = new AtomicReference<>();
                    List<Thread> threads = new ArrayList<>();
                    for (int t = 0; t < 4; t++) {
                        int own = t;
                        Thread thread = new Thread(() -> {
                            for (int i = 0; System.nanoTime() < end; i++) {
                                try {
                                    change(request, own, i);
                                    client.infer(request).close();
                                } catch (RuntimeException refused) {
                                    // Whatever it is.
                                } catch (Throwable e) {
                                    failure.set(e);
                                }
                            }
                        });
                        threads.add(thread);
                        thread.start();
                    }
                    for (Thread thread : threads) {
                        thread.join();
                    }
                    assertEquals(null, failure.get());
                    client.infer(RealServer.simple()).close();
                }
            }
        }
    }

    private static void change(InferRequest request, int thread, int turn) {
        if (thread == 0) {
            request.setId("x".repeat(turn % 50));
            request.setParameter("p" + turn % 9, turn);
        } else if (thread == 1) {
            request.getInputs().get(0).setData(new int[turn % 3 == 0 ? 40_000 : 16]);
        }
    }

    /** The stack of a callback thread is the native side's. */
    @Test
    void aStackOverflowInACallbackEndsInItsFuture() throws Exception {
        ClientOptions options = ClientOptions.builder().executor(Runnable::run).build();
        for (String url : RealServer.urls()) {
            try (InferenceServerClient client = new InferenceServerClient(url, options)) {
                for (int i = 0; i < 3; i++) {
                    CompletableFuture<Integer> overflow = client.inferAsync(RealServer.slow(30)).thenApply(result -> {
                        result.close();
                        return endless(1) + 1;
                    });
                    Throwable cause = assertThrows(
                                    java.util.concurrent.ExecutionException.class,
                                    () -> overflow.get(20, TimeUnit.SECONDS))
                            .getCause();
                    assertEquals(StackOverflowError.class, cause.getClass());
                }
                client.inferAsync(RealServer.simple()).get(20, TimeUnit.SECONDS).close();
            }
        }
    }

    private static int endless(int depth) {
        return depth == 0 ? 0 : endless(depth + 1) + depth;
    }
}

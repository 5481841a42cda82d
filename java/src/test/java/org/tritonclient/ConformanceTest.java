package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Every datatype comes back from the real server bit for bit, in every shape, form and compression. */
class ConformanceTest {
    private static final long[][] SHAPES = {{1}, {0}, {7}, {10_000}, {2, 3, 4}, {8, 1, 1}, {3, 0, 5}};
    private static final long[] EXTREMES = {0, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1};

    /** How the bytes of a tensor get into an input. */
    private enum Way {
        HEAP_BUFFER,
        DIRECT_BUFFER,
        BIG_ENDIAN_BUFFER
    }

    @Test
    void everyDatatypeComesBackInEveryShapeFormAndCompression() {
        int cases = 0;
        for (String url : RealServer.urls()) {
            try (InferenceServerClient client = new InferenceServerClient(url)) {
                for (DataType type : types()) {
                    for (long[] shape : SHAPES) {
                        cases += roundTrips(client, url, type, shape);
                    }
                }
            }
        }
        assertEquals(SHAPES.length * (3 * (12 * 4 + 2 + 12 * 2 + 2)), cases);
    }

    private static List<DataType> types() {
        List<DataType> types = new ArrayList<>(List.of(DataType.values()));
        types.remove(DataType.INVALID);
        return types;
    }

    private static int roundTrips(InferenceServerClient client, String url, DataType type, long[] shape) {
        boolean isHttp = url.startsWith("http");
        boolean hasText = type != DataType.FP16 && type != DataType.BF16;
        int count = 1;
        for (long dimension : shape) {
            count *= (int) dimension;
        }
        boolean isFlat = shape.length == 1;
        String model = isFlat ? "identity_" + type.name().toLowerCase(Locale.ROOT) : "identity_batch";
        String inputName = isFlat ? "INPUT0" : "IN_" + type;
        String outputName = isFlat ? "OUTPUT0" : "OUT_" + type;
        int cases = 0;
        for (boolean binaryIn : new boolean[] {true, false}) {
            // Of FP64 in JSON with all its digits, Triton changes the last bit.
            byte[] data = type == DataType.FP64 && !binaryIn && isHttp ? shortDoubles(count) : tensor(type, count);
            for (boolean binaryOut : new boolean[] {true, false}) {
                // Outputs come as text over HTTP only.
                if (!(binaryIn && binaryOut) && !hasText || !binaryOut && !isHttp) {
                    continue;
                }
                for (Compression compression : Compression.values()) {
                    String what = url + " " + type + " " + shape.length + "-dimensional of " + count + ", binary "
                            + binaryIn + " " + binaryOut + ", " + compression;
                    InferInput input = new InferInput(inputName, shape, type);
                    set(input, type, data, binaryIn, Way.values()[cases % 3]);
                    InferRequest request = new InferRequest(
                            model, List.of(input), List.of(new InferRequestedOutput(outputName, binaryOut)));
                    CallOptions options = CallOptions.builder()
                            .requestCompression(compression)
                            .responseCompression(compression)
                            .build();
                    try (InferResult result = client.infer(request, options)) {
                        InferOutput output = result.getOutput(outputName);
                        assertEquals(1, result.getOutputs().size(), what);
                        assertEquals(type, output.getDataType(), what);
                        assertArrayEquals(shape, output.getShape(), what);
                        assertEquals(data.length, output.getByteSize(), what);
                        ByteBuffer received = output.getBuffer();
                        assertEquals(ByteOrder.LITTLE_ENDIAN, received.order());
                        assertTrue(received.isReadOnly());
                        byte[] bytes = new byte[received.remaining()];
                        received.get(bytes);
                        assertArrayEquals(data, bytes, what);
                    }
                    cases++;
                }
            }
        }
        return cases;
    }

    private static void set(InferInput input, DataType type, byte[] data, boolean isBinary, Way way) {
        if (!isBinary) {
            setArray(input, type, data);
            return;
        }
        int size = type.getByteSize();
        boolean isSwapped = way == Way.BIG_ENDIAN_BUFFER && type != DataType.BYTES && size > 1;
        // In the middle of a larger buffer: position and remaining count, not the buffer.
        int before = 8;
        ByteBuffer buffer = way == Way.HEAP_BUFFER
                ? ByteBuffer.allocate(before + data.length + 5)
                : ByteBuffer.allocateDirect(before + data.length + 5);
        buffer.position(before).limit(before + data.length);
        ByteBuffer target = buffer.duplicate();
        if (isSwapped) {
            for (int at = 0; at < data.length; at += size) {
                for (int i = size - 1; i >= 0; i--) {
                    target.put(data[at + i]);
                }
            }
        } else {
            target.put(data);
        }
        input.setData(buffer.order(isSwapped ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN));
    }

    /** Sets the data as a Java array, to be sent as text. */
    private static void setArray(InferInput input, DataType type, byte[] data) {
        ByteBuffer bytes = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        switch (type) {
            case BOOL:
                boolean[] booleans = new boolean[data.length];
                for (int i = 0; i < data.length; i++) {
                    booleans[i] = data[i] != 0;
                }
                input.setData(booleans, false);
                break;
            case INT8:
            case UINT8:
                input.setData(data, false);
                break;
            case INT16:
            case UINT16:
                short[] shorts = new short[data.length / 2];
                bytes.asShortBuffer().get(shorts);
                input.setData(shorts, false);
                break;
            case INT32:
            case UINT32:
                int[] ints = new int[data.length / 4];
                bytes.asIntBuffer().get(ints);
                input.setData(ints, false);
                break;
            case INT64:
            case UINT64:
                long[] longs = new long[data.length / 8];
                bytes.asLongBuffer().get(longs);
                input.setData(longs, false);
                break;
            case FP32:
                float[] floats = new float[data.length / 4];
                bytes.asFloatBuffer().get(floats);
                input.setData(floats, false);
                break;
            case FP64:
                double[] doubles = new double[data.length / 8];
                bytes.asDoubleBuffer().get(doubles);
                input.setData(doubles, false);
                break;
            case BYTES:
                List<byte[]> elements = new ArrayList<>();
                while (bytes.hasRemaining()) {
                    byte[] element = new byte[bytes.getInt()];
                    bytes.get(element);
                    elements.add(element);
                }
                input.setData(elements.toArray(new byte[0][]), false);
                break;
            default:
                throw new AssertionError(type);
        }
    }

    /** Elements with varied bit patterns: the extremes of the datatype first. */
    private static byte[] tensor(DataType type, int count) {
        if (type == DataType.BYTES) {
            String[] words = {"", "a", "\u00e4\ud83d\ude00", "\0", "\"\\/\n", "x".repeat(300)};
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            for (int i = 0; i < count; i++) {
                byte[] word = words[i % words.length].getBytes(StandardCharsets.UTF_8);
                out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(word.length).array());
                out.writeBytes(word);
            }
            return out.toByteArray();
        }
        int size = type.getByteSize();
        Random random = new Random(type.ordinal());
        ByteBuffer out = ByteBuffer.allocate(count * size).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            // The upper bits: an extreme of 8 bytes is also one of 2 bytes.
            long bits = (i < EXTREMES.length ? EXTREMES[i] : random.nextLong()) >>> (64 - 8 * size);
            // JSON cannot carry the bits of a NaN.
            if (type == DataType.BOOL) {
                out.put((byte) (i % 3 == 0 ? 1 : 0));
            } else if (size == 1) {
                out.put((byte) bits);
            } else if (size == 2) {
                out.putShort((short) bits);
            } else if (size == 4) {
                boolean isNan = type == DataType.FP32 && Float.isNaN(Float.intBitsToFloat((int) bits));
                out.putInt(isNan ? 0 : (int) bits);
            } else {
                out.putLong(type == DataType.FP64 && Double.isNaN(Double.longBitsToDouble(bits)) ? 0 : bits);
            }
        }
        return out.array();
    }

    /** Doubles that Triton reads exactly from JSON. */
    private static byte[] shortDoubles(int count) {
        ByteBuffer out = ByteBuffer.allocate(8 * count).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            out.putDouble(i * 0.5 - 1000);
        }
        return out.array();
    }

    @Test
    void arraysOfEveryTypeComeBack() {
        for (String url : RealServer.urls()) {
            try (InferenceServerClient client = new InferenceServerClient(url)) {
                for (boolean isBinary : new boolean[] {true, false}) {
                    arrays(client, isBinary);
                }
                float[] floats = {0, -0f, 1, -2.5f, 65504, Float.POSITIVE_INFINITY, 1e-7f};
                for (DataType half : new DataType[] {DataType.FP16, DataType.BF16}) {
                    InferInput input = new InferInput("INPUT0", new long[] {floats.length}, half);
                    input.setData(floats);
                    try (InferResult result = identity(client, half, input)) {
                        float[] back = result.getOutputAsFloat("OUTPUT0");
                        assertArrayEquals(new float[] {0, -0f, 1, -2.5f}, java.util.Arrays.copyOf(back, 4), url);
                        assertEquals(Float.POSITIVE_INFINITY, back[5]);
                    }
                }
            }
        }
    }

    private static InferResult identity(InferenceServerClient client, DataType type, InferInput input) {
        String model = "identity_" + type.name().toLowerCase(Locale.ROOT);
        return client.infer(model, List.of(input), List.of());
    }

    private static InferInput input(DataType type, int count) {
        return new InferInput("INPUT0", new long[] {count}, type);
    }

    private static void arrays(InferenceServerClient client, boolean isBinary) {
        InferInput booleans = input(DataType.BOOL, 3);
        booleans.setData(new boolean[] {true, false, true}, isBinary);
        try (InferResult result = identity(client, DataType.BOOL, booleans)) {
            assertArrayEquals(new boolean[] {true, false, true}, result.getOutputAsBool("OUTPUT0"));
        }
        for (DataType type : new DataType[] {DataType.INT8, DataType.UINT8}) {
            InferInput bytes = input(type, 3);
            bytes.setData(new byte[] {-128, -1, 127}, isBinary);
            try (InferResult result = identity(client, type, bytes)) {
                assertArrayEquals(new byte[] {-128, -1, 127}, result.getOutputAsByte("OUTPUT0"));
            }
        }
        for (DataType type : new DataType[] {DataType.INT16, DataType.UINT16}) {
            InferInput shorts = input(type, 3);
            shorts.setData(new short[] {Short.MIN_VALUE, -1, Short.MAX_VALUE}, isBinary);
            try (InferResult result = identity(client, type, shorts)) {
                assertArrayEquals(
                        new short[] {Short.MIN_VALUE, -1, Short.MAX_VALUE}, result.getOutputAsShort("OUTPUT0"));
            }
        }
        for (DataType type : new DataType[] {DataType.INT32, DataType.UINT32}) {
            InferInput ints = input(type, 3);
            ints.setData(new int[] {Integer.MIN_VALUE, -1, Integer.MAX_VALUE}, isBinary);
            try (InferResult result = identity(client, type, ints)) {
                assertArrayEquals(
                        new int[] {Integer.MIN_VALUE, -1, Integer.MAX_VALUE}, result.getOutputAsInt("OUTPUT0"));
            }
        }
        for (DataType type : new DataType[] {DataType.INT64, DataType.UINT64}) {
            InferInput longs = input(type, 3);
            longs.setData(new long[] {Long.MIN_VALUE, -1, Long.MAX_VALUE}, isBinary);
            try (InferResult result = identity(client, type, longs)) {
                assertArrayEquals(new long[] {Long.MIN_VALUE, -1, Long.MAX_VALUE}, result.getOutputAsLong("OUTPUT0"));
            }
        }
        InferInput floats = input(DataType.FP32, 3);
        floats.setData(new float[] {Float.MIN_VALUE, -0f, Float.MAX_VALUE}, isBinary);
        try (InferResult result = identity(client, DataType.FP32, floats)) {
            assertArrayEquals(
                    new float[] {Float.MIN_VALUE, -0f, Float.MAX_VALUE}, result.getOutputAsFloat("OUTPUT0"));
        }
        InferInput doubles = input(DataType.FP64, 3);
        doubles.setData(new double[] {-0.5, 0.25, 1e10}, isBinary);
        try (InferResult result = identity(client, DataType.FP64, doubles)) {
            assertArrayEquals(new double[] {-0.5, 0.25, 1e10}, result.getOutputAsDouble("OUTPUT0"));
        }
        String[] words = {"", "a\0b", "\u00e4\ud83d\ude00", "x".repeat(5000)};
        InferInput strings = input(DataType.BYTES, words.length);
        strings.setData(words, isBinary);
        try (InferResult result = identity(client, DataType.BYTES, strings)) {
            assertArrayEquals(words, result.getOutputAsString("OUTPUT0"));
            assertArrayEquals("a\0b".getBytes(StandardCharsets.UTF_8), result.getOutputAsBytes("OUTPUT0")[1]);
        }
    }

    @Test
    void classesComeInTheOrderOfTheirScores() {
        for (String url : RealServer.urls()) {
            try (InferenceServerClient client = new InferenceServerClient(url)) {
                InferInput scores = new InferInput("INPUT0", new long[] {2, 5}, DataType.FP32);
                scores.setData(new float[] {0.1f, 0.9f, 0.3f, 0.2f, 0.5f, 5, 4, 3, 2, 1});
                InferRequestedOutput top = new InferRequestedOutput("OUTPUT0", true, 2);
                try (InferResult result = client.infer("classes", List.of(scores), List.of(top))) {
                    List<Classification> classes = result.getOutputAsClasses("OUTPUT0");
                    assertEquals(4, classes.size());
                    assertEquals(1, classes.get(0).getIndex());
                    assertEquals(0.9, classes.get(0).getScore(), 1e-6);
                    assertEquals(4, classes.get(1).getIndex());
                    assertEquals(0, classes.get(2).getIndex());
                    assertTrue(!classes.get(0).getLabel().isEmpty(), url);
                }
            }
        }
    }

    @Test
    void whatARequestCarriesArrives() {
        for (String url : RealServer.urls()) {
            try (InferenceServerClient client = new InferenceServerClient(url)) {
                InferInput input = input(DataType.INT32, 1);
                input.setData(new int[] {1});
                InferRequest request = new InferRequest("params", List.of(input), List.of())
                        .setId("request \u00e4")
                        .setPriority(3)
                        .setServerTimeoutMicros(5_000_000)
                        .setParameter("text", "value")
                        .setParameter("number", 42L)
                        .setParameter("fraction", 0.5)
                        .setParameter("yes", true);
                try (InferResult result = client.infer(request)) {
                    assertEquals("request \u00e4", result.getId());
                    assertEquals("params", result.getModelName());
                    assertEquals("1", result.getModelVersion());
                    String carried = result.getOutputAsString("OUTPUT0")[0];
                    for (String part : new String[] {"\"text\"", "\"value\"", "42", "0.5", "true"}) {
                        assertTrue(carried.contains(part), carried);
                    }
                    assertTrue(result.isFinal());
                    assertTrue(result.getTimes().getReceive().toNanos() >= 0);
                    assertTrue(result.getEndpoint().startsWith(url.substring(0, 4)), result.getEndpoint());
                }
            }
        }
    }

    @Test
    void aSequenceKeepsItsState() {
        for (String url : RealServer.urls()) {
            try (InferenceServerClient client = new InferenceServerClient(url)) {
                for (int step = 0; step < 3; step++) {
                    InferInput input = new InferInput("INPUT", new long[] {1, 1}, DataType.INT32);
                    input.setData(new int[] {10 + step});
                    InferRequest request = new InferRequest("simple_sequence", List.of(input), List.of());
                    request.setSequence(url.startsWith("http") ? 901 : 902, step == 0, step == 2);
                    try (InferResult result = client.infer(request)) {
                        // The model adds 1 on the first request of a sequence.
                        assertArrayEquals(
                                new int[] {10 + step + (step == 0 ? 1 : 0)}, result.getOutputAsInt("OUTPUT"));
                    }
                }
            }
        }
    }

    @Test
    void errorsSayWhatFailedAndWhere() {
        for (String url : RealServer.urls()) {
            boolean isHttp = url.startsWith("http");
            try (InferenceServerClient client = new InferenceServerClient(url)) {
                InferRequest unknown = RealServer.simple();
                InferenceException error = assertThrows(
                        InferenceException.class,
                        () -> client.infer("no_such_model", unknown.getInputs(), List.of()));
                assertEquals(Status.NOT_FOUND, error.getStatus());
                assertEquals(Origin.SERVER, error.getOrigin());
                assertEquals(isHttp ? 404 : 0, error.getHttpStatus());
                assertTrue(error.getMessage().contains("no_such_model"), error.getMessage());

                InferInput tooLarge = new InferInput("INPUT0", new long[] {1, 16}, DataType.INT32);
                tooLarge.setData(new int[17]);
                error = assertThrows(
                        InferenceException.class,
                        () -> client.infer(new InferRequest("simple", List.of(tooLarge), List.of()).setId("mine")));
                assertEquals(Status.INVALID_ARGUMENT, error.getStatus());
                assertEquals(Origin.ARGUMENT, error.getOrigin());
                assertEquals("mine", error.getRequestId());

                for (int kind = 1; kind <= 8; kind++) {
                    InferInput input = new InferInput("KIND", new long[] {1}, DataType.INT32);
                    input.setData(new int[] {kind});
                    error = assertThrows(
                            InferenceException.class, () -> client.infer("faulty", List.of(input), List.of()));
                    assertEquals(Origin.SERVER, error.getOrigin());
                    assertTrue(error.getStatus() != Status.UNAVAILABLE || error.isRetryable(), error.getMessage());
                }
            }
        }
        try (InferenceServerClient nobody = new InferenceServerClient("127.0.0.1:1")) {
            InferenceException error =
                    assertThrows(InferenceException.class, () -> nobody.infer(RealServer.simple()));
            assertEquals(Status.UNAVAILABLE, error.getStatus());
            assertEquals(Origin.CONNECTION, error.getOrigin());
            assertTrue(error.isRetryable() && !error.isInDoubt());
        }
        InferenceException error =
                assertThrows(InferenceException.class, () -> new InferenceServerClient("ftp://x").close());
        assertEquals(Status.INVALID_ARGUMENT, error.getStatus());
    }
}

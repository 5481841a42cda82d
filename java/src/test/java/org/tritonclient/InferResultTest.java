package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class InferResultTest {
    private static final int COUNT = 24;

    /** 24 elements of each size with every byte different. */
    private static byte[] data(int elementSize) {
        byte[] data = new byte[COUNT * elementSize];
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (i * 73 + 129);
        }
        return data;
    }

    private static long bits(byte[] data, int index, int size) {
        long bits = 0;
        for (int i = size - 1; i >= 0; i--) {
            bits = bits << 8 | data[index * size + i] & 0xFF;
        }
        return bits;
    }

    /** Passes an output to a check in each form in which it may come. */
    private static void inEachForm(DataType type, byte[] data, Consumer<InferOutput> check, long... shape) {
        check.accept(new ResultRecord(0).inline("before", DataType.INT8, new byte[3], 3)
                .inline("O", type, data, shape).read().getOutput("O"));
        int[][] sizes = {{data.length}, {8, data.length - 8}, {16, 0, data.length - 16}};
        for (int[] pieces : sizes) {
            if (pieces[pieces.length - 1] >= 0) {
                InferResult result = new ResultRecord(1).pieces("before", DataType.INT8, new byte[3], new int[] {3}, 3)
                        .pieces("O", type, data, pieces, shape).read(handle -> {});
                check.accept(result.getOutput("O"));
                result.close();
            }
        }
    }

    @Test
    void outputsOfEveryTypeAreCopiedToArrays() {
        byte[] ones = data(1);
        byte[] twos = data(2);
        byte[] fours = data(4);
        byte[] eights = data(8);
        byte[] flags = new byte[COUNT];
        boolean[] booleans = new boolean[COUNT];
        short[] shorts = new short[COUNT];
        int[] ints = new int[COUNT];
        long[] longs = new long[COUNT];
        float[] floats = new float[COUNT];
        double[] doubles = new double[COUNT];
        int[] unsignedBytes = new int[COUNT];
        int[] unsignedShorts = new int[COUNT];
        long[] unsignedInts = new long[COUNT];
        for (int i = 0; i < COUNT; i++) {
            flags[i] = (byte) (i % 3 == 0 ? 1 : 0);
            booleans[i] = i % 3 == 0;
            shorts[i] = (short) bits(twos, i, 2);
            ints[i] = (int) bits(fours, i, 4);
            longs[i] = bits(eights, i, 8);
            floats[i] = Float.intBitsToFloat(ints[i]);
            doubles[i] = Double.longBitsToDouble(longs[i]);
            unsignedBytes[i] = (int) bits(ones, i, 1);
            unsignedShorts[i] = (int) bits(twos, i, 2);
            unsignedInts[i] = bits(fours, i, 4);
        }
        inEachForm(DataType.BOOL, flags, output -> assertArrayEquals(booleans, output.asBool()), COUNT);
        inEachForm(DataType.INT8, ones, output -> assertArrayEquals(ones, output.asByte()), COUNT);
        inEachForm(DataType.UINT8, ones, output -> {
            assertArrayEquals(ones, output.asByte());
            assertArrayEquals(unsignedBytes, output.asUnsignedByte());
        }, COUNT);
        inEachForm(DataType.INT16, twos, output -> assertArrayEquals(shorts, output.asShort()), COUNT);
        inEachForm(DataType.FP16, twos, output -> assertArrayEquals(shorts, output.asShort()), COUNT);
        inEachForm(DataType.BF16, twos, output -> assertArrayEquals(shorts, output.asShort()), COUNT);
        inEachForm(DataType.UINT16, twos, output -> {
            assertArrayEquals(shorts, output.asShort());
            assertArrayEquals(unsignedShorts, output.asUnsignedShort());
        }, COUNT);
        inEachForm(DataType.INT32, fours, output -> assertArrayEquals(ints, output.asInt()), COUNT);
        inEachForm(DataType.UINT32, fours, output -> {
            assertArrayEquals(ints, output.asInt());
            assertArrayEquals(unsignedInts, output.asUnsignedInt());
        }, COUNT);
        inEachForm(DataType.INT64, eights, output -> assertArrayEquals(longs, output.asLong()), COUNT);
        inEachForm(DataType.UINT64, eights, output -> assertArrayEquals(longs, output.asLong()), COUNT);
        inEachForm(DataType.FP32, fours, output -> assertArrayEquals(floats, output.asFloat()), COUNT);
        inEachForm(DataType.FP64, eights, output -> assertArrayEquals(doubles, output.asDouble()), COUNT);
    }

    @Test
    void outputsWithoutElements() {
        inEachForm(DataType.INT32, new byte[0], output -> {
            assertEquals(0, output.asInt().length);
            assertEquals(0, output.getBuffer().remaining());
        }, 0, 16);
        inEachForm(DataType.BYTES, new byte[0], output -> assertEquals(0, output.asBytes().length), 0);
        InferOutput output = new ResultRecord(1).pieces("O", DataType.BYTES, new byte[0], new int[0], 0)
                .read(handle -> {}).getOutput("O");
        assertEquals(0, output.asString().length);
        assertEquals(0, output.getBuffer().remaining());
        assertEquals(1, output.getBuffers().size());
    }

    /** Frames elements, and fills up to a multiple of 8, so that pieces may split the data. */
    private static byte[] framed(List<byte[]> elements) {
        ByteBuffer framed = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
        elements.forEach(element -> framed.putInt(element.length).put(element));
        return Arrays.copyOf(framed.array(), framed.position());
    }

    @Test
    void bytesElementsAreReadFromPiecesThatSplitThemAnywhere() {
        List<byte[]> elements = new ArrayList<>();
        String[] texts = {"", "a", "ünï", "be\0ta", "x".repeat(37), "", "yz", "\uFFFD"};
        for (String text : texts) {
            elements.add(text.getBytes(StandardCharsets.UTF_8));
        }
        elements.set(7, new byte[] {(byte) 0xFF});
        byte[] data = framed(elements);
        Consumer<InferOutput> check = output -> {
            assertArrayEquals(elements.toArray(new byte[0][]), output.asBytes());
            assertArrayEquals(texts, output.asString());
        };
        inEachForm(DataType.BYTES, data, check, 2, 4);
        for (int first = 0; first <= data.length; first += 8) {
            for (int second = first; second <= data.length; second += 8) {
                int[] sizes = {first, second - first, data.length - second};
                check.accept(new ResultRecord(1).pieces("O", DataType.BYTES, data, sizes, 8)
                        .read(handle -> {}).getOutput("O"));
            }
        }
    }

    @Test
    void aMalformedBytesTensorIsAnErrorAtAnyCut() {
        byte[] data = framed(List.of(new byte[3], new byte[0], new byte[5]));
        for (int cut = 1; cut < data.length; cut++) {
            byte[] part = Arrays.copyOf(data, cut);
            inEachForm(DataType.BYTES, part, output -> {
                for (Runnable read : new Runnable[] {output::asBytes, output::asString, output::asClasses}) {
                    InferenceException error = assertThrows(InferenceException.class, read::run);
                    assertEquals(Status.INTERNAL, error.getStatus());
                    assertTrue(error.getMessage().startsWith("output 'O': invalid BYTES tensor: expected "),
                            error.getMessage());
                }
            }, 3);
        }
        byte[] huge = {(byte) 0xFF, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 1};
        inEachForm(DataType.BYTES, huge, output -> assertEquals(
                "output 'O': invalid BYTES tensor: expected an element of 4294967295 bytes at offset 0, got 1 bytes",
                assertThrows(InferenceException.class, output::asBytes).getMessage()), 1);
        long[][] shapes = {{2}, {4}, {1L << 62, 4}, {1L << 33, 1L << 33}, {-1}};
        for (long[] shape : shapes) {
            inEachForm(DataType.BYTES, data, output -> {
                InferenceException error = assertThrows(InferenceException.class, output::asString);
                assertTrue(error.getMessage().endsWith(" elements, got 3 elements"), error.getMessage());
            }, shape);
        }
    }

    @Test
    void classesAreParsed() {
        byte[] data = framed(List.of("0.900000:504:COFFEE: MUG".getBytes(), "-3:0".getBytes()));
        inEachForm(DataType.BYTES, data, output -> {
            List<Classification> classes = output.asClasses();
            assertEquals("[0.9:504:COFFEE: MUG, -3.0:0]", classes.toString());
            assertEquals(0.9, classes.get(0).getScore());
            assertEquals(504, classes.get(0).getIndex());
            assertEquals("COFFEE: MUG", classes.get(0).getLabel());
            assertEquals("", classes.get(1).getLabel());
        }, 2);
    }

    private static Runnable[] readers(InferOutput output) {
        return new Runnable[] {
            output::asBool, output::asByte, output::asShort, output::asInt, output::asLong, output::asUnsignedByte,
            output::asUnsignedShort, output::asUnsignedInt, output::asFloat, output::asDouble, output::asBytes,
            output::asString, output::asClasses, output::getBuffer, output::getBuffers
        };
    }

    private static Runnable[] readersByName(InferResult result) {
        return new Runnable[] {
            () -> result.getOutputAsBool("O"), () -> result.getOutputAsByte("O"), () -> result.getOutputAsShort("O"),
            () -> result.getOutputAsInt("O"), () -> result.getOutputAsLong("O"),
            () -> result.getOutputAsUnsignedByte("O"), () -> result.getOutputAsUnsignedShort("O"),
            () -> result.getOutputAsUnsignedInt("O"), () -> result.getOutputAsFloat("O"),
            () -> result.getOutputAsDouble("O"), () -> result.getOutputAsBytes("O"),
            () -> result.getOutputAsString("O"), () -> result.getOutputAsClasses("O"),
            () -> result.getOutputBuffer("O"), () -> result.getOutputBuffers("O")
        };
    }

    @Test
    void anotherDatatypeIsAnErrorThatNamesBoth() {
        // How many of the readers above read each datatype, apart from the two of buffers.
        Map<DataType, Integer> readable = Map.ofEntries(Map.entry(DataType.BOOL, 1), Map.entry(DataType.INT8, 1),
                Map.entry(DataType.UINT8, 2), Map.entry(DataType.INT16, 1), Map.entry(DataType.UINT16, 2),
                Map.entry(DataType.INT32, 1), Map.entry(DataType.UINT32, 2), Map.entry(DataType.INT64, 1),
                Map.entry(DataType.UINT64, 1), Map.entry(DataType.FP32, 1), Map.entry(DataType.FP64, 1));
        readable.forEach((type, expected) -> inEachForm(type, data(type.getByteSize()), output -> {
            int read = 0;
            for (Runnable reader : readers(output)) {
                try {
                    reader.run();
                    read++;
                } catch (InferenceException mismatch) {
                    assertEquals(Status.INVALID_ARGUMENT, mismatch.getStatus());
                    String message = mismatch.getMessage();
                    assertTrue(message.startsWith("output 'O': expected datatype "), message);
                    assertTrue(message.endsWith(", got " + type), message);
                } catch (IllegalStateException inPieces) {
                    assertTrue(inPieces.getMessage().endsWith(" buffers: use getOutputBuffers"));
                    read++;
                }
            }
            assertEquals(expected + 2, read, type.toString());
        }, COUNT));
        inEachForm(DataType.FP32, data(4), output -> {
            InferenceException error = assertThrows(InferenceException.class, output::asInt);
            assertEquals("output 'O': expected datatype INT32 or UINT32, got FP32", error.getMessage());
        }, COUNT);
    }

    @Test
    void anUnknownDatatypeHasItsBytes() {
        InferResult result = new ResultRecord(0).unknown("O", "FP8", new byte[] {1, 2}, 2)
                .unknown("P", "", new byte[0], 0).read();
        InferOutput output = result.getOutput("O");
        assertEquals(DataType.INVALID, output.getDataType());
        assertEquals("FP8", output.getDataTypeName());
        assertEquals(2, output.getBuffer().get(1));
        assertEquals("output 'O': unknown datatype 'FP8'",
                assertThrows(InferenceException.class, output::asFloat).getMessage());
        assertEquals("output 'P': missing datatype",
                assertThrows(InferenceException.class, result.getOutput("P")::asFloat).getMessage());
    }

    @Test
    void aTensorThatIsNoWholeNumberOfElementsIsAnError() {
        InferResult result = new ResultRecord(0).inline("O", DataType.INT32, new byte[6], 1).read();
        assertEquals(Status.INTERNAL,
                assertThrows(InferenceException.class, () -> result.getOutputAsInt("O")).getStatus());
    }

    @Test
    void outputsThatAreNotPartOfTheResult() {
        InferResult result = new ResultRecord(0).inCallerBuffer("O", DataType.INT32, 64, 16)
                .inline("S", DataType.INT32, new byte[0], 16).read();
        InferOutput own = result.getOutput("O");
        assertTrue(own.isInCallerBuffer());
        assertEquals(64, own.getByteSize());
        InferOutput shared = result.getOutput("S");
        assertFalse(shared.isInCallerBuffer());
        assertEquals(0, shared.getByteSize());
        for (InferOutput output : result.getOutputs()) {
            for (Runnable read : new Runnable[] {output::asInt, output::getBuffer, output::getBuffers}) {
                InferenceException error = assertThrows(InferenceException.class, read::run);
                assertEquals(Status.FAILED_PRECONDITION, error.getStatus());
                assertTrue(error.getMessage().endsWith(
                        "was written to the caller's buffer or shared memory and is not part of the result"));
            }
            assertEquals(Status.INVALID_ARGUMENT,
                    assertThrows(InferenceException.class, output::asFloat).getStatus());
        }
    }

    @Test
    void aResultSaysAllThatTheServerSaid() {
        InferResult result = new ResultRecord(0)
                .parameter("b", 1, true).parameter("l", 2, -5L).parameter("u", 3, -1L).parameter("d", 4, 0.25)
                .parameter("s", 5, "ü").parameter("l", 2, 6L)
                .header("x-a", "1").header("x-b", "2").header("x-a", "3")
                .report("named.x", 0.5, "cpu", 2.0, "cpu", 3.0)
                .inline("O", DataType.INT32, new byte[8], 1, 2).inline("ö", DataType.INT8, new byte[1], 1).read();
        assertEquals("model", result.getModelName());
        assertEquals("7", result.getModelVersion());
        assertEquals("id-1", result.getId());
        assertEquals("grpc://host:8001", result.getEndpoint());
        assertEquals(Finality.FINAL, result.getFinality());
        assertTrue(result.isFinal());
        assertFalse(result.isNull());
        assertEquals(Duration.ofNanos(1000), result.getTimes().getQueue());
        assertEquals(Duration.ofNanos(2000), result.getTimes().getConnect());
        assertEquals(Duration.ofNanos(3000), result.getTimes().getSend());
        assertEquals(Duration.ofNanos(4000), result.getTimes().getFirstByte());
        assertEquals(Duration.ofNanos(5000), result.getTimes().getReceive());
        assertEquals(Duration.ofNanos(15000), result.getTimes().getTotal());

        Parameters parameters = result.getParameters();
        assertEquals("{b=true, l=6, u=18446744073709551615, d=0.25, s=ü}", parameters.toString());
        assertEquals(true, parameters.getBoolean("b"));
        assertEquals(6L, parameters.getLong("l"));
        assertEquals(new BigInteger("18446744073709551615"), parameters.get("u"));
        assertNull(parameters.getLong("u"));
        assertEquals(0.25, parameters.getDouble("d"));
        assertEquals("ü", parameters.getString("s"));
        assertNull(parameters.getString("none"));
        assertThrows(UnsupportedOperationException.class, () -> parameters.asMap().clear());
        assertEquals("{p=1}", result.getOutput("O").getParameters().toString());

        Headers headers = result.getHeaders();
        assertEquals("1", headers.get("X-A"));
        assertEquals(List.of("1", "3"), headers.getAll("x-a"));
        assertNull(headers.get("none"));
        assertEquals(3, headers.size());
        assertEquals("[x-a, x-b, x-a]", headers.toString());
        assertEquals(0.5, result.getLoadReport().get("named.x"));
        assertEquals("{named.x=0.5, cpu=2.0}", result.getLoadReport().asMap().toString());

        assertEquals(2, result.getOutputs().size());
        assertThrows(UnsupportedOperationException.class, () -> result.getOutputs().remove(0));
        InferOutput output = result.getOutputs().get(0);
        assertEquals("O", output.getName());
        assertEquals(DataType.INT32, output.getDataType());
        assertEquals("INT32", output.getDataTypeName());
        assertArrayEquals(new long[] {1, 2}, output.getShape());
        assertEquals(8, output.getByteSize());
        assertEquals("model 'model' version '7' id 'id-1'\noutput 'O' INT32 [1, 2], 8 bytes\n"
                + "output 'ö' INT8 [1], 1 bytes", result.toString());
    }

    @Test
    void aResultWithoutOutputs() {
        InferResult result = new ResultRecord(0).read();
        assertTrue(result.isNull());
        assertTrue(result.getParameters().isEmpty());
        assertTrue(result.getHeaders().isEmpty());
        assertNull(result.getLoadReport());
        assertEquals(Finality.NOT_FINAL, new ResultRecord(0).finality(2).read().getFinality());
        assertFalse(new ResultRecord(0).finality(0).read().isFinal());
        assertEquals("there is no output 'O' in the result, which has none",
                assertThrows(InferenceException.class, () -> result.getOutput("O")).getMessage());
    }

    @Test
    void anUnknownOutputIsAnErrorThatNamesTheOthers() {
        ResultRecord record = new ResultRecord(0);
        for (int i = 0; i < 10; i++) {
            record.inline("out" + i, DataType.INT8, new byte[1], 1);
        }
        InferenceException error =
                assertThrows(InferenceException.class, () -> record.read().getOutputAsInt("none"));
        assertEquals(Status.NOT_FOUND, error.getStatus());
        assertEquals("there is no output 'none' in the result, which has 'out0', 'out1', 'out2', 'out3', 'out4',"
                + " 'out5', 'out6', 'out7' and 2 more", error.getMessage());
    }

    @Test
    void nothingCanBeReadAfterClose() {
        ResultRecord inline = new ResultRecord(0).inline("O", DataType.INT32, data(4), COUNT);
        ResultRecord large = new ResultRecord(1).pieces("O", DataType.INT32, data(4), new int[] {COUNT * 4}, COUNT);
        for (ResultRecord record : new ResultRecord[] {inline, large}) {
            InferResult result = record.read(handle -> {});
            InferOutput output = result.getOutput("O");
            ByteBuffer view = output.getBuffer();
            result.close();
            result.close();
            List<Runnable> reads = new ArrayList<>(Arrays.asList(readers(output)));
            reads.addAll(Arrays.asList(readersByName(result)));
            for (Runnable read : reads) {
                assertEquals("the result is closed",
                        assertThrows(IllegalStateException.class, read::run).getMessage());
            }
            assertEquals("model", result.getModelName());
            assertEquals("O", output.getName());
            assertEquals((int) bits(data(4), 3, 4), view.getInt(12), "a buffer outlives the result");
        }
    }

    @Test
    void buffersAreReadOnlyAndLittleEndian() {
        inEachForm(DataType.FP32, data(4), output -> {
            List<ByteBuffer> buffers = output.getBuffers();
            ByteBuffer all = ByteBuffer.allocate(COUNT * 4);
            for (ByteBuffer buffer : buffers) {
                assertTrue(buffer.isReadOnly());
                assertFalse(buffer.hasArray());
                assertEquals(ByteOrder.LITTLE_ENDIAN, buffer.order());
                assertEquals(0, buffer.position());
                assertEquals(buffer.capacity(), buffer.limit());
                assertThrows(ReadOnlyBufferException.class, () -> buffer.put((byte) 1));
                all.put(buffer.duplicate());
            }
            assertArrayEquals(data(4), all.array());
            if (buffers.size() == 1) {
                ByteBuffer buffer = output.getBuffer();
                buffer.position(4);
                assertEquals(0, output.getBuffer().position(), "each is the caller's own");
                assertEquals((int) bits(data(4), 1, 4), buffer.getInt());
            } else {
                assertEquals("output 'O' has 96 bytes in " + buffers.size() + " buffers: use getOutputBuffers",
                        assertThrows(IllegalStateException.class, output::getBuffer).getMessage());
            }
        }, COUNT);
    }
}

package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Nothing in a record is trusted: malformed ones end in an exception, without a hang or a large allocation. */
class MalformedResultTest {
    private static ResultRecord record(long handle) {
        ResultRecord record = new ResultRecord(handle).parameter("a", 2, 1L).parameter("b", 5, "text")
                .header("name", "value").report("load", 1.0)
                .inline("A", DataType.INT32, new byte[16], 4)
                .inline("B", DataType.BYTES, new byte[] {1, 0, 0, 0, 'x', 0, 0, 0, 0}, 2);
        if (handle != 0) {
            record.pieces("C", DataType.FP32, new byte[64], new int[] {32, 32}, 16);
        }
        return record;
    }

    /** Reads all that there is; what is malformed may throw what a user cannot cause otherwise, and nothing else. */
    private static void readAll(InferResult result) {
        Runnable[] reads = {
            result::getModelName, result::getModelVersion, result::getId, result::getEndpoint, result::getParameters,
            result::getTimes, result::getHeaders, result::getLoadReport, result::toString
        };
        Arrays.stream(reads).forEach(MalformedResultTest::read);
        for (InferOutput output : result.getOutputs()) {
            Runnable[] more = {
                output::asInt, output::asString, output::asBytes, output::asClasses, output::asBool,
                output::getBuffers, output::getParameters, output::toString, output::asUnsignedShort,
                output::asDouble, output::asUnsignedInt
            };
            Arrays.stream(more).forEach(MalformedResultTest::read);
        }
    }

    private static void read(Runnable read) {
        try {
            read.run();
        } catch (InferenceException | IllegalArgumentException | IndexOutOfBoundsException malformed) {
            // As it should be.
        }
    }

    @Test
    void aTruncatedRecordIsAnErrorAndItsHandleIsFreed() {
        for (long handle : new long[] {0, 5}) {
            byte[] whole = record(handle).toByteArray();
            int headers = whole.length - (4 + 4 + 4 + 4 + 5) - (4 + 4 + 4 + 8);
            AtomicInteger freed = new AtomicInteger();
            for (int length = 0; length < headers; length++) {
                byte[] part = Arrays.copyOf(whole, length);
                freed.set(0);
                Object[] buffers = record(handle).buffers();
                InferenceException error = assertThrows(InferenceException.class, () -> InferResult.read(
                        part, 0, buffers, ignored -> freed.incrementAndGet(), ResultRecord.BUDGET), "length " + length);
                assertEquals(Status.INTERNAL, error.getStatus());
                assertEquals(handle != 0 && length >= 8 ? 1 : 0, freed.get(), "length " + length);
            }
            // Headers and load report are read when they are asked for.
            for (int length = headers; length < whole.length; length++) {
                InferResult result = InferResult.read(Arrays.copyOf(whole, length), 0, record(handle).buffers(),
                        ignored -> {}, ResultRecord.BUDGET);
                assertThrows(RuntimeException.class, result::getLoadReport);
                result.close();
            }
        }
    }

    @Test
    void aRecordWithAnyBytesChangedIsReadOrRefused() {
        Random random = new Random(7);
        int read = 0;
        int refused = 0;
        byte[][] sound = {record(0).toByteArray(), record(1).toByteArray()};
        Object[][] buffers = {null, record(1).buffers()};
        for (int round = 0; round < 10_000; round++) {
            byte[] bytes = sound[round % 2].clone();
            for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
                int at = 8 + random.nextInt(bytes.length - 8);
                int kind = random.nextInt(4);
                if (kind == 0 && at + 4 <= bytes.length) {
                    int[] values = {-1, Integer.MAX_VALUE, Integer.MIN_VALUE, 1 << 24, bytes.length};
                    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN)
                            .putInt(at, values[random.nextInt(values.length)]);
                } else {
                    bytes[at] = (byte) (kind == 1 ? 0xFF : random.nextInt(256));
                }
            }
            AtomicInteger freed = new AtomicInteger();
            try {
                InferResult result = InferResult.read(
                        bytes, 0, buffers[round % 2], ignored -> freed.incrementAndGet(), ResultRecord.BUDGET);
                readAll(result);
                assertEquals(0, freed.get());
                result.close();
                read++;
            } catch (InferenceException malformed) {
                assertEquals(Status.INTERNAL, malformed.getStatus());
                refused++;
            }
        }
        assertTrue(read > 1000 && refused > 1000, read + " read, " + refused + " refused");
    }

    @Test
    void buffersThatDoNotMatchTheRecordAreRefused() {
        byte[] bytes = record(5).toByteArray();
        Object[] buffers = record(5).buffers();
        ByteBuffer direct = ByteBuffer.allocateDirect(32);
        Object[][] wrong = {
            null, {}, {null}, {null, buffers[1]}, {null, buffers[1], null}, {null, buffers[1], new byte[32]},
            {null, direct, ByteBuffer.allocateDirect(31)}, {null, ByteBuffer.allocateDirect(31), direct},
            {null, ByteBuffer.allocateDirect(30), ByteBuffer.allocateDirect(34)}
        };
        for (Object[] each : wrong) {
            AtomicInteger freed = new AtomicInteger();
            assertThrows(InferenceException.class, () -> InferResult.read(
                    bytes, 0, each, ignored -> freed.incrementAndGet(), ResultRecord.BUDGET));
            assertEquals(1, freed.get());
        }
    }
}

package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Buffers over memory segments, whose arenas the native side does not see. By reflection: JDK 22 and later. */
class MemorySegmentTest {
    private AutoCloseable arena;

    @BeforeEach
    void prepare() {
        assumeTrue(Runtime.version().feature() >= 22, "memory segments came with JDK 22");
    }

    private ByteBuffer buffer(String kind, long byteSize) throws Exception {
        Class<?> type = Class.forName("java.lang.foreign.Arena");
        Object created = type.getMethod(kind).invoke(null);
        arena = (AutoCloseable) created;
        Method allocate = type.getMethod("allocate", long.class);
        Object segment = allocate.invoke(created, byteSize);
        Class<?> segmentType = Class.forName("java.lang.foreign.MemorySegment");
        ByteBuffer buffer = (ByteBuffer) segmentType.getMethod("asByteBuffer").invoke(segment);
        return buffer.order(ByteOrder.LITTLE_ENDIAN);
    }

    private static InferInput input() {
        return new InferInput("IN", new long[] {16}, DataType.INT32);
    }

    @Test
    void aClosedArenaIsNoticedAtSubmission() throws Exception {
        ByteBuffer bytes = buffer("ofShared", 64);
        InferRequest[] requests = {
            new InferRequest("m").addInput(input().setData(bytes)),
            new InferRequest("m").addInput(input().setData(bytes.asIntBuffer())),
            new InferRequest("m").addInput(new InferInput("IN", new long[] {8}, DataType.INT64)
                    .setData(bytes.asLongBuffer())),
            new InferRequest("m").addInput(new InferInput("IN", new long[] {32}, DataType.INT16)
                    .setData(bytes.asShortBuffer())),
            new InferRequest("m").addInput(new InferInput("IN", new long[] {16}, DataType.FP32)
                    .setData(bytes.asFloatBuffer())),
            new InferRequest("m").addInput(new InferInput("IN", new long[] {8}, DataType.FP64)
                    .setData(bytes.asDoubleBuffer())),
            new InferRequest("m").addOutput(new InferRequestedOutput("O").setBuffer(bytes))
        };
        for (InferRequest request : requests) {
            request.pack().release();
        }
        arena.close();
        for (InferRequest request : requests) {
            assertEquals("Already closed", assertThrows(IllegalStateException.class, request::pack).getMessage());
        }
    }

    @Test
    void theThreadOfAConfinedArenaMaySubmitAndNoOther() throws Exception {
        InferRequest request = new InferRequest("m").addInput(input().setData(buffer("ofConfined", 64)));
        request.pack().release();
        CompletableFuture<Void> other = CompletableFuture.runAsync(() -> request.pack().release());
        Throwable cause = assertThrows(ExecutionException.class, other::get).getCause();
        assertTrue(cause.getClass().getName().equals("java.lang.WrongThreadException"), cause.toString());
        arena.close();
    }

    @Test
    void emptyBuffersHaveNothingToCheck() throws Exception {
        InferRequest request = new InferRequest("m").addInput(input().setData(buffer("ofShared", 0)));
        arena.close();
        request.pack().release();
    }
}

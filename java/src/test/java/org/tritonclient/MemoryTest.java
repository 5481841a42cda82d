package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Native memory: what is kept, and what is given back. */
class MemoryTest {
    private static final int CALLS = Integer.getInteger("tritonclient.test.calls", 20_000);

    @Test
    void manyInferencesDoNotGrow() throws Exception {
        for (String url : RealServer.urls()) {
            try (InferenceServerClient client = new InferenceServerClient(url)) {
                InferRequest request = RealServer.simple();
                infer(client, request, CALLS / 4);
                System.gc();
                long half = rss();
                infer(client, request, CALLS / 4);
                System.gc();
                long whole = rss();
                assertTrue(whole < half * 1.05, url + ": " + half + " then " + whole + " KiB");
            }
        }
    }

    private static void infer(InferenceServerClient client, InferRequest request, int calls) {
        for (int i = 0; i < calls; i++) {
            try (InferResult result = client.infer(request)) {
                assertEquals(16, result.getOutputAsInt("OUTPUT0")[15]);
            }
        }
    }

    /** Returns the resident memory of this process in KiB. */
    static long rss() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new AssertionError("no VmRSS");
    }

    @Test
    void aBufferHoldsTheMemoryThatItShows() {
        for (String url : RealServer.urls()) {
            try (InferenceServerClient client = new InferenceServerClient(url)) {
                int count = 1 << 20;
                float[] values = new float[count];
                for (int i = 0; i < count; i++) {
                    values[i] = i;
                }
                InferInput input = new InferInput("INPUT0", new long[] {count}, DataType.FP32);
                input.setData(values);
                FloatBuffer view;
                try (InferResult result = client.infer("identity_fp32", List.of(input), List.of())) {
                    view = result.getOutputBuffer("OUTPUT0").asFloatBuffer();
                }
                // The memory that was freed would be used again by these.
                for (int i = 0; i < 20; i++) {
                    input.setData(new float[count]);
                    client.infer("identity_fp32", List.of(input), List.of()).close();
                    System.gc();
                }
                for (int i = 0; i < count; i += 997) {
                    assertEquals(i, view.get(i));
                }
            }
        }
    }

    @Test
    void anOutputCanBeWrittenToABufferOfTheCaller() {
        for (String url : RealServer.urls()) {
            try (InferenceServerClient client = new InferenceServerClient(url)) {
                InferInput input = new InferInput("INPUT0", new long[] {50_000}, DataType.INT32);
                int[] values = new int[50_000];
                values[49_999] = 7;
                input.setData(values);
                ByteBuffer buffer = ByteBuffer.allocateDirect(4 * 50_000 + 16).order(ByteOrder.LITTLE_ENDIAN);
                buffer.position(16);
                InferRequestedOutput output = new InferRequestedOutput("OUTPUT0");
                output.setBuffer(buffer);
                try (InferResult result = client.infer("identity_int32", List.of(input), List.of(output))) {
                    assertTrue(result.getOutput("OUTPUT0").isInCallerBuffer());
                    assertEquals(200_000, result.getOutput("OUTPUT0").getByteSize());
                }
                assertEquals(7, buffer.getInt(16 + 4 * 49_999));
            }
        }
    }
}

package org.tritonclient;

import java.util.List;

/** Drops large results without closing them. The heap is almost empty: nothing else causes a collection. */
public final class DroppedResultsMain {
    private static final int BYTE_SIZE = 16 << 20;
    /** The budget of results, half of a heap of 256 MiB, and what a JVM takes. */
    private static final long MAX_RSS_KIB = (128 + 4 * 16 + 320) << 10;

    private DroppedResultsMain() {}

    /** Takes the number of calls, and a URL. */
    public static void main(String[] arguments) throws Exception {
        InferInput input = new InferInput("INPUT0", new long[] {BYTE_SIZE}, DataType.UINT8);
        InferRequest request = new InferRequest("identity_uint8", List.of(input), List.of());
        // A server with a response of its own does not need to read 16 MiB.
        boolean isFixed = arguments.length > 2;
        if (isFixed) {
            input.setShape(new long[] {1}).setData(new byte[1]);
        } else {
            input.setData(java.nio.ByteBuffer.allocateDirect(BYTE_SIZE));
        }
        long max = 0;
        try (InferenceServerClient client = new InferenceServerClient(arguments[1])) {
            for (int i = Integer.parseInt(arguments[0]); i > 0; i--) {
                InferResult dropped = client.infer(request);
                if (dropped.getOutput("OUTPUT0").getByteSize() != BYTE_SIZE) {
                    throw new AssertionError(dropped.toString());
                }
                max = Math.max(max, MemoryTest.rss());
            }
        }
        if (max > MAX_RSS_KIB) {
            throw new AssertionError("the process took " + max + " KiB");
        }
        if (ResultMemory.unclosedCount() == 0) {
            throw new AssertionError("no result was freed by the collector");
        }
    }
}

package org.tritonclient;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Sends many buffers in one call of a native, to nobody. Run with {@code -Xcheck:jni}, which counts references. */
final class ManyBuffersMain {
    private ManyBuffersMain() {}

    public static void main(String[] arguments) {
        List<InferRequest> requests = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            InferInput input = new InferInput("IN", new long[] {64}, DataType.UINT8);
            input.setData(ByteBuffer.allocateDirect(64).order(ByteOrder.LITTLE_ENDIAN));
            InferRequestedOutput output = new InferRequestedOutput("OUT").setBuffer(ByteBuffer.allocateDirect(64));
            requests.add(new InferRequest("model", List.of(input), List.of(output)));
        }
        try (InferenceServerClient client = new InferenceServerClient("127.0.0.1:1")) {
            int failed = 0;
            for (InferOutcome outcome : client.inferMany(requests)) {
                failed += outcome.getError().getStatus() == Status.UNAVAILABLE ? 1 : 0;
            }
            System.out.println(failed + " unavailable");
        }
    }
}

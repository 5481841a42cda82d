import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.tritonclient.DataType;
import org.tritonclient.InferInput;
import org.tritonclient.InferRequest;
import org.tritonclient.InferRequestedOutput;
import org.tritonclient.InferenceException;
import org.tritonclient.InferenceServerClient;

/**
 * Sends several frames to the model {@code identity_fp32} without a copy in the client: the request is read from a
 * direct buffer, and the output is written into another one.
 *
 * <pre>java -cp triton-client.jar BufferInferClient.java [URL]</pre>
 *
 * The default URL is {@code localhost:8000}.
 */
public class BufferInferClient {
    private static final int COUNT = 65536;

    public static void main(String[] args) {
        String url = args.length > 0 ? args[0] : "localhost:8000";
        // Without order() a buffer is big-endian, and is converted by a copy.
        FloatBuffer frame = ByteBuffer.allocateDirect(4 * COUNT).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        ByteBuffer scores = ByteBuffer.allocateDirect(4 * COUNT).order(ByteOrder.LITTLE_ENDIAN);
        InferRequest request = new InferRequest("identity_fp32")
                .addInput(new InferInput("INPUT0", new long[] {COUNT}, DataType.FP32).setData(frame))
                .addOutput(new InferRequestedOutput("OUTPUT0").setBuffer(scores));

        try (InferenceServerClient client = new InferenceServerClient(url)) {
            for (int number = 0; number < 3; number++) {
                for (int i = 0; i < COUNT; i++) {
                    frame.put(i, number + i);
                }
                client.infer(request).close(); // the data is in the buffer, not in the result
                System.out.println("frame " + number + ": " + scores.getFloat(0));
                for (int i = 0; i < COUNT; i++) {
                    if (scores.getFloat(4 * i) != number + i) {
                        throw new IllegalStateException("frame " + number + ": element " + i + " is wrong");
                    }
                }
            }
        } catch (InferenceException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }
}

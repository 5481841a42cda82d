import java.util.List;
import java.util.stream.IntStream;
import org.tritonclient.DataType;
import org.tritonclient.InferInput;
import org.tritonclient.InferRequestedOutput;
import org.tritonclient.InferResult;
import org.tritonclient.InferenceException;
import org.tritonclient.InferenceServerClient;

/**
 * Sends one request to the model {@code simple}, and checks the sums and differences that it returns. Over HTTP, one
 * tensor in each direction is sent as JSON, the other in binary.
 *
 * <pre>java -cp triton-client.jar SimpleInferClient.java [URL]</pre>
 *
 * The default URL is {@code localhost:8000}.
 */
public class SimpleInferClient {
    public static void main(String[] args) {
        String url = args.length > 0 ? args[0] : "localhost:8000";
        try (InferenceServerClient client = new InferenceServerClient(url, 5000, 5000)) {
            // gRPC requires the same form for all inputs.
            infer(client, url.startsWith("grpc://"));
        } catch (InferenceException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }

    private static void infer(InferenceServerClient client, boolean isBinary0) {
        int[] data0 = IntStream.rangeClosed(1, 16).toArray();
        InferInput input0 = new InferInput("INPUT0", new long[] {1, 16}, DataType.INT32);
        input0.setData(data0, isBinary0);

        boolean isBinary1 = true;
        int[] data1 = IntStream.rangeClosed(1, 16).toArray();
        InferInput input1 = new InferInput("INPUT1", new long[] {1, 16}, DataType.INT32);
        input1.setData(data1, isBinary1);

        List<InferInput> inputs = List.of(input0, input1);
        List<InferRequestedOutput> outputs = List.of(
                new InferRequestedOutput("OUTPUT0", isBinary0), new InferRequestedOutput("OUTPUT1", isBinary1));

        try (InferResult result = client.infer("simple", inputs, outputs)) {
            int[] sums = result.getOutputAsInt("OUTPUT0");
            int[] differences = result.getOutputAsInt("OUTPUT1");
            for (int i = 0; i < sums.length; i++) {
                System.out.println(data0[i] + " + " + data1[i] + " = " + sums[i]);
                System.out.println(data0[i] + " - " + data1[i] + " = " + differences[i]);
                if (sums[i] != data0[i] + data1[i]) {
                    System.out.println("OUTPUT0 contains incorrect sum");
                    System.exit(1);
                }
                if (differences[i] != data0[i] - data1[i]) {
                    System.out.println("OUTPUT1 contains incorrect difference");
                    System.exit(1);
                }
            }
        }
    }
}

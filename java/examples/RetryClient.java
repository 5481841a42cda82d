import java.time.Duration;
import java.util.List;
import org.tritonclient.CallOptions;
import org.tritonclient.DataType;
import org.tritonclient.InferInput;
import org.tritonclient.InferRequest;
import org.tritonclient.InferResult;
import org.tritonclient.InferenceException;
import org.tritonclient.InferenceServerClient;

/**
 * Repeats an inference while that is safe and may succeed.
 *
 * <pre>java -cp triton-client.jar RetryClient.java [URL]</pre>
 *
 * The default URL is {@code localhost:8000}.
 */
public class RetryClient {
    private static final int RETRIES = 3;

    public static void main(String[] args) throws InterruptedException {
        String url = args.length > 0 ? args[0] : "localhost:8000";
        InferInput input0 = new InferInput("INPUT0", new long[] {1, 16}, DataType.INT32).setData(new int[16]);
        InferInput input1 = new InferInput("INPUT1", new long[] {1, 16}, DataType.INT32).setData(new int[16]);
        InferRequest request = new InferRequest("simple", List.of(input0, input1), List.of());

        try (InferenceServerClient client = new InferenceServerClient(url);
                InferResult result = inferWithRetries(client, request)) {
            System.out.println("response from model '" + result.getModelName() + "'");
        } catch (InferenceException e) {
            System.err.println(e.getStatus() + ": " + e.getMessage());
            System.exit(1);
        }
    }

    private static InferResult inferWithRetries(InferenceServerClient client, InferRequest request)
            throws InterruptedException {
        CallOptions options = CallOptions.builder().timeout(Duration.ofSeconds(2)).build(); // of one attempt
        for (int retries = 0; ; retries++) {
            try {
                return client.infer(request, options);
            } catch (InferenceException e) {
                // In doubt: the server may have executed the request, which matters to a model with a state.
                if (!e.isRetryable() || e.isInDoubt() || retries == RETRIES) {
                    throw e;
                }
                System.err.println("attempt " + (retries + 1) + ": " + e.getMessage());
                Thread.sleep(100L << retries);
            }
        }
    }
}

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.tritonclient.CallOptions;
import org.tritonclient.DataType;
import org.tritonclient.InferInput;
import org.tritonclient.InferOutcome;
import org.tritonclient.InferRequest;
import org.tritonclient.InferResult;
import org.tritonclient.InferenceException;
import org.tritonclient.InferenceServerClient;

/**
 * Has several calls in flight: as futures, and as a list of requests.
 *
 * <pre>java -cp triton-client.jar AsyncInferClient.java [URL]</pre>
 *
 * The default URL is {@code localhost:8000}.
 */
public class AsyncInferClient {
    private static final int CALLS = 8;

    public static void main(String[] args) {
        String url = args.length > 0 ? args[0] : "localhost:8000";
        try (InferenceServerClient client = new InferenceServerClient(url)) {
            inferAsFutures(client);
            inferMany(client);
        } catch (InferenceException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        } catch (CompletionException e) { // of join
            System.err.println(e.getCause().getMessage());
            System.exit(1);
        }
    }

    private static void inferAsFutures(InferenceServerClient client) {
        CallOptions options = CallOptions.builder().timeout(Duration.ofSeconds(5)).build();
        List<CompletableFuture<Integer>> sums = new ArrayList<>();
        for (int i = 0; i < CALLS; i++) {
            sums.add(client.inferAsync(request(i), options).thenApply(AsyncInferClient::closeAndSum));
        }
        CompletableFuture.allOf(sums.toArray(new CompletableFuture<?>[0])).join();
        for (int i = 0; i < CALLS; i++) {
            System.out.println("future " + i + ": " + check(sums.get(i).join(), i));
        }
    }

    private static void inferMany(InferenceServerClient client) {
        List<InferRequest> requests = new ArrayList<>();
        for (int i = 0; i < CALLS; i++) {
            requests.add(request(i));
        }
        List<InferOutcome> outcomes = client.inferMany(requests); // in the order of the requests
        for (int i = 0; i < CALLS; i++) {
            InferOutcome outcome = outcomes.get(i);
            if (outcome.isSuccess()) {
                System.out.println("one of many " + i + ": " + check(closeAndSum(outcome.getResult()), i));
            } else {
                System.out.println("one of many " + i + ": " + outcome.getError().getMessage());
            }
        }
    }

    /** A request whose 16 inputs are the number of the call, and 1. */
    private static InferRequest request(int number) {
        int[] a = new int[16];
        int[] b = new int[16];
        Arrays.fill(a, number);
        Arrays.fill(b, 1);
        return new InferRequest("simple")
                .addInput(new InferInput("INPUT0", new long[] {1, 16}, DataType.INT32).setData(a))
                .addInput(new InferInput("INPUT1", new long[] {1, 16}, DataType.INT32).setData(b));
    }

    /** Returns the sum of all elements of OUTPUT0. */
    private static int closeAndSum(InferResult result) {
        try (result) {
            return Arrays.stream(result.getOutputAsInt("OUTPUT0")).sum();
        }
    }

    private static int check(int sum, int number) {
        if (sum != 16 * (number + 1)) {
            throw new IllegalStateException("call " + number + ": the sum is " + sum);
        }
        return sum;
    }
}

import java.util.Arrays;
import org.tritonclient.DataType;
import org.tritonclient.InferInput;
import org.tritonclient.InferRequest;
import org.tritonclient.InferResult;
import org.tritonclient.InferStream;
import org.tritonclient.InferenceException;
import org.tritonclient.InferenceServerClient;
import org.tritonclient.StreamEvent;

/**
 * Sends requests to the decoupled model {@code repeat_int32} over one stream, and checks all of the responses to each.
 * Streams exist in gRPC only.
 *
 * <pre>java -cp triton-client.jar StreamInferClient.java [URL [REQUESTS [REPEATS]]]</pre>
 *
 * The default is {@code grpc://localhost:8001}, 2 requests, and 3 responses to each.
 */
public class StreamInferClient {
    private static final int FIRST = 100;

    public static void main(String[] args) {
        String url = args.length > 0 ? args[0] : "grpc://localhost:8001";
        int requests = args.length > 1 ? Integer.parseInt(args[1]) : 2;
        int repeats = args.length > 2 ? Integer.parseInt(args[2]) : 3;
        int[] counts = new int[requests];

        try (InferenceServerClient client = new InferenceServerClient(url);
                InferStream stream = client.openStream()) {
            for (int i = 0; i < requests; i++) {
                stream.send(request(repeats).setId(Integer.toString(i)));
            }
            stream.finish();
            for (StreamEvent event : stream) {
                try (InferResult result = event.getResult()) { // throws the error of a request
                    receive(result, counts, repeats);
                }
            }
        } catch (InferenceException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
        if (Arrays.stream(counts).anyMatch(count -> count != repeats + 1)) {
            throw new IllegalStateException("responses are missing: " + Arrays.toString(counts));
        }
    }

    private static InferRequest request(int repeats) {
        int[] values = new int[repeats];
        for (int i = 0; i < repeats; i++) {
            values[i] = FIRST + i;
        }
        return new InferRequest("repeat_int32")
                // Without it nothing would show that a request has no more responses.
                .setEmptyFinalResponse(true)
                .addInput(new InferInput("IN", new long[] {repeats}, DataType.INT32).setData(values))
                .addInput(new InferInput("DELAY", new long[] {repeats}, DataType.UINT32).setData(new int[repeats]))
                .addInput(new InferInput("WAIT", new long[] {1}, DataType.UINT32).setData(new int[1]));
    }

    /** Checks a response and counts it for its request. The final one counts too, and has no outputs. */
    private static void receive(InferResult result, int[] counts, int repeats) {
        int request = Integer.parseInt(result.getId());
        int count = counts[request]++;
        if (result.isNull()) {
            if (count != repeats) {
                throw new IllegalStateException("request " + request + " ended after " + count + " responses");
            }
            return;
        }
        int value = result.getOutputAsInt("OUT")[0];
        System.out.println("request " + request + ": " + value);
        if (value != FIRST + count) {
            throw new IllegalStateException("request " + request + ": response " + count + " is wrong");
        }
    }
}

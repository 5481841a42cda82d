import org.tritonclient.DataType;
import org.tritonclient.InferInput;
import org.tritonclient.InferRequest;
import org.tritonclient.InferResult;
import org.tritonclient.InferenceException;
import org.tritonclient.InferenceServerClient;

/**
 * Sends two interleaved sequences to the stateful model {@code simple_sequence}, one call for each step, and checks
 * every value. The id of one sequence is a number, that of the other a string.
 *
 * <pre>java -cp triton-client.jar SequenceInferClient.java [URL [ID]]</pre>
 *
 * The default is {@code localhost:8000} and 1000. Programs that run at the same time need different ids.
 */
public class SequenceInferClient {
    private static final int[] VALUES = {11, 7, 5, 3, 2, 0, 1};

    public static void main(String[] args) {
        String url = args.length > 0 ? args[0] : "localhost:8000";
        long id = args.length > 1 ? Long.parseLong(args[1]) : 1000;
        try (InferenceServerClient client = new InferenceServerClient(url)) {
            for (int step = 0; step < VALUES.length; step++) {
                boolean isStart = step == 0;
                boolean isEnd = step == VALUES.length - 1;
                InferRequest one = request(VALUES[step]).setSequence(id, isStart, isEnd);
                InferRequest other = request(-VALUES[step]).setSequence("sequence-" + id, isStart, isEnd);
                int first = infer(client, one);
                int second = infer(client, other);
                System.out.println("[" + step + "] " + first + " : " + second);
                // The model adds 1 to the first value of a sequence.
                int added = isStart ? 1 : 0;
                if (first != VALUES[step] + added || second != -VALUES[step] + added) {
                    throw new IllegalStateException("step " + step + " is wrong");
                }
            }
        } catch (InferenceException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }

    private static InferRequest request(int value) {
        InferInput input = new InferInput("INPUT", new long[] {1, 1}, DataType.INT32).setData(new int[] {value});
        return new InferRequest("simple_sequence").addInput(input);
    }

    private static int infer(InferenceServerClient client, InferRequest request) {
        try (InferResult result = client.infer(request)) {
            return result.getOutputAsInt("OUTPUT")[0];
        }
    }
}

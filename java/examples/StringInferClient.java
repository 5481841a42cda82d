import java.util.List;
import org.tritonclient.DataType;
import org.tritonclient.InferInput;
import org.tritonclient.InferResult;
import org.tritonclient.InferenceException;
import org.tritonclient.InferenceServerClient;

/**
 * Sends decimal numbers as strings to the model {@code simple_string}, and checks the sums and differences, which are
 * strings too.
 *
 * <pre>java -cp triton-client.jar StringInferClient.java [URL]</pre>
 *
 * The default URL is {@code localhost:8000}.
 */
public class StringInferClient {
    private static final int COUNT = 16;

    public static void main(String[] args) {
        String url = args.length > 0 ? args[0] : "localhost:8000";
        String[] a = new String[COUNT];
        String[] b = new String[COUNT];
        for (int i = 0; i < COUNT; i++) {
            a[i] = Integer.toString(i);
            b[i] = "1";
        }
        InferInput input0 = new InferInput("INPUT0", new long[] {1, COUNT}, DataType.BYTES).setData(a);
        InferInput input1 = new InferInput("INPUT1", new long[] {1, COUNT}, DataType.BYTES).setData(b);

        try (InferenceServerClient client = new InferenceServerClient(url);
                InferResult result = client.infer("simple_string", List.of(input0, input1), List.of())) {
            String[] sums = result.getOutputAsString("OUTPUT0"); // getOutputAsBytes has the bytes of each element
            String[] differences = result.getOutputAsString("OUTPUT1");
            for (int i = 0; i < COUNT; i++) {
                System.out.println(a[i] + " + " + b[i] + " = " + sums[i]);
                System.out.println(a[i] + " - " + b[i] + " = " + differences[i]);
                if (!sums[i].equals(Integer.toString(i + 1)) || !differences[i].equals(Integer.toString(i - 1))) {
                    throw new IllegalStateException("element " + i + " is wrong");
                }
            }
        } catch (InferenceException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }
}

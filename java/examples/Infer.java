// java -cp triton-client.jar Infer.java grpc://localhost:8001
import java.util.List;
import org.tritonclient.DataType;
import org.tritonclient.InferInput;
import org.tritonclient.InferResult;
import org.tritonclient.InferenceException;
import org.tritonclient.InferenceServerClient;

public class Infer {
    public static void main(String[] args) {
        String url = args.length > 0 ? args[0] : "localhost:8000";
        int[] a = new int[16];
        int[] b = new int[16];
        for (int i = 0; i < 16; i++) {
            a[i] = i;
            b[i] = 1;
        }
        InferInput input0 = new InferInput("INPUT0", new long[] {1, 16}, DataType.INT32).setData(a);
        InferInput input1 = new InferInput("INPUT1", new long[] {1, 16}, DataType.INT32).setData(b);

        try (InferenceServerClient client = new InferenceServerClient(url);
                InferResult result = client.infer("simple", List.of(input0, input1), List.of())) {
            int[] sum = result.getOutputAsInt("OUTPUT0");
            for (int i = 0; i < sum.length; i++) {
                System.out.println(a[i] + " + " + b[i] + " = " + sum[i]);
            }
        } catch (InferenceException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }
}

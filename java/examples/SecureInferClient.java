import java.nio.file.Paths;
import java.util.List;
import org.tritonclient.ClientOptions;
import org.tritonclient.DataType;
import org.tritonclient.InferInput;
import org.tritonclient.InferResult;
import org.tritonclient.InferenceException;
import org.tritonclient.InferenceServerClient;

/**
 * Sends one request to the model {@code simple} over mutual TLS.
 *
 * <pre>java -cp triton-client.jar SecureInferClient.java URL CA-FILE CERTIFICATE-FILE KEY-FILE</pre>
 *
 * The URL begins with {@code https://} or {@code grpcs://}.
 */
public class SecureInferClient {
    public static void main(String[] args) {
        if (args.length != 4) {
            System.err.println("usage: SecureInferClient URL CA-FILE CERTIFICATE-FILE KEY-FILE");
            System.exit(1);
        }
        int[] a = new int[16];
        int[] b = new int[16];
        for (int i = 0; i < 16; i++) {
            a[i] = i;
            b[i] = 1;
        }
        InferInput input0 = new InferInput("INPUT0", new long[] {1, 16}, DataType.INT32).setData(a);
        InferInput input1 = new InferInput("INPUT1", new long[] {1, 16}, DataType.INT32).setData(b);

        ClientOptions options = ClientOptions.builder()
                .tlsCaFile(Paths.get(args[1]))
                .tlsClientCertificate(Paths.get(args[2]), Paths.get(args[3]))
                .build();
        // The constructor reads the files, and fails if one is missing or malformed.
        try (InferenceServerClient client = new InferenceServerClient(args[0], options);
                InferResult result = client.infer("simple", List.of(input0, input1), List.of())) {
            int[] sums = result.getOutputAsInt("OUTPUT0");
            for (int i = 0; i < sums.length; i++) {
                System.out.println(a[i] + " + " + b[i] + " = " + sums[i]);
            }
        } catch (InferenceException e) {
            System.err.println(e.getStatus() + ": " + e.getMessage());
            System.exit(1);
        }
    }
}

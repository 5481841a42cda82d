import java.time.Duration;
import java.util.Arrays;
import org.tritonclient.CallOptions;
import org.tritonclient.InferenceException;
import org.tritonclient.InferenceServerClient;
import org.tritonclient.ModelMetadata;
import org.tritonclient.ModelStatistics;
import org.tritonclient.RepositoryModel;
import org.tritonclient.RepositoryOptions;
import org.tritonclient.ServerMetadata;
import org.tritonclient.TensorMetadata;

/**
 * Waits until the server is ready, and prints its state, the models that are ready, and one model's tensors and
 * statistics.
 *
 * <pre>java -cp triton-client.jar ControlClient.java [URL [MODEL]]</pre>
 *
 * The default is {@code localhost:8000} and {@code simple}.
 */
public class ControlClient {
    public static void main(String[] args) {
        String url = args.length > 0 ? args[0] : "localhost:8000";
        String model = args.length > 1 ? args[1] : "simple";
        try (InferenceServerClient client = new InferenceServerClient(url)) {
            CallOptions options = CallOptions.builder().timeout(Duration.ofSeconds(30)).build();
            client.waitReady("", "", options);
            printServer(client);
            printModel(client, model);
        } catch (InferenceException e) {
            System.err.println(e.getStatus() + ": " + e.getMessage());
            System.exit(1);
        }
    }

    private static void printServer(InferenceServerClient client) {
        ServerMetadata server = client.getServerMetadata();
        System.out.println("server " + server.getName() + " " + server.getVersion());
        System.out.println("live: " + client.isServerLive() + ", ready: " + client.isServerReady());
        RepositoryOptions ready = RepositoryOptions.builder().readyOnly(true).build();
        for (RepositoryModel model : client.getRepositoryIndex(ready).getModels()) {
            System.out.println("  " + model.getName() + " " + model.getVersion() + " " + model.getState());
        }
    }

    private static void printModel(InferenceServerClient client, String name) {
        ModelMetadata model = client.getModelMetadata(name);
        System.out.println("model " + model.getName() + " " + model.getVersions() + " on " + model.getPlatform());
        for (TensorMetadata input : model.getInputs()) {
            System.out.println("  input " + describe(input));
        }
        for (TensorMetadata output : model.getOutputs()) {
            System.out.println("  output " + describe(output));
        }
        System.out.println("  batches of up to " + client.getModelConfig(name).getMaxBatchSize());
        for (ModelStatistics statistics : client.getModelStatistics(name).getEntries()) {
            System.out.println("  " + statistics.getInferenceCount() + " inferences");
        }
    }

    private static String describe(TensorMetadata tensor) {
        return tensor.getName() + ": " + tensor.getDataType() + " " + Arrays.toString(tensor.getShape());
    }
}

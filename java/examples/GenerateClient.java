import java.util.Map;
import java.util.OptionalDouble;
import org.tritonclient.ClientOptions;
import org.tritonclient.InferenceException;
import org.tritonclient.InferenceServerClient;

/**
 * Streams text from the endpoint {@code generate_stream} of the model {@code generator}, as from a language model, and
 * reads the server's metrics. HTTP only.
 *
 * <pre>java -cp triton-client.jar GenerateClient.java [URL [METRICS_URL]]</pre>
 *
 * The default URL is {@code localhost:8000}, that of the metrics is {@code /metrics} on port 8002 of the same host.
 */
public class GenerateClient {
    public static void main(String[] args) {
        String url = args.length > 0 ? args[0] : "localhost:8000";
        ClientOptions.Builder options = ClientOptions.builder();
        if (args.length > 1) {
            options.metricsUrl(args[1]);
        }
        try (InferenceServerClient client = new InferenceServerClient(url, options.build())) {
            client.generateStream("generator", "{\"PROMPT\": \"one two three\"}", event -> {
                System.out.println(event); // one JSON object for each response of the model
                return true; // false ends the stream
            });
            // The server counts a request shortly after its last response.
            OptionalDouble count = client.getMetrics()
                    .getValue("nv_inference_request_success", Map.of("model", "generator", "version", "1"));
            System.out.println("requests to the model: " + (long) count.orElse(0));
        } catch (InferenceException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }
}

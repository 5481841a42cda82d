import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.tritonclient.DataType;
import org.tritonclient.InferInput;
import org.tritonclient.InferRequest;
import org.tritonclient.InferRequestedOutput;
import org.tritonclient.InferenceServerClient;

/**
 * Measures blocking calls to the model {@code simple} from several threads, which share a client and a request.
 *
 * <pre>java -cp triton-client.jar SimpleInferPerf.java [URL [THREADS [REQUESTS]]]</pre>
 *
 * The default is {@code localhost:8000}, 8 threads and 1000 requests of each.
 */
public class SimpleInferPerf {
    private static final String MODEL = "simple";
    private static final int GAP = 100;

    public static void main(String[] args) throws InterruptedException {
        String url = args.length > 0 ? args[0] : "localhost:8000";
        int threadCount = args.length > 1 ? Integer.parseInt(args[1]) : 8;
        int requestCount = args.length > 2 ? Integer.parseInt(args[2]) : 1000;

        InferInput input0 = new InferInput("INPUT0", new long[] {1, 16}, DataType.INT32);
        InferInput input1 = new InferInput("INPUT1", new long[] {1, 16}, DataType.INT32);
        input0.setData(IntStream.rangeClosed(1, 16).toArray());
        input1.setData(IntStream.rangeClosed(1, 16).toArray());
        InferRequest request = new InferRequest(MODEL)
                .addInput(input0)
                .addInput(input1)
                .addOutput(new InferRequestedOutput("OUTPUT0"))
                .addOutput(new InferRequestedOutput("OUTPUT1"));

        System.out.printf("Testing %s with %d threads.%n", MODEL, threadCount);
        double qps = 0;
        double latency = 0;
        ExecutorService threads = Executors.newFixedThreadPool(threadCount);
        try (InferenceServerClient client = new InferenceServerClient(url)) {
            List<Future<Double>> latencies = new ArrayList<>();
            for (int i = 0; i < threadCount; i++) {
                int id = i;
                latencies.add(threads.submit(() -> measure(client, request, requestCount, id)));
            }
            for (Future<Double> one : latencies) {
                qps += 1000 / one.get();
                latency += one.get() / threadCount;
            }
        } catch (ExecutionException e) {
            System.err.println(e.getCause().getMessage());
            System.exit(1);
        } finally {
            threads.shutdown();
        }
        System.out.println("==================================");
        System.out.printf("[ALL]         QPS: %.2f%n", qps);
        System.out.printf("[ALL] Latency(ms): %.2f%n", latency);
        System.out.println("==================================");
    }

    /** Returns the average latency in milliseconds. */
    private static double measure(InferenceServerClient client, InferRequest request, int count, int id) {
        long start = System.nanoTime();
        long gapStart = start;
        for (int i = 1; i <= count; i++) {
            client.infer(request).close();
            if (i % GAP == 0) {
                long now = System.nanoTime();
                double latency = (now - gapStart) / 1e6 / GAP;
                System.out.printf("[%d][GAP] Requests: %d, avg latency(ms): %.2f%n", id, i, latency);
                gapStart = now;
            }
        }
        double latency = (System.nanoTime() - start) / 1e6 / count;
        System.out.printf("[%d][TOTAL] avg latency(ms): %.2f, qps: %.2f%n", id, latency, 1000 / latency);
        return latency;
    }
}

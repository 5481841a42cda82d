import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.tritonclient.DataType;
import org.tritonclient.InferInput;
import org.tritonclient.InferRequestedOutput;
import org.tritonclient.InferResult;
import org.tritonclient.InferenceException;
import org.tritonclient.InferenceServerClient;

/**
 * Creates a client, runs an inference and closes the client, again and again, and prints the memory that the process
 * uses: the Java heap after a collection, and the resident set, which includes native memory.
 *
 * <pre>java -cp triton-client.jar MemoryGrowthTest.java [URL [REPETITIONS [MODEL]]]</pre>
 *
 * The default is {@code localhost:8000}, 100 repetitions and the model {@code custom_identity_int32}. Fails if the
 * resident set grows by more than 32 MiB in the second half of the repetitions.
 */
public class MemoryGrowthTest {
    private static final int REPORTS = 10;
    private static final double MAX_GROWTH_MIB = 32;

    public static void main(String[] args) throws IOException {
        String url = args.length > 0 ? args[0] : "localhost:8000";
        int repetitions = args.length > 1 ? Integer.parseInt(args[1]) : 100;
        String model = args.length > 2 ? args[2] : "custom_identity_int32";
        double half = 0;
        double end = 0;
        try {
            for (int i = 1; i <= repetitions; i++) {
                infer(url, model);
                if (i % Math.max(repetitions / REPORTS, 1) == 0) {
                    end = report(i);
                }
                if (i <= repetitions / 2) {
                    half = end;
                }
            }
        } catch (InferenceException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
        if (half > 0 && end - half > MAX_GROWTH_MIB) {
            System.out.printf("memory grew by %.1f MiB%n", end - half);
            System.exit(1);
        }
    }

    private static void infer(String url, String model) {
        int[] data = IntStream.rangeClosed(1, 16).toArray();
        InferInput input = new InferInput("INPUT0", new long[] {1, 16}, DataType.INT32);
        input.setData(data, true);
        List<InferRequestedOutput> outputs = List.of(new InferRequestedOutput("OUTPUT0", true));

        try (InferenceServerClient client = new InferenceServerClient(url, 5000, 5000);
                InferResult result = client.infer(model, List.of(input), outputs)) {
            if (!Arrays.equals(data, result.getOutputAsInt("OUTPUT0"))) {
                System.out.println("incorrect output");
                System.exit(1);
            }
        }
    }

    /** Prints the memory in use, and returns the resident set in MiB; 0 where there is no /proc. */
    private static double report(int repetition) throws IOException {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        double heap = (runtime.totalMemory() - runtime.freeMemory()) / 1048576.0;
        double resident = 0;
        if (Files.exists(Paths.get("/proc/self/status"))) {
            for (String line : Files.readAllLines(Paths.get("/proc/self/status"))) {
                if (line.startsWith("VmRSS:")) {
                    resident = Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
                }
            }
        }
        System.out.printf("%d: heap %.1f MiB, RSS %.1f MiB%n", repetition, heap, resident);
        return resident;
    }
}

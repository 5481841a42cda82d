package org.tritonclient.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;
import org.openjdk.jmh.runner.IterationType;

/**
 * Reports per call: the CPU time of the whole process (user and system, all threads, those of the collector and of the
 * compiler included, in steps of 10 ms), and the median and 99th percentile of the latency; also the number of calls
 * per second.
 *
 * <p>JMH measures the time of an operation only. In an operation of {@link InferBenchmark#async} many calls overlap.
 */
public final class CallProfiler implements InternalProfiler {
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private long cpu;
    private long wall;

    @Override
    public String getDescription() {
        return "CPU time and latency of a call";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        // Here and not in a set-up method, where JMH lets the other threads spin until it returns.
        if (iteration.getType() == IterationType.MEASUREMENT) {
            Driver.begin();
        }
        Latencies.reset();
        cpu = SYSTEM.getProcessCpuTime();
        wall = System.nanoTime();
    }

    @Override
    public Collection<? extends Result> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        long nanos = System.nanoTime() - wall;
        double spent = SYSTEM.getProcessCpuTime() - cpu;
        if (iteration.getType() == IterationType.MEASUREMENT) {
            Driver.end(nanos);
        }
        double calls = Math.max(1, Latencies.count());
        long[] latencies = Latencies.sorted();
        int last = latencies.length - 1;
        return List.of(
                new ScalarResult("cpu", spent / calls / 1000, "us/call", AggregationPolicy.AVG),
                new ScalarResult("rps", calls / nanos * 1e9, "calls/s", AggregationPolicy.AVG),
                new ScalarResult("p50", last < 0 ? 0 : latencies[last / 2] / 1000.0, "us", AggregationPolicy.AVG),
                new ScalarResult("p99", last < 0 ? 0 : latencies[last - last / 100] / 1000.0, "us", AggregationPolicy.AVG));
    }
}

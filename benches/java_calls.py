"""Runs the Java client, Java's HttpClient, grpc-java and the library's C workers interleaved, and writes a page.

    java_calls.py WORKERS JAR OUT   WORKERS: the folder that setup.sh filled; JAR: java/benchmarks' jar; OUT: the folder
                                    for java.md

A Java client is a JVM that runs JMH without a fork, warms up for WARMUP seconds on all cores while the others wait, and
then makes one iteration of SECONDS in each round, as the C workers do. A ratio is of two runs of one round; the tables show
the median over the rounds. The environment may set ROUNDS (11), SECONDS (0.5, of one run), WARMUP (15), ONLY (words that a
measurement's title must contain, for example "http 64 B, 1") and JAVA_OPTS.
"""
import os
import re
import shlex
import subprocess
import sys
import time

os.environ.setdefault("SECONDS", "0.5")  # Before harness reads it.

from harness import HERE, METRICS, ONE_CORE, ROUNDS, SECONDS, SIZES, WORKERS, Process, Sample, Stub, Worker
from harness import figure, machine, micro, progress, quartiles, ratio, rotated, table, unpaced_sockets, version

JAR, OUT = sys.argv[2], sys.argv[3]
WARMUP = max(1, round(float(os.environ.get("WARMUP", "15"))))
ONLY = os.environ.get("ONLY", "")
JAVA = os.path.join(os.environ["JAVA_HOME"], "bin/java") if os.environ.get("JAVA_HOME") else "java"
# The same heap for all: a heap that grows during the measurement would be measured too.
JVM = ["-Xms512m", "-Xmx512m", "-XX:+AlwaysPreTouch", *shlex.split(os.environ.get("JAVA_OPTS", ""))]
# With one or two processors HttpClient starts a thread for each response: CompletableFuture's default executor is the common
# pool only if that has two threads.
HTTP_CLIENT_JVM = ["-Djava.util.concurrent.ForkJoinPool.common.parallelism=2"]

PEER = {"http": "HttpClient", "grpc": "grpc-java"}
# The benchmark, and the parameters that differ from its defaults.
JAVA_CLIENTS = {
    "blocking": ["blocking"],
    "blocking, direct": ["blocking", "payload=direct"],
    "blocking, view": ["blocking", "payload=view"],
    "async": ["async"],
    "async, run": ["async", "executor=direct"],
    "async, run, view": ["async", "executor=direct", "payload=view"],
    "peer blocking": ["blocking", "client=peer"],
    "peer blocking, direct": ["blocking", "client=peer", "payload=direct"],
    "peer async": ["async", "client=peer"],
    "peer async, direct": ["async", "client=peer", "executor=direct"],
}
COMMON = ["blocking", "async", "async, run", "peer blocking", "peer async", "C blocking", "C async"]
GRPC_ONLY = ["peer async, direct"]
LARGE_ONLY = ["blocking, direct", "blocking, view", "async, run, view", "peer blocking, direct"]
BENCH_SIZES = ("64 B", "64 KiB", "1 MiB")
IN_FLIGHT = (1, 8)
FUTURE_BOUND = 10  # us of CPU of a completed future beyond a C asynchronous call, at 64 B.
C_BOUND = 1.2
REPEATED = []  # Measurements in which HttpClient failed calls.


class JavaWorker(Process):
    """A JVM with the same interface as Worker; a run lasts SECONDS, whatever number of calls is asked for."""

    def __init__(self, name, protocol, address, size, depth, is_pinned):
        benchmark, *parameters = JAVA_CLIENTS[name]
        count, byte_size = SIZES[size]
        line = [
            JAVA, *JVM, *(HTTP_CLIENT_JVM if protocol == "http" and "client=peer" in parameters else []),
            "-Dbench.driver=true", "-Djmh.ignoreLock=true",
            f"-Dtritonclient.library={os.path.join(WORKERS, 'libtriton_client.so')}",
            "-jar", JAR, f"InferBenchmark.{benchmark}$", "-f", "0", "-wi", str(WARMUP), "-w", "1", "-i", str(ROUNDS),
            "-r", f"{SECONDS * 1000:.0f}ms", "-foe", "true",
            "-prof", "org.tritonclient.benchmarks.CallProfiler", "-o", os.path.join(WORKERS, f"jmh-{name}.txt"),
            *(["-t", str(depth)] if benchmark == "blocking" else ["-p", f"inFlight={depth}"]),
        ]
        for parameter in (f"protocol={protocol}", f"address={address}", f"count={count}", f"byteSize={byte_size}", *parameters):
            line += ["-p", parameter]
        # Pinned after the warm-up: the compiler's threads would share the core.
        super().__init__(line, is_pinned=False)
        self.name = name
        self.expect("ready")
        self.is_ready = True
        if is_pinned:
            subprocess.run(["taskset", "-a", "-p", "-c", "0", str(self.process.pid)], check=True, stdout=subprocess.DEVNULL)

    def expect(self, line):
        """JMH's notes without a fork go to standard output too."""
        while self.read() != line:
            pass

    def go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def cpu(self):
        """The process's CPU time in ns: Linux' clock_getcpuclockid(). Java's own is in steps of 10 ms."""
        return time.clock_gettime_ns((~self.process.pid << 3) | 2)

    def status(self, key):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith(key))

    def run(self, _calls):
        if not self.is_ready:
            self.expect("ready")
        self.is_ready = False
        before = self.cpu()
        self.go()
        self.expect("done")
        cpu = self.cpu() - before
        self.go()
        calls, wall, p50, p99, self.repeated = map(int, self.read().split())
        return Sample(wall, cpu / 1000, self.status("VmHWM:"), p50, p99, self.status("Threads:"), 100, 0, calls)


def measure(protocol, size, depth):
    """Each client's samples, round by round; none if ONLY excludes the measurement."""
    title = f"{protocol} {size}, {depth}"
    if ONLY not in title:
        return None
    names = COMMON + (GRPC_ONLY if protocol == "grpc" else []) + (LARGE_ONLY if size != "64 B" and depth == 1 else [])
    is_pinned = depth == 1 and size in ONE_CORE
    progress(f"{title} in flight: {'; '.join(names)}")
    stub = Stub(protocol, size, is_pinned=is_pinned, datatype="FP32")
    workers = []
    for name in names:
        worker = JavaWorker if name in JAVA_CLIENTS else Worker
        workers.append(worker(name, protocol, stub.address, size, depth, is_pinned))
    calls = {worker.name: worker.calibrate() if isinstance(worker, Worker) else 0 for worker in workers}
    samples = {name: [] for name in names}
    for at in range(ROUNDS):
        for worker in rotated(workers, at):
            samples[worker.name].append(worker.run(calls[worker.name]))
    for worker in (*workers, stub):
        worker.end()
    for worker in workers:
        if getattr(worker, "repeated", 0):
            REPEATED.append(f"{title} in flight: {worker.repeated} of {sum(sample.calls for sample in samples[worker.name]):,}")
    return samples


class Bounds:
    def __init__(self):
        self.met, self.missed = 0, []

    def mark(self, what, cell, value, limit):
        self.met += value <= limit
        if value > limit:
            self.missed.append(f"{what}: {value:.2f}, bound {limit:g}")
            return f"**{cell}**"
        return cell

    def ratio(self, title, samples, metric, ours, other, limit):
        if ours not in samples or other not in samples:
            return ""
        low, mid, high = ratio(samples, metric, other, ours=ours)
        cell = f"{mid:.2f} ({low:.2f} to {high:.2f})"
        return self.mark(f"{title}, {metric}", cell, mid, limit) if limit else cell

    def summary(self):
        lines = [f"{self.met} of {self.met + len(self.missed)} bounds are met." + (" Not met:" if self.missed else "")]
        return "\n".join(lines + [""] * bool(self.missed) + [f"- {line}" for line in self.missed])


def ratios(bounds, protocol, runs, pairs):
    """A row for each pair of clients and metric; p50 and CPU."""
    rows = []
    for ours, other, limit in pairs:
        for metric in ("p50", "CPU"):
            shown = other.replace("peer", PEER[protocol])
            cells = [
                bounds.ratio(f"{protocol}, {at[0]}, {at[1]} in flight, {ours} / {shown}", samples, metric, ours, other, limit)
                for at, samples in runs.items()
            ]
            if any(cells):
                rows.append([f"{ours} / {shown}", metric, *cells])
    return table(["", "", *columns(runs)], rows)


def columns(runs):
    return [f"{size}, {depth} in flight" for size, depth in runs]


def figures(protocol, runs):
    rows = []
    names = [*COMMON, *GRPC_ONLY, *LARGE_ONLY]
    for name in names:
        for title, show in (
            ("p50, us", lambda samples, name: micro(figure(samples, name, "p50"))),
            ("p99, us", lambda samples, name: micro(figure(samples, name, "p99"))),
            ("CPU per call, us", lambda samples, name: f"{figure(samples, name, 'CPU'):.1f}"),
            ("calls/s", lambda samples, name: f"{figure(samples, name, 'rps') * 1e9:,.0f}"),
        ):
            cells = [show(samples, name) if name in samples else "" for samples in runs.values()]
            if any(cells):
                rows.append([name.replace("peer", PEER[protocol]), title, *cells])
    return table(["client", "", *columns(runs)], rows)


def futures(bounds, all_runs):
    """What a completed future costs beyond the C asynchronous call, and both beside the blocking call."""
    rows = []
    for protocol, runs in all_runs.items():
        for (size, depth), samples in runs.items():
            if size != "64 B":
                continue
            cells = [f"{figure(samples, name, 'CPU'):.1f}" for name in ("blocking", "C blocking", "C async")]
            for name in ("async", "async, run"):
                more = [
                    METRICS["CPU"](ours) - METRICS["CPU"](c) for ours, c in zip(samples[name], samples["C async"])
                ]
                low, mid, high = quartiles(more)
                what = f"{protocol}, 64 B, {depth} in flight, {name}: CPU beyond C async, us"
                cell = bounds.mark(what, f"{mid:+.1f} ({low:+.1f} to {high:+.1f})", mid, FUTURE_BOUND)
                cells += [f"{figure(samples, name, 'CPU'):.1f}", cell]
            rows.append([f"{protocol}, {depth} in flight", *cells])
    return table(
        ["CPU per call, us", "blocking", "C blocking", "C async", "async", "beyond C async", "async, run", "beyond C async"], rows
    )


PAGE = """\
# The Java client

Generated by `make bench-java`; `benches/README.md` describes the method. {rounds} rounds of {seconds} s per client after
{warmup} s of warm-up, medians, with quartiles in brackets.

{machine}
- {java}; JVM options {jvm}
- JMH {jmh}; grpc-java {grpc}; HttpClient of the JDK

{met}

## Clients

All tensors are FP32. A request has two inputs of 64 B, or one of 64 KiB or 1 MiB, and the response as many outputs.

- blocking: `infer` on as many threads as there are calls in flight; inputs are set from `float[]`, and outputs are read as
  new `float[]`.
- blocking, direct: the same with inputs in direct buffers.
- blocking, view: inputs in direct buffers, outputs read in place with `getOutputBuffer`.
- async: `inferAsync`; the completion of a future, on the client's default executor (`ForkJoinPool.commonPool()`), reads the
  outputs and submits the next call. The JMH thread waits for the last one.
- async, run: the same, and futures complete on the client's callback thread (executor `Runnable::run`).
- HttpClient: `send` and `sendAsync` with bodies built by hand. JSON and request are built once, the tensors are copied into
  the body's reused array (direct: published as direct buffers), the response is not parsed but cut by its header. The
  JVM has `{http_client}`, without which HttpClient starts a thread for
  each response on a machine with two processors. It fails some calls when several are in flight: it takes the response
  for data on an idle connection, which it closes. The program repeats them. They were: {repeated}.
- grpc-java: stubs generated from `proto/`, with a blocking and an asynchronous stub on one channel, whose callbacks run on its
  default executor (direct: on its event loop, where they may not block; the next call is submitted there, and no call changes
  threads); tensors are wrapped with `UnsafeByteOperations`, outputs are read as new `float[]`.
- C blocking: `triton_client_infer`; C async: `triton_client_infer_async` with a callback that submits the next request. Both
  read results in place, from the same build of the library.

CPU is the CPU time of the whole process: user and system time of all threads, garbage collection and compilation included.

## A completed future

64 B; bound {future} us beyond the C asynchronous call.

{futures}

{tables}"""


def pairs_with_peers():
    return [
        ("blocking", "peer blocking", 1), ("async", "peer async", 1), ("async, run", "peer async", 1),
        ("async, run", "peer async, direct", 1),
        ("blocking, direct", "peer blocking, direct", 1),
    ]


def pairs_with_c():
    return [
        ("blocking", "C blocking", C_BOUND), ("blocking, direct", "C blocking", C_BOUND),
        ("blocking, view", "C blocking", C_BOUND), ("async", "C async", C_BOUND),
        ("async, run", "C async", C_BOUND), ("async, run, view", "C async", C_BOUND),
    ]


def pinned(name):
    """A version in java/benchmarks/pom.xml."""
    with open(os.path.join(os.path.dirname(HERE), "java/benchmarks/pom.xml"), encoding="utf-8") as pom:
        return re.search(f"<{name}.version>(.*?)</", pom.read()).group(1)


def java_version():
    """The line of `java -version` that names the virtual machine; it goes to standard error."""
    return subprocess.run([JAVA, "-version"], capture_output=True, text=True, check=True).stderr.strip().split("\n")[-1]


def main():
    all_runs, summary = {"http": {}, "grpc": {}}, "no measurement matches ONLY"
    for protocol, runs in all_runs.items():
        for size in BENCH_SIZES:
            for depth in IN_FLIGHT:
                samples = measure(protocol, size, depth)
                if samples:
                    runs[size, depth] = samples
                    # After each: a run takes long, and may be ended.
                    summary = write(all_runs)
    print(summary)


def write(all_runs):
    """Writes the page of the measurements so far; returns its summary."""
    bounds, sections = Bounds(), []
    future_table = futures(bounds, all_runs)
    for protocol, title in (("http", "HTTP"), ("grpc", "gRPC")):
        runs = all_runs[protocol]
        if not runs:
            continue
        sections += [f"## {title}", "", f"Beside {PEER[protocol]}; lower is better.", ""]
        sections += [*ratios(bounds, protocol, runs, pairs_with_peers()), "", f"Beside C; bound {C_BOUND}.", ""]
        sections += [*ratios(bounds, protocol, runs, pairs_with_c()), "", *figures(protocol, runs), ""]
    page = PAGE.format(
        rounds=ROUNDS, seconds=SECONDS, warmup=WARMUP, machine="\n".join(machine()), java=java_version(), jvm=" ".join(JVM),
        jmh=pinned("jmh"), grpc=pinned("grpc"), met=bounds.summary(), http_client=HTTP_CLIENT_JVM[0],
        repeated="; ".join(REPEATED) or "none", future=FUTURE_BOUND, futures="\n".join(future_table),
        tables="\n".join(sections).rstrip() + "\n",
    )
    with open(os.path.join(OUT, "java.md"), "w", encoding="utf-8") as file:
        file.write(page)
    return bounds.summary()


with unpaced_sockets():
    main()

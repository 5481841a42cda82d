"""Shared by the drivers: workers, the stub server, samples, ratios, and the system's congestion control.

The first argument of each driver is the folder that setup.sh filled. ROUNDS and SECONDS (of one run of a worker) can be
set in the environment.
"""
import collections
import contextlib
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
WORKERS = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None
ROUNDS = int(os.environ.get("ROUNDS", "11"))  # Of measure().
SECONDS = float(os.environ.get("SECONDS", "0.2"))
SIZES = {"64 B": (2, 64), "4 KiB": (1, 4 << 10), "64 KiB": (1, 64 << 10), "1 MiB": (1, 1 << 20), "16 MiB": (1, 16 << 20)}
LARGE, SMALL = 4 << 20, 16 << 10  # The stub's maximum frame size: gRPC's, and HTTP/2's default.

# Client and server wait for each other in small calls. On one core that costs two context switches; on two it
# costs the time to wake a sleeping core, which varies and is several times that of the call.
ONE_CORE = {"64 B", "4 KiB", "64 KiB"}

# The fields up to `faults` are a worker's line (worker.h).
Sample = collections.namedtuple("Sample", "wall cpu rss p50 p99 threads fair faults calls")
METRICS = {
    "p50": lambda sample: sample.p50,
    "p99": lambda sample: sample.p99,
    "CPU": lambda sample: sample.cpu / sample.calls,
    "rps": lambda sample: sample.calls / sample.wall,
    "faults": lambda sample: sample.faults / sample.calls,
    "RSS": lambda sample: sample.rss,
}
PROGRAMS = {
    "own clients": ["ours", "own"], "set_buffer": ["ours", "buffer"], "libcurl": ["curl"], "grpc++": ["grpc"],
    "ureq": ["bench_ureq"], "callback": ["ours_async", "callback"], "queue": ["ours_async", "queue"],
    "threads": ["ours_async", "threads"], "libcurl multi": ["curl_multi"], "libcurl multi, epoll": ["curl_multi", "epoll"],
    "grpc++ async": ["grpc_async"], "floor async": ["floor_async"], "ours, no TLS": ["ours"], "OpenSSL": ["openssl"], "OpenSSL, connect": ["openssl", "connect"],
    "C blocking": ["ours_async", "threads", "FP32"], "C async": ["ours_async", "callback", "FP32"],
}


def progress(*text):
    print(*text, file=sys.stderr, flush=True)


class Process:
    """A worker or a stub, which exits when its standard input is closed."""

    def __init__(self, line, is_pinned, ca=None):
        if is_pinned:
            line = ["taskset", "-c", "0", *line]
        self.line = line
        environment = {**os.environ, "BENCH_CA": ca} if ca else None
        self.process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    def read(self):
        line = self.process.stdout.readline().strip()
        if not line:
            raise SystemExit(f"{' '.join(self.line)}: exited")
        return line

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Worker(Process):
    """A client process. `size` is one of SIZES, or a number of tensors and their size in bytes.

    Over TLS, `ca` is the file with the authority's certificate. `prefix` is a command that runs the program.
    """

    def __init__(self, name, protocol, address, size, threads=1, is_pinned=False, folder=WORKERS, ca=None, prefix=()):
        program, *mode = PROGRAMS.get(name, name.split())
        line = [os.path.join(folder, program)]
        if program == "tritonclient":
            line = [os.path.join(folder, "venv/bin/python"), os.path.join(HERE, "workers/tritonclient_worker.py")]
        line = [*prefix, *line, protocol, address, *map(str, SIZES.get(size, size)), str(threads), *mode]
        super().__init__(line, is_pinned, ca)
        self.name, self.threads = name, threads
        self.read()

    def run(self, calls):
        self.process.stdin.write(f"run {calls}\n")
        self.process.stdin.flush()
        return Sample(*map(int, self.read().split()), calls * self.threads)

    def calibrate(self, min_calls=3):
        """The number of calls that take about SECONDS; at least `min_calls`."""
        return max(min_calls, int(SECONDS * 1e9 / (self.run(5).wall / 5)))


class Stub(Process):
    """The stub server. `response` is a size or a control-plane call, and `options` are the program's."""

    def __init__(self, protocol, response, frame=LARGE, is_pinned=False, datatype=None, options=()):
        response = [*map(str, SIZES[response]), str(frame)] if response in SIZES else [response]
        response += [datatype] if datatype else []
        self.ca, self.negotiated = None, []
        if protocol.endswith("s"):
            with tempfile.NamedTemporaryFile(prefix="stub-", suffix=".pem", delete=False) as file:
                self.ca = file.name
            options = [*options, f"--ca={self.ca}"]
        super().__init__([os.path.join(WORKERS, "stub"), *options, protocol, *response], is_pinned)
        self.address = "127.0.0.1:" + self.read()

    def end(self):
        """`negotiated` is then what each kind of TLS connection negotiated: their number, version, suite, group, full or resumed."""
        self.process.stdin.close()
        self.negotiated = [line.split() for line in self.process.stdout.read().splitlines()]
        self.process.wait()
        if self.ca:
            os.remove(self.ca)


def measure(names, protocol, size, threads=1, frame=LARGE, address=None, min_calls=3, is_pinned=False, options=(), negotiated=None):
    """Each worker's samples, round by round; in a run each thread makes at least `min_calls` calls.

    `options` are those of the stub. What TLS connections negotiated is appended to `negotiated`.
    """
    progress(f"{protocol} {size}, {threads} threads: {', '.join(names)}")
    stub = None if address else Stub(protocol, size, frame, is_pinned, options=options)
    address = address or stub.address
    workers = [Worker(name, protocol, address, size, threads, is_pinned, ca=stub and stub.ca) for name in names]
    calls = {}
    for worker in workers:
        calls[worker.name] = worker.calibrate(min_calls)
        worker.run(max(3, calls[worker.name] // 4))
    samples = {worker.name: [] for worker in workers}
    for at in range(ROUNDS):
        for worker in rotated(workers, at):
            samples[worker.name].append(worker.run(calls[worker.name]))
    for worker in workers:
        worker.end()
    if stub:
        stub.end()
        if negotiated is not None:
            negotiated += stub.negotiated
    return samples


def rotated(items, at):
    """The order of round `at`."""
    at %= len(items)
    return items[at:] + items[:at]


def figure(samples, name, metric):
    return statistics.median(map(METRICS[metric], samples[name]))


def ratio(samples, metric, peer, ours="ours"):
    """Quartiles of ours / peer, where each ratio is of two samples of one round."""
    return quartiles([METRICS[metric](a) / METRICS[metric](b) for a, b in zip(samples[ours], samples[peer])])


def quartiles(values):
    return statistics.quantiles(values, n=4, method="inclusive")


def micro(ns):
    return f"{ns / 1000:.3g}" if ns < 1e6 else f"{ns / 1000:.0f}"


def table(head, rows):
    """A table in Markdown, as lines."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]


CONGESTION_CONTROL = "/proc/sys/net/ipv4/tcp_congestion_control"


@contextlib.contextmanager
def unpaced_sockets():
    """Makes cubic or reno the default congestion control of new sockets within the context.

    BBR, the default on some machines, paces loopback. Only the system's default applies to the sockets of all clients,
    including those that libraries open; and a connected socket that once used BBR remains paced.
    """
    with open(CONGESTION_CONTROL, encoding="ascii") as file:
        original = file.read().strip()

    def write(name):
        with open(CONGESTION_CONTROL, "w", encoding="ascii") as file:
            file.write(name)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # SystemExit, so that the original is restored.
    changed = False
    if original not in ("cubic", "reno"):
        for name in ("cubic", "reno"):
            with contextlib.suppress(OSError):
                write(name)
                changed = True
                break
        else:
            progress(
                f"note: sockets use {original}, which may pace loopback and distort the results; only root can change "
                "that: sysctl net.ipv4.tcp_congestion_control=reno"
            )
    try:
        yield
    finally:
        if changed:
            write(original)


def version(*line):
    return subprocess.run(line, capture_output=True, text=True, check=False).stdout.strip().split("\n")[0]


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown processor")
    with open(CONGESTION_CONTROL, encoding="ascii") as file:
        congestion_control = file.read().strip()
    return [
        f"- {cpu}, {os.cpu_count()} cores, Linux {platform.release()}, TCP congestion control {congestion_control}",
        f"- {version('rustc', '--version')}; {version('cc', '--version')}",
    ]

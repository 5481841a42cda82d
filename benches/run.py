"""Runs the library and its peers interleaved, and writes tables and plots.

    run.py WORKERS OUT      WORKERS: the folder that setup.sh filled; OUT: where README.md and the plots go

In each round every worker runs once, in an order that rotates; a ratio is made within a round, and what is told is the
median over the rounds, with quartiles. ROUNDS (11) and SECONDS (0.2, of one run) may be set. With TRITON_TEST_HTTP and
TRITON_TEST_GRPC (tests/triton/with-server.sh) the clients are also compared on a real server.
"""
import collections
import itertools
import os
import platform
import statistics
import subprocess
import sys

from plot import Plot

ROUNDS = int(os.environ.get("ROUNDS", "11"))
SECONDS = float(os.environ.get("SECONDS", "0.2"))
WORKERS, OUT = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
HERE = os.path.dirname(os.path.abspath(__file__))
SIZES = {"64 B": (2, 64), "4 KiB": (1, 4 << 10), "64 KiB": (1, 64 << 10), "1 MiB": (1, 1 << 20), "16 MiB": (1, 16 << 20)}
LARGE, SMALL = 4 << 20, 16 << 10  # frames that the stub takes: as gRPC's own servers do, and HTTP/2's default
BOUNDS = {  # what is to be reached: at most (or, for requests per second, at least) this, size by size
    "http p50 / floor": (1.4, 1.3, 1.25, 1.1, 1.1),
    "http CPU / floor": (1.5, 1.5, 1.35, 1.15, 1.15),
    "http p50 / libcurl": (1.05,) * 5,
    "http CPU / libcurl": (1.05,) * 5,
    "grpc p50 / grpc++": (0.70, 0.70, 0.75, 0.75, 0.65),
    "grpc16k p50 / grpc++": (0.85, 0.70, 0.80, 1.0, 0.75),
    "grpc CPU / grpc++": (0.65, 0.65, 0.65, 0.75, 0.75),
    "grpc rps / grpc++": (2, 2, 1.8, 1.3, 1.2),
    "http rps / libcurl": (1.1, 1.1, 1.0, 1.0, 1.0),
    "http rps / own clients": (0.95,) * 5,
    "grpc rps / own clients": (0.95,) * 5,
}

# A small call waits for its server, and its server for it. On one core that costs two switches; on two, whatever the
# machine takes to wake a sleeping core, which is four times a call and comes and goes with the scheduler's mood.
ONE_CORE = {"64 B", "4 KiB", "64 KiB"}

Sample = collections.namedtuple("Sample", "wall cpu rss p50 p99 threads fair calls")
METRICS = {
    "p50": lambda sample: sample.p50,
    "p99": lambda sample: sample.p99,
    "CPU": lambda sample: sample.cpu / sample.calls,
    "rps": lambda sample: sample.calls / sample.wall,
    "RSS": lambda sample: sample.rss,
}


def start_process(line, is_pinned):
    if is_pinned:
        line = ["taskset", "-c", "0", *line]
    return subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


class Worker:
    """A client in a process of its own."""

    PROGRAMS = {"own clients": ["ours", "own"], "set_buffer": ["ours", "buffer"], "libcurl": ["curl"], "grpc++": ["grpc"]}

    def __init__(self, name, protocol, address, size, threads, is_pinned):
        program, *mode = self.PROGRAMS.get(name, [name])
        line = [os.path.join(WORKERS, program)]
        if name == "tritonclient":
            line = [os.path.join(WORKERS, "venv/bin/python"), os.path.join(HERE, "workers/tritonclient_worker.py")]
        line += [protocol, address, *map(str, SIZES[size]), str(threads), *mode]
        self.name, self.threads = name, threads
        self.process = start_process(line, is_pinned)
        if self.process.stdout.readline() != "ready\n":
            raise SystemExit(f"{' '.join(line)}: did not start")

    def run(self, calls):
        self.process.stdin.write(f"run {calls}\n")
        self.process.stdin.flush()
        figures = self.process.stdout.readline().split()
        return Sample(*map(int, figures), calls * self.threads)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Stub:
    """The server that costs next to nothing."""

    def __init__(self, protocol, size, frame, is_pinned=False):
        line = [os.path.join(WORKERS, "stub"), protocol, *map(str, SIZES[size]), str(frame)]
        self.process = start_process(line, is_pinned)
        self.address = "127.0.0.1:" + self.process.stdout.readline().strip()

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def measure(names, protocol, size, threads=1, frame=LARGE, address=None, least=3, is_pinned=False):
    """Each worker's samples, round by round; a run has `least` calls of each thread at least."""
    print(f"{protocol} {size}, {threads} threads: {', '.join(names)}", file=sys.stderr)
    stub = None if address else Stub(protocol, size, frame, is_pinned)
    address = address or stub.address
    workers = [Worker(name, protocol, address, size, threads, is_pinned) for name in names]
    calls = {}
    for worker in workers:
        first = worker.run(5)
        calls[worker.name] = max(least, int(SECONDS * 1e9 / (first.wall / 5)))
        worker.run(max(3, calls[worker.name] // 4))
    samples = {name: [] for name in names}
    for at in range(ROUNDS):
        for worker in workers[at % len(workers) :] + workers[: at % len(workers)]:
            samples[worker.name].append(worker.run(calls[worker.name]))
    for worker in workers:
        worker.end()
    if stub:
        stub.end()
    return samples


def middle(values):
    return statistics.median(values)


def figure(samples, name, metric):
    return middle(map(METRICS[metric], samples[name]))


def ratio(samples, metric, peer, ours="ours"):
    """Median and quartiles of ours / peer, made within each round."""
    ratios = [METRICS[metric](a) / METRICS[metric](b) for a, b in zip(samples[ours], samples[peer])]
    low, mid, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return low, mid, high


class Report:
    def __init__(self):
        self.lines, self.missed, self.held = [], [], 0

    def text(self, *lines):
        self.lines += [*lines, ""]

    def bound(self, what, have, most):
        self.held += have <= most
        if have > most:
            self.missed.append(f"{what}: {have:.1f}, bound {most:g}")

    def table(self, head, rows):
        self.lines += ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
        self.lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
        self.lines.append("")

    def ratios(self, title, runs, metric, peer, bound=None):
        """One row: a ratio at each size, its quartiles, and whether the bound is kept."""
        row = [title]
        for at, samples in enumerate(runs):
            low, mid, high = ratio(samples, metric, peer)
            cell = f"{mid:.2f} ({low:.2f} to {high:.2f})"
            if bound:
                limit = BOUNDS[bound][at]
                kept = mid >= limit if metric == "rps" else mid <= limit
                self.held += kept
                if not kept:
                    cell = f"**{cell}**"
                    self.missed.append(f"{title}, {list(SIZES)[at]}: {mid:.2f}, bound {limit}")
                cell += f", bound {limit:g}"
            row.append(cell)
        return row


def micro(ns):
    return f"{ns / 1000:.3g}" if ns < 1e6 else f"{ns / 1000:.0f}"


def figures(report, runs, names):
    """What the ratios are made of: p50, p99, CPU and peak RSS."""
    rows = []
    for name in names:
        for metric, unit in (("p50", "p50, us"), ("p99", "p99, us"), ("CPU", "CPU a call, us"), ("RSS", "peak RSS, MiB")):
            values = [figure(samples, name, metric) for samples in runs]
            show = {"CPU": lambda v: f"{v:.3g}", "RSS": lambda v: f"{v / 1024:.1f}"}.get(metric, micro)
            rows.append([name, unit, *map(show, values)])
    report.table(["client", "", *SIZES], rows)


def plot(title, unit, runs, names, metric, scale, path):
    drawing = Plot(title, "bytes of a tensor, each way", unit)
    for name in names:
        drawing.line(name, [(SIZES[size][1], figure(samples, name, metric) / scale) for size, samples in zip(SIZES, runs)])
    drawing.write(os.path.join(OUT, path))


def one_thread(report):
    names = ["ours", "set_buffer", "floor", "libcurl", "tritonclient"]
    runs = [measure(names, "http", size, is_pinned=size in ONE_CORE) for size in SIZES]
    report.text("Here and below, with one thread and up to 64 KiB client and stub share one core (benches/README.md says why).")
    report.text("## HTTP, one thread", "", "![latency](latency-http.svg) ![CPU](cpu-http.svg)")
    report.table(
        ["ours /", *SIZES],
        [
            report.ratios("floor, p50", runs, "p50", "floor", "http p50 / floor"),
            report.ratios("floor, CPU", runs, "CPU", "floor", "http CPU / floor"),
            report.ratios("floor, p99", runs, "p99", "floor"),
            report.ratios("libcurl, p50", runs, "p50", "libcurl", "http p50 / libcurl"),
            report.ratios("libcurl, CPU", runs, "CPU", "libcurl", "http CPU / libcurl"),
            report.ratios("tritonclient, p50", runs, "p50", "tritonclient"),
        ],
    )
    figures(report, runs, names)
    rss(report, "HTTP", runs[-1], 8)
    plot("HTTP: median latency", "us", runs, names, "p50", 1000, "latency-http.svg")
    plot("HTTP: CPU time of a call", "us", runs, names, "CPU", 1, "cpu-http.svg")

    names = ["ours", "set_buffer", "floor", "grpc++", "tritonclient"]
    runs = [measure(names, "grpc", size, is_pinned=size in ONE_CORE) for size in SIZES]
    small = [measure(["ours", "grpc++"], "grpc", size, frame=SMALL, is_pinned=size in ONE_CORE) for size in SIZES]
    report.text("## gRPC, one thread", "", "![latency](latency-grpc.svg) ![CPU](cpu-grpc.svg)")
    report.table(
        ["ours /", *SIZES],
        [
            report.ratios("grpc++, p50, frames of 4 MiB", runs, "p50", "grpc++", "grpc p50 / grpc++"),
            report.ratios("grpc++, p50, frames of 16 KiB", small, "p50", "grpc++", "grpc16k p50 / grpc++"),
            report.ratios("grpc++, CPU, frames of 4 MiB", runs, "CPU", "grpc++", "grpc CPU / grpc++"),
            report.ratios("grpc++, CPU, frames of 16 KiB", small, "CPU", "grpc++"),
            report.ratios("grpc++, p99, frames of 4 MiB", runs, "p99", "grpc++"),
            report.ratios("floor, p50", runs, "p50", "floor"),
            report.ratios("floor, CPU", runs, "CPU", "floor"),
            report.ratios("tritonclient, p50", runs, "p50", "tritonclient"),
        ],
    )
    figures(report, runs, names)
    rss(report, "gRPC", runs[-1], 20)
    plot("gRPC: median latency", "us", runs, names, "p50", 1000, "latency-grpc.svg")
    plot("gRPC: CPU time of a call", "us", runs, names, "CPU", 1, "cpu-grpc.svg")


def rss(report, protocol, samples, more):
    have, most = figure(samples, "ours", "RSS") / 1024, 32 + more
    report.bound(f"{protocol}, peak RSS at 16 MiB, MiB", have, most)
    report.text(f"Peak RSS at 16 MiB in and 16 MiB out: {have:.1f} MiB; bound {most}.")


def four_threads(report):
    report.text("## Four threads on one client", "", "Requests per second, ours / peer: higher is better. Each thread of a peer has a handle or channel of its own.")
    rows = []
    for protocol, peer in (("http", "libcurl"), ("grpc", "grpc++")):
        runs = [measure(["ours", "own clients", peer, "tritonclient"], protocol, size, threads=4) for size in SIZES]
        rows.append(report.ratios(f"{protocol}, {peer}", runs, "rps", peer, f"{protocol} rps / {peer}"))
        rows.append(report.ratios(f"{protocol}, four clients of ours", runs, "rps", "own clients", f"{protocol} rps / own clients"))
        rows.append(report.ratios(f"{protocol}, tritonclient", runs, "rps", "tritonclient"))
    report.table(["ours /", *SIZES], rows)


def scaling(report):
    report.text(
        "## Callers on one client", "",
        "4 KiB each way. Fair: the quickest caller's time through the slowest's for as many calls.", "", "![scaling](scaling.svg)",
    )
    rows, drawing = [], Plot("Callers on one client, 4 KiB", "concurrent callers", "requests per second")
    for protocol, peer in (("http", "libcurl"), ("grpc", "grpc++")):
        lines = {"ours": [], peer: []}
        for threads in (1, 8, 64, 256):
            samples = measure(list(lines), protocol, "4 KiB", threads=threads, least=100)
            for name, points in lines.items():
                rps = figure(samples, name, "rps") * 1e9
                points.append((threads, rps))
                last = samples[name][-1]
                fair = middle(sample.fair for sample in samples[name])
                rows.append([
                    protocol, name, threads, f"{rps:.0f}", micro(figure(samples, name, "p50")), micro(figure(samples, name, "p99")),
                    f"{fair:.0f} %", last.threads, f"{last.rss / 1024:.1f}",
                ])
        for name, points in lines.items():
            drawing.line(f"{protocol}, {name}", points)
    report.table(["", "client", "callers", "requests/s", "p50, us", "p99, us", "fair", "threads", "peak RSS, MiB"], rows)
    drawing.write(os.path.join(OUT, "scaling.svg"))


def start(report):
    library = os.path.join(WORKERS, "libtriton_client.so")
    rows = []
    for protocol in ("http", "grpc"):
        stub = Stub(protocol, "64 B", LARGE)
        line = [os.path.join(WORKERS, "start"), library, f"{protocol}://{stub.address}"]
        runs = [list(map(int, subprocess.check_output(line, text=True).split())) for _ in range(31)]
        stub.end()
        rows.append([protocol, *(micro(middle(values)) for values in zip(*runs))])
    byte_size = os.path.getsize(library)
    report.bound("the library, stripped, MB", byte_size / 1e6, 4.5)
    report.text("## Start", "", f"From C, medians of 31 processes, us. The library, stripped: {byte_size:,} bytes; bound 4.5 MB.")
    report.table(["", "loading the library", "creating a client", "first inference, connection included"], rows)


def real(report):
    if "TRITON_TEST_HTTP" not in os.environ:
        return
    report.text("## A real Triton server", "", "Triton 2.51, Python backend. The model takes most of the time.")
    rows = []
    for protocol, peers in (("http", ["libcurl", "tritonclient"]), ("grpc", ["grpc++", "tritonclient"])):
        address = os.environ[f"TRITON_TEST_{protocol.upper()}"]
        for size in ("64 B", "1 MiB"):
            samples = measure(["ours", *peers], protocol, size, address=address)
            for peer in peers:
                low, mid, high = ratio(samples, "p50", peer)
                cpu = ratio(samples, "CPU", peer)[1]
                rows.append([f"{protocol}, {size}, {peer}", f"{mid:.2f} ({low:.2f} to {high:.2f})", f"{cpu:.2f}", micro(figure(samples, "ours", "p50"))])
    report.table(["ours /", "p50", "CPU", "ours p50, us"], rows)


def version(*line):
    return subprocess.run(line, capture_output=True, text=True, check=False).stdout.strip().split("\n")[0]


TRITONCLIENT = "import importlib.metadata; print(importlib.metadata.version('tritonclient'))"


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown processor")
    return [
        f"- {cpu}, {os.cpu_count()} cores, Linux {platform.release()}",
        f"- {version('rustc', '--version')}; {version('cc', '--version')}",
        f"- libcurl {version('curl-config', '--version').split()[-1]}; grpc++ {version('pkg-config', '--modversion', 'grpc++')}; "
        f"tritonclient {version(os.path.join(WORKERS, 'venv/bin/python'), '-c', TRITONCLIENT)}",
    ]


def main():
    os.makedirs(OUT, exist_ok=True)
    report = Report()
    one_thread(report)
    four_threads(report)
    scaling(report)
    start(report)
    real(report)
    head = [
        "# Benchmarks", "",
        "Written by `make bench`; how it measures is in `benches/README.md`. Each cell is the median over the rounds of one",
        "interleaved run (quartiles in brackets); ours / peer, lower is better unless it says otherwise.", "",
        *machine(), f"- {ROUNDS} rounds of {SECONDS} s for each worker", "",
    ]
    kept = f"{report.held} of {report.held + len(report.missed)} bounds are kept."
    head += [kept + (" Not kept:" if report.missed else ""), "", *(f"- {line}" for line in report.missed), *([""] if report.missed else [])]
    with open(os.path.join(OUT, "README.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(itertools.chain(head, report.lines)).rstrip() + "\n")
    print(kept, *report.missed, sep="\n")


main()

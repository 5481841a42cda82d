"""Runs the library and its peers interleaved, and writes tables and plots.

    run.py WORKERS OUT      WORKERS: the folder that setup.sh filled; OUT: the folder for README.md and the plots

In each round every worker runs once, in an order that rotates. A ratio is of two runs of one round; the tables show the
median over the rounds, with quartiles. The environment may set ROUNDS (11) and SECONDS (0.2, of one run). With
TRITON_TEST_HTTP and TRITON_TEST_GRPC (tests/triton/with-server.sh) the clients are also compared on a real server.
"""
import itertools
import os
import statistics
import subprocess
import sys

from harness import LARGE, ONE_CORE, ROUNDS, SECONDS, SIZES, SMALL, WORKERS, Stub
from harness import figure, machine, measure, micro, ratio, table, unpaced_sockets, version
from plot import Plot

OUT = os.path.abspath(sys.argv[2])
BOUNDS = {  # By size: the maximum, or the minimum for requests per second.
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


class Report:
    def __init__(self):
        self.lines, self.missed, self.met = [], [], 0

    def text(self, *lines):
        self.lines += [*lines, ""]

    def bound(self, what, value, limit):
        self.met += value <= limit
        if value > limit:
            self.missed.append(f"{what}: {value:.1f}, bound {limit:g}")

    def table(self, head, rows):
        self.text(*table(head, rows))

    def ratios(self, title, runs, metric, peer, bound=None):
        """One row: the ratio at each size with its quartiles; bold if it misses the bound."""
        row = [title]
        for at, samples in enumerate(runs):
            low, mid, high = ratio(samples, metric, peer)
            cell = f"{mid:.2f} ({low:.2f} to {high:.2f})"
            if bound:
                limit = BOUNDS[bound][at]
                is_met = mid >= limit if metric == "rps" else mid <= limit
                self.met += is_met
                if not is_met:
                    cell = f"**{cell}**"
                    self.missed.append(f"{title}, {list(SIZES)[at]}: {mid:.2f}, bound {limit}")
                cell += f", bound {limit:g}"
            row.append(cell)
        return row


def figures(report, runs, names):
    """The absolute values behind the ratios."""
    units = {
        "p50": ("p50, us", micro), "p99": ("p99, us", micro), "CPU": ("CPU per call, us", lambda us: f"{us:.3g}"),
        "faults": ("page faults per call", lambda faults: f"{faults:.1f}"), "RSS": ("peak RSS, MiB", lambda kib: f"{kib / 1024:.1f}"),
    }
    rows = []
    for name in names:
        for metric, (unit, show) in units.items():
            rows.append([name, unit, *(show(figure(samples, name, metric)) for samples in runs)])
    report.table(["client", "", *SIZES], rows)


def plot(title, unit, runs, names, metric, scale, path):
    drawing = Plot(title, "bytes per tensor, in each direction", unit)
    for name in names:
        drawing.line(name, [(SIZES[size][1], figure(samples, name, metric) / scale) for size, samples in zip(SIZES, runs)])
    drawing.write(os.path.join(OUT, path))


def one_thread(report):
    names = ["ours", "set_buffer", "floor", "libcurl", "ureq", "tritonclient"]
    runs = [measure(names, "http", size, is_pinned=size in ONE_CORE) for size in SIZES]
    report.text("Here and below, with one thread and up to 64 KiB, client and stub share one core (benches/README.md says why).")
    report.text("## HTTP, one thread", "", "![latency](latency-http.svg) ![CPU](cpu-http.svg)")
    report.table(
        ["ours /", *SIZES],
        [
            report.ratios("floor, p50", runs, "p50", "floor", "http p50 / floor"),
            report.ratios("floor, CPU", runs, "CPU", "floor", "http CPU / floor"),
            report.ratios("floor, p99", runs, "p99", "floor"),
            report.ratios("libcurl, p50", runs, "p50", "libcurl", "http p50 / libcurl"),
            report.ratios("libcurl, CPU", runs, "CPU", "libcurl", "http CPU / libcurl"),
            report.ratios("ureq, p50", runs, "p50", "ureq"),
            report.ratios("ureq, CPU", runs, "CPU", "ureq"),
            report.ratios("tritonclient, p50", runs, "p50", "tritonclient"),
        ],
    )
    figures(report, runs, names)
    rss(report, "HTTP", runs[-1], 8)
    plot("HTTP: median latency", "us", runs, names, "p50", 1000, "latency-http.svg")
    plot("HTTP: CPU time per call", "us", runs, names, "CPU", 1, "cpu-http.svg")

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
    plot("gRPC: CPU time per call", "us", runs, names, "CPU", 1, "cpu-grpc.svg")


def rss(report, protocol, samples, more):
    peak, limit = figure(samples, "ours", "RSS") / 1024, 32 + more
    report.bound(f"{protocol}, peak RSS at 16 MiB, MiB", peak, limit)
    report.text(f"Peak RSS with 16 MiB in each direction: {peak:.1f} MiB; bound {limit}.")


def four_threads(report):
    report.text(
        "## Four threads on one client", "",
        "Requests per second, ours / peer: higher is better. Each thread of a peer has its own handle, agent or channel.",
    )
    rows = []
    for protocol, peer, *more in (("http", "libcurl", "ureq", "tritonclient"), ("grpc", "grpc++", "tritonclient")):
        runs = [measure(["ours", "own clients", peer, *more], protocol, size, threads=4) for size in SIZES]
        rows.append(report.ratios(f"{protocol}, {peer}", runs, "rps", peer, f"{protocol} rps / {peer}"))
        rows.append(report.ratios(f"{protocol}, four of our clients", runs, "rps", "own clients", f"{protocol} rps / own clients"))
        rows += [report.ratios(f"{protocol}, {other}", runs, "rps", other) for other in more]
    report.table(["ours /", *SIZES], rows)


def scaling(report):
    report.text(
        "## Callers on one client", "",
        "4 KiB in each direction. Fair: the fastest caller's time as a percentage of the slowest's, for equally many calls.", "", "![scaling](scaling.svg)",
    )
    rows, drawing = [], Plot("Callers on one client, 4 KiB", "concurrent callers", "requests per second")
    for protocol, peer in (("http", "libcurl"), ("grpc", "grpc++")):
        lines = {"ours": [], peer: []}
        for threads in (1, 8, 64, 256):
            samples = measure(list(lines), protocol, "4 KiB", threads=threads, min_calls=100)
            for name, points in lines.items():
                rps = figure(samples, name, "rps") * 1e9
                points.append((threads, rps))
                last = samples[name][-1]
                fair = statistics.median(sample.fair for sample in samples[name])
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
        rows.append([protocol, *(micro(statistics.median(values)) for values in zip(*runs))])
    byte_size = os.path.getsize(library)
    report.bound("size of the stripped library, MB", byte_size / 1e6, 6.2)
    report.text("## Start", "", f"From C, medians of 31 processes, us. Size of the stripped library: {byte_size:,} bytes; bound 6.2 MB.")
    report.table(["", "loading the library", "creating a client", "first inference, connection included"], rows)


def real(report):
    if "TRITON_TEST_HTTP" not in os.environ:
        return
    report.text("## A real Triton server", "", "Triton 2.51, Python backend. Most of the time is the model's.")
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


TRITONCLIENT = "import importlib.metadata; print(importlib.metadata.version('tritonclient'))"


def peers():
    tritonclient = version(os.path.join(WORKERS, "venv/bin/python"), "-c", TRITONCLIENT)
    ureq = version("cargo", "pkgid", "ureq").split("@")[-1]
    return (
        f"- libcurl {version('curl-config', '--version').split()[-1]}; ureq {ureq}; "
        f"grpc++ {version('pkg-config', '--modversion', 'grpc++')}; tritonclient {tritonclient}"
    )


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
        "Generated by `make bench`; `benches/README.md` describes the method. Each cell is the median over the rounds of one",
        "interleaved run, with quartiles in brackets; ours / peer, lower is better unless stated otherwise.", "",
        *machine(), peers(), f"- {ROUNDS} rounds of {SECONDS} s per worker", "",
    ]
    met = f"{report.met} of {report.met + len(report.missed)} bounds are met."
    head += [met + (" Not met:" if report.missed else ""), "", *(f"- {line}" for line in report.missed), *([""] if report.missed else [])]
    with open(os.path.join(OUT, "README.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(itertools.chain(head, report.lines)).rstrip() + "\n")
    print(met, *report.missed, sep="\n")


with unpaced_sockets():
    main()

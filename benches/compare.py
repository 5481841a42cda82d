"""Compares two builds of the library with each other and the floor in one interleaved run, and prints tables.

    compare.py WORKERS BEFORE [AFTER]

WORKERS is the folder that setup.sh filled. BEFORE and AFTER are each a libtriton_client.so, which the workers in
WORKERS load, or a folder that setup.sh filled in another checkout, whose own workers are used: for builds with
different C APIs. AFTER defaults to the library in WORKERS.

In each round every client runs once, in an order that rotates, and every run is a new process. A ratio is of two runs
of one round. Ratios are shown as the median (quartiles), and values as the median (minimum to maximum), over the rounds.
The environment may set ROUNDS (10) and SECONDS (0.2, of one run). With TRITON_TEST_HTTP and TRITON_TEST_GRPC
(tests/triton/with-server.sh) the control plane is also measured against a real server.
"""
import os
import shutil
import statistics
import sys
import tempfile

from harness import METRICS, ONE_CORE, SECONDS, SIZES, WORKERS, Stub, Worker
from harness import machine, micro, progress, quartiles, rotated, table, unpaced_sockets

ROUNDS = int(os.environ.get("ROUNDS", "10"))
BUILDS = ("before", "after")
CONTROL = {"ready": "is_model_ready", "metadata": "model_metadata", "statistics": "model_statistics of all models"}


def prepare(build, folder):
    """Fills `folder` with a build's library and its workers, which load it from there."""
    source = build if os.path.isdir(build) else WORKERS
    for name in ("ours", "control"):
        shutil.copy2(os.path.join(source, name), folder)
    library = os.path.join(build, "libtriton_client.so") if os.path.isdir(build) else build
    shutil.copy2(library, os.path.join(folder, "libtriton_client.so"))


def measure(clients, protocol, address, size, threads=1, is_pinned=False):
    """Each client's samples, round by round. `clients`: the name of each, with its worker and the worker's folder."""
    samples, calls = {name: [] for name in clients}, {}
    for at in range(ROUNDS):
        for name in rotated(list(clients), at):
            program, folder = clients[name]
            worker = Worker(program, protocol, address, size, threads, is_pinned, folder)
            if name not in calls:
                calls[name] = worker.calibrate()
            worker.run(max(3, calls[name] // 4))
            samples[name].append(worker.run(calls[name]))
            worker.end()
    return samples


def values(samples, name, metric):
    return [METRICS[metric](sample) for sample in samples[name]]


def ratios(samples, metric, a="after", b="before"):
    return [x / y for x, y in zip(values(samples, a, metric), values(samples, b, metric))]


def above_floor(samples, metric):
    """(after - floor) / (before - floor); empty if `before` exceeds the floor in less than three quarters of the rounds."""
    rounds = list(zip(*(values(samples, name, metric) for name in ("after", "before", "floor"))))
    usable = [(after - floor) / (before - floor) for after, before, floor in rounds if before > floor]
    return usable if len(usable) >= 0.75 * len(rounds) else []


def by_quartiles(ratio):
    if len(ratio) < 2:
        return "n/a"
    low, mid, high = quartiles(ratio)
    return f"{mid:.3f} ({low:.3f} to {high:.3f})"


def by_range(numbers, show):
    return f"{show(statistics.median(numbers))} ({show(min(numbers))} to {show(max(numbers))})"


def two_digits(value):
    return f"{value:.2f}"


def one_digit(value):
    return f"{value:.1f}"


def inference(folders, protocol):
    clients = {"floor": ("floor", WORKERS), **{name: ("ours", folders[name]) for name in BUILDS}}
    builds = {name: clients[name] for name in BUILDS}
    runs, threaded = [], []
    for size in SIZES:
        progress(f"{protocol} {size}")
        is_pinned = size in ONE_CORE
        stub = Stub(protocol, size, is_pinned=is_pinned)
        runs.append(measure(clients, protocol, stub.address, size, is_pinned=is_pinned))
        stub.end()
        stub = Stub(protocol, size)
        threaded.append(measure(builds, protocol, stub.address, size, threads=4))
        stub.end()

    def row(title, cell, among=runs):
        return [title, *(cell(samples) for samples in among)]

    rows = [
        row("p50, after / before", lambda samples: by_quartiles(ratios(samples, "p50"))),
        row("p50 above the floor, after / before", lambda samples: by_quartiles(above_floor(samples, "p50"))),
        row("p99, after / before", lambda samples: by_quartiles(ratios(samples, "p99"))),
        row("CPU per call, after / before", lambda samples: by_quartiles(ratios(samples, "CPU"))),
        row("4 threads: requests per second, after / before", lambda samples: by_quartiles(ratios(samples, "rps")), threaded),
        row("4 threads: CPU per call, after / before", lambda samples: by_quartiles(ratios(samples, "CPU")), threaded),
    ]
    for name in BUILDS:
        rows.append(row(f"p50 / floor, {name}", lambda samples: by_range(ratios(samples, "p50", name, "floor"), two_digits)))
    for metric, title, show in (
        ("p50", "p50, us", micro), ("CPU", "CPU per call, us", lambda us: f"{us:.3g}"),
        ("faults", "page faults per call", one_digit), ("RSS", "peak RSS, MiB", lambda kib: one_digit(kib / 1024)),
    ):
        for name in clients:
            rows.append(row(f"{title}, {name}", lambda samples: by_range(values(samples, name, metric), show)))
    for name in BUILDS:
        rows.append(row(f"4 threads: requests per second, {name}", lambda samples: by_range(values(samples, name, "rps"), per_second), threaded))
    return table([protocol, *SIZES], rows)


def per_second(rate):
    return f"{rate * 1e9:.0f}"


def control(folders):
    rows = []
    servers = ["stub"] + ["Triton"] * ("TRITON_TEST_HTTP" in os.environ)
    for server in servers:
        for protocol in ("http", "grpc"):
            for kind, title in CONTROL.items():
                progress(f"{protocol} {title}, {server}")
                stub = Stub(protocol, kind, is_pinned=True) if server == "stub" else None
                address = stub.address if stub else os.environ[f"TRITON_TEST_{protocol.upper()}"]
                clients = {name: (f"control {kind}", folders[name]) for name in BUILDS}
                samples = measure(clients, protocol, address, "64 B", is_pinned=bool(stub))
                if stub:
                    stub.end()
                rows.append([
                    f"{server}, {protocol}, {title}",
                    *(by_range(values(samples, name, "rps"), per_second) for name in BUILDS), by_quartiles(ratios(samples, "rps")),
                    *(by_range(values(samples, name, "CPU"), one_digit) for name in BUILDS), by_quartiles(ratios(samples, "CPU")),
                ])
    head = ["control plane"]
    for title in ("calls per second", "CPU per call, us"):
        head += [f"{title}, before", "after", "after / before"]
    return table(head, rows)


def main():
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    builds = [sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else os.path.join(WORKERS, "libtriton_client.so")]
    with tempfile.TemporaryDirectory() as temporary:
        folders = {name: os.path.join(temporary, name) for name in BUILDS}
        for name, build in zip(BUILDS, builds):
            os.mkdir(folders[name])
            prepare(build, folders[name])
        print(*machine(), f"- {ROUNDS} rounds of {SECONDS} s, each in a new process", sep="\n")
        print(*(f"- {name}: {build}" for name, build in zip(BUILDS, builds)), sep="\n")
        for lines in (inference(folders, "http"), inference(folders, "grpc"), control(folders)):
            print("", *lines, sep="\n", flush=True)


with unpaced_sockets():
    main()

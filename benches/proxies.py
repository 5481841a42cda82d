"""Compares the library with libcurl and gRPC C++ through each proxy, in one interleaved run, and prints a table.

    proxies.py WORKERS

WORKERS is the folder that setup.sh filled. The server is the one at TRITON_TEST_HTTP and TRITON_TEST_GRPC
(tests/triton/with-server.sh), with the model identity_uint8; the proxies are those that tests/proxies/setup.sh fetched.

In each round every client runs once, in an order that rotates; a ratio is of two runs of one round, and is shown as the
median (quartiles) over the rounds. `direct` is the same client without the proxy. libcurl asks for a response that is not
compressed; where it does not, which lets Caddy ask the server for gzip, is a column of its own. The environment may set
ROUNDS (15), SECONDS (0.2, of one run) and PROXIES ("envoy nginx ...").
"""
import os
import statistics
import sys

from harness import METRICS, SECONDS, Process, Worker, machine, micro, progress, quartiles, rotated, table, unpaced_sockets

REPORT = """# Through proxies

`make bench-proxies` wrote this. Each client makes the same call through the same proxy, interleaved: "ours" is this library.

{machine}
- {rounds} rounds of {seconds} s; Triton's model identity_uint8; median (p50)

{table}

A proxy costs every client alike ("ours / ours direct" beside "peer / peer direct"): the library is the faster one without it, so that
the same addition is more for it. A small call passes through one process more, which is woken twice and copies it twice on a machine
of two cores. Over gRPC 8 MiB take 2 to 6 times as long through most proxies, since these let a client send 64 KiB, HTTP/2's default
window, before they ask for more, in frames of 16 KiB, and do the same towards the server; Envoy, with windows of 16 MiB, and Caddy,
with 1 MiB, cost less. Over HTTP nginx writes a body of that size into a file before it sends it on."""
ROUNDS = int(os.environ.get("ROUNDS", "15"))
SIZES = {"64 B": (1, 64), "8 MiB": (1, 8 << 20)}
TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/proxies")
ALL = "envoy nginx haproxy apache caddy varnish nghttpx"
PROXIES = [name for name in os.environ.get("PROXIES", ALL).split() if os.path.exists(f"{TESTS}/.proxies/{name}/done")]
PEERS = {"http": "curl identity", "grpc": "grpc"}
SILENT = "curl"  # libcurl without Accept-Encoding.


class Proxy(Process):
    """A proxy before the server of the run."""

    def __init__(self, name):
        tell = "echo $TRITON_TEST_HTTP $TRITON_TEST_GRPC; exec cat"
        super().__init__([f"{TESTS}/with-proxy.sh", name, "sh", "-c", tell], False)
        self.addresses = dict(zip(("http", "grpc"), self.read().split()))


def measure(protocol, address, size):
    """p50 of each client, round by round: by its name, and whether it goes through the proxy."""
    direct = os.environ[f"TRITON_TEST_{protocol.upper()}"]
    clients = {(name, is_through): address if is_through else direct
               for name in ("ours", PEERS[protocol]) for is_through in (True, False)}
    if protocol == "http":
        clients[SILENT, True] = address
    workers = {key: Worker(key[0], protocol, at, SIZES[size]) for key, at in clients.items()}
    calls = {key: worker.calibrate() for key, worker in workers.items()}
    samples = {key: [] for key in workers}
    for at in range(ROUNDS):
        for key in rotated(list(workers), at):
            samples[key].append(METRICS["p50"](workers[key].run(calls[key])))
    for worker in workers.values():
        worker.end()
    return samples


def ratio(samples, a, b):
    if a not in samples or b not in samples:
        return ""
    low, mid, high = quartiles([x / y for x, y in zip(samples[a], samples[b])])
    return f"{mid:.2f} ({low:.2f} to {high:.2f})"


def row(name, version, protocol, size, samples):
    peer = PEERS[protocol]
    through, beside = ("ours", True), (peer, True)
    return [
        name, version, "HTTP" if protocol == "http" else "gRPC", size,
        *(micro(statistics.median(samples[key])) for key in (through, beside)),
        ratio(samples, through, beside), ratio(samples, through, (SILENT, True)),
        ratio(samples, through, ("ours", False)), ratio(samples, beside, (peer, False)),
    ]


def main():
    if len(sys.argv) != 2 or "TRITON_TEST_HTTP" not in os.environ:
        raise SystemExit(__doc__)
    if not PROXIES:
        raise SystemExit("there is no proxy: run tests/proxies/setup.sh")
    rows = []
    for name in PROXIES:
        with open(f"{TESTS}/.proxies/{name}/version", encoding="utf-8") as file:
            version = file.read().strip()
        proxy = Proxy(name)
        for protocol in ("http",) if name == "varnish" else ("http", "grpc"):  # No HTTP/2 to its backends.
            for size in SIZES:
                progress(f"{name} {protocol} {size}")
                try:
                    rows.append(row(name, version, protocol, size, measure(protocol, proxy.addresses[protocol], size)))
                except SystemExit as failure:  # A call failed; the other proxies are still of interest.
                    rows.append([name, version, {"http": "HTTP", "grpc": "gRPC"}[protocol], size, f"failed: {os.path.basename(str(failure))}", *[""] * 5])
        proxy.end()
    head = ["proxy", "version", "protocol", "size", "ours, us", "libcurl or gRPC C++, us", "ours / libcurl or gRPC C++",
            "ours / libcurl without Accept-Encoding", "ours / ours direct", "peer / peer direct"]
    print(REPORT.format(machine="\n".join(machine()), rounds=ROUNDS, seconds=SECONDS, table="\n".join(table(head, rows))))


with unpaced_sockets():
    main()

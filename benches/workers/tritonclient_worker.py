"""Python's tritonclient, with the protocol of worker.h: each thread has its own client; inputs are created once."""
import resource
import sys
import threading
import time

import numpy

protocol, address, count, byte_size, threads = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
if protocol == "grpc":
    import tritonclient.grpc as triton
else:
    import tritonclient.http as triton

datatype, kind, shape = ("UINT8", numpy.uint8, [byte_size]) if count == 1 else ("INT32", numpy.int32, [1, byte_size // 4])
model = "identity_uint8" if count == 1 else "simple"
data = numpy.full(shape, 7, dtype=kind)
begin, end = threading.Barrier(threads + 1), threading.Barrier(threads + 1)
calls, times, spans = 0, [], [0] * threads


def usage():
    """CPU time in us, and minor page faults."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return int((used.ru_utime + used.ru_stime) * 1e6), used.ru_minflt


def status(name):
    with open("/proc/self/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name))


def work(index):
    client = triton.InferenceServerClient(address)
    inputs = []
    for number in range(count):
        tensor = triton.InferInput(f"INPUT{number}", shape, datatype)
        tensor.set_data_from_numpy(data)
        inputs.append(tensor)

    def call():
        result = client.infer(model, inputs)
        for number in range(count):
            assert result.as_numpy(f"OUTPUT{number}").nbytes == byte_size

    call()
    while True:
        end.wait()
        begin.wait()
        own = []
        start = last = time.monotonic_ns()
        for _ in range(calls):
            call()
            now = time.monotonic_ns()
            own.append(now - last)
            last = now
        times.extend(own)
        spans[index] = last - start


for index in range(threads):
    threading.Thread(target=work, args=(index,), daemon=True).start()
end.wait()
print("ready", flush=True)
for line in sys.stdin:
    calls, times = int(line.split()[1]), []
    before, wall = usage(), time.monotonic_ns()
    begin.wait()
    end.wait()
    wall = time.monotonic_ns() - wall
    cpu, faults = (after - start for after, start in zip(usage(), before))
    times.sort()
    print(
        wall, cpu, status("VmHWM:"), times[len(times) // 2], times[-1 - len(times) // 100], status("Threads:"),
        min(spans) * 100 // max(spans), faults, flush=True,
    )

"""serve.py TRITON HTTP_PORT GRPC_PORT METRICS_PORT REPO SHM_PREFIX MODEL...: the frontends of 2.73 until SIGTERM or SIGINT.

TRITON contains backends/ and caches/; the MODEL "*" is all models of REPO. Started by serve.sh.
"""
import os
import signal
import sys

import tritonserver
from tritonfrontend import KServeGrpc, KServeHttp, Metrics


def main():
    triton, *ports, repository, prefix = sys.argv[1:7]
    models = sys.argv[7:] if sys.argv[7:] != ["*"] else sorted(os.listdir(repository))
    http_port, grpc_port, metrics_port = map(int, ports)
    # Blocked in all threads, which inherit the mask, so that sigwait receives them.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])

    # The options of with-server.sh, as far as they exist here.
    options = tritonserver.Options(
        repository,
        model_control_mode=tritonserver.ModelControlMode.EXPLICIT,
        startup_models=models,
        strict_model_config=True,
        strict_readiness=False,
        exit_timeout=3,
        backend_directory=triton + "/backends",
        backend_configuration={"python": {"shm-region-prefix-name": prefix}},
        cache_directory=triton + "/caches",
        # A list of pairs: with a dict, as documented, Server() raises an exception.
        cache_config=[("local", {"size": "1048576"})],
        gpu_metrics=False,
        log_info=True,
        log_warn=True,
        log_error=True,
    )
    server = tritonserver.Server(options).start(wait_until_ready=True)
    forward = "(?i)x-fwd-.*"
    frontends = [
        KServeHttp(server, KServeHttp.Options(address="127.0.0.1", port=http_port, header_forward_pattern=forward)),
        KServeGrpc(server, KServeGrpc.Options(address="127.0.0.1", port=grpc_port, forward_header_pattern=forward)),
        Metrics(server, Metrics.Options(address="127.0.0.1", port=metrics_port)),
    ]
    for frontend in frontends:
        frontend.start()
    signal.sigwait([signal.SIGTERM, signal.SIGINT])
    for frontend in frontends:
        frontend.stop()
    server.stop()


main()

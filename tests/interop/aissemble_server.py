"""aissemble's servers with "simple" (sum and difference) and "identity": aissemble_server.py HTTP_PORT GRPC_PORT."""
import asyncio
import os
import sys

os.environ.update(AUTH_ENABLED="false", FASTAPI_PORT=sys.argv[1], GRPC_HOST="127.0.0.1", GRPC_PORT=sys.argv[2])
sys.argv = sys.argv[:1]

from aissemble_open_inference_protocol_fastapi.aissemble_oip_fastapi import AissembleOIPFastAPI
from aissemble_open_inference_protocol_grpc.aissemble_oip_grpc import AissembleOIPgRPC
from aissemble_open_inference_protocol_shared.handlers.model_handler import ModelHandler
from aissemble_open_inference_protocol_shared.types.dataplane import (
    InferenceResponse, MetadataTensor, ModelMetadataResponse, ModelReadyResponse, ResponseOutput,
)


class Handler(ModelHandler):
    def infer(self, payload, model_name, model_version=None):
        if model_name == "simple":
            a, b = (tensor.data.root for tensor in payload.inputs)
            outputs = [("OUTPUT0", [1, 16], "INT32", [x + y for x, y in zip(a, b)]),
                       ("OUTPUT1", [1, 16], "INT32", [x - y for x, y in zip(a, b)])]
        elif model_name == "identity":
            outputs = [("OUT_" + i.name, i.shape, i.datatype, i.data) for i in payload.inputs]
        else:
            raise ValueError(f"no model {model_name}")
        return InferenceResponse(id=payload.id, model_name=model_name, model_version=model_version, outputs=[
            ResponseOutput(name=name, shape=shape, datatype=datatype, data=data) for name, shape, datatype, data in outputs])

    def model_metadata(self, model_name, model_version=None):
        tensor = MetadataTensor(name="INPUT0", datatype="INT32", shape=[-1, 16])
        return ModelMetadataResponse(name=model_name, platform="python", inputs=[tensor], outputs=[])

    def model_ready(self, model_name, model_version=None):
        return ModelReadyResponse(name=model_name, ready=model_name in ("simple", "identity"))

    def model_load(self, model_name):
        return True


async def main():
    handler = Handler()
    grpc = AissembleOIPgRPC(handler).server
    await grpc.start() # not start_server, which would replace the other server's signal handlers
    await AissembleOIPFastAPI(handler).start_server()
    await grpc.stop(0)


if __name__ == "__main__":
    asyncio.run(main())

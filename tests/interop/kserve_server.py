"""KServe's Python server: kserve_server.py HTTP_PORT GRPC_PORT.

Models: "simple" (sum and difference), "identity", "reloaded" (as "identity"), and "tired" (as "identity",
but not ready after its first inference).
"""
import sys

from kserve import InferOutput, InferResponse, Model, ModelRepository, ModelServer
from kserve.utils.utils import generate_uuid


def response(payload, model, tensors):
    outputs = []
    for name, value, datatype in tensors:
        output = InferOutput(name, list(value.shape), datatype)
        output.set_data_from_numpy(value, binary_data=payload.use_binary_outputs)
        outputs.append(output)
    return InferResponse(
        payload.id or generate_uuid(), model, outputs, use_binary_outputs=payload.use_binary_outputs,
        requested_outputs=payload.request_outputs,
    )


class Simple(Model):
    def __init__(self):
        super().__init__("simple")
        self.ready = True

    def predict(self, payload, headers=None):
        a, b = (tensor.as_numpy() for tensor in payload.inputs)
        return response(payload, "simple", [("OUTPUT0", a + b, "INT32"), ("OUTPUT1", a - b, "INT32")])


class Identity(Model):
    def __init__(self, name="identity"):
        super().__init__(name)
        self.ready = True

    def predict(self, payload, headers=None):
        self.ready = self.name != "tired"
        tensors = [("OUT_" + tensor.name, tensor.as_numpy(), tensor.datatype) for tensor in payload.inputs]
        return response(payload, self.name, tensors)


class Repository(ModelRepository):
    """KServe's own repository can't load models, unloaded ones included."""

    def load(self, name):
        self.update(Identity(name))
        return True


if __name__ == "__main__":
    sys.argv, (http_port, grpc_port) = sys.argv[:1], map(int, sys.argv[1:3])
    server = ModelServer(
        http_port=http_port, grpc_port=grpc_port, workers=1, enable_grpc=True, registered_models=Repository())
    server.start([Simple(), Identity(), Identity("reloaded"), Identity("tired")])

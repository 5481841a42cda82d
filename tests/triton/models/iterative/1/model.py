import numpy as np
import triton_python_backend_utils as pb


class TritonPythonModel:
    def initialize(self, args):
        self.done = {}

    def execute(self, requests):
        for r in requests:
            def get(name):
                return int(pb.get_input_tensor_by_name(r, name).as_numpy().reshape(-1)[0])
            key, sender = r.correlation_id(), r.get_response_sender()
            step = 0 if get("START") else self.done[key]
            sender.send(pb.InferenceResponse([pb.Tensor("OUT", np.array([[step]], np.int32))]))
            if step + 1 < get("COUNT"):
                self.done[key] = step + 1
                r.set_release_flags(pb.TRITONSERVER_REQUEST_RELEASE_RESCHEDULE)
            else:
                self.done.pop(key, None)
                sender.send(flags=pb.TRITONSERVER_RESPONSE_COMPLETE_FINAL)

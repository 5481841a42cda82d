from math import inf, nan

from mlserver import MLModel
from mlserver.types import InferenceResponse, ResponseOutput


class Odd(MLModel):
    """Responds with NaN, the infinities and 1.5."""

    async def predict(self, request):
        return InferenceResponse(id=request.id, model_name=self.name, outputs=[
            ResponseOutput(name="OUT_D", shape=[4], datatype="FP64", data=[nan, inf, -inf, 1.5])])

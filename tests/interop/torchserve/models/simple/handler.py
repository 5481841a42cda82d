"""Sum and difference."""
import json


def handle(requests, context):
    return [respond(request["body"]) for request in requests or []]


def respond(body):
    # gRPC requests are passed as JSON too, but in bytes.
    body = json.loads(body) if isinstance(body, (bytes, bytearray)) else body
    a, b = (tensor["data"] for tensor in body["inputs"])
    return {"id": body.get("id"), "model_name": "simple", "model_version": "1.0", "outputs": [
        {"name": name, "shape": [1, len(a)], "datatype": "INT32", "data": data}
        for name, data in [("OUTPUT0", [x + y for x, y in zip(a, b)]), ("OUTPUT1", [x - y for x, y in zip(a, b)])]]}
